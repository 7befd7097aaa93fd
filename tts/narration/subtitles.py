"""Subtitles of a recording: SubRip, WebVTT and LRC, a cue for a sentence, or with the time of each word.

Times count from the start of the whole recording, or of a chapter if one is chosen.
"""

import html
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from tts.narration.script import NARRATOR
from tts.narration.timeline import TimedChapter, TimedSegment, Timeline

WIDTH = 42  # characters of a line; a cue has two
SHORTEST = 1.0  # seconds that a cue stays, if nothing follows sooner
ENDS_CLAUSE = re.compile(r"[,;:.!?…—–][\"'”’)\]]*$")
STAND_INS = str.maketrans("<>", "‹›")  # SubRip knows no way to write these two other than as marks


@dataclass(frozen=True)
class Shown:
    """A word with the punctuation around it, from its start to its stop in seconds."""

    text: str
    start: float
    stop: float


@dataclass(frozen=True)
class ShownCue:
    """Words that are shown at once, from a start to a stop in seconds. `role` is who says them."""

    words: list[Shown]
    role: str
    start: float
    stop: float

    @property
    def text(self) -> str:
        return _joined(self.words)


def srt(timeline: Timeline, *, chapter: int | None = None, words: bool = False) -> str:
    """SubRip. `words`: a cue for each word. `chapter` is an index."""
    found = _cues(timeline, chapter)
    if words:
        found = _staying(ShownCue([word], cue.role, word.start, word.stop) for cue in found for word in cue.words)
    blocks = []
    for number, cue in enumerate(found, 1):
        said = "\n".join(_lines(cue.words)).translate(STAND_INS).replace("{\\", "{ \\")
        blocks.append(f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.stop, ',')}\n{said}\n")
    return "\n".join(blocks)


def vtt(timeline: Timeline, *, chapter: int | None = None, words: bool = False) -> str:
    """WebVTT with the names of speakers. `words`: the time of each word stands in its cue. `chapter` is an index."""
    title = " ".join(timeline.title.split()).replace("-->", "→")
    blocks = [f"WEBVTT - {title}\n" if title else "WEBVTT\n"]
    for cue in _cues(timeline, chapter):
        said = html.escape("\n".join(_lines(cue.words)), quote=False)
        if words:
            said = _with_times(cue)
        if cue.role != NARRATOR:
            said = f"<v {html.escape(' '.join(cue.role.split()), quote=False)}>{said}</v>"
        blocks.append(f"{_clock(cue.start, '.')} --> {_clock(cue.stop, '.')}\n{said}\n")
    return "\n".join(blocks)


def lrc(timeline: Timeline, *, chapter: int | None = None, words: bool = False) -> str:
    """LRC, a line for a sentence. `words`: the time of each word stands before it. `chapter` is an index."""
    seconds = _of(timeline, chapter)[-1].stop if chapter is not None else timeline.seconds
    title = timeline.title if chapter is None else timeline.chapters[chapter].title
    told = {"ti": title, "ar": timeline.narrator, "au": timeline.author, "al": timeline.title}
    told = {name: " ".join(value.split()).translate(str.maketrans("[]", "()")) for name, value in told.items()}
    head = [f"[{name}:{value}]" for name, value in told.items() if value]
    lines = [*head, f"[length:{_minutes(seconds)}]"]
    for part in _of(timeline, chapter):
        for segment in part.segments:
            if said := shown_words(segment, part.start):
                text = "".join(f"<{_minutes(word.start)}>{word.text} " for word in said) if words else _joined(said)
                gap = " " if text.startswith("[") else ""  # or the line would begin with two times
                lines.append(f"[{_minutes(said[0].start)}]{gap}{text.rstrip()}")
    return "\n".join(lines) + "\n"


def shown_words(segment: TimedSegment, offset: float = 0.0) -> list[Shown]:
    """What stands between spaces in a segment, with times; what is not heard has a share of the gap that it is in."""
    places = [match.span() for match in re.finditer(r"\S+", segment.text)]
    if not places or (not segment.words and segment.stop <= segment.start):
        return []
    starts: list[float | None] = []
    stops: list[float | None] = []
    word = 0
    for _, last in places:
        own = []
        while word < len(segment.words) and segment.words[word].first < last:
            own.append(segment.words[word])
            word += 1
        starts.append(own[0].start if own else None)
        stops.append(own[-1].stop if own else None)
    texts = [segment.text[first:last] for first, last in places]
    filled = _filled(texts, starts, stops, segment.start, segment.stop)
    return [Shown(text, offset + a, offset + b) for text, (a, b) in zip(texts, filled, strict=True)]


