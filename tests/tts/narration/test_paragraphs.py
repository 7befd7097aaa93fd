from dataclasses import replace

from helpers import timelines
from tts.document import Chapter, Document
from tts.document.document import ASTERISKS, HEADING, LINE, PROSE, SCENE, VERSE, Paragraph, Span
from tts.narration.paragraphs import says_title, shown_chapters


def shown(document, timeline=None):
    return list(shown_chapters(timeline or timelines.of(document), document))


def text(paragraph):
    return "".join(piece.before + piece.segment.text for piece in paragraph.pieces) + paragraph.after


def test_the_text_of_a_document_is_shown_as_it_is_there():
    book = timelines.book()
    for chapter, own in zip(book.chapters, shown(book), strict=True):
        assert [text(one) for one in own if one.kind != SCENE] == [
            chapter.title,
            *(one.text for one in chapter.paragraphs if one.kind != SCENE),
        ]
        assert [one.kind for one in own] == [HEADING, *(one.kind for one in chapter.paragraphs)]


def test_lines_between_sentences_are_kept():
    (own,) = shown(Document(chapters=[Chapter("", [Paragraph.of(f"One.{LINE}Two.{LINE}Three.", VERSE)])]))[0]
    assert [piece.before for piece in own.pieces] == ["", LINE, LINE]


def test_a_chosen_chapter_is_found_in_the_document():
    book, timeline = timelines.book(), timelines.of(timelines.book())
    (second,) = shown(book, replace(timeline, chapters=timeline.chapters[1:]))
    assert [one.speaker for one in second] == ["", "Jack", "Gwen <3"]


def test_chapters_of_one_title_are_told_apart_by_their_text():
    paragraphs = [Paragraph.of("Rain fell."), Paragraph.of(f"Sun{LINE}shone. All day.")]
    book = Document(chapters=[Chapter("Day", [one]) for one in paragraphs])
    timeline = timelines.of(book)
    (own,) = shown(book, replace(timeline, chapters=timeline.chapters[1:]))
    assert text(own[1]) == f"Sun{LINE}shone. All day."


def test_what_the_document_does_not_have_is_shown_with_spaces_and_the_name_of_its_role():
    timeline = timelines.of(Document(chapters=[Chapter("", [Paragraph.of("It rained. All day.", speaker="Jack")])]))
    (own,) = shown(Document(), timeline)[0]
    assert (text(own), own.speaker) == ("It rained. All day.", "Jack")


def test_a_title_that_is_announced_before_is_no_paragraph_of_the_chapter():
    book = Document(chapters=[Chapter("Day", [Paragraph.of("Noon", HEADING, level=2), Paragraph.of("It rained.")])])
    timeline = timelines.of(book)
    announced = timelines.timed("A Book", id="0.0.1", kind=HEADING, level=1)
    chapter = replace(timeline.chapters[0], segments=[announced, *timeline.chapters[0].segments])
    (own,) = shown(book, replace(timeline, chapters=[chapter]))
    assert [text(one) for one in own] == ["A Book", "Day", "Noon", "It rained."]
    assert says_title(own, "Day") and not says_title(own, "Night")


def test_a_paragraph_in_several_voices_has_no_one_speaker():
    spans = Paragraph((Span("He said: "), Span("No.", voice="Jack")))
    timeline = timelines.of(Document(chapters=[Chapter("", [spans])]))
    segments = timeline.chapters[0].segments
    first, second = timelines.timed("He said:"), timelines.timed("No.", segments[-1].stop, id="1.1.2", role="Jack")
    chapter = replace(timeline.chapters[0], segments=[first, second], stop=timeline.chapters[0].stop + 5)
    (own,) = shown(Document(), replace(timeline, chapters=[chapter]))[0]
    assert (own.kind, own.speaker) == (PROSE, "")


def test_a_break_between_scenes_is_shown_once():
    scene = Paragraph.of(ASTERISKS, SCENE)
    book = Document(chapters=[Chapter("Day", [Paragraph.of("One."), scene, scene, Paragraph.of("Two."), scene])])
    assert [one.kind for one in shown(book)[0]] == [HEADING, PROSE, SCENE, PROSE]
