"""Where German sentences end, by the words before and after a full stop, and where long ones may be cut."""

from tts.text.german.abbreviations import ENDING, INNER, MONTHS_SHORT, OPENERS, TITLES
from tts.text.german.numbers import COUNTING
from tts.text.german.quantities import counts
from tts.text.rules import words_of
from tts.text.sentences import Abbreviations, Joints


def _last(written: str) -> str:
    """The last word of an abbreviation without its stop, as it stands before the space: B of z. B., z.B of z.B."""
    return written.rstrip(".")


def _forms(table: dict[str, str]) -> set[str]:
    """Abbreviations of one part, and those of several with spaces, in part, or without."""
    found = set()
    for written in table:
        parts = written.split()
        found |= {_last(part) for part in parts} | {_last("".join(parts))}
    return found


def goes_on(before: str, word: str, following: str) -> bool:
    """After an ordinal, and between a street and its number."""
    return counts(before, word, following) or (word.lower().endswith("str") and following[:1].isdigit())


ENDINGS = {_last("".join(written.split())) for written in ENDING} | {_last(written.split()[-1]) for written in ENDING}
# Words without which numbers follow, and that are other words, too.
ALSO_WORDS = words_of("Dir Gen Ing Mag Red")  # Ich danke Dir. Er kommt.
NUMBERED = words_of("Nr Nrn Bd Kap Abb Tab Abs Art Ziff S Tel Std Min Sek Jg Aufl No Zi")
CLAUSE_WORDS = words_of(
    "und aber oder denn sondern doch dass daß weil wenn als ob obwohl während nachdem bevor bis damit sodass falls "
    "sobald der die das den dem dessen deren wer wo wie was warum weshalb wobei wodurch womit worauf sowie"
)
LEANING_WORDS = words_of(
    "der die das den dem des ein eine einen einem einer eines im in am an auf aus bei beim mit nach von vom vor zu "
    "zum zur für gegen ohne um unter über durch seit sehr so zu nicht kein keine mein dein sein ihr unser euer ich "
    "du er sie es wir man ist sind war waren wird werden wurde hat haben hatte kann soll muss will"
)
SAYING = words_of(
    "sagte sagt fragte fragt rief ruft antwortete erwiderte flüsterte schrie meinte murmelte entgegnete bemerkte "
    "erklärte begann versetzte brummte dachte"
)
FULL_STOPS = Abbreviations(
    inner=frozenset((_forms(INNER) | _forms(TITLES)) - ENDINGS - NUMBERED - ALSO_WORDS - {"A", "D", "O", "Z"})
    | {"Chr"} - ENDINGS,
    numbered=frozenset({*NUMBERED, *(month.rstrip(".") for month in MONTHS_SHORT)}),
    words=frozenset({"Art", "No", "Sek"}),
    ending=frozenset(ENDINGS | ALSO_WORDS),
    letters=frozenset(),
    labels=words_of(
        "plan punkt teil klasse gruppe typ buchstabe vitamin variante antwort zone block saal halle linie tor"
    ),
    saying=SAYING,
    exclaiming=words_of("Yahoo Jeopardy"),
    openers=OPENERS,
    goes_on=goes_on,
)
JOINTS = Joints(before=CLAUSE_WORDS, leaning=LEANING_WORDS, counting=COUNTING)
