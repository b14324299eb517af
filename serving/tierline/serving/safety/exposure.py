"""Exposure: data or secrets reach people who must not have them."""

from typing import Final

from tierline.serving.safety import guards
from tierline.serving.safety.grammar import Pattern, any_of, either, gap, near, patterns
from tierline.serving.safety.words import EXPOSED, OTHERS, PRIVATE, SECRET, SEES

_ANYONE: Final = any_of(
    r"any ?(?:one|body)(?: else)?|every ?(?:one|body)|the (?:whole )?(?:world|public|internet)",
    r"all (?:\w+ )?(?:users|employees|staff|customers|colleagues|leads|shippers|managers|team)",
    r"every (?:user|employee|customer|one)|whoever|outsiders|strangers|(?:our )?(?:suppliers?"
    r"|competitors?)",
)
_CAN_SEE: Final = (
    r"(?:can|could|may|is able to|are able to) (?:also |now |still )?"
    r"(?:see|open|read|view|access|download|edit)"
)
_NO_LOGIN: Final = any_of(
    r"without (?:a |any |being |having )?(?:logg?\w*[ -]?in|password|session|sign\w*[ -]?in"
    r"|authenticat\w+|login|token)|no (?:login|password|session)(?: \w+)?|not even logged in",
)
_GAVE: Final = any_of(
    r"ga[v]e|given|told|typed|enter(?:ed|ing)|read (?:out|him|her|them)|shared|sent|put(?: in)?",
    r"provided|filled in|handed|confirmed|fell for|submitted|entering|typing|logged in|signed in",
)
_CREDENTIAL: Final = any_of(
    r"passwords?|pin|tan|card (?:number|details|data|no)|codes?|credentials|login|passcode|otp"
    r"|details"
    r"|bank details|six (?:numbers|digits)|data|iban|key|security (?:code|answers?)|account details"
    r"|recovery phrase|seed phrase|credit card"
)
_FAKE: Final = any_of(
    r"phish\w*|fake|scam\w*|suspicious|dodgy|weird|macro|fraud\w*|spoof\w*|bogus|not (?:really )?"
    r"(?:you|the bank|yours|from you|real|genuine)|imitat\w*|looked (?:like|real|exactly|just)"
)

