"""The words that the safety rules are written in: regular expressions over folded text.

Folded text is lower-case ASCII (accents and look-alike letters replaced), so patterns are
plain. Every repetition is bounded: matching time is linear in the text's length.
"""

from typing import Final


def words(listing: str) -> str:
    """Return an alternation of the blank-separated words (``_`` stands for a blank)."""
    return "(?:" + "|".join(w.replace("_", r"[\s-]+") for w in listing.split()) + ")"


def gap(most: int) -> str:
    """Return up to ``most`` words of the same clause."""
    return rf"(?:[\s,:'\"()*/-]+[a-z0-9'@#&+_-]+){{0,{most}}}?[\s,:'\"()*/-]+"


#: Things that hold what a customer made, stored or earned.
DATA: Final = words(
    "data datas database databases db tables? records? rows entries entry files? folders?"
    " director(?:y|ies) documents? docs photos? pictures? pics images? albums? videos? clips"
    " recordings? messages? chats? conversations? e-?mails mails mailbox inbox contacts?"
    " calendars? appointments? notes? notebooks? drafts? playlists? library libraries songs"
    " history histories progress savegames? saves? save_files? characters? spreadsheets? sheets?"
    " workbooks? projects? dashboards? reports? bookmarks? highlights recipes? journals?"
    " ledgers? transactions? bookings? inventory scores? streaks? points miles backups? archives?"
    " manuscripts? thesis theses chapters? drawings? voicemails? templates? workouts? walks? runs?"
    " routes? logs? measurements? readings results grades? submissions? assignments? drive"
    " shares? repo repository bucket disk volume partition work customers? clients? members"
    " products? orders_history order_history patients? timesheets? hours lists? wishlist"
    " favou?rites invoices receipts transcripts? memories saves? game world worlds skins plans"
    " lesson_plans attachments uploads wiki watch-?lists? leases? flashcards? queues? segments? boards? budgets? pins? blocks? credits? x-?rays ratings stickers? avatars? islands? farms? bases? villages? cit(?:y|ies) decks? coins diamonds gems stars trophies achievements ranks?"
    " content stock_levels balances? prices articles subscribers tickets"
)
#: Containers of which "empty" or "blank" is bad news.
CONTAINER: Final = words(
    "folders? drive share mailbox inbox library history calendar database table tables archive"
    " dashboard gallery albums? playlists? contacts wishlist notebook notes repository bucket"
    " account profile project projects board boards catalogue catalog ledger journal"
    " backups? restore list lists shop directory portfolio files? documents? records?"
)
GONE: Final = words(
    "gone vanished vanish vanishes disappeared disappear disappears disappearing dissappeared lost"
    " deleted erased wiped overwritten overwrited corrupted corrupt destroyed emptied purged"
    " truncated zeroed unrecoverable irretrievable irretrievably nuked obliterated evaporated"
    " unreadable"
)
LOST: Final = words(
    "lost loses losing lose wiped wipes erased erases overwrote overwritten overwrites destroyed"
    " destroys corrupted corrupts nuked purged truncated deleted deletes ate"
    " wrecked vaporised vaporized trashed"
)
#: Weak on their own: a document can be lost in the post, a report can be missing a column.
NOT_THERE: Final = (
    r"(?:(?:is|are|was|were)(?:n'?t| not)(?: in)? (?:there|here)(?: any ?more| now)?"
    r"|(?:ain'?t|not) there any ?more|no longer (?:there|here|exists?|in the|listed|available|visible)"
    r"|nowhere(?: to be (?:found|seen))?|can(?:no|')?t be found|(?:do|does)(?: not|n'?t) exist any ?more"
    r"|can(?:no|')?t find (?:it|them) any ?(?:more|where)|(?:has|have) gone(?: missing)?|went missing)"
)
RECOVER: Final = r"(?:restor\w*|recover\w*|retriev\w*|undelet\w*|undo\b|bring\w* back|get\w* (?:\w+ ){0,4}back)"
ACCIDENT: Final = (
    r"(?:by accident|accident\w*|by mistake|mistaken\w*|in error|wrong|oops|unintention\w*|without asking)"
)

