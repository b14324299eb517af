"""The incidents: what a report of data loss or of a security breach says, as patterns."""

import re
from dataclasses import dataclass
from typing import Final

from tierline.serving import safety_guards as guards
from tierline.serving.safety_words import (
    ACCIDENT,
    ACCOUNT,
    CONTAINER,
    DATA,
    DEVICE,
    EXPOSED,
    GONE,
    INTRUDED,
    LOST,
    NOT_THERE,
    OTHERS,
    PRIVATE,
    RECOVER,
    SECRET,
    SOMEONE,
    gap,
)


@dataclass(frozen=True)
class Pattern:
    """One way to report an incident, and the guards that can excuse it."""

    regex: re.Pattern[str]
    guards: tuple[guards.Guard, ...]


def _all(*sources: str, guarded: tuple[guards.Guard, ...] = guards.ALL) -> tuple[Pattern, ...]:
    return tuple(Pattern(re.compile(rf"\b{source}\b"), guarded) for source in sources)


_MINE: Final = r"(?:my|our|all|his|her|their|the|your|every|some|most|half|these|those|several|many|whole|entire|years? of|months? of|weeks? of|days? of|hours? of|\d[\d.,k]*)"

_BE: Final = r"(?: (?:is|are|was|were|has|have|had|got|gets|been|just|all|now|suddenly|simply|completely|totally|mysteriously|again|also|apparently|seems?|seem to be|to be|to have|keeps?|being|since \w+|after \w+))*"
_PLAIN_GONE: Final = r"(?:gone|vanished|disappeared|dissappeared|wiped|erased|overwritten|corrupted|corrupt|emptied|deleted)"

