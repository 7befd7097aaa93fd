"""Dialogue in prose: what stands in quotation marks becomes spans of a role of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tts.document import LEFT_OUT, PROSE, QUOTE, Chapter, Document, Paragraph, Span

DIALOGUE = "dialogue"  # the role of what is said in quotation marks
ENDS = ",.!?…;:—–-"  # one of them stands before the mark that closes what somebody says
SENTENCE_END = re.compile(r"[.!?…](?=\s|$)")


@dataclass(frozen=True)
class _Marks:
    """What opens and what closes: patterns that find the sign itself."""

    opens: re.Pattern
    closes: re.Pattern


DOUBLE = _Marks(re.compile("“"), re.compile("”"))
STRAIGHT = _Marks(re.compile(r'(?<![\w.,!?…)])"(?=\S)'), re.compile(r'(?<=\S)"(?!\w)'))
# An apostrophe looks like the mark that closes, so that one counts only after a stop.
SINGLE = _Marks(re.compile(r"(?<![\w])‘(?=\S)"), re.compile(rf"(?<=[{ENDS}])’(?!\w)"))
TYPED = _Marks(re.compile(r"(?<![\w.,!?…])'(?=[A-Z])"), re.compile(rf"(?<=[{ENDS}])'(?!\w)"))


def quoted(document: Document) -> Document:
    """The same document with its dialogue as spans whose voice is DIALOGUE; what a script says stays as it is."""
    marks = _marks(document)
    return replace(document, chapters=[_chapter(chapter, marks) for chapter in document.chapters])


def _marks(document: Document) -> _Marks:
    """Which marks the text uses: those that open at most of its paragraphs, double ones if both do."""
    parts = [p for chapter in document.chapters for p in chapter.paragraphs if p.kind not in LEFT_OUT]
    counts = {
        marks: sum(len(marks.opens.findall(part.text)) for part in parts) for marks in (DOUBLE, STRAIGHT, SINGLE, TYPED)
    }
    outer = [sum(bool(marks.opens.match(part.text)) for part in parts) * 4 + count for marks, count in counts.items()]
    return list(counts)[outer.index(max(outer))]


def _chapter(chapter: Chapter, marks: _Marks) -> Chapter:
    out = []
    for number, part in enumerate(chapter.paragraphs):
        if part.kind in (PROSE, QUOTE) and not part.speaker:
            after = chapter.paragraphs[number + 1] if number + 1 < len(chapter.paragraphs) else None
            goes_on = after is not None and marks.opens.match(after.text.lstrip()) is not None
            part = _paragraph(part, list(_said(part.text, marks, goes_on)))
        out.append(part)
    return Chapter(chapter.title, out)


def _said(text: str, marks: _Marks, goes_on: bool) -> Iterator[tuple[int, int]]:
    """Where somebody speaks, marks included. `goes_on`: the next paragraph begins with a mark that opens."""
    place = 0
    while opened := marks.opens.search(text, place):
        first = opened.start()
        closed = marks.closes.search(text, opened.end())
        if closed is None:
            # A speech of several paragraphs closes only the last. Otherwise the mark was forgotten.
            end = SENTENCE_END.search(text, opened.end())
            yield first, len(text) if goes_on or end is None else end.end()
            return
        last = closed.end()
        inside = text[opened.end() : closed.start()]
        starts = not text[:first].strip()
        if inside.strip() and (inside.rstrip()[-1] in ENDS or starts):
            yield first, last
        place = last


def _paragraph(part: Paragraph, said: list[tuple[int, int]]) -> Paragraph:
    """The spans of a paragraph cut where somebody begins and ends to speak; a span with a voice keeps it."""
    if not said:
        return part
    spans: list[Span] = []
    start = 0
    for span in part.spans:
        stop = start + len(span.text)
        borders = {start, stop, *(place for pair in said for place in pair if start < place < stop)}
        cuts = sorted(borders)
        for first, last in zip(cuts, cuts[1:], strict=False):
            inside = any(a <= first and last <= b for a, b in said)
            text = span.text[first - start : last - start]
            pause = span.pause if first == start else None
            spans.append(replace(span, text=text, pause=pause, voice=span.voice or (DIALOGUE if inside else "")))
        if not span.text:
            spans.append(span)
        start = stop
    return replace(part, spans=tuple(_joined(spans)))


def _joined(spans: list[Span]) -> Iterator[Span]:
    """White space alone belongs to the span before it, so that no span is empty."""
    before: Span | None = None
    for span in spans:
        if before is not None and not span.text.strip() and span.pause is None:
            before = replace(before, text=before.text + span.text)
            continue
        if before is not None:
            yield before
        before = span
    if before is not None:
        yield before