SOMEONE: Final = (
    r"(?:some ?one(?: else)?|some ?body(?: else)?|some (?:guy|dude|person|stranger|stranger|man|woman"
    r"|kid|idiot|hacker|people|bot)|strangers?|a (?:third party|thief|scammer|fraudster|hacker|stranger)"
    r"|thie(?:f|ves)|hackers?|scammers?|fraudsters?|crooks?|intruders?|attackers?|criminals?|people i (?:do ?n'?t|do not) know"
    r"|(?:ex|former|previous|dismissed|departed|fired)[ -](?:employees?|colleagues?|worker|staff|contractor|admin\w*|"
    r"partner|husband|wife|boyfriend|girlfriend|tenant|bookkeeper|manager|developer)|my ex|unknown (?:person|user|party|people|persons)"
    r"|an? (?:unknown|unfamiliar|unauthori[sz]ed|foreign) (?:person|user|party|man|woman)|other people|nobody we know)"
)
ACCOUNT: Final = words(
    "accounts? profile mailbox inbox e-?mail login log-?in system systems network server servers"
    " computer computers pc laptop phone website site page tenant wallet card bank banking app"
    " store shop cloud instance database portal router camera cameras vpn admin_panel panel"
)
INTRUDED: Final = (
    r"(?:log(?:ged|s|ging)?[ -]?(?:in|on)(?:to)?|sign(?:ed|s|ing)?[ -]?(?:in|on)(?:to)?|login|got in(?:to)?|(?:is|was|are|were|been) (?:in(?:side|to)?|on|using)"
    r"|in my|gets? in(?:to)?|getting in(?:to)?|broke in(?:to)?|break(?:ing)? in(?:to)?|accessed|accessing|has access|had access|have access|gained access|entered|entering"
    r"|took over|taken over|taking over|using|used|uses|reads?|reading|chang(?:ed|ing)|resett?(?:ing)?|hijacked|stole|steals?|stealing|copied|downloaded|posting|posted|sent|sends|sending"
    r"|bought|buying|order(?:ed|ing)|plac(?:ed|ing) orders?|spen[dt]|spending|transferr?(?:ed|ing)|withdrew|withdrawn|withdrawing|redeemed|redeeming|emptied|emptying|drain(?:ed|ing)|listening|listens|plays|watch(?:es|ed|ing)|opened (?:an account|a line|two|contracts)|impersonat\w+|pretend\w+ to be me|moving|typing|rents?|rented|ported|porting|port|enrolled|registered|signed up|took out)"
)
OTHERS: Final = (
    r"(?:an ?other|other|some ?one else'?s?|some ?body else'?s?|a different|different|strangers?'?s?|somebody'?s|people i (?:do ?n'?t|do not) know|not (?:mine|ours|my own))"
    r"(?: (?:person|people|customer|client|user|patient|tenant|employee|colleague|member|passenger|guest|resident|compan(?:y|ies)|organi[sz]ation|famil(?:y|ies)|parent|student|pupil|account|shop|store|school|team|firm|lad(?:y|ies)|m[ae]n|guy|kid|child|traveller|driver|citizen|donor|subscriber|household|tenant)(?:'?s'?)?)?"
)
PRIVATE: Final = words(
    "data details information info invoices? orders names? address(?:es)? phone_numbers? files?"
    " documents? records? accounts? bookings? results? reports? mails? e-?mails? messages? chats?"
    " photos? pictures? payslips? salar(?:y|ies) statements? policies policy claims? contracts?"
    " trips? diagnos[ie]s notes? profiles? inbox mailbox grades? contacts cards? bills? balances?"
    " transactions? prescriptions? tickets? recordings? feeds? calendar workspace history stuff"
)
SECRET: Final = (
    r"(?:api[ -]?keys?|access keys?|secret keys?|private keys?|ssh keys?|(?:master |access |api |auth |admin |bot )?tokens?"
    r"|passwords?|passphrases?|credentials?|secrets?|\.env(?: file)?|env file|connection strings?|customer (?:data|list|file|records)"
    r"|patient (?:data|list|file|files|records)|personal data|salary (?:list|data|file)|client (?:data|files|list)|database dump|db dump|user data|source code)"
)
EXPOSED: Final = (
    r"(?:leak(?:ed|s|ing)?|expos(?:ed|es|ing)|public|publicly|published|pushed|committed|pasted|posted|visible|readable|online"
    r"|open to (?:the )?(?:world|public|internet|everyone|anyone)|indexed|on (?:google|github|pastebin|the dark ?web|the internet)|for sale|shared with|sent to the wrong|to the wrong)"
)
DEVICE: Final = (
    r"(?:(?:debit|credit|bank|atm|prepaid|company|fuel|store|access|id|key|sim|gift|travel|corporate|visa|mastercard|master|swipe|loyalty|member(?:ship)?|staff|employee|student|library|service|work|business|contactless|girocard)[ -]?)?"
    r"(?:cards?|wallet|purse|handbag|(?:smart|cell|mobile|work|company|i|business|android|service)? ?phones?|mobile|laptops?|notebooks? (?:pc|computer)|notebook|macbook|surface|tablets?|ipads?|thinkpad|badges?|key ?fobs?|fobs?|hardware tokens?|security (?:key|token)|yubikey"
    r"|usb[ -]?(?:sticks?|drives?|keys?)|memory sticks?|hard[ -]?(?:drives?|disks?)|backup (?:disk|drive|tape)s?|passports?|sim|watch|office keys?|master keys?|keys|handheld|scanner|pda|yearly pass|pass)"
)

