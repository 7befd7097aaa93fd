"""A document to segments: what is said, by whom, and how long it is quiet after it."""

import pytest

from tts import settings
from tts.document import CAPTION, HEADING, ITEM, MATTER, NOTE, QUOTE, SCENE, Chapter, Document, Paragraph, Span
from tts.document.document import LEFT_OUT
from tts.narration.script import NARRATOR, OPTIONAL, Manner, chapter_numbers, script_of
from tts.synthesis.speaking import Settings
from tts.text.language import language

PAUSES = {"chapter": 9, "scene": 8, "paragraph": 7, "heading": 6, "line": 5, "sentence": 4, "clause": 3, "cut": 1}


@pytest.fixture(scope="module")
def conf() -> dict:
    """Pauses by which one sees what ends where."""
    return settings.compose([f"pauses.{name}={seconds}" for name, seconds in PAUSES.items()])


@pytest.fixture
def script(conf):
    def write(*chapters: Chapter, **options):
        text = Document(title="Of Kettles", author="Ann Other", chapters=list(chapters))
        return script_of(text, language=language(), settings=Settings.parse(conf), **options)

    return write


def prose(*texts: str) -> list[Paragraph]:
    return [Paragraph.of(text) for text in texts]


def said(script) -> list[tuple[str, str, float]]:
    return [(segment.id, segment.words, segment.pause) for segment in script.segments]


def test_titles_are_headings_and_what_ends_says_how_long_it_is_quiet(script):
    found = script(
        Chapter("One", [Paragraph.of("It sang. Loudly!"), Paragraph.of("***", SCENE), *prose("It stopped.")]),
        Chapter("", [Paragraph.of("Part", HEADING, level=4), Paragraph.of("a cup", ITEM), Paragraph.of("a pot", ITEM)]),
    )
    assert said(found) == [
        ("1.0.1", "One.", 6),
        ("1.1.1", "It sang.", 4),
        ("1.1.2", "Loudly!", 8),
        ("1.3.1", "It stopped.", 9),
        ("2.1.1", "Part.", 6),
        ("2.2.1", "a cup.", 5),
        ("2.3.1", "a pot.", 9),
    ]
    assert [segment.level for segment in found.segments] == [1, 0, 0, 0, 4, 0, 0]
    assert [(chapter.title, chapter.number) for chapter in found.chapters] == [("One", 1), ("", 2)]
    assert [segment.chapter for segment in found.segments] == [0, 0, 0, 0, 1, 1, 1]
    assert [segment.paragraph for segment in found.segments] == [0, 0, 0, 2, 0, 1, 2]


def test_a_passage_is_read_in_its_language_if_the_weights_have_learned_it(script):
    part = Paragraph((Span("It was "), Span("5 Hüte", language="de"), Span(" by then.", language="en-GB")))
    able = script(Chapter("", [part]), passages={"german": language("german").tagged()}).segments
    assert [segment.words for segment in able] == ["It was.", "<de> fünf Hüte.", "by then."]
    assert [segment.written for segment in able] == ["It was", "5 Hüte", "by then."]
    (as_ever,) = script(Chapter("", [part])).segments
    assert as_ever.written == "It was 5 Hüte by then."


def test_words_are_said_and_what_is_written_is_kept(script):
    (segment,) = script(Chapter("", prose("Dr. No came in 1914."))).segments
    assert (segment.words, segment.written) == ("doctor No came in nineteen fourteen.", "Dr. No came in 1914.")


def test_each_manner_is_a_segment_of_its_own(script):
    spans = (
        Span("He said, "),
        Span("come", voice="Jack", rate=1.5, pitch=2.0, volume=-3.0),
        Span(" here.", pause=0.25),
    )
    found = script(Chapter("", [Paragraph(spans, speaker="Ann")]))
    assert said(found) == [("1.1.1", "He said,", 3), ("1.1.2", "come.", 0.25), ("1.1.3", "here.", 9)]
    assert [segment.role for segment in found.segments] == ["Ann", "Jack", "Ann"]
    assert found.segments[1].manner == Manner(rate=1.5, pitch=2.0, volume=-3.0)
    assert found.segments[0].manner == found.segments[2].manner == Manner()
    assert found.roles == ["Ann", "Jack"]


def test_a_pause_before_everything_is_a_segment_that_says_nothing(script):
    found = script(Chapter("", [Paragraph((Span("Now.", pause=0.5),))]))
    assert said(found) == [("1.1.1", "", 0.5), ("1.1.2", "Now.", 9)]


