"""Dialogue in prose becomes spans of a role of its own."""

import pytest

from tts.document import VERSE, Chapter, Document, Paragraph, Span
from tts.narration.quotes import DIALOGUE, quoted


def said(*texts: str) -> list[list[str]]:
    """What is dialogue in each paragraph; the text of all spans must be that of the paragraph."""
    document = Document(chapters=[Chapter("", [Paragraph.of(text) for text in texts])])
    parts = quoted(document).chapters[0].paragraphs
    assert [part.text for part in parts] == list(texts)
    return [[span.text for span in part.spans if span.voice == DIALOGUE] for part in parts]


@pytest.mark.parametrize(
    ("text", "dialogue"),
    [
        ("“Go,” he said. “Now!” She went.", ["“Go,”", "“Now!”"]),
        ("“Go. At once. You ‘heard’ me.”", ["“Go. At once. You ‘heard’ me.”"]),
        ('"Go," he said. "Now!" It was 5\'11" high.', ['"Go,"', '"Now!"']),
        ("‘Don’t go,’ said Tom’s aunt. ‘It’s late.’", ["‘Don’t go,’", "‘It’s late.’"]),
        ("‘The dogs’ bowls are “empty,” he says.’", ["‘The dogs’ bowls are “empty,” he says.’"]),
        ("'Don't go,' said Tom's aunt. 'It's late.'", ["'Don't go,'", "'It's late.'"]),
        ("He called it the “area” of it.", []),
        ("It’s Tom’s.", []),
        ("“I thought—” He stopped.", ["“I thought—”"]),
    ],
)
def test_dialogue(text, dialogue):
    assert said(text) == [dialogue]


def test_a_speech_of_several_paragraphs():
    assert said("“One.", "“Two.", "“Three,” he said.", "Then.") == [["“One."], ["“Two."], ["“Three,”"], []]


def test_a_mark_that_was_forgotten_ends_with_its_sentence():
    assert said("“Go. He went. He came.", "Later.") == [["“Go."], []]


def test_the_marks_of_a_text_are_those_of_most_paragraphs():
    british = ["‘Go,’ he said.", "‘He said “no,” I hear.’", "‘Well.’"]
    assert said(*british) == [["‘Go,’"], ["‘He said “no,” I hear.’"], ["‘Well.’"]]


def test_speakers_verse_and_voices_stay_as_they_are():
    parts = [
        Paragraph.of("“Go,” said he.", speaker="Ann"),
        Paragraph.of("“Go,” said he.", VERSE),
        Paragraph((Span("He: "), Span("“Go,”", voice="lj", pause=1.0), Span(" “Now.”", rate=0.9))),
    ]
    found = quoted(Document(chapters=[Chapter("", parts)])).chapters[0].paragraphs
    assert found[:2] == parts[:2]
    assert found[2].spans == (
        Span("He: "),
        Span("“Go,” ", voice="lj", pause=1.0),
        Span("“Now.”", voice=DIALOGUE, rate=0.9),
    )
