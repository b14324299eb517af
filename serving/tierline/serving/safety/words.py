"""The concepts that the safety rules speak of, as regular expressions over folded text.

Folded text is lower-case ASCII with contractions written out ("did not"), so patterns are
plain. Every repetition is bounded: matching time is linear in the text's length.
"""

from typing import Final

from tierline.serving.safety.grammar import any_of, words

# ---- what can be lost --------------------------------

#: Things that hold what a customer made, stored or earned, and little else.
RECORD: Final = words(
    "data dataset+ database+ db+ table+ record+ row+ entry entries file+ folder+ subfolder+"
    " directory+ document+ docs photo+ picture+ pics image+ album+ video+ clip+ footage"
    " recording+ message+ chat+ conversation+ e_mail+ mails mailbox+ contacts calendar+"
    " appointments notes notebook+ draft+ playlist+ library libraries songs history histories"
    " progress save_game+ save_file+ spreadsheet+ workbook+ worksheet+ projects bookmark+"
    " annotation+ recipes journal+ diary diaries ledger+ transactions bookings reservations"
    " inventory scores archive+ manuscript+ thesis theses chapter+ drawing+ workouts logbook+"
    " measurement+ readings results grades marks submission+ essay+ assignment+ repository"
    " repositories time_entries receipts transcript+ voice_mail+ attachments uploads templates"
    " flash_card+ segment+ patterns observations comments certificates invoices x_rays scans"
    " findings presentation+ statistics voicemails lessons recordings stock_counts customers"
    " clients members patients assets registrations allergies formulas beneficiaries trees"
    " posts wish_list+ lesson_plan+ timesheets shifts answers automations categories walks runs"
    " orders returns theses backups backup snapshots revisions postings"
)
#: The same and words that also mean other things.
DATA: Final = words(
    "data dataset+ database+ db+ table+ record+ row+ entry+ file+ folder+ subfolder+ directory+"
    " document+ doc+ docs photo+ picture+ pic+ image+ album+ video+ clip+ footage recording+"
    " audio message+ chat+ conversation+ e_mail+ mail+ mailbox+ inbox contact+"
    " calendar+ appointment+ note+ notebook+ draft+ playlist+ library+ song+ track+ history+"
    " progress save_game+ save+ save_file+ spreadsheet+ sheet+ workbook+ worksheet+"
    " project+ dashboard+ report+ bookmark+ highlight+ annotation+ recipe+ journal+ diary+"
    " ledger+ transaction+ booking+ reservation+ inventory score+ streak+ backup+ archive+"
    " manuscript+ thesis theses chapter+ drawing+ design+ sketch+ painting+ voice_mail+"
    " template+ workout+ walks runs routes log+ measurement+ reading+ results grade+ mark+"
    " submission+ essay+ assignment+ drive+ share+ repo+ repository+ bucket+ disk+ volume+"
    " partition+ work time_sheet+ customers clients members patients time_entry+"
    " order_history wish_list+ favourite+ favorite+ receipt+ transcript+ memory memories"
    " game+ world+ skin+ village+ lesson_plan+ lesson+ course+ quiz+ attachment+ upload+ wiki"
    " wiki_page+ watch_list+ lease+ flash_card+ deck+ segment+ board+ budget+"
    " avatar+ island+ farm+ collection+ article+ posts content+ stock_level+ tree+"
    " formula+ profile+ address_book phone_book habit+ task+ to_do+ sample+ observation+"
    " comment+ snapshot+ certificate+ catalogue+ catalog+ invoice+"
    " ticket_history dataset+ screenshot+ scan+ x_ray+ finding+ proposal+ presentation+ slide+"
    " deposit_photos song+ level+ achievement+ trophy+ coin+ gem+ credits points statistics"
    " stats notebook+ scene+ storage inventory+ list+"
    " stuff subscriber+ donor+ pattern+ branch+ commit+ timeline"
)
#: Containers of which "empty" or "blank" is bad news.
CONTAINER: Final = words(
    "folder+ drive+ share+ mailbox+ inbox+ library+ history+ calendar+ database+ table+ archive+"
    " dashboard+ gallery+ album+ playlist+ contact+ contact_list wish_list+ notebook+ note+ diary+"
    " journal+ repository+ repo+ bucket+ account profile+ project+ board+ catalogue+ catalog+"
    " ledger+ backup+ restore list+ shop directory+ portfolio+ file+ document+ record+ photo+"
    " picture+ chat+ sheet+ spreadsheet+ workbook+ deck+ inventory timeline drafts tree"
    " address_book collection+ storage disk+ volume+ partition+ course+ app desktop rows columns"
    " canvas presentation+ watch_list+ queue volumes village island world"
)
OWN: Final = any_of(
    r"my|our|all|his|her|their|the|your|every|some|most|half|these|those|several|many|whole",
    r"entire|(?:year|month|week|day|hour)s? of|one|two|three|four|five|\d[\d.,k]*",
)
#: Auxiliaries and adverbs that stand between a thing and what became of it.
BE: Final = (
    r"(?: (?:is|are|was|were|has|have|had|got|gets?|been|just|all|now|suddenly|simply|completely"
    r"|totally|mysteriously|again|also|apparently|seems?|to be|keeps?|being|still|somehow|both"
    r"|since \w+|after \w+)){0,5}"
)
#: Verbs for what became of the data, strong enough to stand some words away from it.
GONE: Final = words(
    "gone vanished vanish vanishes vanishing disappeared disappear disappears disappearing lost"
    " erased wiped overwritten overwrited corrupted corrupt destroyed emptied purged"
    " zeroed unrecoverable irretrievable irretrievably nuked obliterated evaporated"
    " unreadable poof formatted went_missing gone_missing irrecoverable irrecoverably"
)
LOST: Final = words(
    "lost loses losing lose wiped wipes wiping erased erases erasing overwrote overwritten"
    " overwrites destroyed destroys destroying corrupted corrupts nuked purged purges truncated"
    " deleted deletes deleting ate wrecked trashed zeroed reformatted"
    " vaporised vaporized"
)
#: Absence: weak alone (a report can miss a column), so it takes data as its subject.
ABSENT: Final = any_of(
    r"(?:is|are|was|were) (?:also |still |just |all )?not (?:in )?(?:there|here)"
    r"(?: any more| now| either)?",
    r"(?:is|are|was|were) not (?:any ?where|in (?:the|my|our)|on (?:the|my|our)"
    r"|to be found|present)",
    r"(?:is|are|does|do) no (?:longer|more) (?:there|here|exist\w*|in|on|listed|available|visible"
    r"|present|attached|shown|show up|appear\w*|found|stored)",
    r"no longer (?:there|here|exists?|in the|on|listed|available|present|attached)",
    r"nowhere(?: to be (?:found|seen))?|can not be found|(?:does|do) not exist (?:any more|in the"
    r"|on the|in our)",
    r"(?:do|does) not (?:show up |appear )any more|not there any more|not (?:any ?where)",
    r"(?:are|is|was|were) (?:absent|unassigned|null)|can not find (?:it|them) any ?(?:more|where)",
    r"(?:did|do|does|was|were|has|have)(?: not| never) "
    r"(?:reach|arrive|survive\w*|saved?|stored?|persist\w*|been (?:saved|stored))",
    r"not found on (?:the )?(?:server|storage)|ceased to exist",
)
RECOVER: Final = any_of(
    r"restor\w*|recover\w*|retriev\w*|undelet\w*|undo\b|rescu\w+",
    r"(?:bring\w*|get\w*|got|have|want\w*|give) (?:\w+ ){0,4}back",
)
ACCIDENT: Final = any_of(
    r"by accident|accident\w*|by mistake|mistaken\w*|in error|wrongly|oops|unintention\w*",
    r"without asking|without being asked|by itself|on its own|wrong (?:one|folder|file|\w+ by)|the"
    r" wrong \w+|inadvertent\w*",
)
#: Work on systems after which data may be gone.
CHANGE: Final = words(
    "migration update upgrade roll_over merge sync synchronisation synchronization restore reboot"
    " import reset patch cut_over switch crash maintenance move conversion clean_up re_install"
    " re_installation re_enrolment log_out restart failover script job purge retention_job"
    " retention_policy robot sync_client technician installer deployment release upload"
    " transfer outage export download swap replacement repair"
)

