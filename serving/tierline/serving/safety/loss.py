"""Data loss: the ways in which a ticket says that data is gone, damaged or overwritten."""

from typing import Final

from tierline.serving.safety import guards
from tierline.serving.safety.grammar import Pattern, any_of, either, gap, near, patterns
from tierline.serving.safety.words import (
    ABSENT,
    ACCIDENT,
    BE,
    CHANGE,
    CONTAINER,
    DATA,
    GONE,
    LOST,
    OWN,
    RECORD,
    RECOVER,
)

_EMPTY: Final = any_of(
    r"empty|blank|bare|white|wiped|0 ?(?:bytes|kb|mb)|zero(?: bytes)?|nothing|unformatted",
    r"no (?:entries|records|rows|data|files|content|items|history|messages|photos|folders|mails)",
)
_OPENS: Final = any_of(
    r"(?:is|are|was|were|comes? up|came (?:up|back)|opens?|opened|turned|looks?|shows?|showing|has"
    r"|have|contains?|holds?|returns?|reads?|loads?|says?|left|there is|displays?|remains?"
    r"|becomes?)"
)
_ALL: Final = any_of(
    r"everything|every ?thing (?:i|we) \w+|it all|all of (?:it|them)|all my \w+|all our \w+",
    r"(?:the whole|the entire|every last|every single) \w+|all (?:is|was|are|were)",
)
_HARMED: Final = any_of(
    r"garbled|scrambled|mangled|gibberish|unreadable|corrupt(?:ed)?|mojibake",
    r"question marks|(?:gr[ea]y|blank|empty|broken|black|white|little) (?:squares|pages|tiles"
    r"|boxes|rectangles|blocks)",
    r"full of (?:zeros|zeroes|nulls)|1970|0 ?kb\b|0 bytes|invalid header",
)
_SPAN: Final = r"(?:min|mins|minutes|hours?|days?|weeks?|months?|years?|semesters?|seasons?)"
_PLAIN_GONE: Final = (
    r"(?:gone|vanished|disappeared|wiped|erased|overwritten|corrupted|corrupt|emptied|deleted)"
)
_CUT: Final = (
    r"(?=\s*(?:$|[.,!?;:\n(]|after|since|from|now|again|today|on|this|by|and|in my|in our))"
)

