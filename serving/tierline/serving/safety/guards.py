"""Guards: what makes words that sound like an incident no incident.

Each guard gets the sentence before the match, the match, the sentence after it, the whole
sentence, and the next words beyond it; it returns True to excuse the match.
"""

import re
from typing import Final

from tierline.serving.safety.elsewhere import (
    abroad,
    foiled,
    gone_thing,
    long_ago,
    no_data_before,
    no_matter,
    none_such,
    product,
    quoted,
)
from tierline.serving.safety.excuses import (
    hardware,
    idiom,
    no_data,
    no_private,
    own_charge,
    wanted,
)
from tierline.serving.safety.grammar import Guard, any_of
from tierline.serving.safety.words import RECOVER

__all__ = [
    "ALL",
    "ALL_BUT_INNER_NEGATION",
    "BUT_NEGATION",
    "CAN_ALLOWED",
    "FACTS",
    "abroad",
    "gone_thing",
    "hardware",
    "no_data",
    "no_data_before",
    "no_private",
    "own_charge",
]

# ---- denial --------------------------------

_NO: Final = any_of(
    r"no|not|never|without|neither|nor|none|nothing|zero|nobody|no one|nie|kein\w*|nicht",
    r"ningun\w*|sin|aucun\w*|sans|nenhum\w*|sem|hardly",
)
#: "oh no", "not sure", "without warning" and the like deny nothing that follows.
_NEGATED_BEFORE: Final = re.compile(
    rf"(?<!\boh )\b{_NO}\b(?: (?!sure|certain|know|only|just|clear|idea|longer|wonder|more"
    rf"|understand|my|doubt|answer|working|sign in|log in|open|believe|warning|notice|reason"
    rf"|explanation|permission|consent|joke|told|asked)[a-z']+){{0,4}}[ \"'(]*$"
)
_DENIED: Final = re.compile(
    r"\b(?:rule[ds]? out|ruling out|no (?:sign|evidence|indication|trace|suspicion|hint|question)s?"
    r" of|free of|instead of|rather than|far from|avoid\w*|prevent\w*|protect(?:s|ed|ing)?"
    r"|against|safe from"
    r"|worth|immune|fear of|risk of|threat of|chance of|in case of|in the event of|nearly|almost"
    r"|ever (?:be|get|been)|as if|about to|afraid of|is not a|was not a|is it a|typo|for fear"
    r"|as though|close to|not a case of|(?:not|nor)(?! believe) (?:been )?(?:the )?"
    r"|verhinder\w*|vermeid\w*|previen\w*|prevenir|evit\w+|empech\w+)\b[^,]{0,30}$"
)
_NEGATED_INSIDE: Final = re.compile(
    r"\b(?:no|not|never|nothing|without)\b(?! (?:sure|there|here|only|mine|ours|me|us|in|any ?more"
    r"|available|found|my|our|authori|one|exist))"
)
_CLAUSE: Final = re.compile(r",|\band\b|\bbecause\b|\bsince\b|\bso\b|\bbut\b| - |:")


_CLAUSE_DENIED: Final = re.compile(rf"{_NEGATED_BEFORE.pattern}|{_DENIED.pattern}")


