"""German, as `tts.text.language` hands it out: how it is normalised, split and pronounced."""

from collections.abc import Mapping

from tts.text.german.fold import fold
from tts.text.german.lexicon import wiktionary
from tts.text.german.normaliser import normalise
from tts.text.german.phones import NEAREST
from tts.text.german.stops import FULL_STOPS, JOINTS
from tts.text.language import Language


def choose(text: str) -> Mapping[int, str]:
    """`Language.choose`."""
    from tts.text.german import nouns

    return nouns.choose(text)


def guess(word: str) -> list[str]:
    """`Language.guess`. What needs NumPy is imported when it is first asked."""
    from tts.text.german import unknown

    return unknown.guess(word)


GERMAN = Language(
    name="german",
    code="de",
    normalise=normalise,
    fold=fold,
    abbreviations=FULL_STOPS,
    joints=JOINTS,
    note="Fußnote:",
    by="von",
    read_lexicon=wiktionary,
    choose=choose,
    guess=guess,
    nearest=NEAREST,
)
