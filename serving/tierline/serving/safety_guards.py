"""Guards: what makes words that sound like an incident no incident.

Each guard gets the sentence before the match, the match, the sentence after it, the whole
sentence, and the next words beyond it; it returns True to excuse the match.
"""

import re
from collections.abc import Callable
from typing import Final

from tierline.serving.safety_words import ACCIDENT, NO_DATA, RECOVER

Guard = Callable[[str, str, str, str, str], bool]

_NO: Final = r"(?:no|not|never|without|neither|nor|none|nothing|zero|nobody|isn'?t|wasn'?t|aren'?t|weren'?t|hasn'?t|haven'?t|hadn'?t|didn'?t|doesn'?t|don'?t|nie|kein\w*|nicht|ningun\w*|sin|aucun\w*|sans|nenhum\w*|sem)"
_NEGATED_BEFORE: Final = re.compile(
    rf"\b{_NO}\b(?: (?!sure|certain|know|only|just|clear|idea|longer|wonder|more|understand)[a-z']+){{0,4}}[ \"'(]*$"
)
_DENIED: Final = re.compile(
    r"\b(?:rule[ds]? out|ruling out|no (?:sign|evidence|indication|trace|suspicion|hint)s? of|free of|instead of|rather than|far from|avoid\w*|prevent\w*"
    r"|protect\w*|against|safe from|worth|immune|fear of|risk of|threat of|chance of|in case of|in the event of|ever (?:be|get|been)|nearly|almost|as if|about to|afraid of)\b[^,]{0,40}$"
)
_NEGATED_INSIDE: Final = re.compile(
    r"\b(?:no|not|never|n'?t|nothing|without)\b(?! (?:sure|there|here|only|mine|ours|me|us|in|any ?more|available|found))"
)
_IF: Final = re.compile(
    r"(?<!wonder )(?<!wondering )(?<!know )(?<!sure )(?<!tell )(?<!check )(?<!see )(?<!tell me )(?<!as )(?<!even )(?<!asking )"
    r"\b(?:if|in case|what happens (?:if|when|to)|what if|suppos\w+|imagine|unless|whenever|would|should|hypothetical\w*|theoretical\w*|so that|before (?:we|i|it|you)|until|worst case|scenario|falls|si jamais|falls|wenn|was passiert|que pasa si|que se passe|o que acontece)\b"
)
_CAN_BE: Final = re.compile(
    r"\b(?:can|could|would|will|should|shall|must|to|ever|easily|how)\b(?: [a-z']+){0,4} (?:be|get|being)? ?$|\b(?:can|could|would|will|to) (?:be |get |easily )?$"
)
_WHAT_IF: Final = re.compile(r"^\W*(?:what (?:if|then|now do|happens)|if )")
_ASKS: Final = re.compile(
    r"\bhow (?:do|can|would|should|to|does|long|safe|secure|often|likely|well|quickly)\b|\b(?:do|does) (?:you|your|the|this|it|tierline)\b|\b(?:is|are) (?:it|there|my|our|these|this|the|your)\b[^.]{0,40}\b(?:safe|secure|possible|protected|encrypted|backed)\b"
    r"|\bwhat (?:happens|do i do|do we do|should i|should we|are your|is your|measures|steps|kind|would)\b|\b(?:can|could) (?:you|someone) (?:please )?(?:confirm|explain|tell (?:me|us) how|describe|share your)\b"
    r"|\b(?:polic(?:y|ies)|procedures?|questionnaire|audit|compliance|certificat\w+|insurance|cover(?:age)?|sla|rpo|rto|retention|gdpr|iso 27001|soc ?2|due diligence|assessment|clause|agreement|terms|feature request|would like to (?:have|see)|please add|wish(?:list)?|would be (?:nice|good|great)|add (?:a|an|the)|warn(?:ing)? (?:before|when))\b"
)
_RECOVERS: Final = re.compile(rf"{RECOVER}|\bhelp\b")
_OURS: Final = re.compile(r"\b(?:my|our|i|we|the|me|us)\b")
_DRILL: Final = re.compile(
    r"\b(?:drill|exercise|simulat\w+|table ?top|training|awareness|workshop|webinar|course|pen ?tests?|pentest\w*|penetration test\w*|test (?:mail|restore|account|data|phish\w*|system|environment|run)|fire drill|quiz|lesson|hackathon|demo data|staging only|dummy|sandbox|playbook|phishing test)\b"
)
_NEWS: Final = re.compile(
    r"\b(?:in the (?:news|press|papers?)|(?:read|heard|reading|hear|saw|seen|watched|news|article|articles|headlines?|reports?|stor(?:y|ies)) (?:about|of|on|that)|news|headline|documentary|podcast|other compan\w+|competitor|at another (?:company|bank|shop|provider|vendor)|another (?:company|vendor|bank|provider)|supplier of ours|neighbou?r company|movie|film|book|novel)\b"
)
_SOLVED: Final = re.compile(
    r"\b(?<!not )(?<!never )(?<!n't )(?:found (?:it|them|the \w+)(?! (?:is|are|was|were|gone|empty|missing))|turn(?:ed|s) out (?:to be|it|i|my|that i|that my|the \w+ was|we)|false alarm|false positive|my (?:own )?(?:mistake|fault|bad)|was (?:me|my own|my (?:wife|husband|son|daughter|colleague|partner|mum|boss|cat|other))|it was just|it was only (?:me|my|the|a)|only me\b|never mind|nevermind|forget (?:it|about it|my)|please ignore"
    r"|(?:it|they|everything|all|files?|data|messages?|photos?|notes?|playlists?|songs|which|that)(?:'s| is| are|'re| was| were| have| has| came| come| got)?(?: all| now| been| since| already| then| complete\w*| just)* (?:back\b|restored|recovered|there again|complete again|reappeared|returned|fixed|resolved|sorted)|reappeared|came back|got (?:it|them|everything|all) back|(?:was|were|has been|have been|had been|been|is|are|got|you|already|since|fully|all|team|and|automatically|successfully|completely|quickly) (?:restored|recovered)|restored (?:by|within|from|it|them|everything|all|the|in)|recovered (?:by|within|it|them|everything|all|in)"
    r"|(?:problem|issue|incident|matter|that|this|all)(?:'s| is| was| has been| been)(?: now| since| already| long)* (?:solved|resolved|sorted|over)|nothing(?: is| was| has been| got| at all| else)? (?:lost|missing|stolen|gone|happened|taken|deleted|damaged|broken|affected|leaked)|no (?:data|harm|damage|loss\w*|files?|records?)(?: was| were| is| has been| have been)?(?: lost| done| missing| affected| stolen| deleted)|everything(?:'s| is| was) (?:fine|ok|okay|there|in place|good|intact|complete)|(?:are|is|were|was|all|still|fully|remains?) intact|works again|working again|was (?:just|only) (?:hidden|filtered|archived|moved|a (?:filter|display|test|drill|prank|joke))|archived not deleted|source (?:is|file is) (?:intact|there)|still (?:have|has) (?:it|them|everything) |have (?:it|them|a copy|everything|the (?:original|source|file)) (?:here|locally|still|on)|(?:thank\w*|praise|well done|kudos|great job|saved)[^.]{0,60}(?:restor|recover|rescu|got back))\b"
)
_UNSOLVED: Final = re.compile(
    r"\b(?:not|n'?t|never|cannot|can't|could ?n'?t|unable to|impossible to|please|pls|can you|could you|want|need|needs to be|to be|must be|should be|until|if|hope\w*|when will|can it|can they|be) (?:\w+ ){0,3}(?:back|restor\w*|recover\w*|found|fixed|resolved|sorted|solved)\b"
)
_DELETION_WANTED: Final = re.compile(
    r"\b(?:want\w*|wish\w*|like|need\w*|please|pls|plz|kindly|requests?|request(?:ed|ing)|to be|to get|to have|should be|must be|may be|can be|could be|would be|asks?|asked|asking|have (?:it|them|my|all|this|these|the)|get (?:it|them|my|this|these)|right to|gdpr|erasure|how|cannot|can't|can ?not|won'?t|couldn'?t|refuses|unable|supposed to|meant to|still|after i|after we|once|when i|when we|safely|permanently|despite|although|though|even though)\b"
)
_DELETES: Final = re.compile(r"\b(?:deleted?s?|erased?s?|wiped?s?|removed?s?|purged?s?|truncated|destroyed?|emptied|delete|erase)\b")
_BY_WRITER: Final = re.compile(r"\b(?:i|we)(?:'ve| have| had| just| already| also| then| deliberately| once| intentionally| have already)*[\s]*$")
_WRONGLY: Final = re.compile(rf"{ACCIDENT}|{RECOVER}|\bgone\b")
_DISCLAIMER: Final = re.compile(
    r"\b(?:confidential|intended (?:only |solely )?(?:for|recipient)|intended recipients?|received (?:this|it)(?: \w+){0,4} (?:in error|by mistake)|disclosure|dissemination|distribution|liab(?:le|ility)|legally privileged|please consider the environment|disclaimer|scanned for viruses|checked for viruses|any (?:loss|unauthori[sz]ed|use))\b"
)
_IDIOM: Final = re.compile(
    r"(?:life|growth|kitchen|food|travel|money|gym|cooking|productivity|ikea|brain) hack|hack(?:ed|ing|y)? together|dirty hack|hacky|(?:breach|breached|breaching|breaches) (?:of|the) (?:\w+ )?(?:contract|warranty|agreement|terms|trust|sla|promise|etiquette|law|duty)|contract\w* breach|breach of \w+ law|highway robbery|daylight robbery"
    r"|(?:steal(?:ing|s)?|stole|stolen|rob(?:bed|bing)?|wast\w+|lost|lose|losing) (?:of )?(?:my |our |your |the |all |a |so much |too much )*(?:time|patience|sleep|faith|trust|hope|interest|mind|hours|money|weekend|business|customers?|clients?|customer|client|sale|revenue|face|count|track|touch|sight|weight(?! log)|focus|heart|show|day|evening|nerves|temper|way|ground|kilos?|kg|pounds|control|confidence|respect|love|deal|ticket sale)\b"
    r"|lost (?:my|our|all|the|a|in|for|on)? ?(?:parcel|package|luggage|baggage|bag|suitcase|connection|signal|order|delivery|shipment|match|game against|bet|glove|jacket|scarf|hat|coat|umbrella|remote|keyboard|charger|in translation|in the post|in transit|in the mail)|deleted (?:items|automatically|after \d+ days)|recently deleted|exceeds \w+ deleted|corrupt (?:bank|compan\w+|politic\w+|people|management|lot|officials?)"
)