EXPOSURE: Final[tuple[Pattern, ...]] = (
    # Other people's data before the writer's eyes, or the writer's before theirs.
    *patterns(
        rf"{near(SEES, OTHERS, 4)}(?:{gap(2)}|\W+){PRIVATE}",
        rf"{OTHERS} {PRIVATE}{gap(5)}(?:visible|in my|in our|on my|under my|appear\w*|shown|show up"
        rf"|showing|listed|accessible|opened|instead of mine)",
        rf"{PRIVATE}(?: \w+)? (?:of|from|belonging to|for|made out to|addressed to|called) (?:an"
        rf" ?other"
        rf"|other|some ?(?:one|body) else|a (?:complete |total )?stranger|strangers|different"
        rf"|people i do not|\d+ other|the wrong|a company (?:called|i|we)|someone i do not"
        rf"|someone called|somebody called)(?:{gap(1)})?(?:people|persons?"
        rf"|customers?|clients?|users?|patients?|tenants?|employees?|members?|families|companies)?",
        rf"{near(SEES, r'(?:mrs?|ms|dr|miss)[.]? [a-z]+(?:.s)?', 3)}(?:\w+ ){{0,2}}(?:file|data"
        rf"|records?"
        rf"|invoice|details|orders|documents|account|bookings?|calls|bill|profile|results?)",
        rf"{near(SEES, PRIVATE, 3)} of (?:an?|one|some) (?:mr|mrs|ms|miss|dr|(?:completely |totally"
        rf" |entirely )?different (?:person|customer|patient|client|user|company|family|guest))\b",
        rf"{PRIVATE} (?:that|which|who)? ?(?:is|are|was|were) (?:clearly |definitely )?not (?:mine"
        rf"|ours|theirs|his|hers|my)",
        r"(?:some(?:body|one) else'?s?|stranger'?s?|another (?:person|customer|user|family)'?s?) "
        r"(?:account|profile|kitchen|camera|home|house|name|data|page|inbox|basket)",
        r"(?:account|login|logged in|signed in|profile) as (?:mr|mrs|ms|some|a |an|another)\w*",
        rf"(?:lands?|logs?|logged|login|take[sn]?|puts?|gets?)(?: \w+){{0,4}} (?:in|into|to|on) "
        rf"(?:an ?other|a different|other|some ?(?:one|body) else'?s?) (?:\w+'?s? )?{PRIVATE}",
        rf"{near(OTHERS, _CAN_SEE, 3)} (?:\w+ ){{0,3}}(?:my|our|your|the|each|every|all|their)",
        r"(?:is|who is|are|does|do)(?: \w+){0,3} see(?:ing|s)? (?:mine|ours)\b",
        rf"(?:never met|not (?:mine|my kids?|our))(?:{gap(6)}){PRIVATE}",
        guards=guards.CAN_ALLOWED,
    ),
    # Open to anyone: no login, a number in the address, a public folder.
    *patterns(
        either(SECRET, EXPOSED, 8),
        rf"{_ANYONE}(?: [\w']+){{0,6}} (?:can|could|able to|may|gets?)(?: \w+){{0,2}} (?:see|open"
        rf"|read|download|view|access|edit|look|in|get)",
        rf"(?:readable|visible|accessible|listable|browsable|downloadable|viewable"
        rf"|served|exposed|shows?)(?: \w+){{0,4}} (?:to|by|for) {_ANYONE}",
        either(PRIVATE, _NO_LOGIN, 8),
        either(SECRET, _NO_LOGIN, 8),
        rf"(?:link|folder|share|bucket|document|album|calendar)s?(?: [\w'-]+){{0,6}} (?:set|open"
        rf"|shared) (?:to|with)\W+{_ANYONE}",
        r"(?:someone|somebody|he|she|they|who)(?: has| have| must have| may have)? got hold of"
        r" (?:my|our|the|his|her) (?:\w+ )?(?:password|pin|login|credentials|card|key)s?",
        rf"{PRIVATE}{gap(4)}(?:leaked|exposed|made public|publicly (?:visible|accessible|readable)"
        rf"|for sale|indexed|visible to"
        rf"|accessible to everyone|open to (?:the|any|every)|in the open|on the dark web|on"
        rf" google)",
        rf"(?:{PRIVATE}|portal|page|api)(?: \w+){{0,4}} leaks?|leaks? (?:\w+ ){{0,3}}{PRIVATE}",
        r"(?:chang(?:e|es|ing|ed)|increment\w*|increas\w+|guess\w*|count up)(?: [\w']+){0,5}"
        r" (?:number"
        r"|id|digit|parameter|url)s?(?: \w+){0,8} (?:url|link|address|other|next|another|someone)",
        r"next (?:number|id) (?:shows?|gives?|opens?|i see)|sql injection|\bxss\b|path traversal"
        r"|(?:auth|authentication) bypass|remote code execution|security hole|idor"
        r"|vulnerability (?:that|allows|exposes)",
        r"(?:google[ds]?|turns? up|turned up|found|appears?|show(?:s|ing)? up)(?: [\w']+){0,9}"
        r" (?:on google|in a search|search engine|on the internet|intranet search|on the dark web"
        r"|her own name|his own name|my own name)",
        r"(?:see|sees|open|opens|read|view)(?: \w+){0,4} (?:salar(?:y|ies)|payslips?|pay slips?"
        r"|medical records|personal data|diagnos[ie]s)(?: \w+){0,4} (?:of|other|colleagues?|all"
        r"|everyone|others)",
        guards=guards.CAN_ALLOWED,
    ),
    *patterns(
        r"if (?:i|you|we|one|anyone) (?:just |simply )?(?:chang|increas|increment|alter|edit"
        r"|replac)"
        r"\w*(?: [\w']+){1,12},? (?:i|you|we|one) (?:can |could )?(?:get|see|land|open|reach|view"
        r"|read|end)(?: [\w']+){0,4} (?:other|another|different|someone|somebody|the next"
        r" (?:customer|user|patient|client))",
        r"(?:landed|ended up|logged|was put|got put|was taken|redirected|dropped)(?: \w+){0,3} in"
        r"(?:to|side)? (?:the )?(?:profile|account|file|record|mailbox|portal|chart) of"
        r" (?!my |our |the )\w+",
        guards=guards.FACTS,
    ),
    # Sent to the wrong person.
    *patterns(
        r"(?:sent|e-?mailed|mailed|forwarded|attached|uploaded|shared)(?: [\w'-]+){0,8} (?:salar"
        r"|payroll|payslip|patient|medical|personnel|hr |personal data|customer (?:list|data|base)"
        r"|passwords?|contracts?)\w*(?: [\w'-]+){0,5} to (?:an?|the|our|all|every|some) [\w-]+"
        r"(?: [\w'-]+){0,4} (?:by mistake|accidentally|in error|by accident)",
        r"(?:sent|e-?mailed|mailed|forwarded|went out)(?: [\w']+){0,9} to (?:the |a |an |our )?"
        r"(?:(?:wrong|external|outside|different|another|other) (?:person|people|customer|client"
        r"|recipient|address|patient|list|company|e-?mail|group|guy|mail|supplier|mailbox|michael"
        r"|clients|customers|patients|family|parents|distribution)|stranger|competitor)",
        r"(?:sent|mailed|forwarded|posted|emailed) (?:out )?(?:all |the |our |my |a )(?:\w+"
        r" ){0,3}(?:data"
        r"|list|details|results?|records?|salaries|salary|file|medical \w+)(?: \w+){0,4} to "
        r"(?:everyone|the whole|all|the wrong|a customer|someone|every)",
        r"mis(?:sent|directed|routed|delivered)(?: \w+){0,6} (?:patient|customer|client|salary"
        r"|results?|data|records?|statements?)",
        r"(?:went|gone|handed|given|posted|delivered|faxed|printed)(?: \w+){0,5} (?:with|to|for)"
        r" the wrong (?:family|patient|person|customer|client|parents|household|tenant)",
        r"(?:list|data|details|records|addresses|database) (?:must have |has |have |may have |seems"
        r" to have |apparently )?(?:got|gotten|gone|leaked) out(?! of)",
        r"(?:sells?|selling|sold|leaked|passed on|handed out|gave away)(?: [\w']+){0,3}"
        r" (?:card numbers|(?:customer|guest|patient|client|personal|our) (?:data|list|details"
        r"|records)|credentials)",
        r"wrong (?:person|recipient|patient|customer|client)s? (?:got|received|has|have|was sent)"
        r"(?: \w+){0,4}",
        r"(?:cc|bcc|address(?:es)?) (?:visible|instead of bcc|in cc|in to field)|cc instead of bcc",
        guards=(*guards.ALL, guards.no_private),
    ),
    # Given away: phishing acted on, codes read out, remote help let in.
    *patterns(
        rf"(?:click\w*|open(?:ed|ing)|{_GAVE}|enabled|responded|replied|answered|ran"
        rf"|installed){gap(8)}{_FAKE}",
        rf"{_FAKE}(?:\W+\w+){{0,14}}\W+(?:and|then|i|she|he|we|they|user|who|already|colleague|has"
        rf"|have|treasurer) (?:clicked|entered|typed|gave|opened|replied|filled|put in|logged in"
        rf"|enabled|submitted|provided|paid|answered|bought)",
        rf"{_GAVE}(?: [\w']+){{0,5}} (?:my|our|his|her|their|the|a|my own|all my|both my)"
        rf" (?:[\w-]+ ){{0,3}}{_CREDENTIAL}(?: \w+){{0,4}} (?:to|on|into|at|someone|over|from the"
        rf" text)"
        rf"(?! (?:sign in|log in|login|the app|register|the field|the form|enter|my account))",
        r"(?:click\w*|follow\w*|open(?:ed)?|page|link|attachment|mail|sms)(?:\W+\w+){0,10}\W+"
        r"(?:entered|typed|gave|put in|filled in|filled out|logged in|signed in|enabled|clicked"
        r" enable)"
        r"(?:\W+\w+){0,6}\W+(?:password|login|pin|card|credentials|details|code|there|it in|data)",
        r"(?:man|guy|someone|woman|caller|call|agent|technician|he|they|she|microsoft"
        r"|bank)(?:\W+\w+)"
        r"{0,12}\W+(?:i|she|he|and) (?:gave|read|told|let|installed|moved|transferred|confirmed)"
        r"(?:\W+\w+){0,8}\W+(?:code|codes|pin|tan|password|numbers?|pc|computer|safe account"
        r"|anydesk|teamviewer|it to (?:him|her|them)|on my screen)",
        r"let (?:him|her|them|someone|a man|the man)(?:\W+\w+){0,3}\W+(?:on|into|onto) (?:my|her"
        r"|his|the) (?:pc|computer|laptop|phone)|(?:he|they|she) (?:was|is|were|are) (?:on|in) my "
        r"(?:pc|computer|screen|laptop|phone|bank)",
        r"(?:gave|told|sent|read)(?: \w+){0,4} (?:my|the|her|his) (?:\w+ )?(?:code|pin|password"
        r"|tan|otp)(?! (?:is|was|reset|field|wrong))",
        r"(?:clicked|pressed|hit) (?:on )?enable|enabled? (?:the )?(?:macros?|content)|black"
        r" window (?:flashed|opened|popped)",
        r"read (?:out |him |her |them )*(?:the |my |a )?(?:\w+ ){0,2}(?:code|numbers|pin|digits)",
        r"my (?:code|pin|password|card number|card details|tan)(?:\W+\w+){0,14}\W+(?:scam\w*|fake"
        r"|fraud\w*|(?:was|is) not (?:you|the bank|really))",
        guards=guards.CAN_ALLOWED,
    ),
)