LOSS: Final[tuple[Pattern, ...]] = (
    *_all(
        rf"{DATA}{gap(5)}{GONE}",
        rf"{DATA}{_BE} (?:missing(?= (?:after|since|from|again|in my|in our|now|today|on)|\W*$|[.,!?;\n])|went missing)",
        rf"{DATA}(?: \w+){{0,3}} (?:is|are|were|was|all|now|went|still) missing",
        rf"{DATA}[.!?, ]+(?:all )?gone",
        rf"(?:{DATA}|{CONTAINER})(?: list)?[ :]+(?:empty|blank|missing|wiped|reset)(?=\s*(?:$|[.,!?;\n(]|after|since|now|again|today|this|by))",
        r"(?:everything|all (?:\w+ ){1,3})(?: \w+){0,4} (?:missing|gone)(?=\s*(?:$|[.,!?;\n]|after|since|now))",
        r"[a-z]+s? (?:wiped|erased|overwritten|nuked|zeroed) (?:by|after|during|with|at|when|in the|since|on)",
        r"(?:lost|deleted|gone|missing|emptied|wiped|disappeared) (?:in|after|during|by|with|since|due to) (?:\w+ ){0,3}(?:migration|update|upgrade|roll-?over|merge|sync|restore|reboot|import|reset|patch|cut-?over|switch|crash|maintenance|move|conversion|backup|clean-?up|re-?install\w*|re-?enrol\w*|log(?:ging)?[ -]?(?:in|out))",
        r"lost \d+ [a-z]+s|emptied itself|threw away my|(?:had|were) \d+[^.]{0,20}now (?:none|0|zero|\d)|(?:now|suddenly) (?:i have |we have |there are |there is )?(?:none|nothing) (?:left|there|of it|of them)|only (?:default|the default|an empty) \w+ (?:left|remains?)",
        r"(?:went|gone|set|reset|reverted|back) (?:back )?to (?:the )?default",
        r"where (?:did|have|has|are|is) (?:all )?(?:of )?(?:my|our|the) (?:\w+ ){1,3}(?:go|gone)",
        r"lost (?:the )?(?:last|past|today'?s|yesterday'?s|this morning'?s|\d+) (?:\w+ ){0,2}(?:min|mins|minutes|hours?|days?|weeks?|months?|years?|pages?|levels?|entries|lines|work|session)",
        rf"{LOST}{gap(1)}{_MINE}(?:{gap(4)}){DATA}",
        rf"{LOST}{gap(1)}{DATA}",
        r"(?:everything|every ?thing (?:i|we) \w+|it all|all of it|all (?:is|was|are|were)|all my stuff|all our stuff)(?:'s)?(?: (?:is|was|are|were|has|have|had|just|been|now|suddenly|simply|completely|got|in there|on it|on there|i had|we had))* (?:gone|vanished|disappeared|lost|deleted|erased|wiped|destroyed|empty)",
        r"(?:lost|lose|losing|wiped|deleted|erased|destroyed) (?:everything|every ?thing|all of it|it all)",
        r"all gone|(?:is|are) gone forever|wiped (?:out|clean)",
        r"(?:data|file|files|database|record|photo|message|content|document|history|progress)[ -]?(?:loss|corruption|wipe)|dataloss|loss of (?:\w+ ){0,3}(?:data|records|files|history|documents|entries|progress)",
        rf"(?:got|gets|getting|been|were|was|have|has|is|are|keeps?) (?:\w+ ){{0,2}}(?:deleted|wiped|erased|overwritten|corrupted|purged|truncated|emptied) (?:\w+ ){{0,3}}{DATA}",
        rf"(?:delet\w+|eras\w+|wip\w+|remov\w+|overwr\w+|dropp?\w*|clear\w+|format\w+|empt\w+)(?:{gap(8)}){ACCIDENT}",
        rf"{ACCIDENT}(?:{gap(4)})(?:deleted?|erased?|wiped?|overwr\w+|dropped|emptied|formatted|cleared|purged|truncated)",
        rf"{CONTAINER}(?:{gap(3)})(?:(?:is|are|was|were|now|completely|suddenly|totally|all|up|opens|turned|looks?|appears?) (?:\w+ )?(?:empty|blank)|emptied|wiped|shows? nothing|(?:shows?|has|have|contains?|holds?) (?:0|zero|no) \w+|came back (?:empty|blank)|at zero|reads? zero)",
        rf"(?:{DATA}|{CONTAINER}|desktop|program|screen of \w+){gap(6)}(?:is|are|was|were|now|came back|all) (?:now |all |completely )*(?:empty|blank)",
        r"(?:every|all|whole|each|entire) (?:[\w']+ ){1,4}(?:is |are )?(?:empty|blank|0 bytes|zero bytes|null)",
        rf"{DATA}(?: \w+){{0,6}} (?:replaced|overwritten) by|play 0:00|0 ?bytes|0 of [\d,]+",
        rf"(?:empty|blank|0|zero) (?:{CONTAINER})(?: (?:now|since|after|today|again))",
        rf"(?:saved|wrote|written|writes|copied|pasted|restored|synced|imported|loaded|typed) (?:\w+ ){{0,3}}over (?:\w+ ){{0,4}}{DATA}|(?:saved|wrote|written) over (?:it|them|the|my|our)",
        rf"overwr\w+(?: \w+){{0,8}} {DATA}|{DATA}(?: \w+){{0,6}} overwr\w+",
        r"(?:back|reset|started?|starts?|starting|begins?|set back|sent back|dropped back|reverted|rolled back|thrown back)(?: \w+){0,2} (?:at|to|on|from) (?:the )?(?:level (?:1|one)|zero|0|scratch|day (?:1|one)|square one|the (?:very )?(?:start|beginning)|chapter (?:1|one)|factory)",
        r"(?:starts?|started|starting|begins?|keeps starting|start) (?:all )?(?:over|afresh|anew|from scratch)(?: again)?",
        rf"{RECOVER} (?:{_MINE} )(?:\w+ ){{0,4}}{DATA}",
        rf"(?:dropped|truncated|formatted|nuked) (?:{_MINE} )?(?:\w+ ){{0,3}}{DATA}",
        r"(?:rows?_after|count_after|rows after|records after)\W{0,3}0",
        r"(?:show(?:s|ing)?|display(?:s|ing)?|contains?|has|have|there are|left with|down to|says?) (?:only )?(?:0|zero|no) (?:records?|entries|files?|items?|rows|photos?|documents?|contacts?|messages?|mails?|customers?|products?|tracks|songs|objects|results? before|data)",
        rf"{DATA}(?: \w+){{0,4}} (?:garbled|scrambled|mangled|question marks|grey squares|gray squares|gibberish|full of zeros|1970|placeholders?|broken beyond)",
        rf"(?:grey|gray|blank|empty|broken|black) (?:squares|pages|thumbnails|boxes|tiles|frames)(?: \w+){{0,6}} {DATA}|{DATA}(?: \w+){{0,6}} (?:grey|gray|blank|empty|black) (?:squares|pages|thumbnails|boxes|tiles|frames)",
        r"(?:migration|update|upgrade|sync|restore|merge|import|move|switch|cut-?over|script|job|cleanup|clean-up|purge)(?: \w+){0,4} (?:wiped|deleted|erased|emptied|overwrote|destroyed|lost|ate|swallowed|zeroed|dropped|left behind|removed|reset)",
        r"(?:he perdido|hemos perdido|se (?:me |nos )?(?:han?|ha) (?:borrado|perdido|eliminado)|han? desaparecido|desaparecieron|desaparecio|borraron|se borro|se borraron|perdi (?:todo|todos|todas|mis|mi)|perdida de datos|ya no (?:esta|estan|aparecen?))",
        r"(?:geloscht|geloescht|verschwunden|verloren gegangen|datenverlust|uberschrieben|ueberschrieben|sind weg|ist weg|alles weg|daten weg|nicht mehr da|(?:ordner|laufwerk|postfach|tabelle|datenbank|datei) (?:ist |sind )?(?:\w+ )?leer)",
        r"(?:perdu (?:toutes?|tous|mes|nos|mon|ma|l)|(?:a|ont) disparu|disparus?|disparues?|effacee?s?|ete supprimee?s?|perte de donnees|ecrasee?s?|(?:dossier|boite|bibliotheque|base) (?:est )?vide)",
        r"(?:perdi (?:tudo|todos|todas|os|as|meus?|minhas?)|sumiu|sumiram|desapareceu|desapareceram|apagou|apagaram|foram? (?:apagad|excluid)\w+|perda de dados|(?:pasta|caixa|lista) (?:esta )?vazia)",
    ),
    *_all(
        rf"(?:my|our|all|half|most|whole|every|his|her|their|entire|\d+) (?:[\w.'-]+ ){{1,6}}?(?:(?:is|are|was|were|has|have|had|got|been|just|all|now|suddenly|simply|completely|again|also|apparently) )*{_PLAIN_GONE}",
        r"(?:my|our|his|her|their|whole|entire|every) (?:[\w.'-]+ ){1,3}(?:is|are|got|was|were|came back|shows?|says?|went) (?:now |all |completely |suddenly |a )*(?:empty|blank|bare|emptied|zero|0 \w+)",
        r"(?:selling|sold|sells) my \w+|threw away (?:my|the|our) \w+|where there used to be|instead of [\d.,]{3,}",
        rf"(?:lost|loses|losing|wiped|erased|overwrote|deleted|nuked|ate) (?:all |all of |half |most of |some of )?(?:my|our|his|her|their|the whole|the entire|every) (?:[\w'-]+ ?){{1,3}}",
        guarded=(*guards.ALL, guards.no_data),
    ),
    *_all(
        rf"{DATA}(?:{gap(5)}){NOT_THERE}",
        rf"{NOT_THERE}(?:{gap(2)}){DATA}",
        rf"(?:can(?:no|')?t|cannot|could ?n'?t|unable to|not able to) (?:find|see|open) (?:any of )?(?:{_MINE} )(?:\w+ ){{0,3}}(?:photos|pictures|files|data|messages|playlists|notes|history|documents|saves|progress|contacts|recordings)(?: any ?more| anywhere)",
        r"(?:backups?|backup sets?|snapshots?|restore|restores)(?: \w+){0,4} (?:unreadable|unusable|blank|empty|also gone|failed too|useless|0 ?mb|0 ?kb|zero bytes|corrupt\w*)",
        r"no (?:usable |other |working |good )?(?:copy|copies|backups?|snapshots?)(?: \w+){0,3} (?:left|exists?|found|anywhere|either|to restore|available)",
        rf"{DATA}(?: [\w.,'-]+){{0,12}} (?:no longer present|(?:do|does) not exist|(?:do|does)n'?t exist|not present|are absent|is absent|not stored|aren'?t stored|isn'?t in the|gives? nothing|shows? nothing|link to nothing|point to nothing)",
        rf"{DATA}(?: \w+){{0,3}} (?:never|not) (?:saved|stored|written|persisted|backed up)",
        r"(?:have|has|had|did|were|was)(?:n'?t| not)(?: been)? (?:saved|stored|persisted|survived?)",
        guarded=guards.BUT_NEGATION,
    ),
)

