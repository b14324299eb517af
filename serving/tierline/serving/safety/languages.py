"""The plainest reports in Spanish, German, French and Portuguese (folded: no accents)."""

from typing import Final

from tierline.serving.safety import guards
from tierline.serving.safety.grammar import Pattern, patterns

LOSS_ABROAD: Final[tuple[Pattern, ...]] = patterns(
    # Spanish
    r"(?:(?:he|hemos|ha|han) perdido|se (?:me |nos )?perdi(?:o|eron)) (?:tod\w+|mis?|nuestr\w+|los"
    r"|las|el|la)(?! (?:paciencia|tiempo"
    r"|vuelo|maleta|paquete|conexion))|se (?:me |nos )?(?:han?|ha) (?:borrado|perdido|eliminado)"
    r"|(?:han?|me han?) (?:desaparecido|borrado|eliminado)|desaparecieron|desaparecio|borraron"
    r"|se (?:me |nos )?borr\w+|perdi (?:todo|todos|todas|mis|mi)|perdida de datos|datos perdidos",
    r"ya no (?:esta|estan|aparecen?|existen?)|no aparecen? (?:mis|ningun\w*|los|las|nada)"
    r"|(?:carpeta|bandeja|lista|tablas?|base|biblioteca|arbol)(?: \w+){0,6} (?:vaci[oa]s?)",
    r"(?:datos|archivos|ficheros|fotos|documentos|mensajes|correos|notas|registros|carpetas?"
    r"|proyectos)(?: \w+){0,4} (?:ha|han|fue|fueron|esta|estan) (?:sido )?(?:borrad|eliminad"
    r"|perdid|destruid)[oa]s?",
    # German
    r"(?:daten|dateien|fotos|bilder|unterlagen|notizen|mails|nachrichten) (?:\w+ ){0,3}verloren"
    r"|(?:geloscht|geloescht|verschwunden|verloren gegangen|datenverlust|uberschrieben"
    r"|ueberschrieben)|(?:sind|ist|alles|daten|fotos|dateien) (?:alle |plotzlich )?weg(?! vo[mn]\b)"
    r"|nicht mehr (?:da|vorhanden|auffindbar)",
    r"(?:ordner|laufwerk|postfach|tabelle|datenbank|datei|kalender|liste)(?: [\w\"']+){0,4} leer\b",
    # French
    r"perdu (?:toutes?|tous|mes|nos|mon|ma|l)(?! (?:valise|bagage|colis|commande|carte|temps"
    r"|patience|telephone))|(?:a|ont) disparu|disparues?\b|effacee?s?"
    r"|ete supprimee?s?|perte de donnees|ecrasee?s?|n'(?:est|existe|apparai\w+)(?:nt)? plus"
    r"|ne sont plus la|ne retrouve plus (?:mes|mon|ma)",
    r"(?:dossier|boite|bibliotheque|base|inventaire|liste)(?: \w+){0,5} vides?\b",
    # Portuguese
    r"perdi (?:tudo|todos|todas|os|as|meus?|minhas?)|perdemos (?:tudo|todos|todas|os|as)|sumiu"
    r"|sumiram|desapareceu|desapareceram|apagou|apagaram|foram? (?:apagad|excluid)\w+"
    r"|perda de dados|(?:ja )?nao aparecem? (?:mais)?|ja nao (?:esta|estao|aparecem)",
    r"(?:dados|arquivos|ficheiros|fotos|documentos|mensagens|notas|registros|projetos)(?: \w+){0,4}"
    r" (?:foram?|foi) (?:apagad|excluid|eliminad|deletad|perdid)[oa]s?",
    r"(?:pasta|caixa|lista|biblioteca)(?: \w+){0,5} vazi[ao]s?|quadrados cinzentos",
    guards=(*guards.ALL_BUT_INNER_NEGATION, guards.abroad),
)

