"""Words that tell a time without figures, in the languages that are packaged."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class TimeWords:
    """One language's words, as regular expressions.

    ``minute`` and ``hour`` are what the policy's durations are counted in, ``others`` all else
    that promises a time; ``harmless`` are phrases in which such words promise none.
    """

    minute: str
    hour: str
    others: str
    harmless: str

    def unit(self, name: str) -> str:
        """Return the words of a `SpokenSpan.unit`."""
        return self.hour if name == "hour" else self.minute


TIME_WORDS: Final = {
    "en": TimeWords(
        r"minutes?|mins?",
        r"hours?|hrs?",
        r"days?|weeks?|weekends?|fortnights?|months?|quarters?|years?|seconds"
        r"|today|tomorrow|tonight|overnight|(?:after)?noon|midnight|this (?:morning|evening)"
        r"|by (?:the|this) evening|end of business"
        r"|soon|shortly|immediately|promptly|instantly|asap|(?:right|straight) away|guarantee[sd]?"
        r"|within(?! (?:our|your|the|this)\b)|(?:mon|tues|wednes|thurs|fri|satur|sun)days?",
        r"(?:good|nice|great|lovely|pleasant|wonderful) (?:day|weekend|afternoon)|day[- ]to[- ]day"
        r"|up[- ]to[- ]the[- ]minute|these days",
    ),
    "de": TimeWords(
        r"minuten?",
        r"stunden?|std",
        r"(?:werk|arbeits)?tage?[ns]?|wochen?|wochenendes?|monate?n?|quartals?|jahre?s?"
        r"|sekunden?|heute|(?:über)?morgen|(?:nach|vor)?mittags?"
        r"|abends?|feierabend"
        r"|bald|baldmöglichst|demnächst|in Kürze|umgehend|sofort|unverzüglich|schnellstmöglich"
        r"|garantier\w*|binnen|innerhalb(?! (?:unser|Ihr|de[rs]|dies)\w*)"
        r"|(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?|sonnabends?",
        r"guten (?:tag|morgen|mittag|abend)|schönes wochenende"
        r"|(?:schön|angenehm)en (?:tag|morgen|(?:nach|vor)?mittag|abend|feierabend)",
    ),
    "es": TimeWords(
        r"minutos?",
        r"horas?",
        r"d[ií]as?|semanas?|mes(?:es)?|trimestres?|años?|segundos|hoy|mañana|esta (?:tarde"
        r"|noche)|mediodía|medianoche|pronto|inmediatamente"
        r"|de inmediato|enseguida|cuanto antes|lo antes posible|garantiz\w*"
        r"|lunes|martes|miércoles|jueves|viernes|sábados?|domingos?",
        r"buen(?:os)? d[ií]as?|d[ií]a a d[ií]a|(?<!veces )(?<!vez )al día|hoy en día",
    ),
    "fr": TimeWords(
        r"minutes?",
        r"heures?",
        r"jours?|semaines?|mois|trimestres?|années?|secondes|aujourd|demain|ce soir|soirée"
        r"|après-midi|midi|minuit|bientôt|immédiatement"
        r"|rapidement|sous peu|au plus vite|dès que possible|plus brefs délais|garanti(?:r|t|s\w*)"
        r"|lundis?|mardis?|mercredis?|jeudis?|vendredis?|samedis?|dimanches?",
        r"à jour|de nos jours|l.heure actuelle|bonne soirée|bon(?:ne)? après-midi",
    ),
    "pt": TimeWords(
        r"minutos?",
        r"horas?",
        r"dias?|semanas?|m[eê]s(?:es)?|trimestres?|anos?|segundos|hoje|amanhã|esta (?:tarde"
        r"|noite)|meio-dia|meia-noite|logo|em breve|brevemente"
        r"|imediatamente|prontamente|o quanto antes|assim que possível|garanti(?:mos|d[ao]s?|r)"
        r"|(?:segunda|terça|quarta|quinta|sexta)s?(?:-feiras?)|sábados?|domingos?",
        r"bom dia|em dia|dia a dia|hoje em dia|até logo",
    ),
}
