"""Words to phones: a pronouncing dictionary, a few rules for endings, and what the user adds.

The dictionary that ships is CMUdict (Carnegie Mellon University, BSD; licence in `cmudict.LICENSE.txt`): 126 thousand
words of American English in ARPAbet, the digit after a vowel being its stress (0 none, 1 primary, 2 secondary).
Another language is another file `<name>.txt.gz` beside it: a word and its phones per line, alternatives as `word(2)`.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
# ARPAbet as CMUdict uses it, stress digits aside.
VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}
CONSONANTS = {
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N"),
    *("NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
}
PHONES = VOWELS | CONSONANTS
SIBILANT = {"S", "Z", "SH", "ZH", "CH", "JH"}
VOICELESS = {"P", "T", "K", "F", "TH"}
STOPS = {"T", "D"}
# Endings spelled with an apostrophe, beside 's and 'd whose sound depends on the word.
CONTRACTED = {"'ll": ["AH0", "L"], "'ve": ["AH0", "V"], "'re": ["ER0"], "'m": ["AH0", "M"]}
# Where the dictionary's first entry is the rarer word in running text.
PREFERRED = {"live": 2, "read": 2, "use": 2, "wind": 2, "lead": 2, "tears": 2, "record": 2, "subject": 2, "wound": 2}


class Lexicon:
    """Pronunciations by word, case-insensitive. `fingerprint` names the exact data, without the user's additions."""

    def __init__(self, entries: Mapping[str, list[str]], fingerprint: str, additions: Mapping[str, list[str]]):
        self.entries = entries  # word -> pronunciations, each phones joined by spaces
        self.fingerprint = fingerprint
        self.additions = additions

    @classmethod
    def load(cls, name: str) -> "Lexicon":
        """The lexicon that ships under `name`; read once per process."""
        return _load(name)

    def with_words(self, words: Mapping[str, str]) -> "Lexicon":
        """The same lexicon with the user's own words, e.g. {"Triforce": "T R AY1 F AO2 R S"}; they come first."""
        additions = {word.lower(): [" ".join(phones.split())] for word, phones in words.items()}
        return Lexicon(self.entries, self.fingerprint, {**self.additions, **additions})

    def __contains__(self, word: str) -> bool:
        return bool(self.pronunciations(word))

    def phones(self, word: str) -> list[str] | None:
        """The first pronunciation, or None for an unknown word."""
        found = self.pronunciations(word)
        return found[0] if found else None

    def pronunciations(self, word: str) -> list[list[str]]:
        """Every pronunciation of a word, likeliest first; none if it is unknown."""
        word = word.lower()
        found = self._listed(word)
        return found if found else self._by_ending(word)

    def _listed(self, word: str) -> list[list[str]]:
        return [phones.split() for phones in self.additions.get(word) or self.entries.get(word, ())]

    def _by_ending(self, word: str) -> list[list[str]]:
        for ending, phones in CONTRACTED.items():
            if word.endswith(ending):
                return [[*stem, *phones] for stem in self._listed(word[: -len(ending)])]
        if word.endswith("'s"):
            return [plural(stem) for stem in self._listed(word[:-2])]
        if word.endswith("'d"):
            return [past(stem) for stem in self._listed(word[:-2])]
        if word.endswith("'"):
            return self._listed(word[:-1])  # the dogs' kennel; doin'
        if len(word) > 3 and word.endswith("s") and word[-2] not in "s'":
            return [plural(stem) for stem in self._listed(word[:-1])]
        return []


def plural(stem: list[str]) -> list[str]:
    """Stem and its s: cats, dogs, horses."""
    if stem[-1] in SIBILANT:
        return [*stem, "IH0", "Z"]
    return [*stem, "S" if stem[-1] in VOICELESS else "Z"]


def past(stem: list[str]) -> list[str]:
    """Stem and a contracted 'd: they'd, it'd."""
    return [*stem, "IH0", "D"] if stem[-1] in STOPS else [*stem, "D"]


@lru_cache(maxsize=4)
def _load(name: str) -> Lexicon:
    path = FOLDER / f"{name}.txt.gz"
    if not name.replace("_", "").isalnum() or not path.is_file():
        known = ", ".join(sorted(p.name[: -len(".txt.gz")] for p in FOLDER.glob("*.txt.gz")))
        raise ValueError(f"no lexicon {name!r}; known are {known} (a new one is {FOLDER}/<name>.txt.gz)")
    data = gzip.decompress(path.read_bytes())
    entries: dict[str, list[str]] = {}
    for line in data.decode("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        entries.setdefault(word.partition("(")[0], []).append(phones)
    for word, place in PREFERRED.items():
        if len(entries.get(word, ())) >= place:
            entries[word].insert(0, entries[word].pop(place - 1))
    return Lexicon(entries, hashlib.sha256(data + repr(PREFERRED).encode()).hexdigest()[:16], {})
