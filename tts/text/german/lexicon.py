"""Pronunciations from the German Wiktionary (CC BY-SA 4.0, `wiktionary.LICENSE.txt`), number words, and our own.

`learning/build_lexicon.py` makes the file; words that it does not list are derived (`derivation.py`).
"""

import re
from functools import lru_cache
from pathlib import Path

from tts.text.german.derivation import derive
from tts.text.german.phones import VOWELS, bare
from tts.text.lexicon import Lexicon, Listed, Pronunciations

# The parts of number words, longest first where one begins another.
NUMBER_PARTS = (
    "sechzehn siebzehn dreizehn vierzehn fünfzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig siebzig "
    "achtzig neunzig hundert tausend und zwölf elf zehn neun acht sieben sechs fünf vier drei zwei eins ein"
).split()
NUMBER_ENDS = {
    **{"": "", "te": "T AX", "ten": "T AX N", "ter": "T EX", "tes": "T AX S", "tem": "T AX M", "ste": "S T AX"},
    **{
        "sten": "S T AX N",
        "ster": "S T EX",
        "stes": "S T AX S",
        "stem": "S T AX M",
        "stel": "S T AX L",
        "tel": "T AX L",
    },
    **{
        "er": "EX",
        "ern": "EX N",
        "ers": "EX S",
        "einhalb": "Q AY2 N HH A2 L P",
        "eine": "Q AY2 N AX",
        "mal": "M AA2 L",
    },
    **{
        "fach": "F A2 X",
        "jährig": "Y AEH2 RH IH0 C",
        "jährige": "Y AEH2 RH IH0 G AX",
        "jährigen": "Y AEH2 RH IH0 G AX N",
    },
}
ORDINALS = {"erst": "Q EE2 EX S T", "dritt": "D RH IH2 T", "siebt": "Z IY2 P T", "acht": "Q A2 X T"}
CASES = {"e": "AX", "en": "AX N", "er": "EX", "es": "AX S", "em": "AX M"}
NUMBER = re.compile(
    rf"(?P<parts>(?:{'|'.join(NUMBER_PARTS)}){{1,12}}?)(?:(?P<ordinal>{'|'.join(ORDINALS)})(?P<case>e|en|er|es|em)"
    rf"|(?P<end>{'|'.join(sorted(NUMBER_ENDS, key=len, reverse=True))}))"
)
PART = re.compile("|".join(NUMBER_PARTS))


@lru_cache(maxsize=1)
def wiktionary() -> Lexicon:
    """The lexicon, read once per process."""
    folder = Path(__file__).parent
    lines = (folder / "additions.txt").read_text(encoding="utf-8").splitlines()
    own = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return Lexicon.read(folder / "wiktionary.txt.gz", preferred={}, own=own, derive=not_listed)


def not_listed(word: str, listed: Listed) -> Pronunciations:
    """A number word, or a word from others."""
    counted = number_word(word, listed)
    return [counted] if counted else derive(word, listed)


def number_word(word: str, listed: Listed) -> list[str] | None:
    """Neunzehnhundertvierundachtzig from its parts; the last part has the primary stress, as when it is counted."""
    match = NUMBER.fullmatch(word) if len(word) <= 120 else None
    if not match:
        return None
    out: list[str] = []
    for part in PART.findall(match["parts"]):
        found = listed(part)
        if not found:
            return None
        phones = ["UH0", "N", "T"] if part == "und" else found[0]
        out += _weaker(["Q", *phones] if out and bare(phones[0]) in VOWELS else phones)
    if match["ordinal"]:
        out += [*ORDINALS[match["ordinal"]].split(), *CASES[match["case"]].split()]
    else:
        out += NUMBER_ENDS[match["end"]].split()
    strong = max((place for place, phone in enumerate(out) if phone[-1] == "2"), default=None)
    if strong is not None:
        out[strong] = out[strong][:-1] + "1"
    return out


def _weaker(phones: list[str]) -> list[str]:
    return [phone[:-1] + "2" if phone[-1] == "1" else phone for phone in phones]
