"""Guards: the words speak of something else than an incident of the writer's own.

Quotations, products, other times, attempts that came to nothing, things that hold no data, and
questions in Spanish, German, French and Portuguese.
"""

import re
from typing import Final

from tierline.serving.safety.grammar import any_of
from tierline.serving.safety.words import NO_DATA, RECORD

#: How far a quotation may reach to either side of the match's end.
_QUOTE_CHARS: Final = 60

# ---- quotations --------------------------------

_OPEN_QUOTE: Final = re.compile(r"(?:^|[\s(:>])([\"'])(?=[a-z0-9])")
_ABOUT_WORDS: Final = re.compile(
    r"\b(?:docs?|documentation|manual|help (?:page|says|text)|faq|chapter|glossary|section|stands?"
    r" for|called|titled|entitled|headline|slogan|poster|script|privacy (?:page|statement|policy)"
    r"|scare|rumou?r|asking (?:me|us)"
    r" about|error codes?|audiobook|film|movie|song|book|episode|novel|capture the flag|game"
    r"|workshop|poll|survey|articles?|newsletter)\b"
)


def quoted(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse words in quotation marks where the sentence speaks of a text, a title or a rumour."""
    told = before + match
    marks = [m for m in _OPEN_QUOTE.finditer(told) if len(told) - m.end() <= _QUOTE_CHARS]
    if not marks or not _ABOUT_WORDS.search(sentence):
        return False
    mark = marks[-1].group(1)
    closing = re.compile(rf"{mark}(?=[\s.,!?;:)]|$)")
    return not closing.search(told, marks[-1].end()) and bool(
        closing.search(after[:_QUOTE_CHARS] + " ")
    )


# ---- products and wishes for protection --------------------------------

_PRODUCT: Final = re.compile(
    r"\b(?:data|security|privacy|ransom\w*|malware|virus|fraud|phishing|breach|leak\w*|loss|theft"
    r"|hack\w*|attack|intrusion|injection|identity)[ -](?:\w+ )?(?:protection|proof|prevention"
    r"|scann?ers?|warnings?|cover(?:age)?|insurance|defen[cs]e|retainer|shield|law|vaccine|blocker"
    r"|filters?)\b"
)
_KEPT_FROM: Final = re.compile(
    r"\b(?:stop|stops|stopping|keep|keeps|prevents?|protects?|hinders?|blocks?)"
    r" (?:[\w']+ ){0,4}from (?:\w+ )?$"
)


def product(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "ransomware protection", "a virus scanner", "stops interns from deleting"."""
    told = f"{before[-20:]}{match}{after[:40]}"
    start, end = len(before[-20:]), len(before[-20:]) + len(match)
    named = any(m.start() < end and m.end() > start for m in _PRODUCT.finditer(told))
    return named or bool(_KEPT_FROM.search(before))


# ---- other times --------------------------------

_LONG_AGO: Final = re.compile(
    r"^\W*(?:about |some |a few )?(?:[\w-]+ (?:years?|months) ago|last (?:year|summer|winter"
    r"|spring|autumn)|back in \d{4}|in (?:19|20)\d\d)\b,? [^.!?]{0,60}$"
)
_STILL: Final = re.compile(
    r"\b(?:is|are|am|has|have|now|today|since|still|yesterday|again|this (?:week|morning)"
    r"|suddenly|gone|missing|empty|never|not)\b"
)


def long_ago(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "last year my card was stolen", unless something of it is still so."""
    return bool(_LONG_AGO.search(before)) and not _STILL.search(f"{before}{match}{after[:40]}")


# ---- attempts --------------------------------

_ATTEMPT: Final = re.compile(
    r"pretend|impersonat|posing|phish|fake|spoof|suspicious|malware|virus|trojan|injection|xss"
    r"|brute|port scan|attack|stuffing|hacked|scam|attempt|in (?:my|our) name"
)
_FOILED: Final = re.compile(
    r"\b(?:hung up|(?:did|have|has|had) not (?:click|open|answer|fall|give|given|enter|repl"
    r"|respond|pay|done any|do any)\w*|(?:nobody|no one|none of us) (?:has )?(?:clicked|fell|opened"
    r"|answered|entered)|ignored (?:it|them)"
    r"|(?:was|were|all|got|been) (?:blocked|quarantined|rejected|stopped|intercepted)"
    r"|(?:gateway|filter|scanner|antivirus|defender|firewall|waf) (?:has |have )?(?:quarantined"
    r"|blocked|rejected|stopped)|it (?:has )?blocked|blocked an?|(?:blocked|403|stopped"
    r"|rejected) (?:by|with)"
    r"|(?:blocked|quarantined|rejected)[: ]+\d+|(?:successful|delivered|succeeded|affected"
    r"|users affected|infections?|hits)[: ]+(?:0|none|zero)\b|none (?:succeeded|got through|was"
    r" successful|were successful|worked))"
)
_SUCCEEDED: Final = re.compile(
    r"\b(?:but|yet|however|although|already|still|one of (?:them|us)|lost|gone|stolen|changed"
    r"|drained|encrypted|transferred|logged in|got in|comes? back|came back|succeeded)\b"
)


def foiled(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse attempts of which the text says that nobody fell for them, or that they failed."""
    told = f"{before[-160:]}{match}{aftermath}"
    return bool(_ATTEMPT.search(match) and _FOILED.search(told)) and not _SUCCEEDED.search(told)


_NONE: Final = re.compile(r"\b(?:there (?:are|is|was|were)|with|has|have|found) no $")
_TITLE: Final = re.compile(
    r"\b(?:articles?|blog posts?|newsletter|webinar|talk|guide|book|film|movie|song|podcast)"
    r"(?: called| titled)? [\"']$"
)
_NO_CAUSE: Final = re.compile(r"\bnot (?:because|due|the result|a result|from)\b|\bof any \w+$")
_COUNTED_ZERO: Final = re.compile(r"^: ?(?:0|none|zero|nil)\b(?! (?:bytes|kb))")


def none_such(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "no payments that are not mine", "files corrupted: 0", "not because of any leak"."""
    return bool(
        _NONE.search(before)
        or _COUNTED_ZERO.search(after)
        or _TITLE.search(before)
        or _NO_CAUSE.search(match)
    )


# ---- things without data --------------------------------

_THING: Final = re.compile(rf"{NO_DATA}\b(?:[\s'\"]+[\w.]+){{0,3}}\W*$")
_HOLDS_DATA: Final = re.compile(rf"\b{RECORD}\b")
_OTHER_TRADES: Final = re.compile(
    any_of(
        r"\b(?:sold out|in stock|out of stock|restock\w*|water bill|plumb\w+|radiator|boiler"
        r"|leaking (?:tap|roof|pipe|weeks)|memory leaks?|norovirus|flu virus|vaccin\w+|(?:sick"
        r"|ill|down) with an? virus"
        r"|ethical hackers?|white[ -]hat|hacker ?space|capture the"
        r" flag)\b",
        r"\blost (?:[\w']+ ){0,4}(?:wages?|pay|earnings|income|tips)\b",
        r"\b(?:quality|performance|comfort|speed|experience|readability|sound|resolution|layout)"
        r" (?:\w+ )?(?:is|was|are|were|gets?) compromised",
        r"\b(?:download|installer|set ?up file|package|cache|cached|cookies?|firmware|driver|font)"
        r"s?\b[^.!?]{0,25}\bcorrupt|\bcorrupt\w* (?:download|installer|package|cache|cookies?"
        r"|index|font|driver)",
        r"\bhacked (?:to pieces|(?:firms|companies) )|\bhacked my (?:procrastination|brain|sleep"
        r"|life|productivity)",
        r"\bsent (?:\w+ )?(?:[$]|eur|usd|gbp)?\d[\d.,]*(?: \w+)? to the wrong",
        r"\b(?:review|comment|post|rating)s? (?:because|as it|since it (?:was|had))",
        r"^(?:are|is) deleted \w+",
        r"\b(?:logo|label|line|caption|title|heading|header|text)s? (?:is|are|gets?) overwritten",
        r"\b(?:device manager|drivers? (?:for|do i|is missing))\b",
    )
)


def no_matter(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse stock, pipes, illnesses, broken downloads and other matters without data."""
    return bool(_OTHER_TRADES.search(f"{before[-60:]}{match}{after[:60]}"))


def no_data_before(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what right before the match is named and holds no data: "the button is gone"."""
    thing = _THING.search(before[-60:])
    return bool(thing) and not _HOLDS_DATA.search(before[-60:], thing.start() if thing else 0)


_GONE_THING: Final = re.compile(
    r"\b(?:connection|signal|session|places?|discounts?|vouchers?|seats?|buttons?|icons?|options?"
    r"|colou?r|focus|charm)"
    r"(?: (?:is|are|was|were|has|have|had|been|all|just|now|keeps?|gets?|got))*"
    r"[ '\"]+\w+$"
)


def gone_thing(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse a match in which the gone thing itself holds no data: "video … connection lost"."""
    return bool(_GONE_THING.search(match))


# ---- other languages --------------------------------

_ASKED_ABROAD: Final = re.compile(
    any_of(
        r"\b(?:proteg\w+|preven(?:ir|cion|cao)|evitar|schutz\w*|schuetz\w*|vermeid\w+|verhinder\w+"
        r"|eviter|empecher|protection)\b",
        r"\b(?:contra (?:el|la|los|o|os|a|um|uma)|contre (?:le|la|les|un)|gegen)\b",
        r"\b(?:que (?:pasa|passa|acontece|sucede|ocurre)|que se passe|qu'arrive\w*|was (?:passiert"
        r"|geschieht)|wie lange|cuanto tiempo|quanto tempo|combien de temps)\b",
        r"\b(?:si (?:cancelo|elimino|borro|cierro|doy|je|on|nous|alguien|quelqu'un)|s'il|se eu"
        r"|se alguem|falls|sobald)\b",
        r"\b(?:simul\w+|simulacro|ubung|schulung|exercice|formation|formacion|treinamento"
        r"|cuestionario|questionnaire|fragebogen|politica de|politique de|richtlinie)\b",
    )
)
_NO_DATA_ABROAD: Final = re.compile(
    r"\b(?:boton|botao|bouton|knopf|schaltflache|icono|contrasena|clave|senha|mot de passe"
    r"|passwort|kennwort|paquete|pacote|encomenda|colis|paket|maleta|mala|valise|koffer|vuelo|voo"
    r"|conexion|connexion|conexao|verbindung|signal|senal|paciencia|patience|geduld|tiempo|temps"
    r"|tempo|zeit|confianza|confiance|vertrauen|opcion|opcao|option|menu)\b"
)


def abroad(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse questions and things without data in Spanish, German, French and Portuguese."""
    near = before[-25:].rpartition(",")[2] + match + after[:25].partition(",")[0]
    return bool(_ASKED_ABROAD.search(sentence) or _NO_DATA_ABROAD.search(near))
