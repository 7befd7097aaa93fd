"""Trains `g2p.npz` on CMUdict: `python -m tts.text.english.learning.train_g2p -o NEW.npz`, half an hour on one core.

`--judge FILE` says how many held-out words a trained net reads rightly, and how long it takes.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from tts.cli import exit_code, run_as_program
from tts.text.english.g2p import ALPHABET, WEIGHTS
from tts.text.english.lexicon import with_ending
from tts.text.learning.train_g2p import Dictionary, bare, command
from tts.text.lexicon import Lexicon

LONGEST = 16  # letters of a word of the training
ENDINGS = (
    *("s", "es", "ed", "d", "ing", "er", "ers", "r", "ly", "est", "ness", "ingly", "edly", "able", "ment", "ments"),
    *("ings", "less", "ful", "y", "ies", "ied", "ier", "iest", "ily", "iness", "n", "en", "in"),
)


@lru_cache(maxsize=1)
def dictionary() -> Dictionary:
    """Words of CMUdict as they are read, without abbreviations, possessives, and entries with digits or signs."""
    lexicon = Lexicon.read(WEIGHTS.parent / "cmudict.txt.gz", preferred={}, own={}, derive=with_ending)
    names = {letter: bare(lexicon.phones(letter) or ()) for letter in ALPHABET[1:-1]} | {"a": ("EY",), "'": ()}
    found = {}
    for word, pronunciations in lexicon.entries.items():
        if not re.fullmatch("[a-z]+(?:'[a-z]+)*", word) or len(word) < 2 or word.endswith("'s"):
            continue
        spelt = tuple(phone for letter in word for phone in names[letter])
        read = [phones.split() for phones in pronunciations]
        read = [
            phones for phones in read if bare(phones) not in (spelt, (*spelt, "Z")) and len(phones) <= 2 * len(word)
        ]
        if read and re.search("[aeiouy]", word):
            found[word] = read
    return Dictionary(alphabet=ALPHABET, words=found, stems=stems, longest=LONGEST)


def stems(word: str) -> Iterator[str]:
    """Spellings of the words from which a word may be derived."""
    if "'" in word:
        yield from (word.replace("'", ""), word.split("'")[0])
    for ending in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 3:
            continue
        yield stem
        if ending[0] in "eai":
            yield stem + "e"
        if ending[0] == "i":
            yield stem + "y"
        if len(stem) > 3 and stem[-1] == stem[-2]:
            yield stem[:-1]


def main(arguments: list[str] | None = None) -> None:
    command("python -m tts.text.english.learning.train_g2p", dictionary, arguments)


if __name__ == "__main__":
    run_as_program(lambda: exit_code("train_g2p", main))
