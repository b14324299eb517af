"""Guards: the words speak of something else than an incident of the writer's own.

Quotations, products, other times, attempts that came to nothing, things that hold no data, and
questions in Spanish, German, French and Portuguese.
"""

import re
from typing import Final

from tierline.serving.safety.grammar import any_of
from tierline.serving.safety.words import RECORD

#: How far a quotation may reach to either side of the match's end.
_QUOTE_CHARS: Final = 60

# ---- quotations --------------------------------

_OPEN_QUOTE: Final = re.compile(r"(?:^|[\s(:>])([\"'])(?=[a-z0-9])")
_ABOUT_WORDS: Final = re.compile(
    r"\b(?:docs?|documentation|manual|help (?:page|says|text)|faq|chapter|glossary|section|stands?"
    r" for|called|titled|entitled|slogan|privacy (?:page|statement|policy)|scare|rumou?r|asking"
    r" (?:me|us) about|audiobook|film|movie|song|book|episode|capture the flag|game|poll|survey"
    r"|articles?|newsletter)\b"
)
_TITLE: Final = re.compile(
    r"\b(?:articles?|blog posts?|newsletter|webinar|talk|guide|book|film|movie|song|podcast)"
    r"(?: called| titled)? [\"']$"
)


def quoted(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse titles, and quotations in a sentence that speaks of a text, a game or a rumour."""
    if _TITLE.search(before):
        return True
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
    r"|scann?ers?|cover(?:age)?|insurance|defen[cs]e|retainer|shield|law|vaccine|blocker"
    r"|filters?)\b"
)
_KEPT_FROM: Final = re.compile(
    r"\b(?:stop|stops|stopping|keep|keeps|prevents?|protects?|hinders?|blocks?)"
    r" (?:[\w']+ ){0,4}from (?:\w+ )?$"
)


def product(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "ransomware protection", "a virus scanner", "stops interns from deleting"."""
    lead = before[-20:]
    told, end = f"{lead}{match}{after[:40]}", len(lead) + len(match)
    named = any(m.start() < end and m.end() > len(lead) for m in _PRODUCT.finditer(told))
    return named or bool(_KEPT_FROM.search(before))


# ---- other times --------------------------------

_LONG_AGO: Final = re.compile(
    r"^\W*(?:about |some |a few )?(?:[\w-]+ years? ago|last (?:year|summer|winter|spring|autumn)"
    r"|back in \d{4}|in (?:19|20)\d\d)\b,? [^.!?]{0,60}$"
)
_STILL: Final = re.compile(
    r"\b(?:is|are|am|has|have|now|today|since|still|yesterday|again|this (?:week|morning)"
    r"|suddenly|gone|missing|empty|never|not|need|only|report)\b"
)


def long_ago(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "last year my card was stolen", unless something of it is still so."""
    return bool(_LONG_AGO.search(before)) and not _STILL.search(sentence)


# ---- attempts --------------------------------

_ATTEMPT: Final = re.compile(
    r"pretend|impersonat|posing|phish|fake|spoof|suspicious|injection|xss|brute|port scan|stuffing"
    r"|scam|attempt"
)
_FOILED: Final = re.compile(
    r"\b(?:hung up|(?:i|we|she|he|they)(?: did| have| had| has) not (?:click|open|fall|give|given"
    r"|enter|respond|pay|done any|do any)\w*|(?:nobody|no one|none of us) (?:has )?(?:clicked|fell"
    r"|opened|entered)|ignored (?:it|them)|(?:attempts?|e-?mails?|messages?|requests?|attachments?"
    r"|it|they|all) (?:was|were|got|has been|have been) (?:blocked|quarantined|rejected|stopped)"
    r"|(?:gateway|filter|scanner|antivirus|defender|firewall|waf) (?:has |have )?(?:quarantined"
    r"|blocked|rejected|stopped)|it (?:has )?blocked|(?:blocked|quarantined|rejected)[: ]+\d+"
    r"|403|(?:successful|delivered|succeeded|affected|infections?|hits)[: ]+(?:0|none|zero)\b"
    r"|none (?:succeeded|got through|(?:was|were) successful|worked))"
)
_SUCCEEDED: Final = re.compile(
    r"\b(?:but|yet|however|although|already|still|one of (?:them|us)|lost|gone|stolen|changed"
    r"|drained|encrypted|transferred|logged in|got in|comes? back|came back|succeeded|gave|given"
    r" him"
    r"|entered|typed|paid|told (?:him|her|them)|read (?:out|him|her|them)|let (?:him|her|them))\b"
)


def foiled(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse attempts of which the text says that nobody fell for them, or that they failed."""
    told = f"{before[-160:]}{match}{aftermath}"
    return bool(_ATTEMPT.search(match) and _FOILED.search(told)) and not _SUCCEEDED.search(told)


# ---- none at all --------------------------------

_NONE: Final = re.compile(r"\b(?:there (?:are|is|was|were)|with|has|have|found) no $")
_NO_CAUSE: Final = re.compile(r"\bnot (?:because|due|the result|a result|from)\b|\bof any \w+$")
_COUNTED_ZERO: Final = re.compile(r"^: ?(?:0|none|zero|nil)(?= ?(?:[.,;]|$))")


def none_such(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse "no payments that are not mine", "files corrupted: 0", "not because of any leak"."""
    return bool(_NONE.search(before) or _COUNTED_ZERO.search(after) or _NO_CAUSE.search(match))


# ---- things without data --------------------------------

#: What is seen on a screen, or comes and goes, and holds no data.
_CONTROLS: Final = (
    r"\b(?:buttons?|icons?|options?|features?|menus?|tabs?|links?|toolbars?|sidebars?|banners?"
    r"|pop-?ups?|widgets?|filters?|columns?|panels?|admin rights?|permissions?|connection|signal"
    r"|places?|seats?|discounts?|vouchers?|colou?r|focus|charm)\b"
)
_CONTROL_BEFORE: Final = re.compile(rf"{_CONTROLS}(?:[\s'\"]+[\w.]+){{0,3}}\W*$")
_CONTROL_GONE: Final = re.compile(
    rf"(?<!and )(?<!or ){_CONTROLS}"
    r"(?: (?:is|are|was|were|has|have|had|been|all|just|now|keeps?|gets?|got))*[ '\"]+\w+$"
)
_HOLDS_DATA: Final = re.compile(rf"\b{RECORD}\b")
_OTHER_MATTERS: Final = re.compile(
    any_of(
        r"\b(?:sold out|in stock|out of stock|restock\w*|leaking (?:tap|roof|pipe|weeks)"
        r"|memory leaks?|norovirus|flu virus|(?:sick|ill|down) with an? virus|hacker ?space"
        r"|capture the flag|device manager)\b",
        r"\blost (?:[\w']+ ){0,4}(?:wages?|earnings|tips)\b",
        r"\b(?:quality|performance|comfort|speed|experience|readability|sound|resolution|layout)"
        r" (?:\w+ )?(?:is|was|are|were|gets?) compromised",
        r"\b(?:download|installer|set ?up file|cache|cookie|font)s? (?:is|are|was|were|looks?)"
        r" corrupt|\bcorrupt\w* (?:download|installer|cache|cookies?|font)",
        r"\bhacked (?:to pieces|(?:firms|companies) )|\bhacked my (?:procrastination|brain|sleep"
        r"|life|productivity)",
        r"\bsent [$]?\d[\d.,]{0,12}(?: (?:euros?|dollars?|pounds|bucks|eur|usd|gbp))? to the wrong",
        r"\breview because",
        r"^(?:are|is) deleted \w+",
        r"\b(?:logo|label|caption|heading|header)s? (?:is|are|gets?) overwritten",
    )
)


def no_matter(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse stock, pipes, illnesses, broken downloads and other matters without data."""
    return bool(_OTHER_MATTERS.search(f"{before[-60:]}{match}{after[:60]}"))


def no_data_before(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse what right before the match is named and holds no data: "the button is gone"."""
    thing = _CONTROL_BEFORE.search(before[-60:])
    return thing is not None and not _HOLDS_DATA.search(before[-60:])


def gone_thing(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse a match in which the gone thing itself holds no data: "video … connection lost"."""
    return bool(_CONTROL_GONE.search(match))


# ---- other languages --------------------------------

_ASKED_ABROAD: Final = re.compile(
    any_of(
        r"\b(?:proteg\w+|preven(?:ir|cion|cao)|evitar|schutz\w*|schuetz\w*|vermeid\w+|verhinder\w+"
        r"|eviter|empecher)\b",
        r"\b(?:que (?:pasa|passa|acontece|sucede|ocurre)|que se passe|qu'arrive\w*|was (?:passiert"
        r"|geschieht)|wie lange|cuanto tiempo|quanto tempo|combien de temps)\b",
        r"\b(?:si (?:cancelo|elimino|borro|cierro|doy|alguien|quelqu'un)|se eu|se alguem)\b",
        r"\b(?:simul\w+|simulacro|ubung|schulung|exercice|formation|formacion|treinamento"
        r"|cuestionario|questionnaire|fragebogen|politica de|politique de|richtlinie)\b",
    )
)
_NO_DATA_ABROAD: Final = re.compile(
    any_of(
        r"\b(?:boton|botao|bouton|knopf|schaltflache|icono|paquete|pacote|encomenda|colis|paket"
        r"|maleta|mala|valise|koffer|vuelo|voo|conexion|connexion|conexao|verbindung|senal|opcion"
        r"|opcao|option|menu)\b",
        r"\b(?:perdi\w*|perdu|olvid\w+|oubli\w+|esqueci\w*)(?: \w+){0,3} (?:contrasena|clave|senha"
        r"|mot de passe|paciencia|patience|tiempo|temps|tempo|confianza|confiance|confianca)\b",
        r"\b(?:passwort|kennwort|geduld|zeit|vertrauen)(?: \w+){0,2} (?:verloren|vergessen)\b",
    )
)


def abroad(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse questions and things without data in Spanish, German, French and Portuguese."""
    near = before[-25:].rpartition(",")[2] + match + after[:25].partition(",")[0]
    return bool(_ASKED_ABROAD.search(sentence) or _NO_DATA_ABROAD.search(near))
