"""The text of a recording for the eye: paragraphs with their lines, and what stands between sentences."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from tts.document import Chapter, Document
from tts.document.document import HEADING, Paragraph
from tts.narration.script import NARRATOR
from tts.narration.timeline import TimedChapter, TimedSegment, Timeline


@dataclass(frozen=True)
class Piece:
    """A sentence, and what is shown before it but not said: spaces, the end of a line."""

    before: str
    segment: TimedSegment


@dataclass(frozen=True)
class ShownParagraph:
    """The sentences of a paragraph, and what is shown after the last."""

    kind: str
    level: int  # of a heading; 1 is the title of a chapter
    speaker: str  # shown, not said; empty for the narrator
    pieces: list[Piece]
    after: str = ""


def shown_chapters(timeline: Timeline, document: Document) -> Iterator[list[ShownParagraph]]:
    """The paragraphs of each chapter that is heard. Lines are parted by LINE as in the document."""
    later = 0  # the first chapter of the document that was not found yet
    for chapter in timeline.chapters:
        found = next((n for n in range(later, len(document.chapters)) if _is_of(chapter, document.chapters[n])), None)
        later = later if found is None else found + 1
        yield _paragraphs(chapter, Chapter() if found is None else document.chapters[found])


def _is_of(chapter: TimedChapter, source: Chapter) -> bool:
    """Whether a chapter of the recording was read from one of the document."""
    if chapter.title != source.title:
        return False
    first = next((own.text for own in chapter.segments if own.text != chapter.title), "")
    return first in source.title or any(first in own.text for own in source.paragraphs)


def _paragraphs(chapter: TimedChapter, source: Chapter) -> list[ShownParagraph]:
    title = _title_len(chapter)
    found = []
    if title:
        found.append(_laid_out(chapter.segments[:title], Paragraph.of(source.title, HEADING), 1))
    for index, own in groupby(chapter.segments[title:], key=lambda segment: segment.paragraph):
        segments = list(own)
        known = source.paragraphs[index] if index < len(source.paragraphs) else None
        found.append(_laid_out(segments, known, max(segments[0].level, 2)))
    return found


def _title_len(chapter: TimedChapter) -> int:
    """How many segments at the beginning of a chapter say its title."""
    said: list[str] = []
    for number, segment in enumerate(chapter.segments, 1):
        said += segment.text.split()
        if segment.kind != HEADING or segment.paragraph or len(said) > len(chapter.title.split()):
            break
        if said == chapter.title.split():
            return number
    return 0


def _laid_out(segments: list[TimedSegment], source: Paragraph | None, level: int) -> ShownParagraph:
    """Segments with what the source has between them, or with spaces where it is not found there."""
    text, at, places = source.text if source else "", 0, []
    for segment in segments:
        first = text.find(segment.text, at)
        places.append((first, at := first + len(segment.text)))
        if first < 0:
            break
    roles = {segment.role for segment in segments}
    role = roles.pop() if len(roles) == 1 else NARRATOR
    if source and places[-1][0] >= 0:
        gaps = [text[: places[0][0]], *(text[a:b] for (_, a), (b, _) in pairwise(places))]
        after, speaker = text[at:], source.speaker
    else:
        gaps, after, speaker = ["", *[" "] * (len(segments) - 1)], "", role if role != NARRATOR else ""
    pieces = [Piece(gap, segment) for gap, segment in zip(gaps, segments, strict=True)]
    return ShownParagraph(segments[0].kind, level if segments[0].kind == HEADING else 0, speaker, pieces, after)
