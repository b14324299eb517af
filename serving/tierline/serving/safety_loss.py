"""Data loss: the ways in which a ticket says that data is gone, damaged or overwritten."""

from typing import Final

from tierline.serving import safety_guards as guards
from tierline.serving.safety_grammar import Pattern, any_of, either, gap, near, patterns
from tierline.serving.safety_words import (
    ABSENT,
    ACCIDENT,
    BE,
    CHANGE,
    CONTAINER,
    DATA,
    GONE,
    LOST,
    OWN,
    RECOVER,
)

_EMPTY: Final = any_of(
    r"empty|blank|bare|white|wiped|0 ?(?:bytes|kb|mb)|zero(?: bytes)?|nothing|unformatted",
    r"no (?:entries|records|rows|data|files|content|items|history|messages|photos|folders|mails)",
)
_OPENS: Final = any_of(
    r"(?:is|are|was|were|comes? up|came (?:up|back)|opens?|opened|turned|looks?|shows?|showing|has"
    r"|have|contains?|holds?|returns?|reads?|loads?|says?|left|there is|displays?|remains?|becomes?)"
)
_ALL: Final = any_of(
    r"everything|every ?thing (?:i|we) \w+|it all|all of (?:it|them)|all my \w+|all our \w+",
    r"(?:every|each|the whole|the entire|every last|every single) \w+|all (?:is|was|are|were)",
)
_HARMED: Final = any_of(
    r"garbled|scrambled|mangled|gibberish|placeholders?|unreadable|corrupt(?:ed)?|mojibake",
    r"question marks|(?:gr[ea]y|blank|empty|broken|black|white|little) (?:squares|pages|tiles|boxes)",
    r"full of (?:zeros|zeroes|nulls)|1970|0 ?[km]?b\b|0 bytes|invalid header|null|damaged",
)
_SPAN: Final = r"(?:min|mins|minutes|hours?|days?|weeks?|months?|years?|semesters?|seasons?)"
_PLAIN_GONE: Final = (
    r"(?:gone|vanished|disappeared|wiped|erased|overwritten|corrupted|corrupt|emptied|deleted)"
)
_CUT: Final = r"(?=\s*(?:$|[.,!?;:\n(]|after|since|from|now|again|today|on|this|by|and|in my|in our))"

