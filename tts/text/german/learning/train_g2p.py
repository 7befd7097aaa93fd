"""Trains `g2p.npz` on frequent words: `python -m tts.text.german.learning.train_g2p -o NEW.npz`, ten minutes of a core.

`--judge FILE` says how many held-out words a trained net reads rightly, and how long it takes. Their pronunciations are
those of the German Wiktionary, in `dictionary.py`.
"""

from collections.abc import Iterator
from functools import lru_cache

from tts.cli import exit_code, run_as_program
from tts.text.german.g2p import ALPHABET
from tts.text.german.learning.dictionary import bands, folded
from tts.text.learning.train_g2p import Dictionary, command

LONGEST = 13  # letters of a word of the training; longer ones are mostly compounds of shorter ones
ENDINGS = "e en em er es n s st t te ten tet test end ende in innen ung ungen lich ig isch heit keit erin".split()


@lru_cache(maxsize=1)
def dictionary() -> Dictionary:
    """Frequent words in their usual pronunciation, without those that are said by their letters."""
    frequent = bands()
    words = {
        word: read[:1]
        for word, read in folded(lambda word: word.replace("ß", "ss") in frequent).items()
        if len(word) > 1
        and set(word) <= set(ALPHABET)
        and any(letter in word for letter in "aeiouyäöü")
        and len(read[0]) <= 2 * len(word)
    }
    return Dictionary(alphabet=ALPHABET, words=words, stems=stems, longest=LONGEST)


def stems(word: str) -> Iterator[str]:
    """Spellings of the words from which a word may be derived."""
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2:
            yield from (stem, stem + "e", stem + "en")
    if word.startswith("ge") and len(word) > 5:
        yield from (word[2:], word[2:] + "en")


def main(arguments: list[str] | None = None) -> None:
    command("python -m tts.text.german.learning.train_g2p", dictionary, arguments)


if __name__ == "__main__":
    run_as_program(lambda: exit_code("train_g2p", main))
