import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from helpers import timelines
from tts import document
from tts.document import Chapter, Document
from tts.document.document import Paragraph
from tts.narration import overlay

BOOK = timelines.book()
TIMELINE = timelines.of(BOOK)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
XHTML, SMIL = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/ns/SMIL}"


@pytest.fixture
def audio(tmp_path):
    paths = [tmp_path / "one.mp3", tmp_path / "two.mp3"]
    for path in paths:
        path.write_bytes(path.name.encode() * 100)
    return paths


@pytest.fixture
def path(audio, tmp_path):
    overlay.epub(TIMELINE, replace(BOOK, cover=PNG, series="Lights 2", date="1901-02"), audio, tmp_path / "a.epub")
    return tmp_path / "a.epub"


def tree(path, name):
    with zipfile.ZipFile(path) as archive:
        return ElementTree.fromstring(archive.read(f"EPUB/{name}"))


def words(page):
    return {
        one.get("id"): "".join(one.itertext()) for one in page.iter(f"{XHTML}span") if one.get("id", "").startswith("w")
    }


def milliseconds(clock):
    return round(float(clock.removesuffix("s")) * 1000)


def test_the_mimetype_comes_first_and_is_stored(path):
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/epub+zip" and archive.testzip() is None
        assert archive.read("EPUB/audio/002.mp3") == b"two.mp3" * 100


def test_our_own_reader_reads_the_text_back(path):
    found = document.read(path)
    assert (found.title, found.author, found.language) == (BOOK.title, BOOK.author, "en-GB")
    assert [chapter.title for chapter in found.chapters] == ["The Sea", "Two Voices"]
    assert "nobody answered; the waves went on." in found.text


def test_every_word_is_marked_while_it_is_heard(path):
    for number, chapter in enumerate(TIMELINE.chapters, 1):
        said = words(tree(path, f"chapter-{number:03}.xhtml"))
        own = [(s, word) for s in chapter.segments for word in s.words]
        pars = list(tree(path, f"chapter-{number:03}.smil").iter(f"{SMIL}par"))
        assert len(pars) == len(own) == len(said)
        for par, (segment, word) in zip(pars, own, strict=True):
            target = par.find(f"{SMIL}text").get("src").partition("#")[2]
            sound = par.find(f"{SMIL}audio")
            assert said[target] == segment.text[word.first : word.last]
            assert milliseconds(sound.get("clipBegin")) <= round(word.start * 1000)
            assert milliseconds(sound.get("clipEnd")) >= round(word.stop * 1000)
            assert sound.get("src") == f"audio/{number:03}.mp3"


def test_clips_follow_each_other_without_a_gap_and_fill_the_chapter(path):
    for number, chapter in enumerate(TIMELINE.chapters, 1):
        sounds = list(tree(path, f"chapter-{number:03}.smil").iter(f"{SMIL}audio"))
        begins = [milliseconds(sound.get("clipBegin")) for sound in sounds]
        ends = [milliseconds(sound.get("clipEnd")) for sound in sounds]
        assert begins == [0, *ends[:-1]] and ends[-1] == round((chapter.stop - chapter.start) * 1000)


def test_durations_add_up(path):
    found = tree(path, "package.opf").iterfind(".//{*}meta[@property='media:duration']")
    total, *parts = [milliseconds(one.text) for one in found]
    assert total == sum(parts) and len(parts) == 2


def test_one_file_of_sound_serves_all_chapters(audio, tmp_path):
    overlay.epub(TIMELINE, BOOK, audio[:1], tmp_path / "b.epub")
    first = next(tree(tmp_path / "b.epub", "chapter-002.smil").iter(f"{SMIL}audio"))
    assert milliseconds(first.get("clipBegin")) == round(TIMELINE.chapters[1].start * 1000)
    assert first.get("src") == "audio/001.mp3"


def test_kinds_of_paragraphs_have_their_marks(path):
    page = tree(path, "chapter-001.xhtml")
    assert [len(page.findall(f".//{XHTML}{tag}")) for tag in ("h1", "h4", "hr", "li", "blockquote", "td")] == [
        1, 1, 1, 2, 1, 2,
    ]  # fmt: skip
    verse = page.find(f".//{XHTML}p[@class='verse']")
    assert len(verse.findall(f".//{XHTML}br")) == 2
    assert (
        " ".join("".join(verse.itertext()).split()) == "The sea is calm tonight, The tide is full. The moon Lies fair."
    )


def test_speakers_are_named_and_not_marked(path):
    page = tree(path, "chapter-002.xhtml")
    assert [one.text for one in page.iterfind(f".//{XHTML}span[@class='speaker']")] == ["Jack:", "Gwen <3:"]
    assert "Jack" not in words(page).values()


def test_the_package_says_who_wrote_and_who_reads(path):
    package = tree(path, "package.opf")
    told = {own.get("property"): own.text for own in package.iter("{http://www.idpf.org/2007/opf}meta")}
    assert told["media:narrator"] == "LJ" and told["belongs-to-collection"] == "Lights"
    assert told["group-position"] == "2" and "synthetic" in told["schema:accessibilitySummary"]
    assert package.findtext(".//{*}date") == "1901-02"


def test_equal_recordings_give_equal_bytes_and_keep_their_name(path, audio, tmp_path):
    again = tmp_path / "again.epub"
    overlay.epub(TIMELINE, replace(BOOK, cover=PNG, series="Lights 2", date="1901-02"), audio, again)
    assert again.read_bytes() == path.read_bytes()
    segment = replace(TIMELINE.chapters[0].segments[-1], take="another", seed=7)
    chapter = replace(TIMELINE.chapters[0], segments=[*TIMELINE.chapters[0].segments[:-1], segment])
    overlay.epub(replace(TIMELINE, chapters=[chapter, TIMELINE.chapters[1]]), BOOK, audio, again)
    assert tree(again, "package.opf").findtext(".//{*}identifier") == tree(path, "package.opf").findtext(
        ".//{*}identifier"
    )


def test_what_xml_cannot_hold_is_left_out(audio, tmp_path):
    text = "One\x00 two\ufffe ]]> & \ud800 <script>x</script>."
    hostile = timelines.of(Document(title="\0\x1f", chapters=[Chapter("", [Paragraph.of(text)])]))
    overlay.epub(replace(hostile, language='"x'), BOOK, audio[:1], tmp_path / "b.epub")
    page = tree(tmp_path / "b.epub", "chapter-001.xhtml")
    assert "<script>x</script>" in "".join(page.itertext()) and not page.findall(f".//{XHTML}script")
    assert page.get("lang") == "und" and tree(tmp_path / "b.epub", "package.opf").findtext(".//{*}title") == "Untitled"


def test_a_chapter_without_sound_has_no_overlay(audio, tmp_path):
    silent = replace(TIMELINE.chapters[1], segments=[])
    overlay.epub(replace(TIMELINE, chapters=[TIMELINE.chapters[0], silent]), BOOK, audio, tmp_path / "b.epub")
    with zipfile.ZipFile(tmp_path / "b.epub") as archive:
        assert "EPUB/chapter-002.smil" not in archive.namelist()
        assert len(re.findall("media-overlay=", archive.read("EPUB/package.opf").decode())) == 1


@pytest.mark.parametrize("names, said", [(["a.wav", "b.wav"], "give MP3 or M4A"), (["a.mp3"] * 3, "3 sound files")])
def test_other_sound_is_refused_and_nothing_is_written(names, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        overlay.epub(TIMELINE, BOOK, [tmp_path / name for name in names], tmp_path / "b.epub")
    assert not list(tmp_path.iterdir())