def _filled(
    texts: list[str], starts: list[float | None], stops: list[float | None], low: float, high: float
) -> Iterator[tuple[float, float]]:
    """The times of all words: those without share the time between their neighbours by their lengths."""
    index = 0
    while index < len(texts):
        if starts[index] is not None:
            low = stops[index]
            yield starts[index], low
            index += 1
            continue
        last = next((other for other in range(index, len(texts)) if starts[other] is not None), len(texts))
        end = starts[last] if last < len(texts) else max(high, low)
        total, passed, begin = sum(len(text) for text in texts[index:last]), 0, low
        for text in texts[index:last]:
            passed += len(text)
            stop = begin + (end - begin) * passed / total
            yield low, stop
            low = stop
        index = last


def _of(timeline: Timeline, chapter: int | None) -> list[TimedChapter]:
    """The chapters that are asked for; one alone starts at 0."""
    if chapter is None:
        return timeline.chapters
    own = timeline.chapters[chapter]
    return [TimedChapter(title=own.title, start=0.0, stop=own.stop - own.start, segments=own.segments)]


def _cues(timeline: Timeline, chapter: int | None) -> Iterator[ShownCue]:
    """Sentences, and parts of those that are too long for two lines; one by one, as a long book has 200,000 words."""
    return _staying(
        ShownCue(part, segment.role, part[0].start, part[-1].stop)
        for own in _of(timeline, chapter)
        for segment in own.segments
        for part in _parts(shown_words(segment, own.start))
    )


def _staying(cues: Iterable[ShownCue]) -> Iterator[ShownCue]:
    """The same cues, short ones kept longer where nothing follows; none ends after the next begins."""
    for cue, after in pairwise(chain(cues, [None])):
        end = after.start if after else math.inf
        stop = max(cue.start, min(max(cue.stop, cue.start + SHORTEST), end))
        yield ShownCue(cue.words, cue.role, cue.start, stop)


def _parts(words: list[Shown]) -> Iterator[list[Shown]]:
    """Words cut near the middle, after a clause if one ends there, until each part has room in two lines."""
    if not words:
        return
    if len(words) == 1 or _fits(words):
        yield words
        return
    ends = _ends(words)

    def cost(index: int) -> float:
        """Distance from the middle, as a share of the whole; the end of a clause makes up for a sixth."""
        return abs(ends[index] / ends[-1] - 0.5) - (1 / 6 if ENDS_CLAUSE.search(words[index].text) else 0)

    cut = min(range(len(words) - 1), key=cost) + 1
    yield from _parts(words[:cut])
    yield from _parts(words[cut:])


def _fits(words: list[Shown]) -> bool:
    return all(len(line) <= WIDTH for line in _lines(words))


def _lines(words: list[Shown]) -> list[str]:
    """One line, or the two that are most alike in length."""
    if len(_joined(words)) <= WIDTH or len(words) == 1:
        return [_joined(words)]
    cut = _line_end(words)
    return [_joined(words[:cut]), _joined(words[cut:])]


def _line_end(words: list[Shown]) -> int:
    """How many words stand in the first of two lines."""
    ends = _ends(words)
    return min(range(1, len(words)), key=lambda cut: abs(2 * ends[cut - 1] - ends[-1]))


def _ends(words: list[Shown]) -> list[int]:
    """Where each word ends in the text, in characters."""
    ends, place = [], -1
    for word in words:
        place += 1 + len(word.text)
        ends.append(place)
    return ends


def _joined(words: list[Shown]) -> str:
    return " ".join(word.text for word in words)


def _with_times(cue: ShownCue) -> str:
    """The words of a cue with the time before each that begins later than the one before it, as WebVTT has it."""
    cut = _line_end(cue.words) if len(_lines(cue.words)) > 1 else 0
    said, before = "", _clock(cue.start, ".")
    for index, word in enumerate(cue.words):
        between = "\n" if index and index == cut else " " if index else ""
        clock = _clock(word.start, ".")
        later = before < clock < _clock(cue.stop, ".")
        said += between + (f"<{clock}>" if later else "") + html.escape(word.text, quote=False)
        before = clock if later else before
    return said


def _clock(seconds: float, point: str) -> str:
    """Hours, minutes, seconds and thousandths."""
    count = round(seconds * 1000)
    return f"{count // 3_600_000:02}:{count // 60_000 % 60:02}:{count // 1000 % 60:02}{point}{count % 1000:03}"


def _minutes(seconds: float) -> str:
    """Minutes, seconds and hundredths."""
    count = round(seconds * 100)
    return f"{count // 6000:02}:{count // 100 % 60:02}.{count % 100:02}"
