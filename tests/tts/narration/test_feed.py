import argparse
from dataclasses import replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from helpers import timelines
from tts.narration import feed, manifest

BOOK = replace(timelines.book(), description="Of a light & a sea.")
TIMELINE = timelines.of(BOOK)
SPACES = {name: f"{{{address}}}" for name, address in feed.SPACES.items()}
PLACE = feed.Site(
    base="https://example.org/a book/",
    name="feed.xml",
    published=datetime(2026, 11, 29, tzinfo=timezone.utc),
    category="Arts",
    cover="cover.jpg",
)


@pytest.fixture
def audio(tmp_path):
    paths = [tmp_path / "one & two.mp3", tmp_path / "three.mp3"]
    for path in paths:
        path.write_bytes(bytes(len(path.name)))
    return paths


def channel(audio, place=PLACE, timeline=TIMELINE):
    return ElementTree.fromstring(feed.rss(timeline, BOOK, audio, place).encode()).find("channel")


def test_every_chapter_is_an_episode(audio):
    items = channel(audio).findall("item")
    assert [item.findtext("title") for item in items] == ["The Sea", "Two Voices"]
    for number, (item, chapter, path) in enumerate(zip(items, TIMELINE.chapters, audio, strict=True), 1):
        enclosure = item.find("enclosure")
        assert enclosure.get("length") == str(path.stat().st_size) and enclosure.get("type") == "audio/mpeg"
        assert item.findtext(f"{SPACES['itunes']}duration") == str(round(chapter.stop - chapter.start))
        assert item.findtext(f"{SPACES['itunes']}episode") == str(number)
    assert items[0].find("enclosure").get("url") == "https://example.org/a%20book/one%20%26%20two.mp3"


def test_one_file_is_one_episode_with_chapters(audio):
    (item,) = channel(audio[:1]).findall("item")
    marks = item.findall(f"{SPACES['psc']}chapters/{SPACES['psc']}chapter")
    assert [(mark.get("start"), mark.get("title")) for mark in marks] == [
        ("00:00:00.000", "The Sea"),
        (f"00:00:{TIMELINE.chapters[1].start:06.3f}", "Two Voices"),
    ]
    assert item.findtext(f"{SPACES['itunes']}duration") == str(round(TIMELINE.seconds))


def test_the_channel_has_all_that_apple_requires(audio):
    own = channel(audio)
    for name in ("title", "link", "description", "language"):
        assert own.findtext(name)
    assert own.findtext("title") == BOOK.title and own.findtext("language") == "en-GB"
    assert own.find(f"{SPACES['itunes']}image").get("href").endswith("/cover.jpg")
    assert own.find(f"{SPACES['itunes']}category").get("text") == "Arts"
    assert own.findtext(f"{SPACES['itunes']}explicit") == "false"
    assert own.find(f"{SPACES['atom']}link").get("rel") == "self"
    assert own.findtext("description") == "Of a light & a sea. Read by the synthetic voice LJ."


def test_the_guid_of_a_feed_is_that_of_its_address():
    # The example of the specification of podcast:guid.
    place = replace(PLACE, base="https://podnews.net", name="rss")
    found = "".join(feed._channel(TIMELINE, BOOK, place, "serial"))
    assert "<podcast:guid>9b024349-ccf0-5f69-a609-6b82873eab3c</podcast:guid>" in found


def test_dates_ascend_and_ids_are_one_for_each_episode(audio):
    items = channel(audio).findall("item")
    dates = [parsedate_to_datetime(item.findtext("pubDate")) for item in items]
    assert dates[0] == PLACE.published and dates == sorted(set(dates))
    assert len({item.findtext("guid") for item in items}) == 2


def test_transcripts_are_named(audio):
    items = channel(audio, replace(PLACE, transcripts=["1.vtt", "2.vtt"])).findall("item")
    assert items[1].find(f"{SPACES['podcast']}transcript").get("url").endswith("/2.vtt")


def test_equal_input_gives_equal_bytes(audio):
    assert feed.rss(TIMELINE, BOOK, audio, PLACE) == feed.rss(TIMELINE, BOOK, audio, PLACE)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"base": "example.org/book"}, "is no address"),
        ({"base": "javascript:alert(1)"}, "is no address"),
        ({"transcripts": ["1.vtt"]}, "1 transcripts for 2 files"),
    ],
)
def test_what_cannot_be_published_is_refused(change, said, audio):
    with pytest.raises(ValueError, match=said):
        feed.rss(TIMELINE, BOOK, audio, replace(PLACE, **change))


def test_the_command_writes_a_feed_beside_the_files(audio, tmp_path):
    manifest.write(TIMELINE, tmp_path / "manifest.json")
    parser = argparse.ArgumentParser()
    feed.add_arguments(parser)
    told = []
    argv = [
        str(tmp_path / "manifest.json"),
        *map(str, audio),
        "--base",
        "https://example.org/b",
        "--date",
        "2026-11-29",
    ]
    path = feed.run(parser.parse_args(argv), told.append)
    assert path == tmp_path / "feed.xml" and told[0].startswith("2 episodes in")
    assert len(ElementTree.parse(path).findall("channel/item")) == 2
    with pytest.raises(ValueError, match="is no day"):
        feed.run(parser.parse_args([*argv[:-1], "soon"]), print)
