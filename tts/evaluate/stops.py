"""Does it stop where it should? Counts sentences that run on, stop early or repeat themselves, by length and by ear.

Expected lengths are learned from the run itself: the median pace of the voice over all its sentences. The recogniser
is weak, so its word counts only together with a length that is odd as well, or when it hears the same three words
twice. The limits below were set on 201 recordings of two readers (seconds over expectation .73 to 1.66; at most one
word missing at the end, two too many; no three words twice) and call none of them faulty.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tts.evaluate.text import table, words

ENDS = 4.0  # phones' worth of time that the two ends of any sentence take
MARK = 3.0  # phones' worth of time of a pause at punctuation
LONG = 2.0  # times the expected length: ran on
SHORT = 0.55  # times the expected length: stopped early
LONGISH, EXTRA = 1.3, 4  # so long, and so many words heard beyond the last
SHORTISH, MISSING = 0.85, 2  # so short, and so many words at the end not heard
SILENT = 4  # words at the end not heard, however long it took


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """A sentence as it was asked for, how long it took, and what was heard."""

    text: str
    seconds: float
    heard: str
    fault: str | None  # what the pipeline itself found wrong with it
    attempts: int


def expect(text: str, phones: Callable[[str], int]) -> float:
    """How long a text should take, in phones' worth of time."""
    inner = text.rstrip(" .,;:?!\"'")
    return phones(text) + ENDS + MARK * sum(inner.count(mark) for mark in ",;:?!.")


def faults(utterances: Sequence[Utterance], phones: Callable[[str], int]) -> list[str | None]:
    """What is wrong with each utterance, or None; `phones` counts those of a text."""
    weights = [expect(utterance.text, phones) for utterance in utterances]
    pace = median(utterance.seconds / weight for utterance, weight in zip(utterances, weights, strict=True))
    if not pace:
        raise ValueError("most sentences came out silent: there is no pace to learn")
    return [
        utterance.fault or fault(utterance.text, utterance.heard, utterance.seconds / (pace * weight))
        for utterance, weight in zip(utterances, weights, strict=True)
    ]


def fault(text: str, heard: str, ratio: float) -> str | None:
    """What is wrong with one utterance that took `ratio` times its expected length."""
    expected, got = words(text), words(heard)
    missing, extra = end_edits(expected, got)
    if ratio > LONG or (ratio > LONGISH and extra >= EXTRA):
        return "ran on"
    if ratio < SHORT or missing >= SILENT or (ratio < SHORTISH and missing >= MISSING):
        return "stopped early"
    return "repeats" if repeats(expected, got) else None


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


def repeats(expected: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether three words are heard more often than they are written, or two twice in a row that are not."""
    if any(count > 1 and count > _grams(expected, 3)[gram] for gram, count in _grams(heard, 3).items()):
        return True
    twice = {gram for gram in _grams(heard, 4) if gram[:2] == gram[2:]}
    return bool(twice - set(_grams(expected, 4)))


def _grams(sequence: Sequence[str], size: int) -> Counter:
    return Counter(tuple(sequence[i : i + size]) for i in range(len(sequence) - size + 1))
