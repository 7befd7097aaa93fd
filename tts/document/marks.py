"""Marks in a text that say how it is read: [pause 0.5], [voice NAME] and [/voice]."""

import re
from dataclasses import replace

from tts.document.document import Chapter, Document, Paragraph, Span

MARK = re.compile(
    r"\[\s*(?:pause\s+(?P<pause>[^\[\]\n]{1,20})|voice\s+(?P<voice>[^\[\]\n]{1,60})|(?P<end>/voice))\s*\]", re.I
)
SECONDS = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})\s*(ms|milliseconds?|s|sec|seconds?)?", re.IGNORECASE)
LONGEST_PAUSE = 60.0  # seconds
MAX_SPANS = 100_000  # of a paragraph


def seconds(written: str) -> float | None:
    """A time such as "0.5", "500ms" or "2 s"; None for what is none. Raises ValueError for one that is too long."""
    found = SECONDS.fullmatch(written.strip())
    if not found:
        return None
    value = float(found[1]) / (1000 if (found[2] or "").lower().startswith("m") else 1)
    if value > LONGEST_PAUSE:
        raise ValueError(f"a pause of {value:g} s is longer than {LONGEST_PAUSE:g} s")
    return value


def marked(document: Document) -> Document:
    """The same document with its marks as spans.

    A voice holds to the end of its paragraph. A mark that stands alone holds for the paragraphs after it, up to the
    next one or to the end of the chapter.
    """
    return replace(document, chapters=[_chapter(chapter) for chapter in document.chapters])


def _chapter(chapter: Chapter) -> Chapter:
    if not any(MARK.search(part.text) for part in chapter.paragraphs):
        return chapter
    out: list[Paragraph] = []
    voice, pause = "", None
    for part in chapter.paragraphs:
        spans: list[Span] = []
        for span in part.spans:
            spans += _spans(span, part.place)
        said = [replace(span, voice=span.voice or voice) for span in spans if span.text.strip()]
        if not said and any(MARK.search(span.text) for span in part.spans):  # marks that stand alone
            voice = next((span.voice for span in reversed(spans) if span.voice), "") if _names(part) else voice
            pause = _later(pause, *(span.pause for span in spans))
            continue
        if said and pause is not None:
            said[0], pause = replace(said[0], pause=_later(pause, said[0].pause)), None
        if spans and not spans[-1].text.strip():
            pause = spans[-1].pause  # at the end of a paragraph: it comes before the next
        out.append(replace(part, spans=tuple(said) or part.spans))
    return Chapter(chapter.title, out)


def _names(part: Paragraph) -> bool:
    return any(found["voice"] or found["end"] for found in MARK.finditer(part.text))


def _later(*pauses: float | None) -> float | None:
    """Pauses that follow each other, as one that is not longer than the longest."""
    given = [pause for pause in pauses if pause is not None]
    return min(LONGEST_PAUSE, sum(given)) if given else None


def _spans(span: Span, place: str) -> list[Span]:
    """A span parted at its marks. What stands after the last mark comes last, even if it is empty."""
    out, start, voice, pause = [], 0, span.voice, span.pause
    for mark in MARK.finditer(span.text):
        try:
            time = seconds(mark["pause"]) if mark["pause"] else None
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if mark["pause"] and time is None:
            continue  # words: [pause for effect]
        before = span.text[start : mark.start()]
        if before.strip():
            out.append(replace(span, text=before.lstrip() if start else before, voice=voice, pause=pause))
            pause = None
        if len(out) > MAX_SPANS:
            raise ValueError(f"{place}: the paragraph has more than {MAX_SPANS:,} marks")
        start = mark.end()
        if mark["pause"]:
            pause = _later(pause, time)
        else:
            voice = (mark["voice"] or "").strip()
    rest = span.text[start:]
    return [*out, replace(span, text=rest.lstrip() if out or start else rest, voice=voice, pause=pause)]
