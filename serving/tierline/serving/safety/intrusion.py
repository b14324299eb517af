"""Intrusion: somebody is or was where only the customer should be, or acted in their name."""

from typing import Final

from tierline.serving.safety import guards
from tierline.serving.safety.grammar import Pattern, any_of, gap, near, patterns
from tierline.serving.safety.words import ACCOUNT, INTRUDED, SOMEONE

_OURS: Final = r"(?:my|our|his|her|their|the|your|me|us)"
_NOBODY: Final = (
    r"(?:nobody|no one|none of (?:us|them|ours?)|i|we|she|he|they|customer|caller|client)"
    r"(?: here| else| in \w+| of us)?"
)
_NEVER: Final = (
    r"(?: have| has| had| did| certainly| definitely)*(?: not| never)(?: ever| even| have)*"
)
#: What somebody finds in the account and knows nothing of.
_ACT: Final = any_of(
    r"payments?|transactions?|orders?|purchases?|transfers?|withdrawals?|e-?mails?|mails?"
    r"|messages?",
    r"posts?|bookings?|trips?|rides?|accounts?|contracts?|loans?|devices?|log-?ins?|admins?|users?",
    r"profiles?|charges?|rules?|changes?|subscriptions?|reservations?|refunds?|tickets?|cards?",
    r"invoices?|phones?|keys?|links?|sim|campaign|them|one|it|any|anything|nothing",
    r"process(?:es)?|software|apps?|extensions?|code|codes|him|her|gift cards?|ads?|listings?"
    r"|sessions?|numbers?|files?|guests?|pickup",
)
_DID: Final = any_of(
    r"ma[dk]e|authori[sz]ed?|order(?:ed)?|placed?|sen[dt]|approved?|initiated?|wr[oi]te|written",
    r"creat(?:e|ed)|set up|b(?:ought|uy)|request(?:ed)?|sign(?:ed)? up|scheduled?",
    r"ask(?:ed)? for|port(?:ed)?|transfer(?:red)?|book(?:ed)?|rent(?:ed)?|log(?:ged)? in"
    r"|post(?:ed)?|install(?:ed)?",
    r"invited?|chang(?:e|ed)|register(?:ed)?|list(?:ed)?|subscribed?",
    r"recogni[sz]ed?s?|put (?:there|up)|spen[dt]|issued?|join(?:ed)?|heard of",
)
_ODD: Final = (
    r"(?:suspicious|strange|unknown|unfamiliar|unrecogni[sz]ed|unusual|unexpected|weird|rogue"
    r"|mysterious|dodgy|unauthori[sz]ed)"
)

