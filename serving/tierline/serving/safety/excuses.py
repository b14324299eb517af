"""More guards: deletions on purpose, figures of speech, and things that hold no data."""

import re
from typing import Final

from tierline.serving.safety.grammar import any_of
from tierline.serving.safety.words import ACCIDENT, NO_DATA, RECOVER

# ---- deletion on purpose, idioms --------------------------------

_DELETES: Final = re.compile(
    r"\b(?:deleted?s?|erased?s?|wiped?s?|removed?s?|purged?s?|truncated|destroyed?|emptied|deleting"
    r"|formatted|formatting|overwritten|cleared?)\b"
)
_DELETION_WANTED: Final = re.compile(
    r"\b(?:want\w*|wish\w*|like|need\w*|please|kindly|requests?|request(?:ed|ing)|to be|to get"
    r"|to have|should be|must be|may be|can be|could be|would be|asks?|asked|asking|have (?:it|them"
    r"|my|all|this|these|the)|get (?:it|them|my|this|these)|right to|gdpr|erasure|how|can not"
    r"|will not|could not|refuses|unable|supposed to|meant to|still|after i|after we|once|when i"
    r"|when we|safely|permanently|despite|although|though|even though|to|already|cancell?ed and"
    r"|uninstalled|have|cookies|cache)\b"
)
#: "All our data was deleted" tells what happened, whatever is asked for before it.
_HAPPENED: Final = re.compile(r"\b(?:was|were|got|(?:has|have|had) been|you deleted)\b")
_HAPPENED_AS_WANTED: Final = re.compile(
    r"\b(?:want\w*(?! to (?:report|inform|tell|let|say))|wish\w*|request\w*|asks?|asked|asking"
    r"|confirm\w*|ensure|make sure|to be(?! (?:clear|honest|fair|frank|sure))|to get|to have"
    r"|should|right to|gdpr|erasure|supposed to|meant to|still|despite|although|though"
    r"|cancell?ed and|uninstalled|cookies|cache)\b"
    r"|\b(?:when|once|after|because|if|how|which)(?: (?:all|my|our|the|this|that|a))* *$"
)
_AS_ASKED: Final = re.compile(r"^ as (?:(?:i|we) )?(?:asked|requested|agreed|wanted)\b")
_BY_WRITER: Final = re.compile(
    r"\b(?:i|we)(?: have| had| just| already| also| then| deliberately| once| intentionally)*\s*$"
)
_WRITER_DELETES: Final = re.compile(r"^(?:i|we) (?:\w+ ){0,2}(?:deleted|removed|wiped|cleared)\b")
_WRONGLY: Final = re.compile(rf"{ACCIDENT}|{RECOVER}|\bgone\b|\bempty\b")
_REDONE: Final = re.compile(r"deleted (?:and|,)? ?(?:re)?(?:created|installed|made|added|fresh)")


