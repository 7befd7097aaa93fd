"""When everything is said: what all outputs (chapters, subtitles, overlays, player, manifest) are made from.

`narration make` writes one for what was spoken, `narration align` one for a human recording.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)  # a book of 20 hours has 170,000 of them
class TimedWord:
    """A written word and when it is heard."""

    first: int  # its place in the segment's text: text[first:last]
    last: int
    start: float  # seconds from the start of the chapter
    stop: float


@dataclass(frozen=True, kw_only=True)
class TimedSegment:
    """A sentence, or a part of a long one, and when it is heard."""

    id: str
    paragraph: int
    kind: str
    level: int  # of a heading, 0 otherwise
    role: str
    voice: str
    text: str  # as written; several parts of one sentence are joined to one timed segment
    words: list[TimedWord]
    start: float  # seconds from the start of the chapter
    stop: float
    take: str = ""  # the key of the take; empty for a human recording
    seed: int = 0
    faults: list[str] = field(default_factory=list)  # what the check still finds in the take that was kept
    loss: float = 0.0  # nats, of the check


@dataclass(frozen=True, kw_only=True)
class TimedChapter:
    """A chapter in sound. Seconds of its segments count from `start`."""

    title: str
    start: float  # seconds from the start of the whole recording
    stop: float
    segments: list[TimedSegment]


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """A whole recording."""

    title: str
    author: str
    language: str  # BCP 47
    narrator: str  # the voices, for people
    seconds: float
    chapters: list[TimedChapter]
    synthetic: bool  # False for a human recording
    weights: str = ""  # fingerprint of the nets that spoke
