"""Makes `wiktionary.txt.gz` and `parts.txt`: `python -m tts.text.german.learning.build_lexicon`, minutes on one core.

The lexicon lists frequent words, and of the others those that `derivation.py` would read otherwise than the German
Wiktionary does. So it holds the Wiktionary's 815,000 words in a sixth of the lines, secondary stress aside.
"""

import gzip
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from tts.cli import Parser, exit_code, run_as_program
from tts.files import whole
from tts.text.german import derivation
from tts.text.german.fold import fold
from tts.text.german.g2p import ALPHABET
from tts.text.german.learning.dictionary import bands, folded, wiktionary
from tts.text.german.learning.ipa import phones

FOLDER = Path(derivation.__file__).parent
LONGEST = 24  # letters; longer words are compounds of listed ones
SHARE = 0.8  # of the compounds with a short word that are read rightly if it is their part

ENGLISH = frozenset("am as die dies e fes is like live male man per".split())  # with a capital, in titles

Table = Mapping[str, list[str]]


def usual() -> dict[str, list[str]]:
    """The usual pronunciation of every word in the letters of German."""
    letters = set(ALPHABET)
    return {word: read[0] for word, read in folded().items() if set(word) <= letters}


def nouns(table: Table) -> dict[str, list[str]]:
    """Pronunciations of words that are others with a capital: Weg, weg."""
    found = {}
    for word, ipa in wiktionary().items():
        lower = word[:1].lower() + word[1:]
        if (
            word != lower
            and word.istitle()
            and lower in wiktionary()
            and (key := fold(word)) in table
            and key not in ENGLISH
        ):
            said = phones(ipa.partition("|")[0])
            if said and _bare(said) != _bare(table[key]):
                found[key] = said
    return found


def short_parts(table: Table) -> list[str]:
    """Words of few letters that are parts of compounds, by how the compounds are said."""
    right, wrong = Counter(), Counter()
    short = {word for word in table if derivation.SHORTEST <= len(word) <= derivation.FEW}
    for word, said in table.items():
        for place in {3, 4, 5, 6, len(word) - 4, len(word) - 3} & {*range(3, len(word) - 2)}:
            last = word[place:]
            for first, link in derivation.linked(word[:place]):
                few = {first, last} & short
                if few and first in table and last in table:
                    same = _same(derivation.joined(table[first], link, table[last]), said)
                    (right if same else wrong).update(few)
    return sorted(word for word in short if right[word] > 1 and right[word] >= SHARE * (right[word] + wrong[word]))


def needed(table: Table, frequent: Mapping[str, int], tell: Callable[[str], None]) -> dict[str, list[str]]:
    """The words to list, short ones first, because longer ones are derived from them."""
    listed: dict[str, list[str]] = {}

    def known(word: str) -> list[list[str]]:
        return [listed[word]] if word in listed else []

    for count, word in enumerate(sorted(table, key=lambda word: (word not in frequent, len(word), word)), 1):
        if word in frequent or len(word) <= 4:
            listed[word] = table[word]
        elif len(word) <= LONGEST:
            found = derivation.derive(word, known)
            if not found or not _same(found[0], table[word]):
                listed[word] = table[word]
        if count % 100_000 == 0:
            tell(f"{count} of {len(table)} words, {len(listed)} listed")
    return listed


def _bare(said: list[str]) -> list[str]:
    return [phone.rstrip("012") for phone in said]


def _same(one: list[str], other: list[str]) -> bool:
    """Whether two pronunciations agree in their phones and in the place of the primary stress."""
    return _bare(one) == _bare(other) and [p[-1] == "1" for p in one] == [p[-1] == "1" for p in other]


def main(arguments: list[str] | None = None) -> None:
    parser = Parser(prog="python -m tts.text.german.learning.build_lexicon", description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--out", type=Path, default=FOLDER, help="the folder to write to")
    options = parser.parse_args(arguments)
    table = usual()
    parts = short_parts(table)
    with whole(options.out / "parts.txt") as file:
        file.write(("\n".join(parts) + "\n").encode())
    derivation.short_parts = lambda: frozenset(parts)
    listed = needed(table, bands(), lambda line: print(line, flush=True))
    lines = [f"{word} {' '.join(said)}" for word, said in listed.items()]
    lines += [f"{word}(2) {' '.join(said)}" for word, said in nouns(table).items() if word in listed]
    data = gzip.compress("\n".join(sorted(lines)).encode(), mtime=0)
    with whole(options.out / "wiktionary.txt.gz") as file:
        file.write(data)
    print(f"{len(listed)} of {len(table)} words are listed, in {len(data)} bytes; {len(parts)} short parts")


if __name__ == "__main__":
    run_as_program(lambda: exit_code("build_lexicon", main))