# ---- who does it --------------------------------

SOMEONE: Final = any_of(
    r"some ?(?:one|body)(?: else)?(?! (?:to|from|please|help|check|look|call|contact|reset|fix\w*"
    r"|can|could|explain|tell|on your|at your|in your|investigate|assist|should|must|will|up there"
    r"|called))|(?:another|other) (?:person|people|user|guy|man|woman|kid)",
    r"some (?:\w+ )?(?:guy|dude|person|stranger|man|woman|kid|idiot|hacker|people|bot|creep|fella)",
    r"strangers?|(?:an?|the|some|by) thie(?:f|ves)|hackers?|scammers?|fraudsters?|crooks?"
    r"|intruders?|attackers?",
    r"criminals?|burglars?|imposters?|impostors?|con ?m[ae]n|(?:a|the) (?:third party|bot)",
    r"people i do not know|(?:some|any|no)(?:one|body) (?:i|we) (?:do not )?know",
    r"(?:my |our |an? |the |her |his )?(?:ex|former|previous|dismissed|departed|fired|sacked)"
    r"[ -](?:\w+ )?(?:employees?|colleagues?|workers?|staff|contractors?|admin\w*|partner|husband"
    r"|wife|boyfriend|girlfriend|tenant|bookkeeper|manager|developer|roommate|assistant|intern)",
    r"(?:an? |the )?(?:outside|external) part(?:y|ies)|outsiders?",
    r"my ex|(?:an? )?(?:unknown|unfamiliar|unauthori[sz]ed|foreign|strange) "
    r"(?:person|user|party|people|persons|man|woman|device|computer|phone)",
)
#: What an intruder does.
INTRUDED: Final = any_of(
    r"(?:log(?:ged|s|ging)?|sign(?:ed|s|ing)?)[ -]?(?:in|on)(?:to)?|login|g[eo]t(?:s|ting)?"
    r" in(?:to)?",
    r"(?:is|was|are|were|been|sits?|sitting) (?:in(?:side|to)?|on|using)",
    r"br[eo]ak(?:ing|s)? in(?:to)?|br[eo]ken? in(?:to)?|access(?:ed|ing|es)|(?:has|have|had"
    r"|gained) access",
    r"enter(?:ed|ing)|t(?:oo|a)k(?:e|en|es|ing)? over|us(?:ing|ed|es)|read(?:s|ing)?|chang(?:ed|es"
    r"|ing)",
    r"reset(?:s|ting)?|hijack\w*|st[oe]al(?:s|ing)?|stolen?|cop(?:ied|ying)|download(?:ed|s|ing)",
    r"post(?:ed|s|ing)|sen[dt](?:s|ing)?|messag(?:ed|ing)|b(?:ought|uys|uying)|order(?:ed|s|ing)",
    r"plac(?:ed|es|ing)|spen[dt](?:s|ing)?|transferr?(?:ed|s|ing)|withdr[aeo]w(?:n|s|ing)?",
    r"redeem(?:ed|s|ing)|empt(?:ied|ying|ies)|drain(?:ed|s|ing)|listen(?:ed|s|ing)|play(?:ed|s"
    r"|ing)",
    r"watch(?:es|ed|ing)|open(?:ed|s|ing)|impersonat\w+|pretend\w+|mov(?:ed|es|ing)|typ(?:ed|es"
    r"|ing)",
    r"rent(?:ed|s|ing)|port(?:ed|s|ing)|enrol\w+|register(?:ed|s|ing)|signed up|took|book(?:ed|s"
    r"|ing)",
    r"controll?(?:ed|s|ing)|paid|pays|paying|charg(?:ed|es|ing)|delet(?:ed|es|ing)|add(?:ed|s|ing)",
    r"talk(?:ed|s|ing)|sp(?:oke|eaks?|eaking)|streams?|streaming|clean(?:ed|ing)|tr(?:ied|ying) to"
    r" log",
    r"obtain(?:ed|s)?|view(?:ed|s|ing)|guess(?:ed|es|ing)|crack(?:ed|s)|exported|exporting|has"
    r" (?:my|our|the)|got hold|claim(?:ed|ing)",
)
ACCOUNT: Final = words(
    "account+ profile+ mailbox inbox e_mail+ login+ log_in+ system+ network+ server+ computer+ pc+"
    " domain_controller mac laptop+ phone+ website+ web_site+ web_shop site+ page+ tenant wallet+"
    " card+ bank banking"
    " app store shop cloud instance database portal router wi_fi wifi camera+ cam vpn admin_panel"
    " panel facebook instagram whatsapp insta twitter channel number identity line savings chat"
    " dashboard console environment machine+ tablet+ desktop netflix subscription plan thermostat"
    " doorbell garage calendar drive files"
)