LOSS: Final[tuple[Pattern, ...]] = (
    # Data is gone, or somebody or something lost it.
    *patterns(near(DATA, GONE, 5), guards=(*guards.ALL, guards.gone_thing)),
    *patterns(
        rf"{RECORD}(?: [\w'-]+){{0,4}}? (?:is|are|was|were|been|got|being|all|just|have|has)"
        rf" (?:\w+ )?"
        rf"(?:deleted|truncated)|{RECORD} deleted(?= (?:by|after|since|from|in|when|during|without"
        rf"|over)|[.!?:]|$)",
        rf"{RECORD}(?: [\w'-]+){{0,6}}? (?:is|are|was|were|all|still|now|just) missing{_CUT}",
        rf"{DATA}{BE} missing{_CUT}|{DATA}(?: \w+){{0,3}} (?:went|gone) missing",
        rf"{RECORD} missing{_CUT}|missing (?:files|data|records|photos|messages|history|entries)",
        rf"{near(LOST, OWN, 1)}{gap(4)}{DATA}",
        rf"(?:lost|loses|losing|wiped|wipes|erases|overwrote|overwrites|destroyed|corrupted"
        rf"|corrupts|purged|truncated) (?:[a-z\d]+ ){{0,1}}{RECORD}",
        rf"{_ALL}(?: \w+){{0,4}}{BE} (?:{GONE}|deleted|missing|empty|blank)",
        rf"(?:lost|loosing|losing|wiped|deleted|erased|destroyed|lose) {_ALL}",
        rf"{DATA}[.,!? ]{{1,6}}(?:(?:all|of|them|opened|the|app|just|and|now) ){{0,3}}"
        r"[.,!? ]{0,6}(?:gone|zero|empty|poof|wiped)(?=[.,!?]|$)",
        r"lost (?:about |over |all )?\d[\d.,k]* (?:\w+ )?(?:after|in the|since|with the|during) \w+"
        r"|lost (?:\d+|an?|one|two|three|all) (?:yrs?|years?|months?|weeks?) of (?!my life"
        r"|sleep|time)\w+",
        r"(?:it|app|tv|watch|system|phone) (?:has |just |keeps |always )?(?:forgot|forgets"
        r"|forgetting) (?:all )?(?:my|our|everything)(?! (?:password|pin|login))",
        r"all gone|gone forever|wiped (?:out|clean)|(?:just|it) went poof|all lost",
        rf"(?:data|files?|database|records?|photo|message|history|progress)[ -]?"
        rf"(?:loss+|corruption|wipe)|dataloss|loss of (?:\w+ ){{0,3}}{DATA}",
        rf"(?:been|were|was|got|gets|keeps?|is|are) (?:\w+ ){{0,2}}(?:deleted|wiped|erased"
        rf"|overwritten|corrupted|purged|truncated|emptied) (?:\w+ ){{0,3}}{DATA}",
        rf"lost (?:the )?(?:last|past|today'?s|todays|yesterday'?s|this \w+'?s|\d+|about \d+|an?)"
        rf" (?:\w+ ){{0,2}}(?:{_SPAN}(?: of (?:\w+ )?(?:work|data|entries|recordings?|notes))"
        rf"|pages?|levels?|entries|lines|work|session|lesson|{DATA})",
        rf"where (?:did|have|has|are|is) (?:all )?(?:of )?(?:my|our) (?:\w+ ){{0,3}}{DATA}"
        rf"(?: (?:go|gone))?",
        r"(?:database|table|schema)s? (?:is|was|were|got|has been|have been) dropped",
        rf"(?:what happened to|what became of|who deleted|why did (?:you|your \w+|it|the \w+)"
        rf" (?:delete|remove|wipe|erase)|how could you (?:delete|wipe|erase|lose)|you deleted"
        rf"|deleted by you) (?:all )?(?:of )?(?:my|our|the)(?:{gap(3)}){DATA}",
        guards=guards.ALL,
    ),
    # The thing and what became of it, with a clause between: "the recipes I had saved were erased".
    *patterns(
        rf"{RECORD}(?: that| which)? (?:i|we|you|he|she|they|(?:my|our) \w+)(?: [\w-]+){{1,9}}?"
        rf" (?:is|are|was|were|been|got|have|has)(?: all| just| now)? (?:{GONE}|deleted|removed"
        rf"|missing{_CUT})",
        guards=guards.ALL,
    ),
    *patterns(
        rf"{RECORD}(?: [\w-]+){{1,9}} (?:have|has) been (?:lost|deleted|erased|wiped|removed"
        rf"|purged) (?:from|by|during|after|when|without)",
        r"(?:names|addresses|numbers|values|fields|texts)(?: [\w-]+){0,5} (?:are|were|is|was|got"
        r"|been) (?:destroyed|overwritten|corrupted|garbled|wiped|erased)",
        rf"none of (?:my|our|the|his|her) {RECORD} (?:are|is|were|was) (?:there|left|visible"
        rf"|saved|[oi]n it|on the (?:new )?(?:phone|card|disk|drive|laptop|tablet))|none of it"
        rf" was saved",
        r"had \d[\d.,]{0,12} [^?!]{1,60}\b(?:have|has|there are|there is|shows?|says?) (?:only "
        r"|just )?\d{1,2} (?:now|left)",
        guards=(*guards.ALL, guards.gone_thing),
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
        r"(?:lost|loses|losing|wiped|erased|overwrote|deleted|nuked|ate) (?:all |all of |half "
        r"|most of |some of )?(?:my|our|his|her|their|the whole|the entire|every)"
        r" [\w'-]+(?: [\w'-]+){0,2} ?",
        guards=(*guards.ALL, guards.no_data),
    ),
    # What should be full is empty, blank or at zero.
    *patterns(
        rf"{near(CONTAINER, _OPENS, 4)} (?:\w+ ){{0,3}}?{_EMPTY}{_CUT}",
        rf"{CONTAINER}(?: list)?[ :,.]+(?:empty|blank|missing|wiped|emptied){_CUT}",
        rf"{CONTAINER}(?: \w+){{0,4}} (?:emptied|wiped|empties) (?:itself|out|by|after)",
        rf"{DATA}{gap(4)}(?:at|to|is|are|were|have|all|now|reads?) (?:all |now )?(?:zero"
        rf"|0(?![.:\d]))",
        rf"{RECORD}{gap(5)}(?:has|have|had|says?|shows?|contains?|with|play|at) (?:only |now |just"
        rf" )?(?:0|zero|no|nothing)(?! (?:effect|longer|problem|idea"
        rf"|access))(?=[^.?]{{0,60}}\b(?:since|after"
        rf"|now|today|yesterday|was|had|were|used to|before|friday|monday|any more))",
        rf"(?:field|fields|answers|{RECORD}|it|its|everything)(?: \w+){{0,3}} (?:is|are|now|opens?"
        rf"|all)"
        rf" (?:now |all )?(?:fields )?(?:empty|blank|white)(?=[.,!?]|$| since| after| now| today|"
        rf" for every)",
        r"(?:used to (?:hold|have)|where there (?:was|were)|had \d[\d.,]*)"
        r"[^.?]{0,60}\b(?:now|today|blank|empty|only)\b",
        r"(?:had|were|was|from) [^.!?]{1,30}\b(?:now|today)(?: \w+){0,3} (?:none|nothing|0|zero"
        r"|no \w+|empty|gone|only \w+)",
        r"(?:now|suddenly) (?:i have |we have |there are |there is |it is )?(?:none|nothing|zero)"
        r" (?:left|there|of it|of them|inside|in it)|nothing (?:left|there any more|inside)",
        r"(?:only|just) (?:the |an? )?(?:\w+ )?(?:default|empty|blank)(?: \w+){0,2} "
        r"(?:left|remains?|there)",
        r"(?:history|entries|data|list|records?|curves?|notes|archive)(?: \w+){0,2} "
        r"(?:begins?|starts?|stops?|ends?) (?:only )?(?:in|on|at|with) \w+",
        r"nothing (?:before|prior to|from before) (?:\d+|january|february|march|april"
        r"|may|june|july|august|september|october|november|december|last|this)",
        guards=guards.BUT_NEGATION,
    ),
    # Thrown back to the start: games, courses, settings that were work.
    *patterns(
        r"(?:back|reset|set back|sent back|dropped back|reverted|rolled back|thrown back|starts?"
        r"|began"
        r"|started)(?: \w+){0,2} (?:at|to|on|from|in) (?:the )?(?:level (?:1|one)|rank \w+|zero"
        r"|0(?!\.)"
        r"|day (?:1|one)|square one|unit (?:1|one)|the very (?:start|beginning)|chapter (?:1|one)"
        r"|factory)",
        r"(?:progress|game|streak|score|level|course|account|profile|village)(?: \w+){0,4} "
        r"(?:reset|resets|restarted|started over|starts? over|starts? from scratch|like new)",
        r"(?:am|is|at|as|are) (?:now |back |again )*(?:at |on |to )?(?:level|lvl|rank) ?(?:1|one"
        r"|0)",
        r"(?:my|our|all|custom)(?: [\w-]+){0,5} (?:went|gone|set|reset|reverted|back) (?:back )?to "
        r"(?:the )?defaults?",
        r"level \d+ (?:yesterday|before)[^.]{0,20}level \d+ (?:today|now)",
        r"(?:i am |is |as if i was |as )?(?:a )?(?:brand )?new (?:character|player|account) (?:now"
        r"|again)",
        r"(?:account|profile|app)(?: \w+){0,3} (?:is|looks?|as) (?:like )?(?:brand )?new",
        guards=guards.ALL,
    ),
    # Deleted or overwritten by mistake, by a script, by the vendor.
    *patterns(
        rf"(?:deleted?|erased?|wiped|removed|overwr\w+|dropped|cleared|formatted|emptied|drop)"
        rf"{gap(5)}{ACCIDENT}",
        rf"{ACCIDENT}{gap(4)}(?:deleted?|erased?|wiped?|overwr\w+|emptied|formatted|cleared"
        rf"|purged|truncated|reformatted)",
        rf"{CHANGE}(?: \w+){{0,4}} (?:wiped|deleted|erased|emptied|overwrote|destroyed|lost|ate"
        rf"|swallowed|zeroed|left behind|truncated|kept the empty)",
        rf"(?:dropped|truncated|formatted|nuked|rm -rf|drop table) {OWN} (?:\w+ ){{0,3}}{DATA}",
        r"(?:worker|colleague|intern|someone|somebody|assistant|wife|husband|son|daughter|kid|child"
        r"|temp|trainee|employee|technician|contractor|nobody|admin|cat)(?: has| had| have| just)* "
        r"(?:deleted|overwr\w+|emptied|wiped|formatted|erased) (?:the|my|our|all|his|her|half"
        r"|every)",
        r"(?:phone|disk|laptop|pc|computer|tablet|server|drive|it)(?: \w+){0,3} (?:been|was|got"
        r"|came back) (?:wiped|formatted|erased|factory reset)",
        r"(?<!is )(?<!are )overwritten (?:with|by)",
        rf"(?:saved?|saving|wrote|writ\w+|copied|pasted|restored|synced|imported|recorded) "
        rf"(?:\w+ ){{0,5}}over (?:\w+ ){{0,3}}(?:{DATA}|originals?|it|them|mine|ours|\w+ plan"
        rf"|plan)",
        rf"overwr\w+(?: \w+){{0,8}} (?:{DATA}|originals?)",
        rf"(?:{DATA}|originals?)(?: [\w-]+){{0,8}} (?:overwr\w+|replaced (?:\w+ ){{0,5}}?(?:by"
        rf"|with) (?:the |an? )?(?:old\w*|earlier|empty|blank|agenda|server|previous|wrong|other))",
        guards=guards.ALL,
    ),
    *patterns(
        rf"(?:{LOST}|gone|missing|emptied|disappeared|vanished) (?:in|after|during|by|with|since"
        rf"|due to|when) (?:\w+ ){{0,3}}{CHANGE}",
        rf"(?:eaten|ate|swallowed) (?:all |half )?(?:of )?(?:my|our|every) (?:\w+ )?{RECORD}",
        r"(?:purged|removed|deleted|wiped|terminated|dropped|destroyed) (?:our|my) (?:whole "
        r"|entire )?(?:\w+ )?(?:instance|tenant|workspace|site|environment|cluster|production)"
        r"|you (?:removed|deleted|dropped|wiped) (?:the )?(?:wrong|production)",
        rf"{RECORD}(?: [\w'-]+){{0,4}} (?:got|gets?|was|were|been) (?:eaten|swallowed|nuked"
        rf"|trashed|wrecked)(?: up)? by",
        rf"{RECORD}(?: [\w-]+){{0,8}} (?:was|were|been|got) removed (?:when|after|by|during|in an?"
        rf"|in the|without|overnight)",
        r"(?<![\d.,])\d[\d.,]{0,12} (?:objects|rows|records|files|entries|messages|items)"
        r" (?:(?:were |was )?(?:discarded|lost)|(?:were|was) (?:dropped|deleted|purged))",
        r"dropped the (?:\w+ )?(?:table|database|schema)",
        r"(?:replaced|overwrote|filled) (?:every|all|each|our|my|the) (?:[\w-]+ ){0,4}(?:with|by)"
        r" ['\"]?(?:null|nothing|blanks?|zero(?:e?s)?|empty|n/a|garbage|rubbish)",
        guards=(*guards.ALL, guards.no_data_before),
    ),
    # Told by numbers, and by what used to be there.
    *patterns(
        rf"{CONTAINER}\W{{1,3}}(?:0|zero) (?:files|items|entries|records|documents|messages"
        rf"|photos|rows)",
        r"(?:only|just) \d[\d.,]{0,12}[^!?]{0,80}\b(?:used to be|it was|we had|i had|it had|there"
        r" were) (?:about |over |around |almost )?\d[\d.,]*",
        rf"(?:has|have|shows?|contains?) (?:no|zero|0) (?:cards|{RECORD})[^?]{{0,40}}\b(?:it|they"
        rf"|there|we|i) (?:had|used to|were|was) (?:\w+ ){{0,3}}(?:hundreds?|thousands?|dozens?"
        rf"|\d)",
        r"(?:found|see|have|just|left with|only|shows) (?:only )?(?:an? )?(?:empty|blank) (?:folder"
        r"|library|mailbox|inbox|calendar|album|history|database|directory|archive|gallery"
        r"|notebook|playlist)s?(?! icon)",
        rf"{RECORD}(?: [\w'-]+){{0,8}} (?:can not|could not|can no longer|will not) be (?:recovered"
        rf"|restored|retrieved|brought back|undone)|{RECORD}(?: \w+){{0,3}} (?:is|are) not coming"
        rf" back|beyond recovery",
        r"(?:have|has|with|is|there is) no (?:other )?cop(?:y|ies)\b(?! (?:of|button|function"
        r"|option))",
        r"(?:replaced|turned|changed)(?: \w+){0,2} (?:by|with|to|into) (?:question marks|#?ref\b"
        r"|#value|null\b|zeros|gibberish)",
        r"(?:delete|update|truncate)(?: from| table)? \w+(?: [\w-]+){0,6} without (?:an? |the )?"
        r"where",
        r"nothing (?:written|entered|saved|added|created|recorded) since",
        r"now (?:says?|reads?|shows?)\W+you have no \w+ yet",
        rf"none of (?:the|my|our|his|her|their|these) {RECORD}(?: \w+)? (?:can|could) be (?:read"
        rf"|opened)",
        rf"{RECORD}(?: [\w'-]+){{0,6}} (?:did not|never) (?:come over|carry over"
        rf"|make it over|move over|migrate)",
        guards=(*guards.BUT_NEGATION, guards.no_data_before),
    ),
    # Damaged: it is there and cannot be read.
    *patterns(
        either(RECORD, _HARMED, 6),
        r"(?:unable|not able|can not|could not|will not|impossible) (?:to )?(?:open|read)"
        r"(?:\w+ ){0,4}[^.]{0,40}(?:corrupt\w*|damaged)",
        r"(?:opens?|plays?|contains?|turned into)(?: \w+){0,6} (?:question marks|squares|hiss"
        r"|gibberish|placeholders|zeros)",
        guards=guards.BUT_NEGATION,
    ),
    # Not there (any more), not saved, no copy.
    *patterns(
        near(RECORD, ABSENT, 7),
        r"(?<!i am )(?:is |are |was |were )?not (?:there|in|under|on|anywhere|kept|saved|stored)"
        r"(?: (?!office|contract)\w+){0,4}? any more",
        rf"{RECORD}(?: [\w-]+){{0,7}} nowhere|nowhere to be (?:found|seen)",
        r"permanent errors|consistency check failed|object not found",
        rf"(?:can not|could not|unable to|not able to) (?:find|see|open|locate) (?:any of )?{OWN} "
        rf"(?:\w+ ){{0,4}}{DATA}(?: \w+){{0,2}} (?:any ?more|any ?where)",
        r"(?:backups?|snapshots?|restores?|copy|copies)(?: \w+){0,4} (?:unreadable|unusable|blank"
        r"|empty|also gone|useless|gone too|corrupt\w*|overwritten)",
        r"no (?:usable |other |working |good |recoverable )?(?:copy|copies|backups?|snapshots?"
        r"|replica)(?: \w+){0,3} (?:left|exists?|found|anywhere|either|to restore|available)",
        r"(?:links?|files?|pointers) (?:\w+ ){0,4}(?:point to nothing|to nothing|object not found)",
        r"media (?:not found|no longer) on(?: the)? server",
        rf"{DATA}(?: \w+){{0,4}} (?:never|not) (?:saved|stored|written|persisted|backed up)",
        guards=guards.BUT_NEGATION,
    ),
    # A plea to bring the own data back.
    *patterns(
        rf"(?<!thanks for )(?<!thank you for )(?<!well done your )"
        rf"{RECOVER} (?:all (?:of )?)?(?:my|our|his|her|the lost|the deleted|lost|deleted"
        rf"|the missing|missing) (?:\w+ ){{0,3}}{DATA}",
        rf"(?:bring|get|give|want|have|restore)(?: \w+){{0,2}} (?:my|our)(?:{gap(4)}){DATA} back",
        rf"please (?:recover|restore) (?:\w+ ){{0,4}}(?:{RECORD}|it|them)\b|please recover (?:from"
        rf"|audit)",
        r"can (?:it|they|this|that) be (?:restored|recovered|brought back|undeleted)",
        r"(?:is there |any )(?:a |any )?(?:way|chance) (?:to |of )(?:get|recover|restor|retriev"
        r"|bring)\w*(?: \w+){0,4}(?: back)?",
        guards=guards.ALL,
    ),
)