def test_notes_captions_and_matter_are_left_out_and_told_unless_they_are_asked_for(script):
    chapters = [
        Chapter("Imprint", [Paragraph.of("Printed here.", MATTER)]),
        Chapter("One", [*prose("It sang."), Paragraph.of("See below.", NOTE), Paragraph.of("A kettle.", CAPTION)]),
    ]
    found = script(*chapters)
    assert said(found) == [("2.0.1", "One.", 6), ("2.1.1", "It sang.", 9)]
    assert found.notices == [
        "left out: notes x 1, captions x 1, matter x 1; to hear them, include notes captions matter"
    ]
    everything = script(*chapters, include=("notes", "captions", "matter"))
    assert [words for _, words, _ in said(everything)] == [
        "Imprint.",
        "Printed here.",
        "One.",
        "It sang.",
        "See below.",
        "A kettle.",
    ]
    assert everything.notices == []
    with pytest.raises(ValueError, match="'songs'.*notes, captions"):
        script(*chapters, include=["songs"])


def test_notes_can_be_announced(script):
    notes = [Paragraph.of("Of iron.", NOTE), Paragraph.of("Or of tin.", NOTE)]
    found = script(Chapter("", [*prose("It sang."), *notes, *prose("It stopped.")]), announce_notes=True)
    words = [words for _, words, _ in said(found)]
    assert words == ["It sang.", "Footnote:", "Of iron.", "Or of tin.", "It stopped."] and found.notices == []


def test_a_title_alone_is_a_chapter(script):
    found = script(Chapter("Part One", []), Chapter("One", prose("It sang.")))
    assert [chapter.title for chapter in found.chapters] == ["Part One", "One"]


def test_chosen_chapters_keep_their_numbers(script):
    chapters = [Chapter(f"Chapter {name}", prose("Yes.")) for name in "ABCD"]
    found = script(*chapters, chapters=chapter_numbers("2,4"))
    assert [segment.id for segment in found.segments] == ["2.0.1", "2.1.1", "4.0.1", "4.1.1"]
    assert [segment.chapter for segment in found.segments] == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="no chapter 5: .* 1 to 4"):
        script(*chapters, chapters=chapter_numbers("3-5"))


def test_numbers_of_chapters():
    assert chapter_numbers("3-5,8") == {3, 4, 5, 8}
    for wrong in ("", "x", "5-3", "0", "1,,2", "1-2-3", "-4"):
        with pytest.raises(ValueError, match="names no chapters"):
            chapter_numbers(wrong)


def test_a_book_can_be_announced(script):
    found = script(Chapter("One", prose("It sang.")), announce=True)
    assert said(found)[:2] == [("0.0.1", "Of Kettles.", 6), ("0.0.2", "by Ann Other.", 8)]
    assert found.segments[0].chapter == 0 and found.segments[0].kind == HEADING


def test_what_nobody_can_say_leaves_its_pause_and_is_told_once(script):
    found = script(Chapter("", prose("It sang.", "☃☃", "It stopped ☃.", "Привет")))
    assert said(found) == [("1.1.1", "It sang.", 7), ("1.2.1", "", 0), ("1.3.1", "It stopped.", 9), ("1.4.1", "", 0)]
    notices = [notice for segment in found.segments for notice in segment.notices]
    assert sum("nothing to say" in notice for notice in notices) == 1
    assert sum("snowman" in notice for notice in notices) == 1


@pytest.mark.parametrize("chapters", [[], [Chapter("", prose("☃", "..."))], [Chapter("", [Paragraph.of("x", NOTE)])]])
def test_a_script_in_which_nothing_is_said_is_an_error(script, chapters):
    with pytest.raises(ValueError, match="no voice can say this text"):
        script(*chapters)


def test_what_is_far_longer_than_a_word_is_left_out(script):
    found = script(Chapter("", prose(f"It sang {'x' * 5000} loudly.", "y" * 100_000)))
    assert said(found) == [("1.1.1", "It sang loudly.", 9)]
    assert any("word of more than" in notice for notice in found.segments[0].notices)


def test_parts_of_a_sentence_that_gets_long_in_words_have_no_text_of_their_own(conf):
    short = Settings.parse(conf | {"max_chars": 40})
    text = Document(chapters=[Chapter("", [Paragraph.of("7,654,321 7,654,321 dollars.", QUOTE)])])
    found = script_of(text, language=language(), settings=short).segments
    assert len(found) > 2 and found[0].written and not any(segment.written for segment in found[1:])
    assert {segment.role for segment in found} == {NARRATOR}


def test_titles_that_are_roman_numerals_are_said_as_numbers(script):
    found = script(*(Chapter(title, prose("It sang.")) for title in ("I", "IV.", "Mix", "XXII")))
    titles = [(own.words, own.written) for own in found.segments if own.kind == HEADING]
    assert titles == [("one.", "I"), ("four.", "IV."), ("Mix.", "Mix"), ("twenty-two.", "XXII")]
    alone = script(Chapter("I", prose("It sang.")), Chapter("Mix", prose("It sang.")))
    assert alone.segments[0].words == "I."  # perhaps a story about somebody


def test_all_that_a_text_leaves_out_can_be_asked_for():
    assert set(OPTIONAL.values()) == LEFT_OUT