def negated(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "no data was lost", "we have not been hacked", "no sign of a breach"."""
    clause = re.split(r",|\band\b|\bbecause\b|\bsince\b|\bso\b", before)[-1]
    return bool(
        _NEGATED_BEFORE.search(clause) or _DENIED.search(clause) or _NEGATED_INSIDE.search(match)
    )


def imagined(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "what happens if we get hacked" and "could be deleted by anyone"."""
    return bool(_IF.search(before) or _CAN_BE.search(before) or _WHAT_IF.search(after[:40]))


def asked(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse questions about prevention and policy, not pleas to get the own data back."""
    if not _ASKS.search(sentence):
        return False
    return not (_RECOVERS.search(sentence) and _OURS.search(match + after))


def staged(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse drills, trainings, news, and mail footers."""
    return bool(_DRILL.search(sentence) or _NEWS.search(sentence) or _DISCLAIMER.search(sentence))


def solved(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what is told as past and solved, or as a mistake about the matter."""
    told = before[-120:] + " " + aftermath
    return bool(_SOLVED.search(told)) and not _UNSOLVED.search(told)


def wanted(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse deletions that the writer asks for, or did on purpose."""
    if not _DELETES.search(match) or _WRONGLY.search(sentence):
        return False
    return bool(_DELETION_WANTED.search(before[-60:]) or _BY_WRITER.search(before))


def idiom(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse figures of speech, and things lost that are no data."""
    return bool(_IDIOM.search(f"{before[-25:]}{match}{after[:30]}"))


_NO_DATA: Final = re.compile(NO_DATA)


def no_data(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what is lost or gone but holds no data: parcels, buttons, connections."""
    return bool(_NO_DATA.search(match) or _NO_DATA.search(after[:20]))


ALL: Final[tuple[Guard, ...]] = (negated, imagined, asked, staged, solved, wanted, idiom)
#: For patterns that are themselves negative ("it wasn't me", "no longer there").
BUT_NEGATION: Final[tuple[Guard, ...]] = (imagined, asked, staged, solved, wanted, idiom)
