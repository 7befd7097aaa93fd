"""Is it all there, once? Counts sentences that run on, stop early, skip or repeat, by length and by ear.

Expected lengths are learned from the run itself: the median pace of the voice over all its sentences. One recogniser
hears freely, one looks for the words that were asked for; both are weak, so what they miss or find besides counts only
when it is much, or when the length is odd as well.

The limits were set on recordings of two readers. Of 201, all took .73 to 1.66 of the expected seconds, with at most one
word missing at the end, two too many, and no three words heard twice. In each of 56 all words were found, in 55 with
less than .4 s of speech besides. Cut to 80 % (65 %) of its length, 44 (53) of these 56 had no place for all the words.
With about three words of the middle said twice, 10 of 33 were heard to repeat: most repeats escape so weak an ear.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from tts.judges.wer import distance, table, words

ENDS = 4.0  # phones' worth of time that the two ends of any sentence take
MARK = 3.0  # phones' worth of time of a pause at punctuation
LONG = 2.0  # times the expected length: ran on
SHORT = 0.55  # times the expected length: stopped early
LONGISH, EXTRA = 1.3, 4  # so long, and so many words heard beyond the last
SHORTISH, MISSING = 0.85, 2  # so short, and so many words at the end not heard
SILENT = 4  # words at the end not heard, however long it took
STRAY, LONGER = 0.4, 1.1  # seconds of speech besides the words, and longer than expected at all
SKIPPED, SHORTER = 3, 0.95  # words in a row before the end not heard, and shorter than expected at all
LOST = 6  # words in a row before the end not heard, however long it took
AGAIN = 2  # words more than written, at least, if some were said twice

KINDS = ("ran on", "stopped early", "skips", "repeats")


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A sentence as it was asked for, how long it took, and what was heard."""

    text: str
    seconds: float
    heard: str
    whole: bool  # all words were found
    stray: float  # seconds of speech besides the words
    fault: str | None  # what the pipeline itself found wrong with it
    attempts: int
    spelt: str | None = None  # the text as the recogniser spells, where that is not in words


def expect(text: str, phones: Callable[[str], int]) -> float:
    """How long a text should take, in phones' worth of time."""
    inner = text.rstrip(" .,;:?!\"'")
    return phones(text) + ENDS + MARK * sum(inner.count(mark) for mark in ",;:?!.")


def lengths(utterances: Sequence[Utterance], phones: Callable[[str], int]) -> list[float]:
    """Seconds of each utterance over those expected at the median pace; `phones` counts the phones of a text."""
    weights = [expect(utterance.text, phones) for utterance in utterances]
    pace = median(utterance.seconds / weight for utterance, weight in zip(utterances, weights, strict=True))
    if not pace:
        raise ValueError("most sentences came out silent: there is no pace to learn")
    return [utterance.seconds / (pace * weight) for utterance, weight in zip(utterances, weights, strict=True)]


def faults(utterances: Sequence[Utterance], phones: Callable[[str], int]) -> list[str | None]:
    """What is wrong with each utterance, or None; `phones` counts the phones of a text."""
    found = zip(utterances, lengths(utterances, phones), strict=True)
    return [utterance.fault or fault(utterance, ratio) for utterance, ratio in found]


def fault(utterance: Utterance, ratio: float) -> str | None:
    """What is wrong with an utterance that took `ratio` times its expected length."""
    expected, heard = words(utterance.spelt or utterance.text), words(utterance.heard)
    missing, extra = end_edits(expected, heard)
    if not heard and len(expected) > 1:
        return "stopped early"
    if ratio > LONG or (ratio > LONGISH and extra >= EXTRA):
        return "ran on"
    if ratio < SHORT or missing >= SILENT or (ratio < SHORTISH and missing >= MISSING):
        return "stopped early"
    if not utterance.whole and (missing or ratio < SHORTISH):
        return "stopped early"
    if repeats(expected, heard):
        return "repeats"
    gap = longest_gap(expected, heard)
    if gap >= LOST or (gap >= SKIPPED and ratio < SHORTER):
        return "skips"
    return "ran on" if utterance.stray > STRAY and ratio > LONGER else None


def end_edits(expected: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """Words at the end that were not heard, and words heard beyond the end; of equal alignments the one with most."""
    distances = table(expected, heard)

    def run(i: int, j: int, down: int, right: int) -> int:
        count = 0
        while i >= down and j >= right and distances[i][j] == distances[i - down][j - right] + 1:
            i, j, count = i - down, j - right, count + 1
        return count

    ends = len(expected), len(heard)
    return run(*ends, 1, 0), run(*ends, 0, 1)


def longest_gap(expected: Sequence[str], heard: Sequence[str]) -> int:
    """The longest run of words that were not heard before one that was; of equal alignments the one with the longest.

    Words i to i + k are such a run on a shortest path if what is before them, and what is after the word that was heard
    then, cost all edits but k.
    """
    before = np.array(table(expected, heard))[:, : len(heard)]
    after = np.array(table(expected[::-1], heard[::-1]))[::-1, ::-1][1:, 1:]
    total, count = distance(expected, heard), len(expected)
    then = np.array([[word != other for other in heard] for word in expected]).reshape(count, len(heard))
    rest = after + np.where(then, total + 1, 0)  # from each word on that was heard where it stands
    for size in range(count - 1, 0, -1):
        if (before[: count - size] + rest[size:]).min(initial=total + 1) + size == total:
            return size
    return 0


def repeats(expected: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether three words are heard more often than they are written, or two twice in a row that are not.

    What is said again makes more words. Without two more than written, it is the text that repeats itself, and is only
    spelled otherwise: red lorries and yellow ones are heard as `read laurie`, twice as they should be.
    """
    if len(heard) < len(expected) + AGAIN:
        return False
    if any(count > 1 and count > _grams(expected, 3)[gram] for gram, count in _grams(heard, 3).items()):
        return True
    twice = {gram for gram in _grams(heard, 4) if gram[:2] == gram[2:]}
    return bool(twice - set(_grams(expected, 4)))


def _grams(sequence: Sequence[str], size: int) -> Counter:
    return Counter(tuple(sequence[i : i + size]) for i in range(len(sequence) - size + 1))