def denied(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what a negation right before the match denies."""
    return bool(_CLAUSE_DENIED.search(_CLAUSE.split(before)[-1]))


def negated(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "no data was lost", "we have not been hacked", "no sign of a breach"."""
    return (
        denied(before, match, after, sentence, aftermath)
        or bool(_NEGATED_INSIDE.search(match))
        or (match == "hacked" and after.startswith(" nothing"))
    )


# ---- imagination --------------------------------

#: "I wonder if someone is in my account" is a suspicion, and a suspicion counts; "I would like to
#: report" is no wish.
_IF: Final = re.compile(
    r"(?<!wonder )(?<!wondering )(?<!know )(?<!sure )(?<!tell )(?<!check )(?<!see )(?<!tell me )"
    r"(?<!as )(?<!even )(?<!asking )(?<!me know )(?<!looks )"
    r"\b(?:if(?! possible)(?! (?:you|anyone|someone) (?:can|could) (?:please )?(?:help|look|check))"
    r"|in case|what happens (?:if|when|to)|what if|suppos(?:e|ing)|imagine|unless|whenever"
    r"|would(?! like to (?:report|inform|tell|let|notify))|should|hypothetical\w*|theoretical\w*"
    r"|so that|before (?:we|i|it|you|anything)|until(?![^,]*,)"
    r"|worst case|scenario|might one day|falls|si jamais|wenn|was passiert|que pasa si"
    r"|que se passe|o que acontece)\b"
)
#: "may have been hacked" is a suspicion, "how come" and "to report" go with facts.
_CAN_BE: Final = re.compile(
    r"\b(?:(?:can|could|must|may|might)(?! have\b)|would|will|should|shall|ever|easily"
    r"|how(?! come\b)|to(?! (?:report|inform|tell|let|notify|say|find|discover)\b))\b(?! not)"
    r"(?: (?!see|open|read|find|restor|recover|undo|bring)[a-z']+){0,3} ?$"
)
_WHAT_IF: Final = re.compile(r"^\W*(?:what (?:if|then|now do|happens)|if )")
_BELIEVED: Final = re.compile(
    r"\b(?:thought|feared|panicked|assumed|believed|swore|figured|was sure|looked (?:like|as if"
    r"|as though)|felt like)\b(?: that)?(?: [\w']+){0,4} ?$"
)


def hypothetical(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "what if someone gets in", "I thought I was hacked"; "can see" is a report."""
    # What stands before a colon is a clause of its own.
    clause = before.rsplit(":", 1)[-1]
    return bool(_IF.search(clause) or _WHAT_IF.search(after[:40]) or _BELIEVED.search(before))


def imagined(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "what happens if we get hacked", "could be deleted", "I thought I was hacked"."""
    return bool(_CAN_BE.search(before) or hypothetical(before, match, after, sentence, aftermath))


# ---- questions and wishes --------------------------------

_ASKS: Final = re.compile(
    r"\bhow (?:do|can|would|should|to|does|long|safe|secure|often|likely|well|quickly|many times)\b"
    r"|\b(?<!why )(?<!not )(?:do|does|will) (?:you|your|the|this|it|tierline)\b"
    r"|\bdid you (?:guys )?(?:get|have)\b"
    r"|\b(?:which|what) (?:of (?:your|the|our) )?(?:plans?|tiers?|editions?|packages?"
    r"|licen[cs]es?|products?|subscriptions?) (?:has|have|includes?|covers?"
    r"|offers?|comes?|protects?)\b|\b(?:do|does|will|is) (?:my|our) (?:policy|plan|insurance"
    r"|contract|tier|package|subscription|licen[cs]e) \w+"
    r"|\bis there (?:an?|any) (?:setting|option|switch|feature|tool|rule)\b"
    r"|\b(?<!how )(?:is|are) (?:it|there|my|our|these|this|the|your)\b[^.]{0,40}"
    r"\b(?:safe|secure|possible|protected|encrypted|backed|normal|genuine)\b"
    r"|\bwhat (?:happens|do i do|do we do|should i|should we|are your|is your|measures|steps|kind"
    r"|would|counts|is a)\b"
    r"|\b(?:can|could) (?:you|someone) (?:please )?(?:confirm|explain|tell (?:me|us) how|describe"
    r"|share your)\b"
)
#: Talk about rules and wishes, wherever in the sentence it stands.
_PAPER: Final = re.compile(
    r"\b(?:(?<!lifecycle )(?<!retention )polic(?:y|ies) (?:on|for|about|regarding|says)"
    r"|procedures?|questionnaire|compliance"
    r"|certificat(?:ion|ions)|insurance|insurers? (?:asks?|wants?|needs?)|(?:vendor|security"
    r"|supplier) assessment"
    r"|have you (?:ever )?(?:suffered|had|experienced)|has your (?:company|firm|organi[sz]ation)"
    r"|please answer|coverage|sla|rpo|rto|iso 27001|soc ?2|due diligence"
    r"|risk assessment|(?<!where )clause|notification|feature request|would like to (?:have|see)"
    r"|please add"
    r"|wish(?:list)? (?:for|is)|would be (?:nice|good|great|useful|handy)|(?:add|want) (?:an? )?"
    r"(?:confirm\w*|warning|undo|bin|option|button|setting)|suggestions?|(?:i|we) (?:would"
    r" )?suggest|warn(?:s|ing)? "
    r"(?:me |us )?(?:before|when)|checklist|best practice|brochure|blog|by design"
    r"|monitoring|guarantee)\b"
)
_RECOVERS: Final = re.compile(
    rf"{RECOVER}|\bhelp\b|\bsupposed to\b|\bwhat (?:do|should) (?:i|we) do"
)
_OURS: Final = re.compile(r"\b(?:my|our|i|we|the|me|us)\b")


def asked(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse questions about prevention and policy, not pleas to get the own data back."""
    if _PAPER.search(sentence):
        return True
    if not _ASKS.search(before[-160:] + match + after[:60]):
        return False
    return not (_RECOVERS.search(sentence) and _OURS.search(match + after))


# ---- drills, news, footers --------------------------------

_DRILL: Final = re.compile(
    r"\b(?:drill|fire drill|exercise|simulat\w+|table ?top|training|awareness|workshop|webinar"
    r"|pen ?tests?|pentest\w*|penetration test\w*|test (?:mail|restore|account|data|phish\w*"
    r"|system|environment|run|file|database)|quiz on|security course|hackathon|demo (?:data"
    r"|account)"
    r"|fictitious|fictional|scenario:|this is (?:only |just )?a test|test ticket|pretend text"
    r"|staging only|dummy|sandbox|playbook|phishing test|lesson on|rehears\w+|eicar|on purpose"
    r"|for fun|(?<!not )kidding|(?<!no )joke|april fool\w*|deliberately|play ?test)\b"
)
_NEWS: Final = re.compile(
    r"\b(?:in the (?:news|press|papers?)|(?:read|(?<!never )(?<!not )heard|reading|hear|watched"
    r"|news|articles?|headlines?"
    r"|stor(?:y|ies)|post|talk|webinar|piece|blog) (?:about|of|on)|on the news|headline"
    r"|documentary|podcast|(?:would|want|i'd) (?:like )?to apply|cv attached"
    r"|other (?:compan\w+|airline|bank|firm|shop|vendor|provider)s?"
    r" (?:was|were|had|got|gets?|lost|have|has)|\d+ ?(?:%|percent) of (?:\w+ ){0,2}(?:firms"
    r"|companies|businesses)|competitors? (?:was|were|had|got|lost)|at another \w+"
    r"|another (?:company|vendor|bank|provider) "
    r"(?:was|got|had|lost)|supplier of ours|neighbou?r company|novel|thriller"
    r"|(?:old|previous|former|last) (?:provider|supplier|vendor|host|hoster|tool|software|company"
    r"|bank|app|phone company)|before (?:we|i) (?:switched|changed|moved|came|joined))\b"
)
#: Words about words: the label, the dialog, the translation is wrong, not the data.
_WORDING: Final = re.compile(
    r"\b(?:typo|wording|misspel\w+|(?:wrong|bad) translation|translat\w+ (?:as|to)|should read"
    r"|meant to say|false(?:ly)? (?:positives?|alarms?|flag\w*)|flags? (?:it|our|my|the|every|as)"
    r"|flagged (?:as|by)|filter (?:marks|flags|too)|is called|the (?:word|phrase|term)"
    r"|song (?:called|named)|normal site|legit\w*|harmless(?! looking)|too strict)\b"
)
_DISCLAIMER: Final = re.compile(
    r"\b(?:confidential|intended (?:only |solely )?(?:for|recipient)|intended recipients?"
    r"|received (?:this|it)(?: \w+){0,4} (?:in error|by mistake)|disclosure|dissemination"
    r"|distribution|liab(?:le|ility)|legally privileged|please consider the environment|disclaimer"
    r"|(?:scanned|checked) for viruses|virus[ -]free|any (?:loss|unauthori[sz]ed|use) "
    r"|message was misdirected|unlawful|prohibited|intercepted)\b"
)


def staged(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse drills, jokes, news, other times and places, words about words, mail footers."""
    return any(kind.search(sentence) for kind in (_DRILL, _NEWS, _WORDING, _DISCLAIMER))


# ---- solved --------------------------------

_BACK: Final = any_of(
    r"back\b(?! (?:to|at|on|in|from|up|an|empty|blank|as|after|later|the next|hours?|again))|back"
    r" in place|restored|recovered|there again|complete again"
    r"|reappeared|returned|fixed|resolved|sorted|refunded|settled|handed in"
)
_SOLVED: Final = re.compile(
    r"\b(?:"
    + any_of(
        r"found (?:it|them|the \w+)(?! (?:because|out|open|where|when|by|again|like|that|is|are"
        r"|was|were|gone|empty|missing|on|in the access))",
        r"turn(?:ed|s) out (?:to be|it|i|my|that i|that my|the \w+ was|we|he|she)|false (?:alarm"
        r"|panic)",
        r"my (?:own )?(?:mistake|fault|bad)\b|was (?:me|my own|my (?:wife|husband|son|daughter"
        r"|colleague|partner|mum|mom|dad|boss|cat|other|sister|brother|kid))",
        r"it was (?:just|only) (?:me|my|the|a|hidden)\b|it was me\b|only me\b|never ?mind(?! that|"
        r" the)|forget (?:it|about it)",
        r"please ignore|false positives?|(?:it|they|everything|all|files?|data|messages?|photos?"
        r"|notes?|playlists?|songs|which|that|account|money|phone|wallet|card)(?:'s)?"
        r"(?: is| are| was| were| have| has| came| come| got| been)?"
        rf"(?: all| now| been| since| already| then| safely| fully)* {_BACK}",
        r"(?:was|were|has been|have been|had been|been|got|already|since|fully|all|automatically"
        r"|successfully|completely|quickly|you) (?:\w+ )?(?:restored|recovered|refunded|settled)",
        r"(?:is|are) (?:all |now )*back(?= ?(?:[,.!]|$|now\b|thank))|reappeared",
        r"came back(?! (?:from|an|empty|blank|as|after|in|within|the next|hours?))",
        r"got (?:it|them|everything|all|my \w+|the \w+) back|restored (?:by|within|from|it|them"
        r"|all)",
        r"recovered (?:by|within|it|them|everything|all|in)",
        r"(?:problem|issue|incident|matter|that|this|all)(?:'s| is| was| has been| been)?"
        r"(?: now| since| already| long)* (?:solved|resolved|sorted|over\b|settled|fine since)",
        r"(?<!then )nothing(?: is| was| has been| has| got| at all| really)* (?:lost|missing"
        r"|stolen|gone|happened|taken|deleted|damaged|broken|affected|leaked)(?! but)",
        r"no (?:actual |real )?(?:harm|damage|loss)\b|no (?:actual )?(?:data|files|records) (?:was"
        r"|were|is|are|has|have|lost|gone|missing|at risk|involved|in any)",
        r"zero harm|everything (?:is|was)(?: still)? (?:fine|ok|okay|there|in place|good|intact"
        r"|complete)|(?:are|is|were|was|all|still|fully|remains?) intact|works? again|working"
        r" again",
        r"was (?:just|only) (?:hidden|filtered|archived|moved|a (?:filter|display|test|prank"
        r"|joke))",
        r"archived not deleted|still (?:have|has) (?:it|them|everything) |before it could do"
        r"|just (?:hides|hidden|hid)|(?:it|everything|all|then|they|worlds|entries) "
        r"(?:shows?|appears?|loads?|comes?|come) (?:up )?(?:again|fine|normally|correctly"
        r"|back\b(?! (?:at|every|each|after|when|as soon)))"
        r"|(?:was|were) (?:all )?back after (?:i|we)\b",
        r"(?:thank\w*|praise|well done|kudos|great job|saved|wonderful|brilliant|hero)[^.]{0,60}"
        r"(?:restor|recover|rescu|got back|when|last (?:month|week|year))",
        r"it is not(?: one| a breach)?[,.]|(?:resize|refresh|reload|rotate|scroll)\w* "
        r"[^.]{0,30}(?:appear|show|back|there|everything)|until (?:i|you|we) (?:rotate|refresh"
        r"|reload|scroll|resize|press f5)|till (?:i|you|we) (?:rotate|refresh|reload|scroll)",
    )
    + r")\b"
)
_UNSOLVED: Final = re.compile(
    r"\b(?:not|never|unable to|impossible to|please|can you|could you|want|need|needs to be|to be"
    r"|must be|should be|until|if|hope\w*|when will|can it|can they|be|get|bring|way to|nothing|no"
    r"|cannot|any chance|asks? (?:to|for)) (?:\w+ ){0,4}?(?:back|restor\w*|recover\w*|found|fixed"
    r"|resolved|sorted|solved|settled)\b|\b0 \w+ restored|not (?:all|every)|still (?:missing|gone)"
    r"|again (?:gone|lost)"
)


def solved(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what is told as past and solved, or as a mistake about the matter."""
    told = f"{before[-120:]} {aftermath}"
    return bool(_SOLVED.search(told)) and not _UNSOLVED.search(told)


_TOLD: Final[tuple[Guard, ...]] = (
    asked,
    staged,
    solved,
    wanted,
    idiom,
    quoted,
    product,
    long_ago,
    foiled,
    no_matter,
    none_such,
)
ALL: Final[tuple[Guard, ...]] = (negated, imagined, *_TOLD)
#: For patterns that are themselves negative ("it was not me", "no longer there").
BUT_NEGATION: Final[tuple[Guard, ...]] = (imagined, *_TOLD)
#: For facts told with "if": "if I change the number, I see the next customer's bill".
FACTS: Final[tuple[Guard, ...]] = (denied, *_TOLD)
#: For what others "can see": here "can" tells a fact.
CAN_ALLOWED: Final[tuple[Guard, ...]] = (denied, hypothetical, *_TOLD)
#: For patterns with an inner "not" that may still be denied from outside.
ALL_BUT_INNER_NEGATION: Final[tuple[Guard, ...]] = (denied, *BUT_NEGATION)