INTRUSION: Final[tuple[Pattern, ...]] = (
    # Hacked, breached, compromised, taken over.
    *patterns(
        r"(?:site|website|homepage|page|shop) (?:\w+ ){0,3}defaced|(?:they|he|she|someone)"
        r" (?:has |have )?"
        r"changed the (?:\w+ )?(?:e-?mail|password|number|name|address) (?:on|of|in|for)"
        r" (?:my|our)",
        r"hacked|hack(?:ed|ing) (?:into|my|our|the|me|us)|hack into (?:my|our|the)"
        r"|(?:is|been|got|getting|am|was) (?:(?!an? |the |such )\w+ )?hack\b",
        r"hackers?(?: \w+){0,3} (?:got|in|into|are|is|has|have|using|plays?|chang\w+|took|stole"
        r"|attack\w*|had)|(?:attacker|intruder|hacker) (?:\w+ ){0,3}(?:has|have|is|on|in|still)",
        r"(?:data|security|privacy|network|account|personal data|gdpr|password) (?:breach(?:es|ed)?"
        r"|leak(?:s|ed|age)?|compromise)|(?:breach|leak) of (?:\w+ ){0,3}(?:data|records"
        r"|information"
        r"|details|passwords|security|confidentiality)|(?:been|was|were|got|are) breached",
        rf"{ACCOUNT}(?: \w+){{0,4}} (?:compromised|hijacked|taken over|broken into|breached"
        rf"|infected|stolen|cloned|cracked|impersonated)|(?:compromised|hijacked|infected|cloned) "
        rf"(?:\w+ ){{0,2}}{ACCOUNT}",
        rf"(?:we|i|{ACCOUNT})(?: [a-z]+){{0,2}} (?:are|am|is|was|were|been|being)"
        r" (?:[a-z]+ ){0,2}"
        r"(?:under (?:[a-z]+ )?attack|attacked by (?:[a-z]+ ){0,2}(?:hackers?|criminals?|bots?))"
        r"|(?:hacker|cyber|ransomware)[ -]?attack(?:s|ed)?|(?:had|have|having|suffered|discovered"
        r"|detected|was|been) (?:an?|another) (?:[a-z]+ )?breach"
        r"|(?:suspected|possible|potential|confirmed) (?:[a-z]+ )?breach|(?:data|records|files"
        r"|documents|passwords|details) (?:was|were|got|been) stolen",
        r"(?:are|is|am) being attacked",
        r"compromised|identity (?:theft|stolen)|(?:stole|stolen|stealing|steal) (?:\w+ )?"
        r"(?:my |our |her |his )?(?:identity|account|password|credentials|login|profile)",
        r"(?:taken out|opened|signed|registered|ordered|concluded|rented|bought) in (?:my|our|her"
        r"|his|their) name|(?:in|using|under|on) (?:my|our) name|impersonat\w+ (?:me|us|our|my|a"
        r"|the)|pretend\w* to be (?:me|us|our|my|from (?:my|our|your))|posing as (?:me|us|our|my)",
        r"(?:un-?authori[sz]ed|illegal|illicit)(?: \w+){0,2} (?:access\w*|log-?ins?"
        r"|sign-?ins?|transactions?|charges?|payments?|transfers?|users?|purchases?|persons?|people"
        r"|devices?|withdrawals?|use of|activity|changes?|session|debits?|orders?|download|entry"
        r"|connection|export|card)",
        r"accessed (?:\w+ ){0,6}without (?:permission|authori[sz]ation|consent|my|our)",
        guards=guards.ALL,
    ),
    # Somebody is in, uses, changes or empties what is the writer's.
    *patterns(
        rf"(?:{SOMEONE}|they|pupils?|students?|kids?|children|ex)(?:'d|'ve)?"
        rf"(?: \w+){{0,5}}? (?:got|gotten|broken?|hacked) in(?:to)? (?:my|our|an?|one|another"
        rf"|the|\w+'s)(?: \w+(?:'s)?){{0,2}} {ACCOUNT}",
        r"(?:account|mailbox|inbox|phone|system|server|profile|e-?mail)s?(?:,? \w+){1,4} broken"
        r" into",
        r"(?:home ?page|site|website|page|shop)(?: now)? (?:says?|reads?|shows?|displays?)"
        r"(?:\W+\w+){0,6}\W+(?:owned by \w*\d\w*|hacked by|pwned|a skull)",
        r"(?:e-?mail|spam|message|letter|sms|text|blackmail\w*)(?: [\w']+){0,8} my (?:real|actual"
        r"|current|old|correct) password",
        rf"{near(SOMEONE, INTRUDED, 5)}{gap(5)}(?:my|our|his|her|me|us|company"
        rf"|the (?:{ACCOUNT}))\b",
        rf"{SOMEONE}{gap(10)}(?:my|our|her|his|their) (?:\w+ )?(?:{ACCOUNT}|licen[cs]e|money"
        rf"|points|miles|savings|password|details|photos|files|data|exam|profile)",
        r"(?:they|he|she|thief|who|it)(?:'s| have| has)? (?:\w+ ){0,2}(?:changed|emptied|drained"
        r"|transferred|spent|stole|took over|withdrew|redeemed|ordered|bought|hijacked|locked me"
        r" out)"
        r"(?: \w+){0,2} (?:my|our|his|her|of my|of our) (?:\w+ ){0,2}(?:account|password|e-?mail"
        r"|money|card|points|miles|savings|balance|wallet|number|address|pin|profile)",
        r"(?:is|are|was|were|gets?|got|been|still) (?:still |now |also )?(?:in|into|inside|on"
        r"|using|reading) "
        r"(?:my|our|her|his) (?:\w+ ){0,2}(?:account|mailbox|inbox|e-?mail|profile|pc|computer"
        r"|phone"
        r"|laptop|system|network|server|wallet|bank|cloud)(?= (?:and|right|now|this|from|who)|\W*$"
        r"|[.,!?])",
        r"who (?:is|was|got|else is|else has|logged|has been) (?:\w+ )?(?:in|into|on|using) "
        r"(?:my|our|to (?:my|our)) \w+|who (?:changed|deleted|ordered|booked|took) (?:my|our) \w+",
        r"(?:ex|former|dismissed|fired|sacked|left|departed|quit|resigned|retired|terminated)"
        r"(?:[ -]\w+){0,12} (?:still|can still|could still) (?:\w+ ){0,2}(?:get(?:s|ting)? in"
        r"|log(?:s|ged|ging)? in|ha(?:s|ve|d) (?:access|an? (?:\w+ )?(?:login|account))|sign(?:s"
        r"|ing)? in|reads?|active|logged in|sees?|uses?|works|opens?)",
        r"(?:still|can still|could still|how can (?:he|she) still)(?: \w+){0,2} (?:get(?:s|ting)?"
        r" in|log(?:s|ged|ging)? in|has access|have access|signs? in|reads?|logged in|see)"
        r"(?: \w+){0,12} (?:left|fired|dismissed|ex|former|terminated|quit|resigned|threw out)",
        r"(?:account|login|badge|user) of (?:a |an |the )?(?:former|ex|dismissed"
        r"|departed)\W?(?:\w+ ){1,6}(?:used|opened|logged|downloaded|active|signed|accessed)",
        r"(?:ex|former)[ -](?:employee|colleague|contractor|admin|worker)\w*(?: \w+){0,3} (?:opened"
        r"|downloaded|logged|signed|accessed|copied|took|used|exported|deleted)",
        r"(?:camera|baby ?monitor|doorbell|cam|speaker)(?:'s)?(?: \w+){0,6} (?:moved|moves"
        r"|turned|turns|talk(?:ed|s|ing)|speaks?|spoke|voice|by itself|on its own|watching)"
        r"|(?:voice|man|stranger|someone)(?: \w+){0,8} (?:through|from|over|in|on) (?:\w+ )?(?:my "
        r"|our |your |the )?(?:baby )?(?:camera|monitor|doorbell|cam)\b",
        r"(?:mouse|cursor|pointer)(?: \w+){0,4} (?:mov(?:es|ed|ing)|typ\w+|click\w*"
        r"|controlled)(?: \w+){0,4}(?: by itself| on its own| alone| on the \w+)?",
        r"kicked (?:me )?out of my (?:own )?account|locked (?:me|us) out of my own"
        r"|(?:account|profile|page|number) (?:was|got|is|has been) (?:stolen|taken)",
        guards=guards.ALL,
    ),
    # Signs of it: odd logins, devices, rules, places.
    *patterns(
        rf"{_ODD}(?: \w+){{0,2}} (?:log-?ins?|sign-?ins?|sessions?|ips?|linked|forwarding"
        rf"|forward(?:ing)? rules?|transactions?|transfers?|withdrawals?|inbox rules?|api key"
        rf"|payees?|purchases?|admin(?:istrator)?s?)(?! (?:page|form|screen|flow|button|field"
        rf"|guide|process|url|method|design|fails|does|option|portal|interface|panel|account for))",
        r"(?:suspicious|unknown|rogue|unfamiliar|strange) (?:\w+ ){0,1}(?:devices?|accounts?"
        r"|activit(?:y|ies)|access|process|traffic|connection|script|person|user)",
        r"(?:log-?ins?|logged[ -]?in|sign-?ins?|signed[ -]?in|sessions?|access\w*|connect\w*"
        r"|devices?"
        r"|pc|tablet|used|orders?|rides?|trips?|purchases?)(?: [\w.:]+){0,4} (?:from|in) (?:a |an "
        r"|some |the )?(?:unknown|strange|foreign|different|another|other|russia|china|vietnam"
        r"|nigeria|lagos|moscow|hanoi|moldova|romania|ukraine|brazil|indonesia|iran|north korea"
        r"|turkey|kiev|kyiv|ip|two countries)(?: \w+)?",
        r"(?:country|city|place|town) (?:i have|i was|where i|we have|i am)(?: \w+){0,3} (?:never"
        r"|not)(?: \w+){0,2}",
        r"(?:rides?|trips?|payments?|orders?|log-?ins?|purchases?|charges?|spent|withdrawals?"
        r"|booking)"
        r"(?: [\w.]+){0,6} (?:in|from) [a-z]+[^?]{0,60}\b(?:i|we|card|he|she) (?:am|was|is|live"
        r"|sit|have never|were|lies?)(?! (?:charged|able|told|sure))",
        r"i (?:was|have|am) never (?:in|been (?:in|to|there)|there)|(?:confirmed|am|is|was) not"
        r" travell?ing|credentials? stuffing",
        r"(?:brute[ -]?force\w*|credential stuffing|password spray\w*)(?: \w+){0,4} (?:succe\w+"
        r"|got in|worked|attack)|port scan\w* from|exfiltrat\w+|data exfil|web ?shell",
        r"privilege escalation|dark ?web|lateral[ _]movement|outbound (?:traffic|transfer)?(?:"
        r" )?to (?:unknown|pool)|command and control|c2 (?:server|traffic)|beacon(?:ing)?\b|botnet",
        r"forward(?:ing|s|ed)?(?: \w+){0,6} (?:to|for)(?: \w+){0,3} (?:external|unknown|outside"
        r"|gmail|strange|i do not know)|(?:inbox|forwarding|mail) rule(?: \w+){0,5} (?:nobody|no"
        r" one|none of us|not|never|unknown|i did|sends?)",
        r"(?:password|e-?mail|phone number|pin|bank (?:details|account)|iban|account number|payout"
        r"|2fa|payroll details|delivery address|recovery \w+|owner|name|booking)(?: \w+){0,8}"
        r" (?:was"
        r"|were|has been|have been|got|is|had been|been)(?: \w+)? (?:changed|altered|replaced|reset"
        r"|swapped)(?: \w+){0,6} (?:by (?:someone|somebody)|overnight|last night|not by|nobody"
        r"|to one|to an? \w+|without)",
        r"(?:profil\w*|pic|picture|name|e-?mail|password|address|phone number|owner)(?: \w+){0,4}"
        r" (?:was|got"
        r"|were|has been|is) (?:now )?(?:changed|altered|swapped) (?:to|by|into)(?! (?:the"
        r" )?(?:new|support))",
        r"(?:booking|account|listing|order|reservation) (?:\w+ ){0,4}under the name",
        r"(?:e-?mail|password|profile|phone number|recovery \w+)(?: \w+){0,5} (?:is|are) not"
        r" (?:mine"
        r"|ours|my own)|(?:payout|iban|bank details?|account number)(?: \w+){0,3} not (?:mine"
        r"|ours)",
        r"(?:second|strange|unknown) (?:e ?-?mail|phone|address|owner|pickup person|user|admin)"
        r"(?: \w+){0,3} (?:on it|in my|on my|added|under my)|removed as (?:admin|owner)",
        r"(?:two|both) (?:places|countries|stations|cities)[^.]{0,30}(?:same|at once)"
        r"|same (?:hour|minute|time)[^.]{0,20}(?:two|2|different) (?:places|cities|countries)",
        guards=guards.ALL_BUT_INNER_NEGATION,
    ),
    # "It was not me."
    *patterns(
        r"(?:instances|servers|machines|vms|sessions?|numbers|devices)(?: \w+){0,5} (?:we|i) never"
        r" (?:started|created|ordered|set up)",
        r"(?:open\w*|look\w*|view\w*|access\w*|read|pulled up)(?: [\w'-]+){1,9} without (?:treating"
        r"|(?:an? |any )?(?:clinical |medical |business |valid )?(?:reason|need|justification))",
        r"(?:payment|transfer|order|charge|purchase|debit|withdrawal|booking)s?"
        r"(?: [\w,.]+){0,14} (?:i|we|she|he) (?:have |had |has )?never heard of",
        r"(?:was|were) not (?:me|by me|us|by us|my doing|from (?:me|us)|(?:made|done) by (?:me"
        r"|us))",
        rf"(?:orders?|purchases?|payments?|log-?ins?|transactions?|transfers?|e-?mails?|mails?"
        rf"|rides?"
        rf"|messages?|device|changed|posts?|sent|withdrawals?|bookings?|profile|charges?){gap(8)}"
        rf"(?:not|is not|are not) (?:me|us|by (?:me|us)|from (?:me|us)|mine|ours)(?! any more)",
        r"i did not do (?:this|that|it)\b|(?:payments?|charges?|transactions?|orders?) not "
        r"(?:hers|his|mine|theirs|ours)|(?:mails?|messages?|posts?)(?: \w+){0,6} (?:did not|never) "
        r"(?:send|sent|write|wrote|post)",
        r"(?:photos|camera|kitchen|house|devices?|login|orders|rides?|farm|number)[^?]{0,50}(?:is "
        r"|are )?not (?:mine|ours)(?! any more| to)",
        rf"{_NOBODY}{_NEVER} (?:{_DID})(?: \w+){{0,5}} (?:{_ACT})",
        rf"(?:{_ACT})(?: [\w']+){{0,8}} {_NOBODY}{_NEVER} (?:{_DID})",
        rf"(?:{_ACT})(?: [\w']+){{0,6}}? (?:nobody|no one|none of us)(?: here| in \w+)?"
        rf" (?:installed|started|authori[sz]ed|approved|requested|created|placed|made)",
        r"(?:nobody|no one|none of us|nobody else)(?: \w+){0,5} (?:was (?:online|logged in)"
        r"|has the (?:login|password)|knows the password|approved|authori[sz]ed|created|made it)",
        r"(?:not|never) (?:approved|authori[sz]ed|requested|initiated|created|made|ordered) (?:\w+"
        r" ){0,2}by (?:me|us|anyone|him|her)|without (?:my|our|her|his) (?:knowledge|consent"
        r"|permission|authori[sz]ation|approval)|behind my back",
        r"(?:name|person|user|device|number|address|account|profile|man|woman|someone|anyone|pc"
        r"|famil\w+|kids|people|strangers) "
        r"(?:that |who |which )?(?:i|we|she|he) (?:do(?:es)? not (?:know|recogni[sz]e|own)|have"
        r" never (?:met|heard))",
        r"i do not (?:know|own) (?:an?|any) (?!idea|way|other|more|thing|password)\w+",
        r"(?:transferred|ordered|requested|booked) nothing|not (?:ordered|booked) (?:anything"
        r"|nothing)",
        r"(?:ordered|bought|booked|posted|sent|changed) (?:by )?itself(?= |[.,!?]|$)",
        r"who (?:is|on earth is|the hell is) (?:that|mr|ms|mrs)\b(?! (?:for|about|responsible))",
        r"(?:my account|history|list|profile|app)[^.!?]{0,60}(?:not (?:mine|ours)\b)(?! any more)",
        guards=guards.BUT_NEGATION,
    ),
)
