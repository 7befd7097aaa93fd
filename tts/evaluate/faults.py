"""Finds sentences that run on, stop early, skip words or repeat them, by their length and by what is heard.

Two weak signs are combined. A recogniser transcribes the wave freely, and forced alignment looks for the words of the
text. A few missing or added words may be a mistake of the recogniser, so they count only if the length of the sentence
is unusual as well. The expected length follows from the median pace of the voice over all its sentences.

The limits were set on 201 recordings of two readers:

- All lasted .73 to 1.66 times the expected length. At most one word at the end was not heard, at most two were heard
  beyond the end, and no three words were heard twice.
- In each of 56 of them, forced alignment found all words; in 55, less than .4 s of speech lay outside the words.
- Cut to 80 % of their length, 44 of these 56 no longer held all words; cut to 65 %, 53 of them.
- With about three words in the middle said twice, 10 of 33 were found to repeat. The recogniser misses most repeats.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from omegaconf import OmegaConf

from tts import checkpoint
from tts.judges.wer import edit_distance, edit_table, normalised_words
from tts.settings import CONF
from tts.types import AudioConfig

ENDS = 4.0  # phones that could be said in the time that both ends of a sentence take
MARK = 3.0  # phones that could be said in a pause at punctuation
LONG = 2.0  # times the expected length: ran on
SHORT = 0.55  # times the expected length: stopped early
LONGISH, EXTRA = 1.3, 4  # times the expected length, and words heard beyond the end: together, ran on
SHORTISH, MISSING = 0.85, 2  # times the expected length, and words at the end not heard: together, stopped early
SILENT = 4  # words at the end not heard: stopped early at any length
STRAY, LONGER = 0.4, 1.1  # seconds of speech outside the words, and times the expected length: together, ran on
SKIPPED, SHORTER = 3, 0.95  # words in a row not heard, and times the expected length: together, skips
LOST = 6  # words in a row not heard: skips at any length
AGAIN = 2  # words heard more than written, at least, if words were repeated

KINDS = ("ran on", "stopped early", "skips", "repeats")


@dataclass(frozen=True, kw_only=True)
class SpokenSentence:
    """The text of a sentence, its length, and what was heard in it."""

    text: str
    seconds: float
    heard: str
    whole: bool  # forced alignment found all words
    stray: float  # seconds of speech outside them
    fault: str | None  # of `KINDS`, if the pipeline itself reported one
    attempts: int
    spelt: str | None = None  # the text in the alphabet of the recogniser, if that is not words


def expected_length(text: str, phones: Callable[[str], int]) -> float:
    """How long a text should take, in phones."""
    inner = text.rstrip(" .,;:?!\"'")
    return phones(text) + ENDS + MARK * sum(inner.count(mark) for mark in ",;:?!.")


def relative_lengths(sentences: Sequence[SpokenSentence], phones: Callable[[str], int]) -> list[float]:
    """The length of each sentence over the length expected at the median pace; `phones` counts the phones of a text."""
    expected = [expected_length(sentence.text, phones) for sentence in sentences]
    pace = median(sentence.seconds / length for sentence, length in zip(sentences, expected, strict=True))
    if not pace:
        raise ValueError("most sentences are silent: no pace can be measured")
    return [sentence.seconds / (pace * length) for sentence, length in zip(sentences, expected, strict=True)]


def classify_faults(sentences: Sequence[SpokenSentence], phones: Callable[[str], int]) -> list[str | None]:
    """The fault of each sentence, or None; `phones` counts the phones of a text."""
    found = zip(sentences, relative_lengths(sentences, phones), strict=True)
    return [sentence.fault or classify_fault(sentence, ratio) for sentence, ratio in found]


def classify_fault(sentence: SpokenSentence, ratio: float) -> str | None:
    """The fault of a sentence that lasted `ratio` times its expected length, or None."""
    expected, heard = normalised_words(sentence.spelt or sentence.text), normalised_words(sentence.heard)
    missing, extra = end_edits(expected, heard)
    if not heard and len(expected) > 1:
        return "stopped early"
    if ratio > LONG or (ratio > LONGISH and extra >= EXTRA):
        return "ran on"
    if ratio < SHORT or missing >= SILENT or (ratio < SHORTISH and missing >= MISSING):
        return "stopped early"
    if not sentence.whole and (missing or ratio < SHORTISH):
        return "stopped early"
    if _repeats(expected, heard):
        return "repeats"
    gap = longest_gap(expected, heard)
    if gap >= LOST or (gap >= SKIPPED and ratio < SHORTER):
        return "skips"
    return "ran on" if sentence.stray > STRAY and ratio > LONGER else None


def end_edits(expected: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """How many words at the end were not heard, and how many were heard beyond the end.

    Of several shortest alignments, each number is taken from the one that makes it largest.
    """
    distances = edit_table(expected, heard)

    def run(i: int, j: int, down: int, right: int) -> int:
        count = 0
        while i >= down and j >= right and distances[i][j] == distances[i - down][j - right] + 1:
            i, j, count = i - down, j - right, count + 1
        return count

    ends = len(expected), len(heard)
    return run(*ends, 1, 0), run(*ends, 0, 1)


def longest_gap(expected: Sequence[str], heard: Sequence[str]) -> int:
    """The longest run of words that were not heard and are followed by a word that was.

    Of several shortest alignments, the one with the longest run counts. Words i to i + k are such a run if the words
    before them and the words after the one that was heard cost all edits but k.
    """
    before = np.array(edit_table(expected, heard))[:, : len(heard)]
    after = np.array(edit_table(expected[::-1], heard[::-1]))[::-1, ::-1][1:, 1:]
    total, count = edit_distance(expected, heard), len(expected)
    differ = np.array([[word != other for other in heard] for word in expected]).reshape(count, len(heard))
    rest = after + np.where(differ, total + 1, 0)  # edits after each pair of equal words; no path leads through others
    for size in range(count - 1, 0, -1):
        if (before[: count - size] + rest[size:]).min(initial=total + 1) + size == total:
            return size
    return 0


def _repeats(expected: Sequence[str], heard: Sequence[str]) -> bool:
    """Whether three words in a row are heard more often than written, or two are heard twice in a row by mistake.

    A repeat adds words. With fewer than `AGAIN` more words than written, it is the text that repeats words, which the
    recogniser spells differently: "red lorry, yellow lorry" twice is heard as "read laurie" twice.
    """
    if len(heard) < len(expected) + AGAIN:
        return False
    if any(count > 1 and count > _grams(expected, 3)[gram] for gram, count in _grams(heard, 3).items()):
        return True
    twice = {gram for gram in _grams(heard, 4) if gram[:2] == gram[2:]}
    return bool(twice - set(_grams(expected, 4)))


def _grams(sequence: Sequence[str], size: int) -> Counter:
    return Counter(tuple(sequence[i : i + size]) for i in range(len(sequence) - size + 1))


def phone_counter(audio: AudioConfig, language: str = "english") -> Callable[[str], int]:
    """Counts the phones of a text by the English tokenizer of conf, so that it is the same for all weights."""
    spec = OmegaConf.to_container(OmegaConf.load(CONF / "text" / "english.yaml"))
    tokenizer = checkpoint.build(spec, audio).reading(language)
    return lambda text: sum(id not in tokenizer.silent_ids for id in tokenizer.encode(text))