#: Things that get lost, vanish or come up empty without any data being gone.
NO_DATA: Final = (
    r"\b(?:parcels?|packages?|package|luggage|baggage|bags?|suitcases?|orders?|deliver\w+|shipments?|driver|courier|taxi|flight|seat|buttons?|icons?"
    r"|options?|features?|menus?|tabs?|links?|toolbar|sidebar|banner|pop-?ups?|widgets?|screens?|window|page|signal|connections?|internet|wi-?fi|network|power|water|sound|audio|volume slider|picture quality|reception|coverage"
    r"|line|service|server|vpn|access|login|log-?in|session|password|pin|code|patience|trust|faith|hope|money|refund|cash|deposit|time|hours of (?:my|sleep)|customers? to|sale|battery|charge|warranty|discount|coupon|voucher|offer"
    r"|keys?|card|cards|wallet|purse|phone|laptop|jacket|coat|scarf|hat|glasses|ring|watch|toy|dog|cat|child|son|daughter|mother|father|wife|husband|job|game against|bet|match(?:es)?|weight|interest|count|track|touch|sight|mind|temper|nerves?|voice|way|day|days|week|weekend|sleep|minutes of sleep|pain|ink|paper|tray|shelf|fridge|box|bottle|tank|bus|train|queue time|sync|colou?r|formatting|focus|cursor|keyboard|mouse|subtitles?|license|licence|paint|packet|packets|frames?|fps|redundancy|uplink|heartbeat|quorum|lock|position in|slot|appointment|bookmark bar|column header|scroll bar|logo|app icon)\b"
)

#: Words worth correcting: a word one edit away is read as one of these.
TYPO_TARGETS: Final = frozenset(
    "hacked hacking hacker hackers stolen deleted deleting disappeared vanished corrupted overwritten"
    " erased destroyed unauthorized unauthorised phishing phished ransomware malware spyware trojan breached"
    " breach compromised suspicious fraudulent encrypted leaked exposed hijacked infected intruder"
    " impersonating restore recover missing scammed skimmed someone somebody stranger password".split()
)
#: Honest neighbours of those words, which stay as they are.
HONEST: Final = frozenset(
    "hackathon hackney backed packed delete deletes deleter depleted detected selected relisted"
    " vanishes varnished corrupter corrupt corrupts erases eraser creased destroyer destroys breaches"
    " broach preached compromises compromise encrypts decrypted expose exposes hijacks hijacker infects"
    " inflected injected intruders restored restores restorer recovers recovery recovered missed mission"
    " missings stranger strangers passwords scammer skimmer leaker exported hackers hacker".split()
)
