import os
from pathlib import Path

import pytest

from data.prepare.sources import find_sources

RSS = """<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><copyright>CC BY 4.0, Ada</copyright>
<item><title>One</title><itunes:author>Ada</itunes:author><enclosure url="https://example.org/a/ep%201.mp3?x=1"/></item>
</channel></rss>"""


def touch(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def by_name(sources):
    return {source.name: source for source in sources}


def test_what_lies_beside_a_recording_is_found(tmp_path):
    for name in ("a.mp3", "a.txt", "a.en.srt", "b.mp3", "book.epub", "README.txt"):
        touch(tmp_path / name)
    touch(tmp_path / "c" / "only.flac")
    touch(tmp_path / "c" / "chapter.txt")
    touch(tmp_path / "README.md", "# Talks\nLicence: CC0 1.0\n")
    sources, skipped = find_sources([tmp_path])
    beside = {name: [Path(path).name for path in source.beside] for name, source in by_name(sources).items()}
    assert beside == {
        "a.mp3": ["a.en.srt", "a.txt", "book.epub"],
        "b.mp3": ["book.epub"],
        "c/only.flac": ["chapter.txt"],
    }
    assert {source.licence for source in sources} == {"CC0 1.0"} and skipped == []


def test_a_feed_and_a_table_tell_about_recordings(tmp_path):
    touch(tmp_path / "show" / "ep 1.mp3")
    touch(tmp_path / "show" / "feed.xml", RSS)
    touch(tmp_path / "corpus" / "audio" / "x.opus")
    touch(tmp_path / "corpus" / "metadata.csv", "id|speaker|text|seconds\nx|bo|Good day.|1.0\n")
    found = by_name(find_sources([tmp_path / "show", tmp_path / "corpus"])[0])
    episode, clip = found["ep 1.mp3"], found["audio/x.opus"]
    assert (episode.title, episode.speaker, episode.licence) == ("One", "Ada", "CC BY 4.0, Ada")
    assert episode.origin.startswith("https://example.org")
    assert (clip.speaker, clip.text, clip.corpus) == ("bo", "Good day.", "corpus")


def test_feeds_with_entities_are_not_read(tmp_path):
    touch(tmp_path / "ep 1.mp3")
    touch(tmp_path / "feed.xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + RSS)
    assert find_sources([tmp_path])[0][0].title == ""


def test_links_and_skipped_names_are_set_aside_or_shown(tmp_path):
    touch(tmp_path / "real" / 'it\'s "a"\nb.wav')
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "self.mp3").symlink_to(tmp_path / "real" / "self.mp3")
    (tmp_path / "real" / "talk.doc").write_text("x")
    with open(os.fsencode(tmp_path / "real") + b"/\xff.wav", "wb"):
        pass
    sources, skipped = find_sources([tmp_path / "real"])
    assert [source.name for source in sources] == ['it\'s "a"\\nb.wav']
    assert {item.name for item in skipped} == {"loop", "self.mp3", "talk.doc", "\\xff.wav"}
    assert all(item.reason for item in skipped)


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(ValueError, match="no such file"):
        find_sources([tmp_path / "none"])