def wanted(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse deletions that the writer asks for, or did on purpose."""
    if not _DELETES.search(match) or _WRONGLY.search(sentence):
        return False
    asked_for = _HAPPENED_AS_WANTED if _HAPPENED.search(match) else _DELETION_WANTED
    return bool(
        asked_for.search(before[-60:])
        or _BY_WRITER.search(before)
        or _AS_ASKED.search(after)
        or _WRITER_DELETES.search(match)
        or _REDONE.search(match + after)
    )


_IDIOM: Final = re.compile(
    any_of(
        r"(?:life|growth|kitchen|food|travel|money|gym|cooking|productivity|ikea|brain) hack",
        r"hack(?:ed|ing|y)? together|dirty hack|hacky|highway robbery|daylight robbery",
        r"breach(?:ed|ing|es)? (?:of|the) (?:\w+ )?(?:contract|warranty|agreement|terms|trust|sla"
        r"|promise|etiquette|law|duty|section|article)|contract\w* breach|breach of \w+ law",
        r"(?:st[eo]al(?:ing|s)?|stole|stolen|rob(?:bed|bing)?|wast\w+|lost|lose|losing|loses)"
        r" (?:of )?"
        r"(?:my |our |your |the |all |a |so much |too much |\d+ |another |\w+ of )*(?:time|patience"
        r"|sleep|faith|trust|hope|interest|mind|hours|money|weekend|business|(?:customers?"
        r"|clients?)(?= (?:to|over|because|due)|[.,!?]|$)"
        r"|sales?|revenue|face|count|track|touch|sight|weight(?! log)|focus|heart|show|day|evening"
        r"|nerves"
        r"|temper|way|ground|kilos?|kg|pounds|control|confidence|respect|love|deal|thunder|life"
        r"|\d+ yr|my life|matches|ranked|job|signal|connection|me as a)\b",
        r"lost (?:my|our|all|the|a|in|for|on)? ?(?:parcel|package|luggage|baggage|bag|suitcase"
        r"|connection|signal|order|delivery|shipment|match|game against|bet|glove|jacket|scarf|hat"
        r"|coat|umbrella|remote|charger|in translation|in the post|in transit|in the mail|(?:paper"
        r" )?invoice|receipt|bill|in your|on the way|in space|their hierarchy|formatting)",
        r"add back deleted|deleted (?:items|automatically|after \d+ days)|recently deleted|exceeds"
        r" \w+ deleted",
        r"corrupt (?:bank|compan\w+|politic\w+|people|management|lot|officials?)|lost and found",
        r"at a loss|sorry for your loss|weight loss|packet loss|total loss|stop[- ]loss"
        r"|loss[- ]making"
        r"|missing out|missing link|gone (?:for lunch|up|down|wrong|mad|through|well|live|downhill"
        r"|ahead|viral|crazy|bad|too far|by)\b",
    )
)


def idiom(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse figures of speech, and things lost that are no data."""
    return bool(_IDIOM.search(f"{before[-25:]}{match}{after[:30]}"))


_NO_DATA: Final = re.compile(rf"{NO_DATA}\b")


def no_data(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what is lost or gone but holds no data: parcels, buttons, connections."""
    return bool(_NO_DATA.search(match) or _NO_DATA.search(after[:20]))


_MAIL_ORDER: Final = re.compile(
    r"\b(?:parcels?|packages?|orders?|sizes?|items?|shoes|dress|luggage|bags?|toaster|shipments?"
    r"|bill|late fee|delivery|catalogue|flowers|kettle|goods|replacement|refund)\b"
)
_PRIVATE: Final = re.compile(
    r"\b(?:patients?|salar\w+|payslips?|personal|medical|results?|customer list|client list|data"
    r"|confidential|passport|health|tax|contracts?)\b"
)


def no_private(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse goods and bills sent to a wrong address: that is a delivery, not a leak."""
    return bool(_MAIL_ORDER.search(sentence)) and not _PRIVATE.search(sentence)


_OWN_CHARGE: Final = re.compile(
    r"\b(?:refund|subscription|cancel\w*|direct debit|you (?:took|have taken|charged)|membership"
    r"|renewal|twice|bank holiday|payroll run|standing order)\b"
)
_THEFT: Final = re.compile(
    r"\b(?:stol\w+|fraud\w*|scam\w*|hack\w*|thie(?:f|ves)|some ?(?:one|body)|drain\w*|unknown)\b"
)


def own_charge(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse quarrels with the company itself about a charge."""
    return bool(_OWN_CHARGE.search(sentence)) and not _THEFT.search(sentence)


_HARDWARE: Final = re.compile(
    r"\b(?:pairing|bluetooth|docking|dock|reader|projector|hdmi|adapter|charger|not recogni[sz]ed"
    r"|connection|signal|vpn|wi-?fi|network|sound|in (?:the )?list|in (?:ad|intune|inventory)"
    r"|keyboard|sync|screen|battery|case|cover|stand|slot|printer|tracking|courier|touch"
    r"|sight|game|level|match|boss|turn|trump|deck)\b"
)


def hardware(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse devices that lack a part, a driver or a connection, and cards in a game."""
    return bool(_HARDWARE.search(f"{before[-25:]}{match}{after[:15]}"))