LOSS: Final[tuple[Pattern, ...]] = (
    # Data is gone, or somebody or something lost it.
    *patterns(
        near(DATA, GONE, 5),
        rf"{DATA}{BE} missing{_CUT}|{DATA}(?: \w+){{0,3}} (?:went|gone) missing",
        rf"{DATA}[ :]+missing{_CUT}|missing (?:files|data|records|photos|messages|history|entries)",
        rf"{near(LOST, OWN, 1)}{gap(4)}{DATA}",
        near(LOST, DATA, 1),
        rf"{_ALL}(?: \w+){{0,4}}{BE} (?:{GONE}|missing|empty|blank)",
        rf"(?:lost|loosing|losing|wiped|deleted|erased|destroyed|lose) {_ALL}",
        rf"all gone|gone forever|wiped (?:out|clean)|(?:just|it) went poof|all lost",
        rf"(?:data|files?|database|records?|photo|message|history|progress)[ -]?"
        rf"(?:loss|corruption|wipe)|dataloss|loss of (?:\w+ ){{0,3}}{DATA}",
        rf"(?:been|were|was|got|gets|keeps?|is|are) (?:\w+ ){{0,2}}(?:deleted|wiped|erased"
        rf"|overwritten|corrupted|purged|truncated|emptied) (?:\w+ ){{0,3}}{DATA}",
        rf"lost (?:the )?(?:last|past|today'?s|todays|yesterday'?s|this \w+'?s|\d+|about \d+|an?)"
        rf" (?:\w+ ){{0,2}}(?:{_SPAN}(?: of (?:\w+ )?(?:work|data|entries|recordings?|notes))"
        rf"|pages?|levels?|entries|lines|work|session|lesson|{DATA})",
        rf"where (?:did|have|has|are|is) (?:all )?(?:of )?(?:my|our|the) (?:\w+ ){{0,3}}{DATA}"
        rf"(?: (?:go|gone))?",
        rf"(?:what happened to|what became of|who deleted|why did you (?:delete|remove)|you deleted"
        rf"|deleted by you) (?:all )?(?:of )?(?:my|our|the)(?:{gap(3)}){DATA}",
        guards=guards.ALL,
    ),
    # Anything of the writer's is gone, whatever it is called, unless it holds no data.
    *patterns(
        rf"(?:my|our|all|half|most|whole|every|his|her|their|entire|the|\d+) (?:[\w'-]+ ){{1,5}}?"
        rf"(?:(?:is|are|was|were|has|have|had|got|been|just|all|now|suddenly|simply|completely"
        rf"|again|also|apparently) ){{1,3}}{_PLAIN_GONE}",
        rf"(?:my|our|all my|all our) (?:[\w'-]+ ){{1,3}}{_PLAIN_GONE}(?=\s*(?:$|[.,!?]))",
        rf"(?:my|our|his|her|their|whole|entire|every|each) (?:[\w'-]+ ){{1,4}}{_OPENS} "
        rf"(?:now |all |completely |suddenly |totally |just |up |at |a )*(?:empty|blank|bare|zero"
        rf"|emptied|wiped|0)",
        rf"(?:lost|loses|losing|wiped|erased|overwrote|deleted|nuked|ate) (?:all |all of |half "
        rf"|most of |some of )?(?:my|our|his|her|their|the whole|the entire|every)"
        rf" (?:[\w'-]+ ?){{1,3}}",
        guards=(*guards.ALL, guards.no_data),
    ),
    # What should be full is empty, blank or at zero.
    *patterns(
        rf"{near(CONTAINER, _OPENS, 4)} (?:\w+ ){{0,3}}?{_EMPTY}",
        rf"{CONTAINER}(?: list)?[ :,.]+(?:empty|blank|missing|wiped|emptied){_CUT}",
        rf"(?:empty|blank|white) {CONTAINER} (?:now|since|after|today|again)",
        rf"{CONTAINER}(?: \w+){{0,4}} (?:emptied|wiped|empties) (?:itself|out|by|after)",
        rf"{DATA}{gap(4)}(?:at|to|is|are|were|have|all|now|reads?) (?:all |now )?(?:zero|0(?![.:\d]))",
        rf"(?:show(?:s|ing)?|contains?|has|have|there are|left with|down to|says?|found) "
        rf"(?:only )?(?:0|zero|no) {DATA}(?! (?:yet|for|found for))",
        rf"(?:had|were|was|from) [^.!?]{{1,30}}\b(?:now|today)(?: \w+){{0,3}} (?:none|nothing|0|zero"
        rf"|no \w+|empty|gone|only \w+)",
        r"(?:now|suddenly) (?:i have |we have |there are |there is |it is )?(?:none|nothing|zero)"
        r" (?:left|there|of it|of them|inside|in it)|nothing (?:left|there any more|inside)",
        rf"(?:only|just) (?:the |an? )?(?:\w+ )?(?:default|empty|blank)(?: \w+){{0,2}} "
        rf"(?:left|remains?|there)",
        rf"(?:history|entries|data|list|records?|curves?|log|notes|archive)(?: \w+){{0,4}} "
        rf"(?:begins?|starts?|stops?|ends?) (?:only )?(?:in|on|at|with) \w+",
        rf"nothing (?:before|older than|prior to|from before) (?:\d+|january|february|march|april"
        rf"|may|june|july|august|september|october|november|december|last|this)",
        guards=guards.BUT_NEGATION,
    ),
    # Thrown back to the start: games, courses, settings that were work.
    *patterns(
        r"(?:back|reset|set back|sent back|dropped back|reverted|rolled back|thrown back|starts?|began"
        r"|started)(?: \w+){0,2} (?:at|to|on|from|in) (?:the )?(?:level (?:1|one)|rank \w+|zero|0(?!\.)"
        r"|day (?:1|one)|square one|unit (?:1|one)|the very (?:start|beginning)|chapter (?:1|one)"
        r"|factory)",
        rf"(?:progress|game|streak|score|level|course|account|profile|village)(?: \w+){{0,4}} "
        rf"(?:reset|resets|restarted|started over|starts? over|starts? from scratch|like new)",
        r"level \d+ (?:yesterday|before)[^.]{0,20}level \d+ (?:today|now)",
        r"(?:i am |is |as if i was |as )?(?:a )?(?:brand )?new (?:character|player|account) (?:now|again)",
        r"(?:account|profile|app)(?: \w+){0,3} (?:is|looks?|as) (?:like )?(?:brand )?new",
        guards=guards.ALL,
    ),
    # Deleted or overwritten by mistake, by a script, by the vendor.
    *patterns(
        rf"(?:delet\w+|eras\w+|wip\w+|remov\w+|overwr\w+|dropp\w+|clear\w+|format\w+|empt\w+|drop)"
        rf"{gap(8)}{ACCIDENT}",
        rf"{ACCIDENT}{gap(4)}(?:deleted?|erased?|wiped?|overwr\w+|dropped|emptied|formatted|cleared"
        rf"|purged|truncated|reformatted)",
        rf"(?:{LOST}|gone|missing|emptied|disappeared|vanished) (?:in|after|during|by|with|since"
        rf"|due to|when) (?:\w+ ){{0,3}}{CHANGE}",
        rf"{CHANGE}(?: \w+){{0,4}} (?:wiped|deleted|erased|emptied|overwrote|destroyed|lost|ate"
        rf"|swallowed|zeroed|left behind|truncated|kept the empty)",
        rf"(?:dropped|truncated|formatted|nuked|rm -rf|drop table) {OWN}? ?(?:\w+ ){{0,3}}{DATA}",
        rf"(?:saved?|saving|wrote|writ\w+|copied|pasted|restored|synced|imported|recorded) "
        rf"(?:\w+ ){{0,5}}over (?:\w+ ){{0,3}}(?:{DATA}|originals?|it|them|mine|ours)",
        rf"overwr\w+(?: \w+){{0,8}} (?:{DATA}|originals?)",
        rf"(?:{DATA}|originals?)(?: [\w-]+){{0,8}} (?:overwr\w+|replaced (?:\w+ ){{0,5}}?(?:by|with)"
        rf" (?:the |an? )?(?:old\w*|earlier|empty|blank|agenda|server|previous|wrong|other))",
        guards=guards.ALL,
    ),
    # Damaged: it is there and cannot be read.
    *patterns(
        either(DATA, _HARMED, 6),
        rf"(?:unable|not able|can not|could not|will not|impossible) (?:to )?(?:open|read)"
        rf"(?:\w+ ){{0,4}}[^.]{{0,40}}(?:corrupt\w*|damaged)",
        rf"(?:opens?|shows?|plays?|contains?|turned into)(?: \w+){{0,6}} (?:question marks|squares"
        rf"|hiss|gibberish|placeholders|zeros)",
        guards=guards.BUT_NEGATION,
    ),
    # Not there (any more), not saved, no copy.
    *patterns(
        near(DATA, ABSENT, 7),
        rf"(?:can not|could not|unable to|not able to) (?:find|see|open|locate) (?:any of )?{OWN} "
        rf"(?:\w+ ){{0,4}}{DATA}(?: \w+){{0,2}} (?:any ?more|any ?where)",
        rf"(?:backups?|snapshots?|restores?|copy|copies)(?: \w+){{0,4}} (?:unreadable|unusable|blank"
        rf"|empty|also gone|useless|gone too|corrupt\w*|overwritten)",
        r"no (?:usable |other |working |good |recoverable )?(?:copy|copies|backups?|snapshots?|replica)"
        r"(?: \w+){0,3} (?:left|exists?|found|anywhere|either|to restore|available|of)",
        r"(?:links?|files?|pointers) (?:\w+ ){0,4}(?:point to nothing|to nothing|object not found)",
        r"media (?:not found|no longer) on(?: the)? server",
        rf"{DATA}(?: \w+){{0,4}} (?:never|not) (?:saved|stored|written|persisted|backed up)",
        guards=guards.BUT_NEGATION,
    ),
    # A plea to bring the own data back.
    *patterns(
        rf"{RECOVER} (?:(?:all|of) ){{0,2}}(?:my|our|his|her|the lost|the deleted|lost|deleted"
        rf"|the missing|missing) (?:\w+ ){{0,3}}{DATA}",
        rf"(?:bring|get|give|want|have|restore)(?: \w+){{0,2}} (?:my|our)(?:{gap(4)}){DATA} back",
        r"(?:is there |any )(?:a |any )?(?:way|chance) (?:to |of )(?:get|recover|restor|retriev|bring)"
        r"\w*(?: \w+){0,4}(?: back)?",
        guards=guards.ALL,
    ),
)
