"""Passages in a language of their own: marks in the text of a block while it is read, then spans of a paragraph."""

import re
from collections.abc import Iterable
from dataclasses import replace

from tts.document.document import Paragraph, Span
from tts.text.detection import detect
from tts.text.language import named

OPEN, BAR, CLOSE = "\ue002", "\ue003", "\ue004"  # OPEN language BAR passage CLOSE
PASSAGE = re.compile(f"{OPEN}([^{BAR}]*){BAR}([^{CLOSE}]*){CLOSE}?|{CLOSE}")
FEWEST = 4  # words of a passage inside a paragraph: one of fewer belongs to the sentence around it


def is_passage(said: str) -> bool:
    """Whether what is said in another language is long enough to be read in it, and holds no such passage itself."""
    return len(said.split()) >= FEWEST and OPEN not in said


def passage(said: str, language: str) -> str:
    """A text with the marks of a passage around it."""
    return f"{OPEN}{language.replace(BAR, '')}{BAR}{said}{CLOSE}"


def plain(said: str) -> str:
    """A text without the marks."""
    return PASSAGE.sub(lambda found: found[2] or "", said) if OPEN in said or CLOSE in said else said


def with_languages(paragraph: Paragraph, language: str) -> Paragraph:
    """A paragraph in this language, empty for that of the page, with its passages as spans."""
    spans, place, said = [], 0, paragraph.text
    for found in PASSAGE.finditer(said):
        spans += [Span(said[place : found.start()], language=language), Span(found[2] or "", language=found[1] or "")]
        place = found.end()
    spans.append(Span(said[place:], language=language))
    spans = [replace(span, language=_believed(span)) for span in spans if span.text]
    return replace(paragraph, spans=merged(spans)) if place or any(span.language for span in spans) else paragraph


def _believed(span: Span) -> str:
    """The language that a passage says it is in, unless its letters speak against it: programs mark texts wrongly."""
    name = named(span.language)
    return span.language if name and detect(span.text, name) == name else ""


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans, of which neighbours in one language are one."""
    out: list[Span] = []
    for span in spans:
        if out and out[-1].language == span.language:
            out[-1] = replace(out[-1], text=out[-1].text + span.text)
        else:
            out.append(span)
    return tuple(out)
