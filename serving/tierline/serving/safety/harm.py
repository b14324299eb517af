"""Harm under way: theft of money, malware and ransom, lost or stolen devices."""

from typing import Final

from tierline.serving.safety import guards
from tierline.serving.safety.grammar import Pattern, any_of, gap, patterns
from tierline.serving.safety.words import DEVICE

_MALWARE: Final = any_of(
    r"malware|virus(?:es)?|trojans?|spyware|keyloggers?|backdoors?|rootkits?|worms?",
    r"(?:crypto|coin)[ -]?miners?|infostealers?|stealers?|ransomware|stalkerware|adware",
)
_MONEY: Final = any_of(
    r"money|funds|savings|transfers?|payments?|wires?|points|miles|crypto|eth|btc|bitcoins?|coins"
    r"|euros?|pounds|dollars|cash|balance"
)
_GONE_DEVICE: Final = any_of(
    r"stolen|lost|missing|nicked|snatched|misplaced|mislaid|robbed|fell out|pickpocketed|skimmed"
    r"|cloned|not found|can not be found|(?:was|is) (?:not there|not in the|nowhere)|vanished"
    r"|disappeared|swallowed|left behind|dropped"
)
_PLACE: Final = (
    r"(?:in|on|at) (?:(?:a|the|my|an) (?:\w+ )?(?:taxi|train|bus|plane|tram|cab|uber|restaurant|pub"
    r"|bar|cafe|airport|hotel|metro|subway|rental|flight|lounge|park|seat|beach|gym|bench|trolley)"
    r"|the \d[\d:.]*)"
)

