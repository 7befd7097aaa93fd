"""A timeline of a recording that exists, from the text that is read in it: when each of its words is heard.

The codec hears phonemes in the recording, and `tts.alignment` finds those of the text among them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean

import numpy as np

from tts.alignment.align import align
from tts.alignment.borders import refine_borders
from tts.alignment.recording import Samples
from tts.alignment.spell import Speller, Word
from tts.document.document import HEADING
from tts.narration.loudness import measure
from tts.narration.script import Script
from tts.narration.timeline import TimedChapter, TimedSegment, TimedWord, Timeline

LOWEST = -50.0  # LUFS: a recording quieter than that is amplified no further
LEAD = 0.5  # seconds before its first word at which a chapter begins, where no mark says when
SLACK = 1.0  # seconds by which a mark of a chapter may lie inside a word
FEW = 0.2  # a chapter of which a smaller share of words is heard is not in the recording
DOUBTED = 0.15  # a sentence whose phonemes are less probable than that was hardly heard as it is written
MARKS = re.compile(r"^[^\w$£€¥#@&+]+|[^\w%°]+$|_+$|^_+")  # around a word


@dataclass(frozen=True)
class PlacedWord(Word):
    """A word and where it stands: in which segment of the script, and from where to where in what is written."""

    segment: int = 0
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Aligned:
    """A timeline, and how well text and recording agree."""

    timeline: Timeline
    words: int  # in the text
    heard: int
    agreement: float  # 0 to 1, as in `tts.alignment.spell`


def align_recording(
    script: Script,
    samples: Samples,
    speller: Speller,
    *,
    min_agreement: float,
    scratch: Path,
    marks: Sequence[float] = (),
    narrator: str = "",
) -> Aligned:
    """When each word of a script is heard in a recording.

    `marks` are the seconds at which the file says that chapters begin; `scratch` is a folder for a file as large as the
    recording. Raises ValueError if the text is of another recording.
    """
    words = list(written_in(script, speller))
    level = max(measure(_blocks(samples), samples.rate).loudness, LOWEST)
    spelling = speller.spell(samples, 10 ** ((speller.audio.level - level) / 20), scratch / "spelling")
    found = align(words, spelling, min_agreement)
    agreement = spelling.agreement(found)
    if agreement < min_agreement:
        raise ValueError(f"the text is of another recording: it explains {agreement:.0%} of what is heard")
    found = refine_borders(found, samples)
    seconds = len(samples) / samples.rate
    document = script.document
    timeline = Timeline(
        title=document.title,
        author=document.author,
        language=document.language,
        narrator=narrator,
        seconds=round(seconds, 4),
        chapters=timed_chapters(script, words, found, marks, seconds),
        synthetic=False,
    )
    return Aligned(timeline, len(words), len(found), agreement)


def written_in(script: Script, speller: Speller) -> Iterator[PlacedWord]:
    """Every word of a script with its phonemes."""
    for number, segment in enumerate(script.segments):
        at = 0
        for word in speller.words(segment.written):
            token = word.text.split()[0]
            first = segment.written.find(token, at)
            if first < 0:
                continue  # the language reads something else there than is written
            at = first + len(token)
            bare = MARKS.sub("", token)
            first += max(token.find(bare), 0)
            yield PlacedWord(word.text, word.ids, segment=number, first=first, last=first + len(bare or token))


def _blocks(samples: Samples) -> Iterator[np.ndarray]:
    for start in range(0, len(samples), samples.rate):
        yield samples.read(start, min(start + samples.rate, len(samples)))[None]


def timed_chapters(
    script: Script, words: Sequence[PlacedWord], found: Sequence[PlacedWord], marks: Sequence[float], seconds: float
) -> list[TimedChapter]:
    """The chapters of a recording of so many seconds, from the words of its text and those that are heard."""
    read = _read(script, words, found)
    by_chapter: dict[int, list[int]] = {}
    for number in sorted(read):
        by_chapter.setdefault(script.segments[number].chapter, []).append(number)
    borders = [0.0]
    numbers = list(by_chapter.values())
    for before, after in zip(numbers, numbers[1:], strict=False):
        borders.append(_border(read[before[-1]][-1].end, read[after[0]][0].start, marks))
    borders.append(seconds)
    chapters = []
    for chapter, start, stop in zip(by_chapter, borders, borders[1:], strict=False):
        segments = [_segment(script, number, read[number], start) for number in by_chapter[chapter]]
        title = script.chapters[chapter].title
        chapters.append(TimedChapter(title=title, start=round(start, 4), stop=round(stop, 4), segments=segments))
    return chapters


def _read(script: Script, words: Sequence[PlacedWord], found: Sequence[PlacedWord]) -> dict[int, list[PlacedWord]]:
    """The words that are heard of each segment.

    Chapters that are not in the recording are left out, and so are titles that their reader does not say.
    """
    written = Counter(script.segments[word.segment].chapter for word in words)
    heard = Counter(script.segments[word.segment].chapter for word in found)
    read = {chapter for chapter, count in heard.items() if count >= FEW * written[chapter]}
    groups = {number: list(own) for number, own in groupby(found, key=lambda word: word.segment)}
    return {
        number: own
        for number, own in groups.items()
        if script.segments[number].chapter in read and (_is_sure(own) or script.segments[number].kind != HEADING)
    }


def _is_sure(words: Sequence[PlacedWord]) -> bool:
    """Whether a sentence was heard as it is written."""
    return fmean(word.confidence for word in words) >= DOUBTED


def _border(low: float, high: float, marks: Sequence[float]) -> float:
    """Where a chapter begins between the last word before it and its first word: at a mark, or shortly before it."""
    near = [mark for mark in marks if low - SLACK <= mark <= high + SLACK]
    border = near[0] if near else high - LEAD
    return min(max(border, low), max(low, high))


def _segment(script: Script, number: int, words: Sequence[PlacedWord], offset: float) -> TimedSegment:
    own = script.segments[number]
    times = [
        TimedWord(
            first=word.first,
            last=word.last,
            start=round(max(word.start - offset, 0.0), 4),
            stop=round(max(word.end - offset, 0.0), 4),
        )
        for word in words
    ]
    return TimedSegment(
        id=own.id,
        paragraph=own.paragraph,
        kind=own.kind,
        level=own.level,
        role=own.role,
        voice="",
        text=own.written,
        words=times,
        start=times[0].start,
        stop=times[-1].stop,
        faults=[] if _is_sure(words) else ["hardly heard as it is written"],
    )
