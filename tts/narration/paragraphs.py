"""The text of a recording for the eye: paragraphs with their lines, and what stands between sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tts.document import Chapter, Document
from tts.document.document import HEADING, SCENE, Paragraph
from tts.narration.script import NARRATOR
from tts.narration.timeline import TimedChapter, TimedSegment, Timeline


@dataclass(frozen=True)
class ShownSegment:
    """A sentence, and what is shown before it but not said: spaces, the end of a line."""

    before: str
    segment: TimedSegment


@dataclass(frozen=True)
class ShownParagraph:
    """The sentences of a paragraph, and what is shown after the last."""

    kind: str
    level: int  # of a heading
    speaker: str  # shown, not said; empty for the narrator
    pieces: list[ShownSegment]
    after: str = ""

    @property
    def words(self) -> list[str]:
        return _words([piece.segment for piece in self.pieces])


def shown_chapters(timeline: Timeline, document: Document) -> Iterator[list[ShownParagraph]]:
    """The paragraphs of each chapter that is heard. Lines are parted by LINE as in the document."""
    later = 0  # the first chapter of the document that was not found yet
    for chapter in timeline.chapters:
        found = next((n for n in range(later, len(document.chapters)) if _is_of(chapter, document.chapters[n])), None)
        later = later if found is None else found + 1
        yield list(_paragraphs(chapter, Chapter() if found is None else document.chapters[found]))


def _is_of(chapter: TimedChapter, source: Chapter) -> bool:
    """Whether a chapter of the recording was read from one of the document."""
    if chapter.title != source.title:
        return False
    first = next((own.text for own in chapter.segments if own.text != chapter.title), "")
    return first in source.title or any(first in own.text for own in source.paragraphs)


def says_title(shown: Sequence[ShownParagraph], title: str) -> bool:
    """Whether a heading says the title of its chapter, so that it need not be shown once more."""
    return any(own.kind == HEADING and own.words == title.split() for own in shown)


def _paragraphs(chapter: TimedChapter, source: Chapter) -> Iterator[ShownParagraph]:
    """Those that are heard, and the breaks between scenes, which are a pause."""
    before = 0
    for (index, _), own in groupby(chapter.segments, key=lambda one: (one.paragraph, one.id.rpartition(".")[0])):
        segments = list(own)
        title = segments[0].kind == HEADING and _words(segments) == chapter.title.split()
        if any(one.kind == SCENE for one in source.paragraphs[before:index]) and segments[0].kind != SCENE:
            yield ShownParagraph(SCENE, 0, "", [])
        before = index if title else index + 1
        known = source.paragraphs[index] if index < len(source.paragraphs) else None
        yield _laid_out(segments, Paragraph.of(source.title) if title else known)


def _words(segments: Sequence[TimedSegment]) -> list[str]:
    return [word for segment in segments for word in segment.text.split()]


def _laid_out(segments: list[TimedSegment], source: Paragraph | None) -> ShownParagraph:
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
    pieces = [ShownSegment(gap, segment) for gap, segment in zip(gaps, segments, strict=True)]
    return ShownParagraph(segments[0].kind, segments[0].level, speaker, pieces, after)
