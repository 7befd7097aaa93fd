"""Homographs: words that are written alike and said differently (read, live, wind), told apart by their sentence.

The score of a sense is the sum of the weights of its features, such as the words around it and their classes. A sense
shares weights with others of its kind (`nominal`, `verbal`), so a word without examples of its own is judged by what
its kind has in common. The weights are hashed into one table (Weinberger et al. 2009, arXiv 0902.2206).
`python -m tts.text.english.learning.train_homographs` trains them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np

from tts.text.characters import plain
from tts.text.english.lexicon import plural
from tts.text.english.senses import Sense, senses

BESIDE = Path(__file__).parent
# A word, a number, a mark or inline phones. An apostrophe after a final s belongs to the word: the dogs' use.
TOKEN = re.compile(r"\{[^{}]*\}|[^\W\d_]+(?:'[^\W\d_]+)*(?:(?<=s)'(?!\w))?|\d+|[^\w\s]")
SENTENCE_END = frozenset(".?!")
REACH = 14  # tokens on either side that a homograph looks at
BUCKET_BITS = 21
REMEMBERED = 4096  # places

# Coarse classes of words. A word has the first class that lists it; others have a class by their ending.
CLASSES = {
    "to": "to",
    "determiner": "a an the this that these those every each any some no another either neither such what which",
    "possessive": "my your his her its our their thy whose mine",
    "subject": "i he she we they who thou ye",
    "pronoun": "you it",
    "object": "me him us them thee himself herself itself themselves myself yourself ourselves one everything nothing "
    "something anything everyone nobody everybody somebody anybody",
    "be": "am is are was were be been being isn't aren't wasn't weren't i'm he's she's it's you're we're they're "
    "that's",
    "have": "have has had having haven't hasn't hadn't i've you've we've they've i'd he'd she'd we'd they'd you'd hath",
    "do": "do does did don't doesn't didn't doth dost",
    "modal": "will would shall should can could may might must won't wouldn't shan't shouldn't cannot can't couldn't "
    "mustn't i'll he'll she'll we'll you'll they'll it'll let let's please ought",
    "not": "not never n't",
    "and": "and or but nor",
    "wh": "when where why how while whenever as if because though although until till since before after than once",
    "preposition": "of in on at by for with from into upon over under through between against without within about "
    "across along among around behind below beneath beside beyond down during near off onto out past toward towards up",
    "adverb": "very so too now then here there just only still ever always often again quite rather almost also "
    "already yet soon more most less well much",
    "number": "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion",
    "past": "said went came saw took gave told knew thought found got left felt kept began stood ran sat heard brought "
    "sent wrote spoke held fell lay rose drew broke met paid lost led grew threw wore became bought caught chose ate "
    "drank drove rode slept sang swam taught won woke shook struck stole swore tore understood made made put built",
    "present": "say says go goes come comes see sees take takes give gives know knows think thinks find finds get gets "
    "make makes want wants like likes need needs keep keeps seem seems look looks feel feels",
}
CLASS_OF = {word: name for name, words in reversed(CLASSES.items()) for word in words.split()}
ENDINGS = ("ing", "ed", "ly", "tion", "ness", "ment", "ity", "ous", "ful", "al", "ic", "ive", "able", "er", "est", "s")
PAST_CUES = frozenset("yesterday ago last had was were did earlier previously once".split())
FUTURE_CUES = frozenset("tomorrow will shall would can could must may might let please should tonight".split())
PRESENT_CUES = frozenset("is are am do does has have don't often usually always every now today".split())
AUXILIARIES = ("be", "have", "do", "modal", "to")
CLAUSE_MARKS = frozenset(',;:—"()')
SUBJECTS = ("subject", "pronoun", "determiner", "possessive", "object")


class Place(NamedTuple):
    """A word and the tokens around it, within its sentence and at most `REACH` on either side."""

    word: str
    left: tuple[str, ...]  # the nearest first
    right: tuple[str, ...]


@dataclass(frozen=True)
class Homographs:
    """Words with several pronunciations, and the weights that choose one."""

    senses: Mapping[str, list[Sense]]
    weights: np.ndarray  # int8, 2**BUCKET_BITS

    @classmethod
    def read(cls) -> "Homographs":
        """What ships beside this file."""
        with np.load(BESIDE / "homographs.npz", allow_pickle=False) as arrays:
            return cls(senses(), arrays["weights"])

    def choose(self, text: str) -> dict[int, str]:
        """The phones of each homograph of a normalised text, by the character at which the word begins."""
        starts, tokens = tokenise(text)
        chosen: dict[int, str] = {}
        said: dict[Place, str] = {}  # so that a text that repeats itself takes less time than another
        for i, token in enumerate(tokens):
            word = token.lower().rstrip("'")
            if word not in self.senses and word.removesuffix("'s") not in self.senses:
                continue
            place = place_of(tokens, i)
            if place not in said:
                if len(said) == REMEMBERED:
                    said.clear()
                said[place] = self._phones(word, place)
            chosen[starts[i]] = said[place]
        return chosen

    def sense(self, place: Place, candidates: Sequence[Sense]) -> Sense:
        """The likeliest of the senses at a place. A name has a capital: nobody comes from nice."""
        if place.word.islower():
            candidates = [sense for sense in candidates if "name" not in sense.kinds] or candidates
        if len(candidates) == 1:
            return candidates[0]
        found = hashes(features(place))
        scores = [
            int(self.weights[buckets(found, hashes(sense.kinds)[:, None])].sum(dtype=np.int64)) for sense in candidates
        ]
        return candidates[scores.index(max(scores))]

    def _phones(self, word: str, place: Place) -> str:
        if word in self.senses:
            return self.sense(place, self.senses[word]).phones
        known = self.senses[word.removesuffix("'s")]
        nouns = [sense for sense in known if not {"verbal", "past"}.intersection(sense.kinds)]  # verbs have no 's
        return " ".join(plural(self.sense(place, nouns or known).phones.split()))


@lru_cache(maxsize=1)
def homographs() -> Homographs:
    """Senses and weights, read once per process."""
    return Homographs.read()


def choose(text: str) -> dict[int, str]:
    """The phones of each homograph of a normalised text, by the character at which the word begins."""
    return homographs().choose(text)


def tokenise(text: str) -> tuple[list[int], list[str]]:
    """Where tokens begin, and the tokens. Numbers that follow one another, in digits or words, are one token."""
    starts: list[int] = []
    tokens: list[str] = []
    after_number = False
    for match in TOKEN.finditer(text):
        number = match[0].isdigit() or CLASS_OF.get(match[0].lower()) == "number"
        if not (number and after_number):
            starts.append(match.start())
            tokens.append(match[0])
        after_number = number
    return starts, tokens


def place_of(tokens: list[str], i: int) -> Place:
    """The token of this index among its neighbours. Its sentence ends at a full stop, question or exclamation mark."""
    left: list[str] = []
    for token in reversed(tokens[max(0, i - REACH) : i]):
        if token in SENTENCE_END:
            break
        left.append(token)
    right: list[str] = []
    for token in tokens[i + 1 : i + 1 + REACH]:
        right.append(token)
        if token in SENTENCE_END:
            break
    return Place(tokens[i], tuple(left), tuple(right))


class Reduced(NamedTuple):
    """What features see of a token."""

    word: str  # small letters without accents; every number is "0"
    kind: str  # its coarse class
    case: str  # "a", "Aa", "AA", or "" for a mark


NONE = Reduced("", "", "")


@lru_cache(maxsize=1 << 16)
def _reduced(token: str) -> Reduced:
    if token[0] == "{":
        return Reduced("{}", "inline", "")
    if not token[0].isalnum():
        return Reduced(token, token, "")
    word = plain(token).lower()
    case = "AA" if len(token) > 1 and token.isupper() else "Aa" if token[0].isupper() else "a"
    if word.isdigit() or CLASS_OF.get(word) == "number":
        return Reduced("0", "number", case)
    if word in CLASS_OF:
        return Reduced(word, CLASS_OF[word], case)
    if word.endswith(("'s", "s'")):
        return Reduced(word, "'s", case)
    kind = next((ending for ending in ENDINGS if word.endswith(ending) and len(word) > len(ending) + 1), "other")
    return Reduced(word, kind, case)


def features(place: Place) -> tuple[str, ...]:
    """What a homograph is judged by: its neighbours, their classes and endings, and signs of tense in its sentence."""
    left, right = ([_reduced(token) for token in side] for side in (place.left, place.right))
    a, b, c, d = [*left[:4], *[NONE] * 4][:4]  # leftwards
    x, y, z = [*right[:3], *[NONE] * 3][:3]
    found = [
        "",  # how frequent a sense is
        *(f"w-1 {a.word}", f"w-2 {b.word}", f"w-3 {c.word}", f"w+1 {x.word}", f"w+2 {y.word}", f"w+3 {z.word}"),
        *(f"k-1 {a.kind}", f"k-2 {b.kind}", f"k-3 {c.kind}", f"k+1 {x.kind}", f"k+2 {y.kind}", f"k+3 {z.kind}"),
        *(f"w-1+1 {a.word} {x.word}", f"w-2-1 {b.word} {a.word}", f"w+1+2 {x.word} {y.word}"),
        *(f"k-1+1 {a.kind} {x.kind}", f"k-2-1 {b.kind} {a.kind}", f"k+1+2 {x.kind} {y.kind}"),
        *(f"k-3-1 {c.kind} {b.kind} {a.kind}", f"k-2+1 {b.kind} {a.kind} {x.kind}"),
        *(f"k-1+2 {a.kind} {x.kind} {y.kind}", f"k-4-1 {d.kind} {c.kind} {b.kind} {a.kind}"),
        *(f"wk-1+1 {a.word} {x.kind}", f"kw-1+1 {a.kind} {x.word}"),
    ]
    for name, token in (("-1", a), ("+1", x), ("-2", b), ("+2", y)):
        found += [f"e{name} {token.word[-3:]}", f"e{name} {token.word[-2:]}", f"c{name} {token.case}"]
    case = _reduced(place.word).case
    first = not any(token.case for token in left)
    found += [f"case {case} {first}", f"case {case} {a.kind}"]
    for name, side in (("l", left), ("r", right)):
        for token in side:
            if token.case:
                found += [f"bag {token.word}", f"bag{name} {token.word}"]
    found += [*_tense("l", left), *_tense("r", right), *_nearest(left), *_clause(left, right)]
    return tuple(dict.fromkeys(found))


def _tense(name: str, side: list[Reduced]) -> list[str]:
    """Signs of past, present and future on one side."""
    words = {token.word for token in side}
    kinds = {token.kind for token in side}
    past = bool(words & PAST_CUES or kinds & {"past", "ed"})
    present = bool(words & PRESENT_CUES or "present" in kinds)
    found = [f"tense{name} {past} {present} {bool(words & FUTURE_CUES)}"]
    if past != present:
        found.append("tense past" if past else "tense present")
    return found


def _nearest(left: list[Reduced]) -> list[str]:
    """The auxiliary verb and the subject or article that stand nearest before."""
    found = []
    for kinds in (AUXILIARIES, SUBJECTS):
        near = next(((i, token) for i, token in enumerate(left[:6]) if token.kind in kinds), None)
        found += [f"near {near[1].word}", f"near {near[1].kind} {min(near[0], 3)}"] if near else [f"near no {kinds[0]}"]
    return found


def _clause(left: list[Reduced], right: list[Reduced]) -> list[str]:
    """The nearest auxiliary verb of the clause with the subject, and with signs of tense anywhere in the sentence."""
    end = next((i for i, token in enumerate(left[:7]) if token.word in CLAUSE_MARKS), 7)
    clause = left[:end]
    auxiliary = next((token.kind for token in clause if token.kind in AUXILIARIES), "none" if clause else "first")
    near = clause[0] if clause else NONE
    subject = near.word if near.kind in SUBJECTS else "name" if near.case == "Aa" else near.kind
    words = {token.word for token in (*left, *right)}
    kinds = {token.kind for token in (*left, *right)}
    past = bool(words & PAST_CUES or kinds & {"past", "ed"})
    present = bool(words & (PRESENT_CUES | FUTURE_CUES) or "present" in kinds)
    tense = f"{past} {present}"
    found = ("", f" {subject}", f" {tense}", f" {subject} {tense}")
    return [f"clause {auxiliary}{more}" for more in found]


def hashes(names: Sequence[str]) -> np.ndarray:
    """uint32 of names."""
    return np.fromiter((crc32(name.encode()) for name in names), np.uint32, len(names))


def buckets(features: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Where in the table the weights of features stand for kinds; hashes of both, which broadcast."""
    mixed = (features ^ (kinds * np.uint32(0x9E3779B1))) * np.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> np.uint32(15))) * np.uint32(0xC2B2AE35)
    return mixed >> np.uint32(32 - BUCKET_BITS)