HARM: Final[tuple[Pattern, ...]] = (
    # Malware and ransom.
    *patterns(
        r"ransomware|ransom (?:note|demand|message|letter)|strange (?:file )?(?:ending|extension)s?"
        r"|(?:mass )?(?:file )?encryption in progress",
        r"(?:files?|servers?|shares?|documents?|data|drives?|systems?|everything)(?: \w+){0,5}"
        r" (?:been )?"
        r"(?:encrypted|encrypting|locked|renamed to|renamed with)(?: \w+){0,8} (?:by|with|ransom"
        r"|pay|bitcoin|note|now|and)",
        r"(?:files|everything|servers?|shares?|pcs?|computers?|machines) (?:is |are |was |were "
        r"|all |got "
        r"|have been |has been |being )+encrypted|encrypted (?:all )?(?:my|our) (?:\w+ ){0,2}files",
        r"(?:demand\w*|ask\w*|want\w*|pay|send)(?: \w+){0,5} (?:bitcoins?|btc|crypto|ransom"
        r"|monero)",
        rf"{_MALWARE}(?:\W+\w+){{0,4}} (?:found|detected|on|in|infected|installed|running|spreading"
        rf"|active|quarantined|alert|reported|checkin|popped)(?! (?:protection|scan))",
        rf"(?:detected|infected|installs?|spreads?|found|has|have|got|installed|contains?|is"
        rf"|reported|caught|with|full of|findings?|signature)(?:\W+\w+){{0,4}}\W+{_MALWARE}",
        r"miner (?:eating|using|running)",
        r"malicious (?:\w+ )?(?:version|package|code|update|script|extension|app|commit|dependency"
        r"|process|payload|actor)",
        r"infected (?:with|by|files?|machines?|pcs?|users?|laptops?|computers?|hosts?)|is infected"
        r"|(?:got|been|are|were) infected|p1 (?:\w+\W+){0,2}malware",
        r"(?:\w+\.php)\b(?: \w+){0,6} (?:random|not ours|did not)|files? (?:\w+ ){0,4}(?:we|i) did"
        r" not "
        r"put|(?:site|homepage|page|shop) (?:\w+ ){0,3}(?:redirects?|defaced|shows?) (?:\w+ ){0,3}"
        r"(?:casino|porn|spam|pills|viagra|strange|flag|adult|gambling)",
        r"(?:sends?|sending|sent)(?: out)? (?:\w+ ){0,3}spam|spam (?:\w+ )?(?:is |are )?(?:being"
        r" )?(?:from|sent from|going out from) (?:my|our)",
        guards=guards.ALL,
    ),
    # Fraud and theft of money.
    *patterns(
        r"(?:fraud(?:ulent|ster|sters)?|scammers?|defrauded)(?: \w+){0,4} (?:charges?|transactions?"
        r"|payments?|transfers?|orders?|withdrawals?|purchases?|on (?:my|our|her|his) \w+|account)",
        r"(?:been|was|am|got|get|were) (?:\w+ )?(?:scammed|defrauded|phished|robbed|mugged|conned"
        r"|tricked into)|(?:a )?victim of (?:\w+ )?(?:fraud|scam|theft|phishing)",
        r"(?:contacted|called|messaged|approached|targeted|phoned) by (?:\w+ )?(?:fraudsters?"
        r"|scammers?|criminals?|crooks?)",
        rf"{_MONEY} (?:drained|stolen|siphoned)",
        r"(?:paid|transferred|wired)(?: [\w.,]+){0,5} to an? \W?new (?:bank )?account|never"
        r" changed (?:their |its )?banks?",
        r"gift cards?[^?!]{0,60}\bcodes?\b[^?!]{0,60}\b(?:boss|ceo|director)\b"
        r"|\b(?:boss|ceo|director)\b[^?!]{0,80}gift cards?[^?!]{0,60}\bcodes?\b",
        r"live fraud|fraud in progress|fraud (?:right )?now|card (?:fraud|cloned|skimmed)"
        r"|skimm(?:er|ed|ing)|sim[ -]?swap(?:ped|ping)?|ported out|porting out|deepfake"
        r"|sim(?: \w+){0,3} (?:swapped|ported|activated|moved|handed out|issued)|fraud case",
        r"(?:clean(?:ed|ing)?|empt(?:y|ied|ying)|clear(?:ed|ing)) (?:me|us|her|him) out",
        r"(?:wallet|account|savings|card)(?: \w+){0,3} (?:drain(?:ed|ing)|emptied|cleaned out"
        r"|cleared out|maxed out)|(?:draining|emptying|stealing from|clearing) (?:my|our|her|his)",
        rf"{_MONEY}(?: [\w.]+){{0,2}} (?:is|are|being|keeps?|was|were|has) (?:moving|leaving|going"
        rf" out|being "
        rf"(?:moved|sent|spent|transferred|redeemed)|drain(?:ed|ing)|left (?:my|our) account|stolen"
        rf"|disappearing from my|gone from my (?:account|wallet)|vanish\w* from my)(?! on)",
        r"(?:stole|stolen|stealing|steal|took|taken|taking)(?: [\w.]+){0,4} (?:from|out of|off)"
        r" (?:my|our|her|his) (?:\w+ )?(?:account|card|wallet|savings|bank|purse|balance)",
        rf"(?:stole|stealing|taking) (?:my|our|all my|her|his) (?:\w+ )?{_MONEY}",
        r"(?:withdraw\w*|sending|transferr?ing|moving|stealing|buying|ordering|spending|leaving)"
        r"(?: \w+){0,5} (?:right now|this minute|as we speak|at this moment|while (?:i|we|she|he))",
        r"(?:spent|bought|ordered|withdrawn|transferred|redeemed|paid|charged|used)(?: \w+){0,8}"
        r" (?:while i (?:was )?(?:asleep|sleeping|slept)|without (?:my|our) (?:knowledge|consent"
        r"|permission))",
        r"remote(?:ly)? controll?ing (?:my|our|her|his)|new sim (?:was|has been|card was)",
        r"not my (?:orders?|address|purchases?|log-?ins?|device|posts?|transactions?|charges?)",
        guards=(*guards.ALL, guards.own_charge),
    ),
    # Devices, cards and keys lost, stolen, left somewhere.
    *patterns(
        rf"(?:lost|loses|losing|misplaced|mislaid|stolen|stole|nicked|snatched|swiped|robbed"
        rf"|left behind|took|grabbed)(?: (?:my|our|his|her|their|the|a|an|me|us|of|one|another"
        rf"|both|also"
        rf"|company|work|yesterday|today|off|from|whole|new|old|all|your|us|corporate)){{0,4}} "
        rf"(?:\w+ )?{DEVICE}(?! (?:number|reader|holder|app|connection|case|cover|charger|screen"
        rf"|signal|battery|game|details|data|payment))",
        rf"{DEVICE}(?: [\w-]+){{0,4}}?(?: (?:was|is|were|got|been|has|have|are|went|being|must"
        rf" have|'s))*"
        rf" {_GONE_DEVICE}(?! (?:scope|sync|connection|signal|network|packets?|in the list|from"
        rf" the list|in ad))",
        r"(?:stick|key|card|phone|badge|wallet|drive|laptop|fob|token)s?(?: [\w'-]+){0,7} fell out"
        r" of",
        r"(?:left|forgot|forgotten) (?:my|the|our|his|her) notebook (?:at|on|in) (?:[\w-]+"
        r" ){0,2}(?:airport|checkpoint|train|station|plane|hotel|taxi|bus|cafe|conference|fair)",
        rf"(?:left|forgot|forgotten|dropped){gap(4)}{DEVICE}{gap(4)}{_PLACE}",
        r"(?:can not|could not|do not) (?:find|know where)(?: \w+)? (?:my|his|her) "
        r"(?:card|wallet|debit card|credit card|badge|phone|laptop|bank card|key fob|purse|access"
        r" card)(?: is)?(?! (?:number|in the|details|reader|on the list))",
        r"(?:bag|notebook|watch|backpack|rucksack|handbag|briefcase|keys?|van|cards)(?: \w+){0,3}"
        r" (?:was|were|got|been|is) (?:\w+ )?(?:stolen|nicked|snatched|taken)|notebook stolen",
        r"(?:dropped|left|lost|forgot|swallowed) (?:my|her|his|the|our) (?:\w+ )?(?:card|wallet"
        r"|badge|fob|master key)(?! (?:number|reader|details|game|payment|was|is|at home))",
        r"(?:card|badge|wallet|keys?)[^.?]{0,20} lost (?:both|it|them|all|somewhere|at|on|in|when)",
        r"(?:stolen|nicked|snatched|taken|took)(?: \w+){0,4} (?:from|out of) (?:my|our|the|his"
        r"|her) (?:\w+'?s? )?(?:car|desk|locker|office|bag|backpack|van|room|house|home)",
        r"(?:break-?in|burglary|burgled|broke into|broken into)(?: \w+){0,6} (?:office|laptops?|car"
        r"|server|pc|store|branch|shop)?",
        guards=(*guards.ALL_BUT_INNER_NEGATION, guards.hardware),
    ),
)
