"""Words by which `redact_names` and `redact_passwords` tell names and secrets from the rest.

Accents are left out, as `Plain` leaves them out.
"""

from typing import Final

#: Behind these a name follows; behind thanks it may.
STRONG_CLOSING: Final = (
    r"(?:thanks (?:and|&) )?(?:(?:with )?(?:kind|best|warm|warmest|many|friendly) )?regards|rgds"
    r"|best wishes|sincerely"
    r"|yours(?: sincerely| faithfully| truly)?|respectfully|signed(?: by)?|sent by"
    r"|(?:(?:mit freundlichen|viele|liebe|beste|freundliche|herzliche|schone) )?gru?e?(?:ss|ß)e?n?"
    r"|mfg|vg|lg|herzlichst|greetings|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente"
    r"|cordialmente|(?:bien )?cordialement|bien a vous|(?:sinceres )?salutations|atenciosamente"
    r"|(?:melhores )?cumprimentos|(?:um )?abracos?|att"
)
WEAK_CLOSING: Final = (
    r"best|cheers|(?:many )?thanks(?: a lot| so much| in advance| again| very much)?"
    r"|thank you(?: so much| very much| in advance)?|thx|love|ta|danke(?: schon)?|vielen dank"
    r"|(?:muchas )?gracias|merci(?: d'avance| beaucoup)?|(?:muito )?obrigad[oa]|take care|br"
)
PARTICLES: Final = frozenset(
    "von van de da do dos das del della di la le el der den du zu zur bin ibn al y e and und et"  # noqa: SIM905
    " &".split()
)
#: Who is greeted, or what follows a greeting, and is no person.
NOBODY: Final = frozenset(
    "again all alle amigos and another anyone be beautiful both can colleague colleagues could"  # noqa: SIM905
    " customer customers dear desk dev devs do does everybody everyone experts folks for friend"
    " friends from guest gents guys hello help helpdesk hey hi how hr i i'm in is it ladies ma'am"
    " madam madame mate mates members my no noc of ok on operations ops our partner partners people"
    " please qa sales security service she sir sirs so sorry staff support team teams tech thank"
    " thanks the their there these they this to today too user users we what when where which who"
    " why with world you your admin admins agent agents office reception board management"
    " damen herren zusammen alle leute kollegen kolleginnen kundenservice liebes ich wir bitte"
    " equipo todos todas senores senor senora cliente soporte buenas buenos dias tardes"
    " messieurs equipe tous toutes client service senhores suporte pessoal"
    " mr mrs ms mx dr prof vendor vendors supplier organisers costumer valued together"
    " week weekend day days evening morning afternoon night luck experience"
    " a lot so much million very again advance anyway".split()
)
#: What people say of a password, after "is" or a colon.
NO_SECRET: Final = frozenset(
    "a about accepted after again all allowed already also always an and any are as asked at"  # noqa: SIM905
    " back"
    " bad because been being blocked both broken but by can cannot change changed compromised"
    " correct could dead denied different do does don't down due either empty enough error expired"
    " expires expiry failed fails fine for forgotten forgot from fully gone good got had has have"
    " he help her here hidden his how i if in incorrect into invalid is issue it its just known"
    " last leaked less like link locked long lost manager mandatory me missing month months more my"
    " needed needs never new no nobody none not now of off ok okay old on one only open or our out"
    " over page please policy private problem public question rejected request required reset right"
    " safe same secure see sent set she should shown since so still stolen stored stuck than that"
    " the their then there they this to today too true try unknown unsafe until up us used valid"
    " very visible was way we weak were what when where which who why will with without word"
    " working works wrong yes you your yours"
    " abgelaufen aber auch der die das ein eine falsch geht gesperrt immer kein nicht noch nur"
    " richtig ungultig vergessen zu zurucksetzen"
    " caducada caducado correcta el en era incorrecta la mal muy no que un una"
    " bloque expire faux incorrect invalide le oublie pas perdu tres"
    " bloqueada errada esquecida expirada incorreta invalida muito nao um uma vencida".split()
)