# ---- what others must not see --------------------------------

OTHERS: Final = any_of(
    r"(?:some )?other (?:famil\w+|compan\w+|customer|client|patient|user)'?s?|(?:some|any)(?: ?one"
    r"|body) else'?s?|somebody'?s|strangers?'?s?|a (?:complete |total )?stranger'?s?",
    r"(?:an ?other|an? (?:completely |totally |entirely )?different|another|other|different|the"
    r" wrong|wrong|all(?: the)?(?: other)?|every) "
    r"(?:\w+ )?(?:person|people|customer|client|user|patient|tenant|employee|colleague|member"
    r"|passenger|guest|resident|compan(?:y|ie)|organi[sz]ation|famil(?:y|ie)|parent|student|pupil"
    r"|account|shop|store|school|team|firm|lad(?:y|ie)|m[ae]n|woman|guy|kid|child|children"
    r"|traveller"
    r"|driver|citizen|donor|subscriber|household|business|merchant|partner|agenc(?:y|ie)|candidate"
    r"|supplier|competitor|participant|applicant|buyer|clinic|practice|bank|tenant"
    r"|owner)(?:'?s?'?)?",
    r"people'?s|every(?:one|body)(?: else)?'s|people i do not know|competitors?'?s?"
    r"|neighbou?rs?'?s?",
)
PRIVATE: Final = words(
    "data detail+ information info invoice+ name+ address+ phone_number+ number+ file+ document+"
    " record+ account+ booking+ result+ report+ e_mail+ mail+ message+ chat+ conversation+ photo+"
    " picture+ payslip+ pay_slip+ salary+ policy+ claim+ contract+ trip+ diagnosis diagnoses note+"
    " profile+ inbox mailbox grade+ contact+ card+ bill+ balance+ transaction+ prescription+"
    " recording+ feed+ calendar workspace history stuff statement+ quote+ order+ camera+ video+"
    " board+ tax_return+ letter+ cv+ passport+ medical_record+ purchase+ offer+"
    " appointment+ session basket cart prices tickets kitchen living_room bedroom kids children"
    " portfolio file_share paycheck+ playlist+ voicemail+ location+ home test_result+ appraisal+"
)
SEES: Final = any_of(
    r"see(?:s|ing|n)?|saw|show(?:s|ed|n|ing)?|view\w*|open(?:s|ed|ing)?|access\w*|read(?:s|ing)?",
    r"look(?:s|ed|ing)? (?:at|into|like)|g[eo]t(?:s|ting)?|receiv\w*|display\w*|download\w*|lists?",
    r"f(?:ind|ound)|deliver\w*|sent|sends?|given|gave|log\w* in(?:to)?|signed in|landed? in",
    r"lands? in|end(?:s|ed)? up in|contain\w*|includ\w*|appear\w*|return(?:s|ed)|serv(?:es|ed)",
    r"came|print(?:s|ed)|mail(?:s|ed)|expos\w+|brows\w+|pull(?:s|ed) up|loads?",
)

