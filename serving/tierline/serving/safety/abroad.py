"""Guards in Spanish, German, French and Portuguese (folded: no accents): what is no incident."""

import re
from typing import Final

from tierline.serving.safety.grammar import any_of

_ASKED: Final = re.compile(
    any_of(
        r"\b(?:proteg\w+|preven(?:ir|cion|cao)|evitar|schutz\w*|schuetz\w*|vermeid\w+|verhinder\w+"
        r"|eviter|empecher)\b",
        r"\b(?:que (?:pasa|passa|acontece|sucede|ocurre)|que se passe|qu'arrive\w*|que devient"
        r"|was (?:passiert|geschieht)|wie lange|cuanto tiempo|quanto tempo|combien de temps)\b",
        r"\b(?:si (?:cancelo|elimino|borro|cierro|doy|alguien|quelqu'un)|se eu|se alguem)\b",
        r"\b(?:como se (?:borra|elimina|apaga)\w*|wie (?:losche|loesche|kann ich|lasst sich)"
        r"|comment (?:effacer|supprimer)|como (?:apag|exclu|borr|elimin)\w+)\b",
        r"\b(?:simul\w+|simulacro|ubung|schulung|exercice|formation|formacion|treinamento|vortrag"
        r"|cuestionario|questionnaire|questionario|fragebogen|politica de|politique de"
        r"|richtlinie)\b",
        r"\b(?:wenn plotzlich|fehlalarm|falsa alarma|falso alarme|fausse alerte)\b",
    )
)
_NO_DATA: Final = re.compile(
    any_of(
        r"\b(?:boton|botao|bouton|knopf|schaltflache|icono|paquete|pacote|encomenda|colis|paket"
        r"|maleta|mala|valise|koffer|vuelo|voo|conexion|connexion|conexao|verbindung|senal|opcion"
        r"|opcao|option|menu|equipaje|bagagem|bagages?|gepack|sendung|lieferung|pedido|sofa"
        r"|warenkorb|carrito|carrinho|panier|marcador|skin|tamanho|talla|taille|train|vol|modelo"
        r"|filtro|filtre|filter|ecran|bildschirm|de la web|do site|del menu)\b",
        r"\b(?:perdi\w*|perdu|olvid\w+|oubli\w+|esqueci\w*)(?: \w+){0,3} (?:contrasena|clave|senha"
        r"|mot de passe|mdp|paciencia|patience|tiempo|temps|tempo|confianza|confiance|confianca)\b",
        r"\b(?:passwort|kennwort|geduld|zeit|vertrauen)(?: \w+){0,2} (?:verloren|vergessen)\b",
        r"\b(?:rob\w+|roub\w+|vol\w+|stiehlt|gestohlen|geklaut)(?: \w+){0,3} (?:paciencia|corazon"
        r"|coracao|sono|sueno|tiempo|tempo|temps|coeur|partido|jogo|nivel|zeit|nerven)\b"
        r"|\b(?:zeit|lebenszeit|stunden|nerven|schlaf)(?: \w+)? (?:gestohlen|geklaut|geraubt)\b",
    )
)
#: Seen through, or found again.
_HARMLESS: Final = re.compile(
    any_of(
        r"\b(?:nichts|nicht) (?:angeklickt|geklickt|geoffnet|drauf|eingegeben)|(?:no|nao|n'ai)"
        r" (?:\w+ ){0,3}(?:clic\w*|pinche|abri|cliqu\w+|ouvert)\b|sans (?:l')?(?:ouvrir|cliquer)",
        r"\b(?:wieder (?:da|aufgetaucht|vorhanden|gefunden)|wiedergefunden|alles? (?:noch )?da\b"
        r"|aufgetaucht|hat sich erledigt|fehlt nichts|nichts fehlt)",
        r"\b(?:ya aparecio|ya aparecieron|ahi (?:esta|estan)|siguen (?:todos?|todas?) (?:ahi|alli)"
        r"|l[oa]s? encontre|no falta (?:nada|ningun\w*)|aparecio en)\b",
        r"\b(?:ja apareceu|ja apareceram|estavam? n[oa] outr[oa]|encontrei|nao falta nada|apareceu"
        r" de novo|voltou ao normal|voltaram)\b",
        r"\b(?:rien ne manque|sont revenus?|est revenue?|retrouvee?s?\b|reapparu\w*|tout est la)\b",
        r"\b(?:expres|absichtlich|a proposito|de proposito|mit absicht|adrede)\b",
    )
)
_UNFOUND: Final = re.compile(
    r"\b(?:nicht|nie|kann|konnen|no|ne|n'ai|pas|nao|puedo|poder|peux|posso|jamais) (?:\w+ ){0,3}"
    r"(?:wiedergefunden|wieder (?:da|gefunden)|aufgetaucht|encontre|encontrei|retrouv\w+)"
)


def abroad(before: str, match: str, after: str, sentence: str, aftermath: str) -> bool:
    """Excuse questions, things without data, and what came to nothing or was found again."""
    near = before[-25:].rpartition(",")[2] + match + after[:25].partition(",")[0]
    if _ASKED.search(sentence) or _NO_DATA.search(near):
        return True
    told = f"{before[-120:]} {match} {aftermath}"
    return bool(_HARMLESS.search(told)) and not _UNFOUND.search(told)
