"""Where English sentences end, by the words before and after a full stop, and where long ones may be cut."""

from tts.text.english.abbreviations import (
    ENDINGS,
    INNER,
    NEWS_STATES,
    NUMBERED,
    NUMBERED_WORDS,
    OPENERS,
    TITLES,
    YEAR_MARKS,
)
from tts.text.english.acronyms import LABELS
from tts.text.english.dates import CASED_MONTHS, SHORT_DAYS, SHORT_MONTHS
from tts.text.english.money import SPENT
from tts.text.english.numbers import COUNTING
from tts.text.english.numerals import NUMBERED_PARTS
from tts.text.english.telephones import CALLED
from tts.text.english.units import DOTTED
from tts.text.english.verses import SHORT_BOOKS
from tts.text.rules import words_of
from tts.text.sentences import Abbreviations, Joints

# Their full stop never ends a sentence, though no rule reads them with it: Rt. Hon., Roe v. Wade, 5 deg. C.
ALWAYS_INNER = ("Rt", "Rte", "v", "vs", "deg", "MR", "MRS", "MS", "DR", "PROF", "REV", "CAPT", "INT", "EXT")
# Before a series or a year: 45 F. Supp. 2d 100 (9th Cir. 1993).
CITED = ("Supp", "Cir")
# After these a capital always begins a sentence. The states among them are words too.
CAPITAL_ENDS = words_of("etc Mass Ill Kan Md Mont")
# Names that end in an exclamation mark.
EXCLAIMING = words_of("Yahoo Jeopardy Oklahoma Airplane Oliver Chips Joomla Yum Westward Mia Wham")
SAYING = words_of(
    "said says asked cried replied answered shouted whispered called yelled exclaimed repeated demanded added muttered "
    "murmured screamed began continued"
)
CLAUSE_WORDS = words_of(
    "and but or nor because although though while when whenever where wherever which who whom whose that if unless "
    "until till before after since whether whereas"
)
LEANING_WORDS = words_of(
    "a an the of to in on at by for with from into onto upon over under as than no not very so too more most my your "
    "his her its our their this these those some any each every is are was were be been being has have had will would "
    "shall should can could may might must do does did I he she we they it about between through against without"
)

FULL_STOPS = Abbreviations(
    inner=frozenset({*TITLES, *INNER, *ALWAYS_INNER}),
    numbered=frozenset(
        {
            *NUMBERED,
            *YEAR_MARKS,
            *SHORT_MONTHS,
            *CASED_MONTHS,
            *SHORT_DAYS,
            *SHORT_BOOKS,
            *CALLED,
            *SPENT,
            *DOTTED,
            *CITED,
        }
    ),
    words=frozenset({*NUMBERED_WORDS, *SHORT_BOOKS, *DOTTED, "Sat", "Sun", "Mar"}),
    ending=frozenset({*ENDINGS, *NEWS_STATES, "St"}) - CAPITAL_ENDS,
    letters=frozenset({"I"}),
    labels=LABELS | NUMBERED_PARTS,
    saying=SAYING,
    exclaiming=EXCLAIMING,
    openers=OPENERS,
)
JOINTS = Joints(before=CLAUSE_WORDS, leaning=LEANING_WORDS, counting=COUNTING)