# ---- secrets and devices --------------------------------

SECRET: Final = any_of(
    r"(?:api|access|secret|private|ssh|encryption|signing|license|aws|stripe)[ -]?keys?",
    r"(?:(?:master|access|api|auth|admin|bot|deploy|github|service) )?tokens?",
    r"passwords?|passphrases?|credentials?|secrets?|\.env(?: file)?|env file|connection strings?",
    r"(?:customer|patient|client|user|personal|member|employee|staff|salary|payroll|card|student"
    r"|health|medical) (?:data|base|table|list|lists|file|files|records|details|names|database"
    r"|addresses)",
    r"(?:database|db) dump|source code|pay ?slips?|pin codes?|logins|bank details|ssn|salaries",
)
EXPOSED: Final = any_of(
    r"leak(?:ed|s|ing)?|expos(?:ed|es|ing)|public(?:ly)?|published|pushed|committed|pasted|posted",
    r"readable|for anyone|(?:visible|open|accessible|available) (?:to|for|on|in) (?:the )?"
    r"(?:world|public|internet|everyone|everybody|anyone|anybody|all|every|whole|others?|google)",
    r"on offer|turn(?:ed|s) up on|indexed|on (?:google|github|pastebin|the dark ?web|the internet"
    r"|a paste)|for sale|in plain text",
    r"shared with (?:everyone|anyone|all|the wrong)|(?:to|with) the wrong|in the wrong hands"
    r"|googled",
    r"search engine|the whole (?:company|internet|world)|uploaded (?:\w+ ){0,4}public|in the open",
)
DEVICE: Final = (
    r"(?:(?:debit|credit|bank|atm|prepaid|company|fuel|store|access|id|key|sim|gift|travel"
    r"|corporate|visa|mastercard|master|swipe|loyalty|member(?:ship)?|staff|employee|student"
    r"|library|service|work|business|contactless|girocard|door|entry|security|building)[ -]?)?"
    + any_of(
        r"cards?|wallet|purse|handbag|(?:i|smart|cell|mobile|work|company|business|android"
        r"|service)?"
        r" ?phones?|mobile|cell|laptops?|notebook (?:pc|computer)|macbook|surface|tablets?|ipads?",
        r"(?:yearly|annual|season|bus|travel|monthly) (?:pass|ticket)|thinkpad|badges?|key ?fobs?"
        r"|fobs?|(?:hardware |rsa |security )?tokens?|security keys?",
        r"yubikey|usb[ -]?(?:sticks?|drives?|keys?)|memory sticks?|hard[ -]?(?:drives?|disks?)|sim",
        r"(?:external|portable) (?:drive|disk)|backup (?:disk|drive|tape)s?|passports?|smart"
        r" ?watch",
        r"office keys?|master keys?|(?:work|company) computer|handheld|pda|rucksack with|work bag",
        r"sim card",
    )
)

