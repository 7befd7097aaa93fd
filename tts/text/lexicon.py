"""Words to phones: the entries of a pronouncing dictionary, words derived from them, and what the user adds."""

import gzip
import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

Pronunciations = list[list[str]]  # each a list of phones
Listed = Callable[[str], Pronunciations]


class Lines(Mapping[str, list[str]]):
    """Pronunciations by word, from lines of a word and its phones, alternatives as `word(2)`.

    A word is looked for by halving the lines when it is first asked for, so that a program starts sooner.
    """

    def __init__(self, lines: list[str], known: dict[str, list[str]]):
        """`known` are words that the lines lack or have otherwise. Those that are found join them."""
        self.lines, self.known = lines, known
        self.sorted = sorted(lines)

    def __getitem__(self, word: str) -> list[str]:
        return self.known.get(word) or self._found(word)

    def __iter__(self) -> Iterator[str]:
        words = (line.partition(" ")[0].partition("(")[0] for line in self.lines)
        return iter({**dict.fromkeys(words), **dict.fromkeys(self.known)})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _found(self, word: str) -> list[str]:
        found: list[str] = []
        begin = f"{word} "
        while (place := bisect_left(self.sorted, begin)) < len(self.sorted) and self.sorted[place].startswith(begin):
            found.append(self.sorted[place].removeprefix(begin))
            begin = f"{word}({len(found) + 1}) "
        if not found:
            raise KeyError(word)
        self.known[word] = found
        return found


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """Pronunciations by word, in any case of letters."""

    name: str
    fingerprint: str  # of the data that ships, without the user's additions
    entries: Mapping[str, list[str]]  # word -> pronunciations, each with spaces between its phones
    additions: Mapping[str, list[str]]  # the user's; they come first
    derive: Callable[[str, Listed], Pronunciations]  # a word that is not listed, from words that are

    @classmethod
    def read(
        cls,
        path: Path,
        *,
        preferred: Mapping[str, int],
        own: Mapping[str, str],
        derive: Callable[[str, Listed], Pronunciations],
    ) -> "Lexicon":
        """From a `.txt.gz` file: a word and its phones per line, alternatives as `word(2)`.

        `preferred` is the place, counted from 1, of the alternative to use where it is not the first. `own` are the
        phones of words that the file lacks or has wrongly; the fingerprint is not theirs.
        """
        data = gzip.decompress(path.read_bytes())
        entries = Lines(data.decode("utf-8").splitlines(), {})
        for word, place in preferred.items():
            if len(found := entries.get(word, [])) >= place:
                found.insert(0, found.pop(place - 1))
        entries.known.update({word: [phones] for word, phones in own.items()})
        fingerprint = hashlib.sha256(data + repr(preferred).encode()).hexdigest()[:16]
        name = path.name.removesuffix(".txt.gz")
        return cls(name=name, fingerprint=fingerprint, entries=entries, additions={}, derive=derive)

    def with_words(self, words: Mapping[str, str]) -> "Lexicon":
        """The same lexicon with the user's own words, e.g. {"Triforce": "T R AY1 F AO2 R S"}."""
        additions = {word.lower(): [" ".join(phones.split())] for word, phones in words.items()}
        return replace(self, additions={**self.additions, **additions})

    def __contains__(self, word: str) -> bool:
        return bool(self.pronunciations(word))

    def phones(self, word: str) -> list[str] | None:
        """The first pronunciation, or None for an unknown word."""
        found = self.pronunciations(word)
        return found[0] if found else None

    def pronunciations(self, word: str) -> Pronunciations:
        """Every pronunciation of a word, likeliest first; none if it is unknown."""
        word = word.lower()
        return self._listed(word) or self.derive(word, self._listed)

    def _listed(self, word: str) -> Pronunciations:
        return [phones.split() for phones in self.additions.get(word) or self.entries.get(word, ())]
