from dataclasses import replace
from pathlib import Path

import pytest

from tts import settings
from tts.alignment.spell import Speller
from tts.document import Chapter, Document
from tts.document.document import Paragraph
from tts.narration.recorded import timed_chapters, written_in
from tts.narration.script import script_of
from tts.synthesis.speaking import Settings

pytestmark = pytest.mark.filterwarnings("ignore:this tokenizer was made with")
BOOK = Document(
    title="A Book",
    chapters=[
        Chapter("First", [Paragraph.of("“In 1984,” said Dr. Smith — aged 42 — it rained. It rained all day.")]),
        Chapter("Second", [Paragraph.of("Then came the sun. It cost $5.50!")]),
        Chapter("Third", [Paragraph.of("Nobody reads this chapter aloud in the recording.")]),
    ],
)


@pytest.fixture(scope="module")
def script():
    speller = Speller(Path("tts/weights/dvae.safetensors"))
    return script_of(BOOK, language=speller.tokenizer.language, settings=Settings.parse(settings.compose([])))


@pytest.fixture(scope="module")
def words(script):
    return list(written_in(script, Speller(Path("tts/weights/dvae.safetensors"))))


def heard(words, *, start=0.0, confidence=0.9):
    """Each word for a third of a second, one after the other."""
    out, at = [], start
    for word in words:
        at += 0.5
        out.append(replace(word, start=at - 0.4, end=at - 0.1, confidence=confidence))
    return out


def of_chapter(script, words, chapter):
    return [word for word in words if script.segments[word.segment].chapter == chapter]


def test_every_word_is_known_by_its_place_without_the_marks_around_it(script, words):
    said = [script.segments[word.segment].written[word.first : word.last] for word in words]
    assert said[:6] == ["First", "In", "1984", "said", "Dr", "Smith"]
    assert "$5.50" in said and "42" in said and not any(word.strip("“”,.!—") != word for word in said)
    assert all(word.ids for word in words)


def test_times_count_from_the_start_of_their_chapter(script, words):
    first, second = of_chapter(script, words, 0), of_chapter(script, words, 1)
    found = heard(first) + heard(second, start=30.0)
    chapters = timed_chapters(script, words, found, [], 60.0)
    assert [chapter.title for chapter in chapters] == ["First", "Second"]
    assert chapters[0].start == 0 and chapters[0].stop == chapters[1].start and chapters[1].stop == 60
    assert chapters[1].start == pytest.approx(30.1 - 0.5) and chapters[1].segments[0].start == pytest.approx(0.5)
    assert [segment.text for segment in chapters[1].segments] == ["Second", "Then came the sun.", "It cost $5.50!"]
    assert chapters[1].segments[0].id == "2.0.1"


@pytest.mark.parametrize("mark, border", [(25.0, 25.0), (30.9, 30.1), (50.0, 29.6)])
def test_a_mark_between_two_chapters_parts_them(script, words, mark, border):
    found = heard(of_chapter(script, words, 0)) + heard(of_chapter(script, words, 1), start=30.0)
    chapters = timed_chapters(script, words, found, [0.0, mark], 60.0)
    assert chapters[1].start == pytest.approx(border)


def test_a_chapter_of_which_hardly_a_word_is_heard_is_not_there(script, words):
    found = heard(of_chapter(script, words, 0)) + heard(of_chapter(script, words, 2)[:1], start=40.0)
    assert [chapter.title for chapter in timed_chapters(script, words, found, [], 60.0)] == ["First"]


def test_a_title_that_is_not_said_is_left_out_and_a_doubtful_sentence_is_named(script, words):
    first = of_chapter(script, words, 0)
    found = heard(first, confidence=0.05)
    (chapter,) = timed_chapters(script, words, found, [], 60.0)
    assert "First" not in [segment.text for segment in chapter.segments]
    assert all(segment.faults for segment in chapter.segments) and len(chapter.segments) == 2
