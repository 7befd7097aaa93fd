"""Words that the lexicon does not list, from those that it does: inflected forms, derived words, compounds.

The lexicon lacks every word that these rules read rightly; `learning/build_lexicon.py` decides which those are.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from tts.text.german.phones import VOWELS, bare
from tts.text.lexicon import Listed, Pronunciations

Phones = list[str]
Known = Callable[[str], Phones | None]
LONGEST = 50  # letters of a word that is taken apart
DEPTH = 3  # steps, each of them a compound, a prefix or an ending
SHORTEST, FEW = 3, 4  # letters of a part of a compound; of those with up to FEW only the ones in `parts.txt` are parts
LINKS = {"": [], "s": ["S"], "es": ["AX", "S"], "n": ["N"], "en": ["AX", "N"], "er": ["EX"], "e": ["AX"]}
# Said otherwise as the last part of a compound than alone: Heimweg, Petersburger.
AS_LAST = {"weg": ["V", "EE1", "K"], "burger": ["B", "UH1", "RH", "G", "EX"]}
ENDINGS_ALONE = re.compile("is(?:t|ch|m)[a-zäöü]{0,5}|ierend?[a-z]{0,2}")  # they look like words
# Before a stem that keeps its stress.
WEAK = {
    **{"be": ["B", "AX"], "ge": ["G", "AX"], "er": ["EH0", "EX"], "ver": ["F", "EH0", "EX"], "ent": ["EH0", "N", "T"]},
    **{"zer": ["T", "S", "EH0", "EX"]},
}
# Before a stem that loses it.
STRONG = {
    **{"un": ["UH1", "N"], "ur": ["UW1", "EX"], "ab": ["A1", "P"], "an": ["A1", "N"], "auf": ["AW1", "F"]},
    **{
        "aus": ["AW1", "S"],
        "bei": ["B", "AY1"],
        "ein": ["AY1", "N"],
        "her": ["HH", "EE1", "EX"],
        "vor": ["F", "OO1", "EX"],
    },
    **{"hin": ["HH", "IH1", "N"], "mit": ["M", "IH1", "T"], "nach": ["N", "AA1", "X"], "los": ["L", "OO1", "S"]},
    **{"weg": ["V", "EH1", "K"], "zu": ["T", "S", "UW1"], "um": ["UH1", "M"], "fort": ["F", "AO1", "RH", "T"]},
    **{
        "dar": ["D", "AA1", "EX"],
        "über": ["UE1", "B", "EX"],
        "unter": ["UH1", "N", "T", "EX"],
        "haupt": ["HH", "AW1", "P", "T"],
    },
}
# After a stem as it is said at the end of a word.
FIRM = {
    **{"lich": "L IH0 C", "heit": "HH AY2 T", "keit": "K AY2 T", "los": "L OO2 S", "bar": "B AA2 EX", "sam": "Z AA2 M"},
    **{"schaft": "SH A2 F T", "chen": "C AX N", "lein": "L AY2 N", "haft": "HH A2 F T", "nis": "N IH0 S", "s": "S"},
    **{"t": "T", "te": "T AX", "ten": "T AX N", "test": "T AX S T", "tet": "T AX T", "st": "S T", "tum": "T UW2 M"},
    **{"ste": "S T AX", "sten": "S T AX N", "ster": "S T EX", "stes": "S T AX S", "stem": "S T AX M", "n": "N"},
}
# After a stem as it is said before a vowel.
OPEN = {
    **{"e": "AX", "en": "AX N", "em": "AX M", "er": "EX", "es": "AX S", "ern": "EX N", "ers": "EX S", "et": "AX T"},
    **{
        "est": "AX S T",
        "ete": "AX T AX",
        "eten": "AX T AX N",
        "end": "AX N T",
        "ung": "UH0 NG",
        "ungen": "UH0 NG AX N",
    },
    **{"ig": "IH0 C", "isch": "IH0 SH", "in": "IH0 N", "innen": "IH0 N AX N", "ere": "AX RH AX", "eren": "AX RH AX N"},
    **{"erer": "AX RH EX", "eres": "AX RH AX S", "erem": "AX RH AX M", "este": "AX S T AX", "esten": "AX S T AX N"},
    **{
        "ende": "AX N D AX",
        "enden": "AX N D AX N",
        "ender": "AX N D EX",
        "endes": "AX N D AX S",
        "endem": "AX N D AX M",
    },
    **{
        "ester": "AX S T EX",
        "estes": "AX S T AX S",
        "estem": "AX S T AX M",
        "erin": "AX RH IH0 N",
        "erinnen": "AX RH IH0 N AX N",
    },
    **{"etes": "AX T AX S", "eter": "AX T EX", "etem": "AX T AX M", "etest": "AX T AX S T", "etet": "AX T AX T"},
}
VOICED = {("d", "T"): "D", ("b", "P"): "B", ("g", "K"): "G", ("g", "C"): "G", ("s", "S"): "Z", ("v", "F"): "V"}
VOICELESS = {"D": "T", "B": "P", "G": "K", "Z": "S", "V": "F"}


@lru_cache(maxsize=1)
def short_parts() -> frozenset[str]:
    """Words of up to `FEW` letters that are parts of compounds."""
    return frozenset(Path(__file__).with_name("parts.txt").read_text(encoding="utf-8").split())


def derive(word: str, listed: Listed) -> Pronunciations:
    """The likeliest pronunciation of a folded word, from words that are listed; none if there is no such way."""
    if not 3 < len(word) <= LONGEST or not word.isalpha():
        return []
    found = _Derivation(listed).whole(word, DEPTH)
    return [found] if found else []


class _Derivation:
    """What is found out about the parts of one word; each is asked for once."""

    def __init__(self, listed: Listed):
        self.listed = listed
        self.direct: dict[str, Phones | None] = {}
        self.derived: dict[tuple[str, int], Phones | None] = {}

    def known(self, part: str) -> Phones | None:
        if part not in self.direct:
            found = self.listed(part)
            self.direct[part] = found[0] if found else None
        return self.direct[part]

    def whole(self, word: str, depth: int) -> Phones | None:
        """What is derived in at most `depth` steps."""
        if (word, depth) not in self.derived:
            self.derived[word, depth] = self._whole(word, depth)
        return self.derived[word, depth]

    def _whole(self, word: str, depth: int) -> Phones | None:
        found = inflected(word, self.known) or compound(word, self.known, self.known) or prefixed(word, self.known)
        if found or depth < 2:
            return found

        def form(part: str) -> Phones | None:
            return self.known(part) or inflected(part, self.known)

        if found := compound(word, self.known, form):
            return found

        def deeper(part: str) -> Phones | None:
            return self.known(part) or (self.whole(part, depth - 1) if len(part) > FEW else None)

        return compound(word, self.known, deeper) or prefixed(word, deeper) or inflected(word, deeper)


def inflected(word: str, known: Known) -> Phones | None:
    """A stem and an ending: Hund-e, sag-te, Freund-lich. The longest stem is tried first."""
    for place in range(len(word) - 1, max(2, len(word) - 8), -1):
        stem, ending = word[:place], word[place:]
        if ending in OPEN:
            found = open_stem(stem, known)
            if found:
                return [*found, *OPEN[ending].split()]
        if ending in FIRM:
            found = firm_stem(stem, ending, known)
            if found:
                said = FIRM[ending].split()
                return [*found, *(said[1:] if stem[-1] == "d" and said[0] == "T" else said)]
    return None


def open_stem(stem: str, known: Known) -> Phones | None:
    """A stem before an ending that begins with a vowel: its last consonant is voiced, its r is heard."""
    if phones := known(stem):
        return before_vowel(stem, phones)
    for ending, size in (("en", 2), ("e", 1)):  # a verb's stem, from its infinitive; sonn-ig from Sonne
        phones = known(stem + ending)
        if phones and phones[-size:] == ["AX", "N"][:size]:
            return phones[:-size]
    if stem.endswith(("l", "r")) and (phones := known(f"{stem[:-1]}e{stem[-1]}")):  # dunkl-e, teur-e
        if phones[-2:] == ["AX", "L"]:
            return [*phones[:-2], "L"]
        return [*phones[:-1], "RH"] if phones[-1] == "EX" else None
    return None


def before_vowel(stem: str, phones: Phones) -> Phones | None:
    """The phones of a stem before a vowel."""
    last = phones[-1]
    if last == "EX":
        long = stem.endswith("er") and (len(phones) < 2 or bare(phones[-2]) not in VOWELS or phones[-2][-1:] == "X")
        return [*phones[:-1], *(["AX"] if long else []), "RH"]
    if stem.endswith("e") and last == "AX":
        return None
    return [*phones[:-1], VOICED.get((stem[-1], last), last) if not stem.endswith("ss") else last]


def firm_stem(stem: str, ending: str, known: Known) -> Phones | None:
    """A stem before an ending that begins with a consonant."""
    phones = known(stem)
    if phones and (ending != "n" or stem.endswith(("e", "el", "er"))):
        return phones if ending != "s" or phones[-1] not in ("S", "Z") else None
    phones = known(f"{stem}en")
    if phones and phones[-2:] == ["AX", "N"] and ending != "n":
        stem_phones = phones[:-2]
        last = stem_phones[-1]
        if last == "RH":
            vowel = len(stem_phones) > 1 and bare(stem_phones[-2]) in VOWELS
            long = vowel and bare(stem_phones[-2]) in {
                "AA",
                "EE",
                "IY",
                "OO",
                "OE",
                "UW",
                "UE",
                "AEH",
                "AY",
                "AW",
                "OY",
            }
            return [*stem_phones[:-1], "EX"] if long else stem_phones
        return [*stem_phones[:-1], VOICELESS.get(last, last)]
    return None


def prefixed(word: str, known: Known) -> Phones | None:
    """A prefix and a word: be-achten, Ver-kauf, aus-gehen, zu-sammen."""
    for table in (STRONG, WEAK):
        for size in range(5, 1, -1):
            prefix, rest = word[:size], word[size:]
            if prefix not in table or len(rest) < 3:
                continue
            phones = known(rest)
            if phones:
                weak = table is WEAK
                return [*table[prefix], *_after_border(phones if weak else weakened(phones))]
    return None


def compound(word: str, first_known: Known, last_known: Known) -> Phones | None:
    """Two words or more, the longest last part first: Haus-tür, Arbeit-s-tag, Donau-dampf-schiff-fahrt."""
    for place in range(SHORTEST, len(word) - SHORTEST + 1):
        last = word[place:]
        if not is_part(last) or ENDINGS_ALONE.fullmatch(last):
            continue
        for first, link in linked(word[:place]):
            if not (is_part(first) and (before := first_known(first))):
                continue
            after = AS_LAST.get(last) or last_known(last)
            if after and any(phone.endswith("1") for phone in before):
                return joined(before, link, after)
    return None


def linked(first: str) -> Iterator[tuple[str, Phones]]:
    """The first part of a compound, with and without what may link it to the next."""
    for letters, phones in LINKS.items():
        if first.endswith(letters) and len(first) - len(letters) >= SHORTEST:
            yield first.removesuffix(letters) if letters else first, phones


def joined(first: Phones, link: Phones, last: Phones) -> Phones:
    """The phones of a compound; its first part has the stress."""
    return [*first, *link, *_after_border(weakened(last))]


def is_part(word: str) -> bool:
    return len(word) > FEW or word in short_parts()


def weakened(phones: Phones) -> Phones:
    """With secondary stress where the primary was, and none elsewhere."""
    return [bare(phone) + {"1": "2"}.get(phone[-1], "0") if phone[-1].isdigit() else phone for phone in phones]


def _after_border(phones: Phones) -> Phones:
    """With a glottal stop before a vowel."""
    return ["Q", *phones] if bare(phones[0]) in VOWELS else phones
