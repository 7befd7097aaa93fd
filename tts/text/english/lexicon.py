"""CMUdict (Carnegie Mellon University, BSD; licence in `cmudict.LICENSE.txt`), and rules for endings it does not list.

It holds 126 thousand words of American English in ARPAbet. The digit after a vowel is its stress: 0 none, 1 primary,
2 secondary.
"""

from functools import lru_cache
from pathlib import Path

from tts.text.lexicon import Lexicon, Listed, Pronunciations

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
# Endings with an apostrophe whose sound does not depend on the word, as that of 's and 'd does.
CONTRACTED = {"'ll": ["AH0", "L"], "'ve": ["AH0", "V"], "'re": ["ER0"], "'m": ["AH0", "M"]}
OWN = ("additions.txt", "names.txt")  # entries of our own, which go before those of the dictionary
# Where the dictionary's first entry is the rarer word in running text.
PREFERRED = {"live": 2, "read": 2, "use": 2, "wind": 2, "lead": 2, "tears": 2, "record": 2, "subject": 2, "wound": 2}


@lru_cache(maxsize=1)
def cmudict() -> Lexicon:
    """The dictionary, read once per process."""
    folder = Path(__file__).parent
    lines = [line for name in OWN for line in (folder / name).read_text(encoding="utf-8").splitlines()]
    own = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    return Lexicon.read(folder / "cmudict.txt.gz", preferred=PREFERRED, own=own, derive=with_ending)


def with_ending(word: str, listed: Listed) -> Pronunciations:
    """A word that is not listed, from its stem and its ending."""
    for ending, phones in CONTRACTED.items():
        if word.endswith(ending):
            return [[*stem, *phones] for stem in listed(word[: -len(ending)])]
    if word.endswith("'s"):
        return [plural(stem) for stem in listed(word[:-2])]
    if word.endswith("'d"):
        return [past(stem) for stem in listed(word[:-2])]
    if word.endswith("'"):
        return listed(word[:-1])  # the dogs' kennel; doin'
    if len(word) > 3 and word.endswith("s") and word[-2] not in "s'":
        return [plural(stem) for stem in listed(word[:-1])]
    return []


def plural(stem: list[str]) -> list[str]:
    """Stem and its s: cats, dogs, horses."""
    if stem[-1] in SIBILANT:
        return [*stem, "IH0", "Z"]
    return [*stem, "S" if stem[-1] in VOICELESS else "Z"]


def past(stem: list[str]) -> list[str]:
    """Stem and a contracted 'd: they'd, it'd."""
    return [*stem, "IH0", "D"] if stem[-1] in STOPS else [*stem, "D"]
