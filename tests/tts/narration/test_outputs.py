import pytest

from helpers import timelines
from tts.narration import manifest
from tts.narration.outputs import EXTRAS, write_all

BOOK = timelines.book()
TIMELINE = timelines.of(BOOK)


@pytest.fixture
def audio(tmp_path):
    path = tmp_path / "book.mp3"
    path.write_bytes(b"sound")
    return [path]


def test_everything_is_written_where_it_is_wanted(audio, tmp_path):
    written = write_all(TIMELINE, BOOK, audio, tmp_path / "out", EXTRAS)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(EXTRAS)
    assert written == [tmp_path / "out" / name for name in EXTRAS]
    assert manifest.read(written[0]) == TIMELINE


@pytest.mark.parametrize("names, said", [(["manifest.json", "book.pdf"], "no output 'book.pdf': choose from")])
def test_an_unknown_output_is_named_before_anything_is_written(names, said, audio, tmp_path):
    with pytest.raises(ValueError, match=said):
        write_all(TIMELINE, BOOK, audio, tmp_path / "out", names)
    assert not (tmp_path / "out").exists()


def test_sound_that_an_epub_cannot_hold_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="give MP3 or M4A"):
        write_all(TIMELINE, BOOK, [tmp_path / "a.flac"], tmp_path / "out", ["manifest.json", "book.epub"])
    assert not (tmp_path / "out").exists()
