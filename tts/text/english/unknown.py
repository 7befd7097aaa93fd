"""How a word that the lexicon lacks is said: spelt otherwise, in parts, by letters, or as a model reads it."""

import re
from functools import lru_cache

from tts.text.english import g2p
from tts.text.english.lexicon import cmudict, with_ending

# Words of one letter where most that are lengthened have two: goooood is good, but nooooo is no.
SINGLE = {"no", "so", "go", "do", "ho", "yo", "who", "hello", "me", "we", "he", "she", "be", "not", "yes", "long"}
REPEATED = re.compile(r"([a-z]{2,4}?)\1{2,}|(ha|he|ho)\2")  # blahblahblah, hahaha, haha
# What is spelt otherwise in America: labourer, organise, analyse, travelling, theatre, palaeontology, manoeuvre.
SPELLINGS = (
    ("(?<=[aeiouy])([a-z]{1,3})our", r"\1or"),  # but floury
    ("is(?=(?:e[drs]?|ers|ing|ations?)$)", "iz"),
    ("ys(?=(?:e[drs]?|ing)$)", "yz"),
    ("ll(?=(?:e[drs]|ers|ing|ist|ous|y)$)", "l"),
    ("tre(?=s?$)", "ter"),
    ("oeuvre(?=s?$)", "euver"),
    ("oeuvr", "euver"),
    ("[ao]e", "e"),
    ("nce", "nse"),
    ("xion", "ction"),
    ("gramme", "gram"),
    ("mould", "mold"),
    ("plough", "plow"),
)
RESPELT = 6  # letters; shorter words are names as often: Gael is no gel
# A stem that is known says more about these words than their letters do. (Of two words in one it does not.)
SUFFIXES = {
    **{"ly": "L IY0", "ness": "N AH0 S", "less": "L AH0 S", "like": "L AY2 K", "ship": "SH IH0 P", "ful": "F AH0 L"},
}
VOWELS = "aeiouy"
LONGEST = 200  # letters; what is longer is no word, and is said letter by letter


def guess(word: str) -> list[str]:
    """Phones of a folded word that the lexicon lacks; none if it has no letter of English."""
    if len(word) > LONGEST:
        word = _with_runs(word, 2)
    return list(_guess(word)) if len(word) <= LONGEST else _spelt(word)


@lru_cache(maxsize=10_000)
def _guess(word: str) -> tuple[str, ...]:
    phones = _lengthened(word) or _contracted(word) or _repeated(word) or _respelt(word) or _with_suffix(word)
    if not phones and not any(letter in VOWELS for letter in word):
        phones = _spelt(word)
    return tuple(phones or g2p.reader().phones(word))


def _lengthened(word: str) -> list[str]:
    """Nooooo, aaaah, pleeease, shhhh: the word without the letters that lengthen it."""
    once, twice = _with_runs(word, 1), _with_runs(word, 2)
    if word == twice:
        return []
    forms = [_with_runs(word, 3), twice, once]
    known = [phones for form in (forms[::-1] if once in SINGLE else forms) if (phones := cmudict().phones(form))]
    return known[0] if known else guess(twice)


def _with_runs(word: str, size: int) -> str:
    """The word with `size` letters in place of three or more."""
    return re.sub(r"(.)\1{2,}", lambda match: match[1] * size, word)


def _contracted(word: str) -> list[str]:
    """zorkian's, zorkian'll: a guessed stem and a known ending."""
    if "'" not in word:
        return []
    found = with_ending(word, lambda stem: [phones] if (phones := guess(stem)) else [])
    return found[0] if found else []


def _repeated(word: str) -> list[str]:
    found = REPEATED.fullmatch(word)
    part = found and (found[1] or found[2])
    return (cmudict().phones(part) or []) * (len(word) // len(part)) if part else []


def _respelt(word: str) -> list[str]:
    """Labourer: as the dictionary has it, laborer."""
    if len(word) < RESPELT:
        return []
    forms = (re.sub(british, american, word) for british, american in SPELLINGS)
    return next((phones for form in forms if form != word and (phones := cmudict().phones(form))), [])


def _with_suffix(word: str) -> list[str]:
    """Pitilessly: pity, less and ly."""
    for suffix, said in SUFFIXES.items():
        stem = word.removesuffix(suffix)
        if stem != word and len(stem) > 2 and (phones := _before_suffix(stem, suffix)):
            return [*phones, *said.split()]
    return []


def _before_suffix(stem: str, suffix: str) -> list[str]:
    """Hearty in heartiness and, with another last vowel, in heartily; full in fully, music in musically."""
    hearty = _known(stem[:-1] + "y") if stem.endswith("i") else []
    phones = hearty or _known(stem)
    if suffix != "ly" or not phones:
        return phones
    if hearty and phones[-1] == "IY0":
        return [*phones[:-1], "AH0"]
    return phones[: -2 if stem.endswith("ical") else -1] if phones[-1] == "L" else phones


def _known(word: str) -> list[str]:
    return cmudict().phones(word) or _respelt(word) or _with_suffix(word)


def _spelt(word: str) -> list[str]:
    """xkcd: the names of the letters."""
    names = {letter: cmudict().phones(letter) for letter in g2p.ALPHABET[1:-1]} | {"a": ["EY1"]}
    return [phone for letter in word for phone in names.get(letter, ())]
