"""Words to phones: the entries of a pronouncing dictionary, words derived from them, and what the user adds."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

Pronunciations = list[list[str]]  # each a list of phones
Listed = Callable[[str], Pronunciations]


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
        cls, path: Path, *, preferred: Mapping[str, int], derive: Callable[[str, Listed], Pronunciations]
    ) -> "Lexicon":
        """From a `.txt.gz` file: a word and its phones per line, alternatives as `word(2)`.

        `preferred` is the place, counted from 1, of the alternative to use where it is not the first.
        """
        data = gzip.decompress(path.read_bytes())
        entries: dict[str, list[str]] = {}
        for line in data.decode("utf-8").splitlines():
            word, _, phones = line.partition(" ")
            entries.setdefault(word.partition("(")[0], []).append(phones)
        for word, place in preferred.items():
            if len(entries.get(word, ())) >= place:
                entries[word].insert(0, entries[word].pop(place - 1))
        fingerprint = hashlib.sha256(data + repr(preferred).encode()).hexdigest()[:16]
        name = path.name.removesuffix(".txt.gz")
        return cls(name=name, fingerprint=fingerprint, entries=entries, additions={}, derive=derive)

    def extended(self, words: Mapping[str, str]) -> "Lexicon":
        """The same lexicon with words that its data lacks or has wrongly. The fingerprint stays."""
        return replace(self, entries={**self.entries, **{word: [phones] for word, phones in words.items()}})

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
