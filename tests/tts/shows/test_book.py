"""A recording with pictures as a book: leaves, page, PDF."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from helpers import timelines
from tts.document import Chapter, Document
from tts.document.document import Paragraph
from tts.narration.illustrations import illustrations
from tts.shows.book.leaves import leaves
from tts.shows.book.page import write_page

STORY = Document(
    title="Nell & <the> boat",
    language="en",
    chapters=[
        Chapter("Out", [Paragraph.of("Nell was a cat. She had a boat."), Paragraph.of("It was red. It could sail.")]),
        Chapter("Home", [Paragraph.of("Then came the rain. All went home.")]),
    ],
)
TIMELINE = timelines.of(STORY)
SENTENCES = ("Nell was a cat.", "It was red.", "Then came the rain.")
ADDRESS = "https://books.example.org/nell/book.html"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    made, folder = [], tmp_path_factory.mktemp("pictures")
    for number, sentence in enumerate(SENTENCES):
        path = folder / f"{number}.jpg"
        Image.fromarray(np.full((60, 80, 3), 60 * number + 40, np.uint8)).save(path)
        made.append((sentence, path, f"Scene {number}"))
    return illustrations(TIMELINE, made)


def test_every_sentence_is_on_the_leaf_of_its_picture(pictures):
    made = leaves(TIMELINE, pictures, ["Eins.", "Zwei.", "Drei."])
    assert [leaf.text for leaf in made] == [
        ["Nell was a cat. She had a boat."],
        ["It was red. It could sail."],
        ["Then came the rain. All went home."],
    ]
    assert [leaf.title for leaf in made] == ["Out", "", "Home"]
    assert [leaf.translation for leaf in made] == ["Eins.", "Zwei.", "Drei."]
    starts = [segment.start for segment in TIMELINE.chapters[0].segments if segment.text == "It was red."]
    assert made[0].start == 0.0 and made[1].start == TIMELINE.chapters[0].start + starts[0]
    assert made[2].start == TIMELINE.chapters[1].start == made[1].stop  # with the title of the chapter
    assert made[2].stop == TIMELINE.seconds


def test_translations_of_other_leaves_are_refused(pictures):
    with pytest.raises(ValueError, match="2 translations for 3 pictures"):
        leaves(TIMELINE, pictures, ["Eins.", "Zwei."])


def test_the_page_holds_all_and_fetches_nothing(pictures, tmp_path):
    sound = tmp_path / "episode.mp3"
    sound.write_bytes(b"sound")
    inside = write_page(
        tmp_path / "book.html",
        timeline=TIMELINE,
        description="A cat & a boat",
        byline="read by LJ",
        cover=None,
        leaves=leaves(TIMELINE, pictures),
        sound=sound,
        translated="",
        credits=["</script><script>alert(1)</script>"],
    )
    page = (tmp_path / "book.html").read_text("utf-8")
    data = json.loads(re.search(r'id="book-data">(.*?)</script>', page, re.DOTALL)[1])
    assert inside and data["title"] == "Nell & <the> boat" and "<title>Nell &amp; &lt;the&gt; boat</title>" in page
    assert page.count("<script") == 2 and "alert(1)" in data["credits"][0]
    assert [leaf["start"] for leaf in data["leaves"]] == [round(leaf.start, 3) for leaf in leaves(TIMELINE, pictures)]
    first = data["leaves"][1]["paragraphs"][0][0]
    assert first[0] == "It was red." and first[1] == round(1000 * data["leaves"][1]["start"]) == first[3][2]
    assert data["sound"].startswith("data:audio/mpeg;base64,")
    assert all(leaf["picture"].startswith("data:image/jpeg;base64,") for leaf in data["leaves"])
    assert not re.search(r'(?:src|href)="(?!data:)', page)


@pytest.fixture(scope="module")
def pdf(pictures, tmp_path_factory):
    pytest.importorskip("fpdf")
    pytest.importorskip("segno")
    from tts.shows.book.pdf import write_pdf

    made = leaves(TIMELINE, pictures, ["Nell war eine Katze.", "Es war rot. " * 60, "Дождь пошёл."])
    path = tmp_path_factory.mktemp("pdf") / "book.pdf"
    write_pdf(
        path, title=STORY.title, description="A cat", author="A. N. Author", language="en", cover=None,
        leaves=made, address=ADDRESS, credits=["Painted by nobody"],
    )  # fmt: skip
    return path


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="needs pdftoppm")
def test_the_pdf_opens_and_its_code_leads_to_the_page(pdf, tmp_path):
    zxingcpp = pytest.importorskip("zxingcpp")
    subprocess.run(["pdftoppm", "-r", "50", "-png", pdf, tmp_path / "page"], check=True)
    pages = sorted(tmp_path.glob("page-*.png"))
    assert len(pages) == 5  # cover, three leaves, code
    found = [code.text for page in pages for code in zxingcpp.read_barcodes(Image.open(page))]
    assert found == [ADDRESS]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext")
def test_the_pdf_has_the_words_and_the_translation(pdf):
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    for words in ("Nell & <the> boat", "She had a boat.", "Nell war eine Katze.", "Дождь пошёл.", "Painted by nobody"):
        assert words in text
