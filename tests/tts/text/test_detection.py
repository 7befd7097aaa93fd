"""Which language a text is taken for."""

import pytest

from helpers.growth import QUADRATIC, growth
from helpers.shared import BOOKS, KERSTIN, PAIRS, texts
from tts import document
from tts.text.detection import detect, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The quick brown fox jumps over the lazy dog.", "english"),
        ("Der schnelle braune Fuchs springt über den faulen Hund.", "german"),
        ("Guten Tag, wie geht es Ihnen?", "german"),
        ("How do you do?", "english"),
        ("Ich weiß nicht.", "german"),
        ("In the Hand of the Angst-ridden man was a Kindergarten sign.", "english"),
        ("Das Meeting mit dem Manager war okay.", "german"),
    ],
)
@pytest.mark.parametrize("default", ["english", "german"])
def test_sentences_are_recognised(text, language, default):
    assert detect(text, default) == language


@pytest.mark.parametrize("text", ["", "12 345", "Okay!", "{HH AH0 L OW1}", "max@web.de", "你好"])
@pytest.mark.parametrize("default", ["english", "german"])
def test_what_leaves_a_doubt_is_the_default(text, default):
    assert detect(text, default) == default


def test_what_is_asked_goes_before_what_a_document_says_and_that_before_letters():
    text = "Guten Tag, wie geht es Ihnen?"
    assert language_of(text, asked="en", told="de", default="english") == "english"
    assert language_of(text, asked="auto", told="en-GB", default="german") == "english"
    assert language_of(text, asked="auto", told="", default="english") == "german"
    assert language_of(text, asked="auto", told="fr", default="english") == "english"
    with pytest.raises(ValueError, match="language is 'klingon'; it must be auto, en, de"):
        language_of(text, asked="klingon", told="", default="english")


def test_detection_takes_linear_time():
    assert growth(lambda text: detect(text, "english"), "Das ist ein Satz ohne Ende " * 2000) < QUADRATIC


@pytest.mark.skipif(not PAIRS.is_file(), reason="needs the shared sentence pairs")
def test_of_short_sentences_hardly_any_is_mistaken():
    rows = [line.split("\t") for line in PAIRS.read_text("utf-8").splitlines()[1:]]
    english = [row[0] for row in rows]
    german = [row[1].split("|")[0] for row in rows]
    assert sum(detect(text, "english") == "german" for text in english) <= 1
    assert sum(detect(text, "english") == "german" for text in german) >= 0.99 * len(german)


@pytest.mark.skipif(not all(path.is_file() for path in KERSTIN), reason="needs the shared corpora")
def test_sentences_of_newspapers_are_recognised():
    found = [detect(text, "english") for path in KERSTIN for text in texts(path)]
    assert found.count("german") >= 0.99 * len(found)


@pytest.mark.skipif(not BOOKS, reason="needs the shared books")
def test_english_books_are_never_taken_for_german():
    for path in BOOKS:
        text = document.read(path).text
        paragraphs = [text[start : start + 2000] for start in range(0, len(text), 2000)]
        assert {detect(paragraph, "english") for paragraph in [text, *paragraphs]} == {"english"}
