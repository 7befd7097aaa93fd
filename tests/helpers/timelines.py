"""Timelines of a recording in which each letter takes a tenth of a second, and the document that was read."""

import re

from tts.document import Chapter, Document
from tts.document.document import ASTERISKS, HEADING, ITEM, LINE, PROSE, QUOTE, ROW, SCENE, VERSE, Paragraph
from tts.narration.script import NARRATOR
from tts.narration.timeline import TimedChapter, TimedSegment, TimedWord, Timeline

LETTER, PAUSE, LEAD_IN = 0.1, 0.5, 2.0  # seconds
SENTENCE = re.compile(rf"[^\s{LINE}].*?(?:[.!?][”\"]?(?=\s|$)|$)", re.DOTALL)


def timed(text: str, start: float = 0.0, **fields) -> TimedSegment:
    """A segment that begins at `start`, in seconds."""
    words, at = [], start
    for match in re.finditer(r"\w[\w'’]*", text):
        stop = at + LETTER * len(match[0])
        words.append(TimedWord(first=match.start(), last=match.end(), start=round(at, 4), stop=round(stop, 4)))
        at = stop + LETTER
    stop = words[-1].stop if words else start
    told = {"id": "1.1.1", "paragraph": 0, "kind": PROSE, "level": 0, "role": NARRATOR, "voice": "lj", **fields}
    return TimedSegment(**told, text=text, words=words, start=start, stop=stop)


def of(document: Document) -> Timeline:
    """The recording of a document, sentence by sentence, titles included."""
    chapters, start = [], LEAD_IN
    for number, chapter in enumerate(document.chapters, 1):
        segments, at = [], 0.0
        title = [Paragraph.of(chapter.title, HEADING, level=1)] if chapter.title else []
        for index, paragraph in enumerate([*title, *chapter.paragraphs]):
            if paragraph.kind == SCENE:
                at += PAUSE
                continue
            place = max(0, index - len(title))
            sentences = [match[0].strip() for match in SENTENCE.finditer(paragraph.text)]
            for portion, sentence in enumerate(sentences, 1):
                fields = {"kind": paragraph.kind, "level": paragraph.level, "role": paragraph.speaker or NARRATOR}
                id = f"{number}.{index + 1 - len(title)}.{portion}"
                segments.append(timed(sentence, round(at, 4), id=id, paragraph=place, **fields))
                at = segments[-1].stop + PAUSE
        chapters.append(TimedChapter(title=chapter.title, start=start, stop=round(start + at, 4), segments=segments))
        start = chapters[-1].stop
    return Timeline(
        title=document.title,
        author=document.author,
        language=document.language,
        narrator="LJ",
        seconds=start,
        chapters=chapters,
        synthetic=True,
        weights="0123abcd",
    )


def book() -> Document:
    """A short book with every kind of paragraph that is read."""
    return Document(
        title="Salt & <Light>",
        author="A. N. Author",
        language="en-GB",
        chapters=[
            Chapter(
                "The Sea",
                [
                    Paragraph.of("It was late. “Who is there?” she asked, and nobody answered; the waves went on."),
                    Paragraph.of(f"The sea is calm tonight,{LINE}The tide is full. The moon{LINE}Lies fair.", VERSE),
                    Paragraph.of(ASTERISKS, SCENE),
                    Paragraph.of("A rope;", ITEM),
                    Paragraph.of("a lamp.", ITEM),
                    Paragraph.of("Keep the light burning.", QUOTE),
                    Paragraph.of("Wick, Monday,", ROW),
                    Paragraph.of("Oil, Friday.", ROW),
                    Paragraph.of("Later", HEADING, level=4),
                    Paragraph.of("Nothing more came."),
                ],
            ),
            Chapter(
                "Two Voices",
                [
                    Paragraph.of("Is that you?", speaker="Jack"),
                    Paragraph.of("Who else & why?", speaker="Gwen <3"),
                ],
            ),
        ],
    )
