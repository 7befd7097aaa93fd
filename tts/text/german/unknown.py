"""How a word that the lexicon lacks and cannot derive is said: by letters, in parts, or as a model reads it."""

import re
from functools import lru_cache

from tts.text.german import g2p
from tts.text.german.derivation import FEW, joined
from tts.text.german.lexicon import wiktionary
from tts.text.german.phones import STRESSED

VOWELS = "aeiouyäöü"
LONGEST = 200  # letters; what is longer is no word, and is said letter by letter
PART = 5  # letters, at least, of a known part of a compound whose other part is unknown


def guess(word: str) -> list[str]:
    """Phones of a folded word that the lexicon lacks; none if it has no letter of German."""
    if len(word) > LONGEST:
        word = _with_runs(word, 2)
    return list(_guess(word)) if len(word) <= LONGEST else _spelt(word)


@lru_cache(maxsize=10_000)
def _guess(word: str) -> tuple[str, ...]:
    phones = _lengthened(word) or _repeated(word) or _contracted(word)
    if not phones and not any(letter in VOWELS for letter in word):
        phones = _spelt(word)
    return tuple(phones or _half_known(word) or g2p.reader().phones(word))


def _with_runs(word: str, size: int) -> str:
    """The word with `size` letters in place of three or more."""
    return re.sub(r"(.)\1{2,}", lambda match: match[1] * size, word)


def _lengthened(word: str) -> list[str]:
    """Neeeein, jaaa, psssst: the word without the letters that lengthen it."""
    twice = _with_runs(word, 2)
    if word == twice:
        return []
    known = [phones for form in (_with_runs(word, 1), twice) if (phones := wiktionary().phones(form))]
    return known[0] if known else guess(twice)


def _repeated(word: str) -> list[str]:
    """Hahaha."""
    found = re.fullmatch(r"([a-zäöü]{2,3}?)\1+", word)
    phones = wiktionary().phones(found[1]) if found else None
    return (phones or []) * (len(word) // len(found[1])) if found else []


def _contracted(word: str) -> list[str]:
    """Andrea's, geht's, 'n: a known word and what its apostrophe leaves."""
    stem, apostrophe, ending = word.partition("'")
    if not apostrophe:
        return []
    phones = (wiktionary().phones(stem) or guess(stem)) if stem else []
    after = {"s": ["S"], "n": ["AX", "N"], "m": ["AX", "M"], "ne": ["N", "AX"], "nen": ["N", "AX", "N"]}.get(ending)
    if after is None:
        after = (wiktionary().phones(ending) or guess(ending)) if ending else []
    if ending == "s" and phones[-1:] == ["S"]:
        after = []
    return [*phones, *after]


def _half_known(word: str) -> list[str]:
    """A compound with one known part: the longest one at either end, if the rest looks like a word."""
    if len(word) < 2 * PART:
        return []
    for size in range(len(word) - FEW, PART - 1, -1):
        for first, last in ((word[:size], word[size:]), (word[:-size], word[-size:])):
            known = first if len(first) == size else last
            if not (any(v in first for v in VOWELS) and any(v in last for v in VOWELS)) or not _listed(known):
                continue
            before = _listed(first) or g2p.reader().phones(first)
            after = _listed(last) or g2p.reader().phones(last)
            if before and after and any(phone.rstrip("012") in STRESSED for phone in before):
                return joined(before, [], after)
    return []


def _listed(word: str) -> list[str] | None:
    found = wiktionary().entries.get(word)
    return found[0].split() if found and len(word) >= PART else None


def _spelt(word: str) -> list[str]:
    """xkcd: the names of the letters."""
    return [phone for letter in word if letter in g2p.ALPHABET[1:] for phone in wiktionary().phones(letter) or ()]
