"""English, as `tts.text.language` hands it out: how it is normalised, split and pronounced."""

from collections.abc import Mapping

from tts.text.characters import plain
from tts.text.english.lexicon import cmudict
from tts.text.english.normaliser import normalise
from tts.text.english.stops import FULL_STOPS, JOINTS
from tts.text.language import Language


def fold(word: str) -> str:
    """A word in CMUdict's alphabet: small letters without accents."""
    return plain(word).lower()


def choose(text: str) -> Mapping[int, str]:
    """`Language.choose`. Whatever needs NumPy is imported when it is first asked."""
    from tts.text.english import homographs

    return homographs.choose(text)


def guess(word: str) -> list[str]:
    """`Language.guess`."""
    from tts.text.english import unknown

    return unknown.guess(word)


ENGLISH = Language(
    name="english",
    code="en",
    normalise=normalise,
    fold=fold,
    abbreviations=FULL_STOPS,
    joints=JOINTS,
    note="Footnote:",
    by="by",
    read_lexicon=cmudict,
    choose=choose,
    guess=guess,
)