BREACH_ABROAD: Final[tuple[Pattern, ...]] = patterns(
    # Spanish
    r"hackead[oa]s?|hackearon|jaque\w+|pirate[ao]\w*|robad[oa]s?|robaron|me (?:han )?robado"
    r"|(?:han|ha|se ha) (?:entrado|accedido) (?:en|a) (?:mi|nuestra)|(?:alguien|me|nos) robo (?:mi"
    r"|la|el|los|las|nuestr\w+) (?:cuenta|datos|tarjeta|clave|contrasena|dinero|movil|telefono"
    r"|portatil|perfil)|se (?:han |ha )?filtr(?:aron|ado|o) (?:\w+ ){0,2}datos"
    r"|acceso no autorizado|estafa\w*|suplant\w+",
    r"alguien (?:ha |esta )?(?:entro|entrado|entrando|accedi\w+|usa|usando|cambio|cambiado|usado)"
    r"|cargos? que no (?:he )?(?:hice|hecho|reconozco)|no (?:los|las|lo|la) (?:hice|hicimos)"
    r" (?:yo)?"
    r"|no reconozco (?:est|el|la|un)\w*|(?:nadie|ninguno) de nosotros|que no son (?:nuestr|mi)\w+"
    r"|perdi(?:do)? (?:mi|la) (?:tarjeta|cartera|movil|telefono|portatil)|(?:de|a) otr[oa]"
    r" (?:persona|cliente|usuario)",
    r"(?:brecha|violacion|fuga|filtracion|robo) de (?:seguridad|datos|informacion)|ciberataque"
    r"|filtrad[oa]s? (?:\w+ ){0,2}datos|datos (?:\w+ ){0,4}filtrad[oa]s"
    r"|ataque (?:informatico|cibernetico|hacker)",
    # German
    r"(?:hacker|cyber)[ -]?(?:angriff|attacke)\w*|sicherheitsvorfall|trojaner|daten(?: \w+){0,4}"
    r" (?:offengelegt|geleakt|abgeflossen)",
    r"gehackt|datenleck|datenpanne|unbefugt\w*|gestohlen|geklaut|fremder? zugriff|erpress\w+"
    r"|losegeld\w*|jemand (?:hat|ist|war)(?: \w+){0,6} (?:konto|account|zugegriffen|eingeloggt"
    r"|angemeldet|passwort|karte)|fremde (?:abbuchung|bestellung|person|rechnungen)\w*"
    r"|nicht von mir|(?:karte|handy|laptop|schlussel|ausweis|geldborse) verloren"
    r"|verschlusselungstrojaner",
    r"(?:abbuchung|bestellung|uberweisung|buchung|zahlung|anmeldung|nachricht|mail)\w*,? die (?:ich"
    r"|wir) (?:\w+ ){0,2}(?:nie|nicht|niemals) (?:gemacht|veranlasst|bestellt|getatigt"
    r"|autorisiert|kennen?|geschrieben|gesendet)",
    r"durch fragezeichen ersetzt|(?:jemand|fremde\w*|hacker|unbekannte\w*)(?: \w+){0,4} (?:in|auf)"
    r" (?:mein|unser)\w* (?:konto|postfach|account|profil)",
    r"kenne ich nicht|habe (?:ich )?(?:das |sie |es )?nie (?:bestellt|veranlasst|gemacht)"
    r"|(?:daten|rechnungen|namen) (?:von )?(?:anderer|fremder|eines anderen) ?\w*"
    r"|(?:auf|von) (?:einer )?(?:phishing|gefalscht)\w*",
    # French
    r"(?:debits?|prelevements?|achats?|commandes?|virements?) que je n'ai (?:pas|jamais)"
    r" (?:fait\w*|passe\w*|autoris\w+|effectu\w+)",
    r"(?:violation|vol|fuite) de (?:nos |mes |vos )?donnees|vole (?:\w+ ){0,2}(?:donnees"
    r"|mot de passe|carte|compte)|donnees (?:\w+ ){0,4}volees|cyber-?attaque",
    r"(?:ete|est|compte|site|fait) (?:pirat|hack)(?:e|ee|es|er)|donnees (?:\w+ ){0,3}(?:ont|a)"
    r" fuite|piratage|pirater|(?:ete|est) volee?s?"
    r"|(?:on )?m'a vole|usurp\w+|fuite de donnees|acces non autorise|arnaqu\w+|frauduleu\w+",
    r"quelqu'un (?:a|s'est|est|utilise|se)(?: \w+){0,6}(?: (?:connect\w+|acced\w+|compte|change"
    r"|entre|utilise))|je n'ai (?:rien|pas|jamais) (?:envoye|commande|fait|autorise)|perdu ma carte"
    r"|(?:d'un|d'une|de l')autres? (?:client|personne|patient)\w*|adresse inconnue|qui imitait",
    # Portuguese
    r"(?:compras?|transferencias?|pedidos?|cobrancas?) que (?:eu )?nao (?:fiz|reconheco|autorizei)",
    r"entraram n[ao]s? (?:minh|meu|noss)\w+|(?:entraron|han entrado) en (?:mi|nuestr)\w*"
    r"|tem alguem (?:acessando|usando)",
    r"hackearam|violac(?:ao|oes) d[ae] (?:seguranca|dados)",
    r"invadi(?:ram|do|da|u)|roubad\w+|roubaram|clonad\w+|clonaram|acesso nao autorizado|vazamento"
    r"|alguem (?:entrou|acessou|esta usando|mudou|trocou|usou)|(?:cai|caiu) (?:em|num) (?:um"
    r" )?golpe"
    r"|vazaram|vazad[oa]s?|fraude|nao fui eu|de outr[ao] (?:pessoa|cliente|usuario)|perdi"
    r" (?:o |meu |minha |a )?(?:cartao|celular|carteira)|nao reconheco",
    guards=(*guards.ALL_BUT_INNER_NEGATION, guards.abroad),
)