BREACH: Final[tuple[Pattern, ...]] = (
    *_all(
        r"(?:been|got|get|getting|was|were|is|are|am|be|being|gotten|keep getting|account|page|profile|site|website|server|system|pc|email|mail|phone|insta\w*|router|it'?s) (?:\w+ )?hack(?:ed|ing)|hack(?:ed|ing) (?:into|my|our|the|me|us|account|again)|hack into (?:my|our|the)|hacked|hackers?(?: \w+){0,3} (?:got|in|into|are|is|has|have|using|plays?|chang\w+|took|stole)",
        r"(?:data|security|privacy|system|network|account|personal data|gdpr|password) (?:breach(?:es|ed)?|leak(?:s|ed|age)?|incident|compromise)|(?:breach|leak) of (?:\w+ ){0,3}(?:data|records|information|details|passwords|security)|we (?:were|are|have been|got) breached|(?:been|was|were|got) breached",
        rf"{ACCOUNT}(?: \w+){{0,4}} (?:compromised|hijacked|taken over|broken into|breached|infected|stolen|cloned|cracked|impersonated)|(?:compromised|hijacked|infected|stolen|cloned) (?:\w+ ){{0,2}}{ACCOUNT}",
        r"compromised|identity (?:theft|stolen)|(?:stole|stolen|steal|stealing|cloned|misus\w+) (?:\w+ )?(?:my |our |her |his |their |customer )?(?:identity|account|card|phone|laptop|password|credentials|credit card|details|data|bike key|login|money from)|in my name|on my name|impersonat\w+ (?:me|us|our)|pretend\w* to be (?:me|us|our)",
        r"ransomware|ransom (?:note|demand|message|letter)|(?:files?|servers?|shares?|documents?|data|drives?|system|systems)(?: \w+){0,5} (?:been )?(?:encrypted|encrypting|renamed to|renamed with)|(?:demand\w*|ask\w*|want\w*) (?:\w+ ){0,3}(?:bitcoins?|btc|crypto|ransom|monero)|pay (?:\w+ ){0,3}(?:bitcoins?|btc|ransom)|strange (?:file )?(?:ending|extension)s?|files? ending in \.",
        r"(?:malware|virus|viruses|trojan|spyware|keylogger|backdoor|rootkit|worm|crypto ?miner|infostealer|stealer)(?:\W+\w+){0,4} (?:found|detected|on|in|infected|installed|running|spreading|active|quarantined|alert|reported)|(?:detected|infected|found|has|have|got|installed|contains?|is|as|reported|caught|with)(?: \w+){0,4} (?:malware|virus(?:es)?|trojan|spyware|keylogger|backdoor|rootkit|crypto ?miner|infostealer)|infected (?:with|by|files?|machines?|pcs?|users?|laptops?|computers?|hosts?)|\d+ threats|command and control|beacon\w* to",
        rf"(?:click\w*|opened|enter(?:ed|ing)|typed|gave|given|fill\w+|enabled|submitted|put|responded|replied|answered|ran|fell)(?:{gap(8)})(?:phish\w*|fake|scam|suspicious|dodgy|weird link|macro|fraudulent|spoof\w*|bogus)",
        rf"(?:phish\w*|fake|scam|suspicious|fraudulent|bogus|spoofed)(?:\W+\w+){{0,14}}\W+(?:(?:and|then|i|she|he|we|they|user|who|already|colleague|has|have) (?:clicked|entered|typed|gave|opened|replied|filled|put in|logged in|enabled|submitted|provided))",
        r"(?:gave|told|typed|entered|read (?:out)?|shared|sent|put in|provided)(?: \w+){0,5} (?:my|our|his|her|their|the) (?:\w+ ){0,2}(?:password|pin|tan|card number|code|credentials|login|passcode|otp)(?: \w+){0,4} (?:to|on|in|into|a|at|someone|over)",
        r"(?:un-?authori[sz]ed|unauthori[sz]ed|not authori[sz]ed|illegal|illicit)(?: \w+){0,2} (?:access\w*|log-?ins?|sign-?ins?|transactions?|charges?|payments?|transfers?|users?|purchases?|persons?|people|devices?|withdrawals?|use|activity|changes?|vpn|session|debits?|orders?|download|entry|connection|export)|accessed (?:\w+ ){0,6}(?:without (?:permission|authori[sz]ation|consent|my))",
        r"(?:fraud(?:ulent|ster|sters)?|scam+ed|scammers?|defrauded)(?: \w+){0,4} (?:charges?|transactions?|payments?|transfers?|orders?|withdrawals?|activity|purchases?|on my|on our|on her|on his|account|alert)|(?:been|was|am|got|get) (?:\w+ )?(?:scammed|defrauded|phished|a victim of|robbed|mugged)|victim of (?:\w+ )?(?:fraud|scam|theft|phishing)|live fraud|fraud in progress|fraud on|card (?:fraud|cloned|skimmed)|skimm(?:er|ed|ing)|sim[ -]?swap\w*",
        rf"{SOMEONE}(?:{gap(5)}){INTRUDED}(?:{gap(5)})(?:my|our|his|her|their|the|me|us|your|company|{ACCOUNT})",
        rf"{SOMEONE}(?:{gap(10)})(?:my|our|her|his|their) (?:\w+ )?(?:{ACCOUNT}|name|licen[cs]e|identity|money|points|miles|savings|number|password|details|photos|files|data)",
        r"(?:fake |strange |odd )?(?:e-?mails?|mails?|messages?)(?: \w+){0,3} (?:from|in) (?:my|our) (?:\w+ ){0,3}(?:mailbox|account|address|name|sent)|taking my money|ordered itself|(?:clean(?:ed|ing)?|empty|emptied|emptying|clear(?:ed|ing)) (?:me|us|her|him) out|i transferred nothing|(?:request\w*|ask\w* for) none of (?:it|them)|(?:reset|verification|login|security) (?:e-?mails?|mails?|codes?|texts?|sms)(?: \w+){0,3} (?:i|we) (?:did not|didn'?t|never) (?:request|ask)",
        r"(?:click\w*|follow\w*|opened)(?:\W+\w+){0,4}\W+(?:link|attachment|page)(?:\W+\w+){0,6}\W+(?:enter\w*|typed|gave|put in|filled|logged in|signed in)|(?:enter\w*|typed|put)(?:\W+\w+){0,4}\W+password(?:\W+\w+){0,12}\W+(?:before|strange|looked like|not our|not yours|fake|wrong address|noticed)|let (?:him|her|them|someone|a man|the man)(?:\W+\w+){0,3}\W+(?:on|into|onto) (?:my|her|his|the) (?:pc|computer|laptop|phone)",
        r"taken (?:from|out of) (?:my|the|our|her|his) (?:\w+'?s? )?(?:car|desk|locker|office|bag|van|room)|stranger'?s? voice|leaks? (?:\w+ ){0,2}(?:addresses|data|names|emails|e-mails|details|passwords)|of a (?:complete |total )?(?:stranger|mr|mrs|ms)\b|(?:somebody|someone) ?(?:else)?'?s? elses? account|some(?:body|one) else'?s account|second e-?mail on it|(?:account|login) as (?:mr|mrs|ms|someone)",
        r"(?:payout|iban|bank details?|account number)(?: \w+){0,3} (?:is|are) not (?:mine|ours)|altered (?:today|last night|yesterday|by)|\b[a-z]+\.php\b(?: \w+){0,6} (?:random|not ours|did not)|files? (?:\w+ ){0,4}(?:we|i) did not put",
        r"(?:see|sees|seeing|opens?|shows?|showing|got|read|view|reach)(?: \w+){0,3} (?:mrs?|ms|dr|miss)\.? \w+'?s (?:\w+ ){0,2}(?:file|data|record|records|invoice|details|orders|documents|account|bookings)",
        r"logged in as (?:some|a|an|another|someone|somebody)|(?:account|profile|phone|page|email) is hack|sim(?: \w+){0,3} (?:swapped|ported|issued|activated|replaced|moved)|ported out|porting out",
        rf"(?:see|sees|seeing|saw|shows?|showed|view|open|read|have|list){gap(4)}of (?:other|another|someone else|a stranger|strangers|different|people i) ?(?:\w+)?",
        r"my (?:code|pin|password|card number|card details|tan)(?:\W+\w+){0,14}\W+(?:scam\w*|fake|fraud\w*|was not you|wasn'?t you|not the bank|not really)",
        rf"(?:they|he|she|thief|who|it)(?:'ve|'s| have| has)? (?:\w+ ){{0,2}}(?:changed|emptied|drained|transferred|spent|stole|took over|withdrew|redeemed|ordered|bought|hijacked)(?: \w+){{0,2}} (?:my|our|his|her) (?:\w+ ){{0,2}}(?:account|password|e-?mail|money|card|points|miles|savings|balance|wallet|number|address|pin)",
        rf"(?:see|sees|seeing|saw|seen|shows?|showed|showing|shown|view\w*|open\w*|access\w*|read\w*|look\w* at|get|gets|getting|got|receiv\w*|display\w*|download\w*|lists?|find|found|deliver\w*|sent|lands? in|ends? up in|send|given|log\w* in(?:to)? as|logged in as)(?:{gap(3)}){OTHERS}(?:{gap(3)}){PRIVATE}",
        rf"{OTHERS} {PRIVATE}(?:{gap(5)})(?:visible|in my|in our|on my|under my|appear\w*|shown|show up|showing|listed|accessible|opened|instead of mine)",
        rf"{PRIVATE} (?:of|from|belonging to) (?:an ?other|other|some ?one else|a stranger|strangers|different|people i do ?n'?t know|\d+ other|somebody else)(?:{gap(1)})?(?:people|persons?|customers?|clients?|users?|patients?|tenants?|employees?|members?|families|companies|shops|accounts?)?",
        rf"(?:{SECRET})(?:{gap(6)}){EXPOSED}",
        rf"{EXPOSED}(?:{gap(4)})(?:{SECRET})",
        rf"(?:anyone|any ?body|everyone|every ?body|the (?:whole )?(?:world|public|internet)|all (?:users|employees|staff|customers|colleagues)|every (?:user|employee|customer|one))(?: \w+){{0,5}} (?:can|could|able to|is able to|may)(?: \w+){{0,2}} (?:see|open|read|download|view|access|edit|look)(?:{gap(5)}){PRIVATE}",
        rf"(?:without (?:a |any |being |having )?(?:logg?\w*[ -]?in|password|session|sign\w*[ -]?in|authenticat\w+|login|token))(?:{gap(8)})(?:{PRIVATE}|{SECRET})|(?:{PRIVATE})(?:{gap(8)})(?:without (?:a |any |being |having )?(?:logg?\w*[ -]?in|password|session|sign\w*[ -]?in|authenticat\w+|login))",
        r"(?:chang(?:e|ing|ed)|increment\w*|increas\w+|guess\w*)(?: \w+){0,3} (?:number|id|digit|parameter)s?(?: \w+){0,8} (?:url|link|address|other|next|another|someone)|next (?:number|id) (?:shows?|gives?|opens?|i see)|sql injection|\bxss\b|path traversal|auth(?:entication)? bypass|remote code execution|security hole|vulnerability (?:in|that|allows|exposes)|idor",
        rf"(?:lost|loses|losing|misplaced|mislaid|stolen|stole|nicked|snatched|swiped|robbed|left behind)(?:{gap(4)}){DEVICE}",
        rf"{DEVICE}(?:{gap(5)})(?:(?:was|is|were|got|been|has been|are|being|went|has gone|have gone|'s)(?: \w+)? )?(?:stolen|lost|missing|nicked|snatched|misplaced|mislaid|robbed|fell out|gone missing|pickpocketed|skimmed|cloned|not found|can'?t be found|cannot be found|(?:was|is) not (?:there|in the))",
        rf"(?:left|forgot|dropped){gap(4)}{DEVICE}{gap(4)}(?:in|on|at) (?:a|the|my|an) (?:\w+ )?(?:taxi|train|bus|plane|tram|cab|uber|restaurant|pub|bar|cafe|airport|hotel|metro|subway|plane|rental|flight|lounge|park)",
        r"(?:stolen|nicked|snatched)(?: \w+){0,4} (?:car|bag|backpack|van|office|house|home)|(?:break-?in|burglary|broke into|broken into)(?: \w+){0,6} (?:office|laptops?|car|server|pc|store)",
        r"(?:suspicious|strange|unknown|unfamiliar|unrecogni[sz]ed|unexpected|weird|rogue|mysterious)(?: \w+){0,2} (?:log-?ins?|sign-?ins?|devices?|sessions?|ip|ips|admins?|administrators?|accounts?|linked|forwarding|forward(?:ing)? rules?|transactions?|transfers?|withdrawals?|activity|activities|access|process|traffic|inbox rules?|api key|connection|script|payees?|purchases?|person)",
        r"(?:log-?ins?|logged[ -]?in|sign-?ins?|signed[ -]?in|sessions?|access\w*|connect\w*)(?: \w+){0,6} (?:from|in) (?:a |an |some |the )?(?:unknown|strange|foreign|different|another|other|russia|china|vietnam|nigeria|lagos|moscow|hanoi|moldova|romania|ukraine|brazil|india|indonesia|iran|north korea|turkey|kiev|kyiv|ip|country|city|two countries|place i|abroad)",
        r"(?:brute[ -]?force\w*|credential stuffing|password spray\w*)(?: \w+){0,4} (?:succe\w+|got in|worked|attack)|port scan\w* from|exfiltrat\w+|data exfil|outbound (?:traffic|transfer) to unknown|web ?shell|privilege escalation|dark ?web|lateral movement",
        r"forward(?:ing|s|ed)?(?: \w+){0,6} (?:to|for)(?: \w+){0,3} (?:external|unknown|outside|gmail|strange|i don'?t know)|(?:inbox|forwarding|mail) rule(?: \w+){0,5} (?:nobody|no one|none of us|not|never|unknown|i did)",
        r"sent(?: \w+){0,5} (?:to )?(?:the )?wrong (?:person|people|customer|client|recipient|address|patient|michael|list|company|e-?mail|clients|customers|mail|guy|external)|mis(?:sent|directed|routed|delivered)(?: \w+){0,6} (?:patient|customer|client|salary|results?|invoice|data|records?|statements?)",
        r"(?:still|can still|could still)(?: \w+){0,2} (?:get(?:s|ting)? in|log(?:s|ged|ging)? in|has access|have access|sign(?:s|ing)? in|reads?|active|logged in|see)(?: \w+){0,12} (?:left|fired|dismissed|ex|former|terminated|quit|resigned|threw out|last year|offboard\w*)|(?:left|fired|dismissed|ex|former|terminated|quit|resigned|offboard\w*)(?:[ -]\w+){0,12} (?:still|can still)(?: \w+){0,2} (?:get(?:s|ting)? in|log(?:s|ged|ging)? in|has access|have access|sign(?:s|ing)? in|reads?|active|logged in|see)",
        r"(?:camera|baby ?monitor|doorbell|cam)(?: \w+){0,6} (?:moved|moves|turned|turns|talk(?:ed|s|ing)|speaks?|spoke|voice|by itself|on its own)|(?:mouse|cursor|screen|pointer)(?: \w+){0,4} (?:mov(?:es|ed|ing)|typ\w+|click\w*)(?: \w+){0,4} (?:by itself|on its own|alone)",
        r"(?:wallet|account|savings)(?: \w+){0,3} (?:drain(?:ed|ing)|emptied|cleaned out)|fraud (?:right )?now|remote(?:ly)? controll?ing (?:my|our|her|his)|(?:attacker|intruder|hacker) (?:\w+ ){0,3}(?:has|have|is|on|in|still)|can(?:no|')?t find my (?:card|wallet|debit card|credit card|badge|phone|laptop)",
        r"(?:withdraw\w*|sending|transferr?ing|moving|stealing|buying|ordering)(?: \w+){0,5} (?:right now|this minute|as we speak|at this moment|while (?:i|we|she|he))|(?:mass )?(?:file )?encryption in progress|lateral_movement|freeze (?:it|everything|my|the account|account|all|her|his)|new sim (?:was|has been|card was)|not my (?:orders?|ad+ress|purchases?|log-?ins?|device|posts?)",
        r"(?:e-?mail|password|profile|name|ad+ress|phone number|pic|picture|owner)(?: \w+){0,5} (?:was|got|has been|have been|were|is|are) (?:been )?(?:changed|altered|swapped|replaced) (?:to|by|into|with)|(?:password|passwords)(?: \w+){0,3} (?:wasn'?t|was not|isn'?t) my",
        r"(?:money|funds|savings|transfers?|payments?|wires?|points|miles|crypto|eth|btc|coins)(?: \w+){0,4} (?:(?:is|are|being|keeps?) )?(?:moving|leaving|going out|being (?:moved|sent|spent|transferred|redeemed)|drain(?:ed|ing)|left(?: my| our)? account|disappearing from my account|gone from my (?:account|wallet))",
        r"(?:spent|bought|ordered|withdrawn|transferred|redeemed|paid|charged)(?: \w+){0,8} (?:while i (?:was )?(?:asleep|sleeping|slept)|without my (?:knowledge|consent|permission|approval)|behind my back)",
        r"(?:password|e-?mail|phone number|pin|bank details|iban|account number|payout|recovery (?:mail|email)|2fa|payroll details|delivery adress|delivery address)(?: \w+){0,3} (?:was|were|has been|have been|got|is|had been|been)(?: \w+)? (?:changed|altered|replaced|reset|swapped)(?: \w+){0,6} (?:by someone|without|overnight|last night|not by|nobody|to one|to (?:a|an|some) (?:unknown|strange|different|russian|other|\w+ ru))",
        r"(?:hackead[oa]s?|hackearon|jaque\w+|robad[oa]s?|robaron|me (?:han )?robado|(?:han|ha) entrado (?:en|a) (?:mi|nuestra)|alguien (?:ha )?(?:entro|entrado|accedi\w+|usa|esta usando|cambio)|acceso no autorizado|estafad\w+|suplant\w+|cargos? que no (?:he )?(?:hice|hecho|reconozco))",
        r"(?:gehackt|datenleck|datenpanne|unbefugt\w*|gestohlen|geklaut|fremder? zugriff|jemand (?:hat|ist|war)(?: \w+){0,6} (?:konto|account|zugegriffen|eingeloggt|angemeldet|passwort|karte)|fremde (?:abbuchung|bestellung|person|rechnungen)\w*|karte verloren|nicht von mir|phishing (?:mail )?(?:geklickt|reingefallen)|verschlusselungstrojaner|erpress\w+)",
        r"(?:(?:ete|est|compte|site|fait) pirat(?:e|ee|es|er)|piratage|pirater|(?:ete|est) volee?s?|on m'a vole|quelqu'un (?:a|s'est|est|utilise|se)(?: \w+){0,6}(?: (?:connect\w+|acced\w+|compte|change|entre|utilise))|usurp\w+|fuite de donnees|acces non autorise|arnaqu\w+|frauduleu\w+)",
        r"(?:invadi(?:ram|do|da|u)|roubad\w+|roubaram|clonad\w+|clonaram|acesso nao autorizado|alguem (?:entrou|acessou|esta usando|mudou|trocou|usou)|cai (?:em|num) (?:um )?golpe|vazamento|vazaram|fraude|nao fui eu)",
    ),
    *_all(
        r"(?:was ?n'?t|was not|were ?n'?t|were not) (?:me|by me|us|by us|my doing|from me|made by me|done by me)",
        r"(?:orders?|purchases?|payments?|log-?ins?|transactions?|transfers?|e-?mails?|mails?|messages?|device|changed|posts?|sent|withdrawals?)(?:\W+\w+){0,8}\W+(?:not|is ?n'?t) (?:me|us|by me|by us|from me|from us|mine|ours)",
        r"(?:i|we|she|he|they|none of us|nobody here|nobody|no one|customer|cust|caller)(?: (?:have|has|had))?(?: ?n'?t| not| never| certainly| did ?n'?t| didnt| did not| have not| haven'?t| has never| never| definitely)* (?:never |not |n'?t )(?:made|make|authori[sz]ed?|ordered|order|placed|place|sent|send|approved|approve|initiated|initiate|wrote|write|written|bought|buy|requested|opened|signed up|asked for|created|create|port|ported|transfer|transferred|buy|booked|book|rent|rented|logged in|log in)(?: \w+){0,6} (?:payments?|transactions?|orders?|purchases?|transfers?|e-?mails?|mails?|messages?|withdrawals?|login|password|account|contract|loan|phones?|accounts|contracts|them|one|anything|nothing)",
        r"(?:payments?|transactions?|orders?|purchases?|transfers?|withdrawals?|mails?|e-?mails|messages?|messages|loan|contract|account|booking|charges?|profile|device|login|admin|user)(?: \w+){0,8} (?:i|we|she|he|none of us|nobody|no one)(?: here| in \w+| of us)?(?:'ve| have| has| had)? ?(?:never|did ?n'?t|did not|have ?n'?t|has ?n'?t|have never|certainly) ?(?:made|make|authori[sz]ed?|ordered|order|placed|place|sent|send|approved?|initiated?|wrote|write|written|did|do|opened|open|created?|set up|added|add|know)",
        r"(?:log-?ins?|sign-?ins?|devices?|sessions?|users?|admins?|person|people|someone)(?: \w+){0,6} (?:i|we|nobody|none of us|no one|nobody here) (?:do ?n'?t|do not|did ?n'?t|does ?n'?t)? ?(?:recogni[sz]e|know|knows|recogni[sz]es)",
        r"(?:i|we) (?:have |had )?(?:did ?n'?t|did not|didnt|never|not|have not|haven'?t) (?:ever )?(?:write|wrote|written|list|listed|send|sent|post|posted|join|joined|sign|signed up|register|registered|open|opened|invite|invited|make|made)(?: \w+){0,1} (?:them|it|him|her|your (?:site|service|app)|an account|there)",
        r"(?:nobody|no one|none of us|nobody else|no one else)(?: \w+){0,5} (?:was online|logged in|has the (?:login|password)|knows the password|approved|authori[sz]ed|created (?:it|that|this))",
        r"(?:not|n'?t|never) (?:approved|authori[sz]ed|requested|initiated)(?: \w+){0,2} by (?:me|us|anyone|him|her)|without (?:my|our|her|his) (?:knowledge|consent|permission|authori[sz]ation|approval)",
        guarded=guards.BUT_NEGATION,
    ),
)
