"""English, as `tts.text.language` hands it out: how it is normalised, split and pronounced."""

from tts.text.characters import plain
from tts.text.english.abbreviations import ENDINGS, INNER, NUMBERED, OPENERS, TITLES
from tts.text.english.dates import SHORT_DAYS, SHORT_MONTHS
from tts.text.english.lexicon import cmudict
from tts.text.english.normaliser import normalise
from tts.text.english.unknown import guess
from tts.text.language import Language
from tts.text.sentences import Abbreviations


def fold(word: str) -> str:
    """A word in CMUdict's alphabet: small letters without accents."""
    return plain(word).lower()


ENGLISH = Language(
    name="english",
    normalise=normalise,
    fold=fold,
    abbreviations=Abbreviations(
        inner=frozenset({*TITLES, *INNER, "St"}),
        numbered=frozenset({*NUMBERED, *SHORT_MONTHS, *SHORT_DAYS}),
        words=frozenset({"no", "art", "ed", "fig", "Sat", "Sun", "Mar", "No"}),
        ending=frozenset(ENDINGS),
        letters=frozenset({"I"}),
        openers=OPENERS,
    ),
    read_lexicon=cmudict,
    guess=guess,
)
