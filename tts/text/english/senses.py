"""The pronunciations of homographs, from `homographs.tsv`; `homographs.py` chooses among them.

The file holds a sense in each line: the word, the sense, the kinds it shares weights with, and its phones. A
word with one sense is there because CMUdict lacks it or says it wrongly.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Sense(NamedTuple):
    """One of the pronunciations of a word."""

    name: str
    kinds: tuple[str, ...]  # what it shares weights with; its own name is the first
    phones: str  # with spaces


def read_senses(path: Path) -> dict[str, list[Sense]]:
    """Words and their senses, from a file like `homographs.tsv`."""
    senses: dict[str, list[Sense]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, name, kinds, phones = line.split("\t")
        senses.setdefault(word, []).append(Sense(name, (name, *kinds.split()), phones))
    return senses


@lru_cache(maxsize=1)
def senses() -> dict[str, list[Sense]]:
    """Those of `homographs.tsv`, read once per process."""
    return read_senses(Path(__file__).with_name("homographs.tsv"))


def accented() -> list[str]:
    """Words that would be others without their accents, as résumé would."""
    return [word for word in senses() if not word.isascii()]
