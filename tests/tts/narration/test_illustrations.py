import re
import zipfile

import pytest
from PIL import Image

from helpers import timelines
from tts.narration import overlay, player
from tts.narration.illustrations import illustrations

BOOK = timelines.book()
TIMELINE = timelines.of(BOOK)
SENTENCES = ("It was late.", "The sea is calm", "Is that you?")


@pytest.fixture
def pictures(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        Image.new("RGB", (30, 20), (80 * number, 40, 90)).save(path)
    return [(sentence, path, f"Picture & {sentence}") for sentence, path in zip(SENTENCES, paths, strict=True)]


def test_a_picture_is_shown_from_its_sentence_on(pictures):
    placed = illustrations(TIMELINE, pictures)
    assert [(one.chapter, TIMELINE.chapters[one.chapter].segments[one.segment].text[:12]) for one in placed] == [
        (0, "It was late."),
        (0, "The sea is c"),
        (1, "Is that you?"),
    ]
    assert placed[1].start == TIMELINE.chapters[0].segments[placed[1].segment].start
    assert placed[0].start == placed[2].start == 0.0  # with the titles before them


def test_equal_sentences_are_taken_in_their_order(pictures):
    late = pictures[0]
    with pytest.raises(ValueError, match="It was late"):
        illustrations(TIMELINE, [late, late])


def test_a_sentence_that_is_not_heard_is_named(pictures):
    with pytest.raises(ValueError, match="begins with 'Nobody said this'"):
        illustrations(TIMELINE, [("Nobody said this", *pictures[0][1:])])
    with pytest.raises(ValueError, match="no picture"):
        illustrations(TIMELINE, [("It was late.", pictures[0][1].with_suffix(".tiff"), "")])


def test_the_player_knows_when_each_is_shown(pictures, tmp_path):
    placed = illustrations(TIMELINE, pictures)
    sound = tmp_path / "sound.mp3"
    sound.write_bytes(b"sound")
    player.page(TIMELINE, BOOK, [sound], tmp_path / "player.html", pictures=placed)
    page = (tmp_path / "player.html").read_text()
    assert f'[1,{round(placed[2].start * 1000)},"2.png","Picture & Is that you?"]' in page
    player.page(TIMELINE, BOOK, [sound], tmp_path / "alone.html", pictures=placed, embed=True)
    assert "data:image/png;base64," in (tmp_path / "alone.html").read_text()


def test_the_book_has_each_before_its_paragraph(pictures, tmp_path):
    sounds = [tmp_path / "1.mp3", tmp_path / "2.mp3"]
    for path in sounds:
        path.write_bytes(b"sound")
    overlay.epub(TIMELINE, BOOK, sounds, tmp_path / "book.epub", pictures=illustrations(TIMELINE, pictures))
    with zipfile.ZipFile(tmp_path / "book.epub") as archive:
        first, second = (archive.read(f"EPUB/chapter-00{n}.xhtml").decode() for n in (1, 2))
        assert archive.read("EPUB/pictures/003.png") == pictures[2][1].read_bytes()
        assert archive.read("EPUB/package.opf").decode().count('media-type="image/png"') == 3
    text = re.sub(r"<img[^>]*alt=\"([^\"]*)\"/>", r"[\1]", first)
    text = " ".join(re.sub(r"<[^>]+>", "", text.split("<body>")[1]).split())
    assert text.startswith("The Sea [Picture &amp; It was late.] It was late.")
    assert "[Picture &amp; The sea is calm] The sea is calm tonight," in text
    assert 'src="pictures/003.png"' in second