#: Things that get lost, vanish or come up empty without any data being gone.
NO_DATA: Final = r"\b" + words(
    "parcel+ package+ luggage baggage bag+ suitcase+ order+ delivery+ shipment+ driver+ courier+"
    " taxi flight+ seat+ button+ icon+ option+ feature+ menu+ tab+ link+ toolbar+ sidebar+ banner+"
    " popup+ pop_up+ widget+ screen+ window+ signal connection+ internet wifi wi_fi network power"
    " water sound reception coverage line+ service+ server vpn access login log_in session+"
    " password+"
    " code+ patience trust faith hope money refund+ cash deposit time sale+ battery charge warranty"
    " discount+ coupon+ voucher+ offer+ key+ card+ wallet purse phone+ laptop+ tablet+ jacket coat"
    " scarf hat glasses ring watch toy dog cat child son daughter mother father wife husband mum"
    " dad"
    " job bet match matches ranked game_against weight interest count touch sight mind temper"
    " nerve+"
    " voice way day+ week+ weekend+ sleep pain ink paper tray shelf fridge box bottle tank bus"
    " train"
    " sync colour+ color+ formatting focus cursor keyboard mouse subtitle+ licence license paint"
    " packet+ frame+ fps redundancy uplink heartbeat quorum lock slot logo app company life kilo+"
    " kg"
    " pounds customer sense respect confidence control contact love appetite revenue business deal"
    " head heart ground number team room order_button bank_card badge seats tickets ticket spot"
    " place limit error+ message_bar hierarchy alignment margin+ filter+ sort font+ price+ leg hair"
    " hours hour sales turnover lunch umbrella cart+ basket+ status payment+ scam spam"
    " thread glove+ charger"
    " remote cable+ adapter+"
)
