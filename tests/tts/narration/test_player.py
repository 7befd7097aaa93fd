import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from helpers import timelines
from tts.narration import player

BOOK = timelines.book()
TIMELINE = timelines.of(BOOK)


class Parts(HTMLParser):
    """The data of a page, its scripts, and everything that it would fetch."""

    def __init__(self, path):
        super().__init__()
        self.data, self.scripts, self.fetched, self.tags = {}, [], [], []
        self._script = None
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "srcset", "action")]
        self._script = (given.get("type"), given.get("id")) if tag == "script" else None

    def handle_data(self, data):
        if self._script and self._script[0] == "application/json":
            self.data[self._script[1]] = json.loads(data)
        elif self._script:
            self.scripts.append(data)

    def handle_endtag(self, tag):
        self._script = None


def script() -> str:
    return "".join(path.read_text("utf-8") for path in player.PARTS["js"])


@pytest.fixture
def audio(tmp_path):
    paths = [tmp_path / "Salt & Light" / name for name in ("one #1.mp3", "two.mp3")]
    paths[0].parent.mkdir()
    for path in paths:
        path.write_bytes(path.name.encode())
    return paths


@pytest.fixture
def path(audio, tmp_path):
    player.page(TIMELINE, BOOK, audio, tmp_path / "player.html")
    return tmp_path / "player.html"


def test_the_page_fetches_nothing_but_its_sound(path):
    parts = Parts(path)
    assert parts.fetched == []
    assert parts.data["book-data"]["files"] == ["Salt%20%26%20Light/one%20%231.mp3", "Salt%20%26%20Light/two.mp3"]
    assert not re.search(r"(?:https?:)?//[a-z]", re.sub(r"(?m)//.*$", "", path.read_text("utf-8").split("<script>")[0]))


def test_every_sentence_has_its_times_and_words(path):
    parts = Parts(path)
    for number, chapter in enumerate(TIMELINE.chapters):
        pieces = [piece for paragraph in parts.data[f"chapter-{number}"]["paragraphs"] for piece in paragraph[4]]
        assert [piece[1] for piece in pieces] == [segment.text for segment in chapter.segments]
        assert [piece[2:4] for piece in pieces] == [
            [round(segment.start * 1000), round(segment.stop * 1000)] for segment in chapter.segments
        ]
        assert all(len(piece[4]) == 4 * len(own.words) for piece, own in zip(pieces, chapter.segments, strict=True))


def test_a_title_is_text_and_never_markup(audio, tmp_path):
    hostile = '</script><script>alert(1)</script><img src="http://a.b/c"> %script%'
    timeline = replace(TIMELINE, title=hostile, author=hostile, narrator=hostile)
    first = replace(timeline.chapters[0], title=hostile)
    segment = replace(timeline.chapters[1].segments[0], text=hostile, words=[])
    second = replace(timeline.chapters[1], segments=[segment])
    player.page(replace(timeline, chapters=[first, second]), BOOK, audio, tmp_path / "player.html")
    parts = Parts(tmp_path / "player.html")
    assert parts.scripts == [script()] and "img" not in parts.tags
    assert parts.data["book-data"]["chapters"][0][0] == hostile
    assert parts.data["chapter-1"]["paragraphs"][0][4][0][1] == hostile


def test_the_policy_allows_the_script_and_the_style_of_the_page_alone(path):
    text = path.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert f"script-src '{player.policy(script())}'" in policy


def test_doubtful_takes_are_listed_and_every_sentence_can_be_linked_to(audio, tmp_path):
    chapter = TIMELINE.chapters[1]
    faulty = replace(chapter.segments[1], faults=["a word is missing"])
    timeline = replace(
        TIMELINE, chapters=[TIMELINE.chapters[0], replace(chapter, segments=[chapter.segments[0], faulty])]
    )
    player.page(timeline, BOOK, audio, tmp_path / "player.html")
    index = Parts(tmp_path / "player.html").data["book-data"]
    assert index["doubtful"] == [[1, 1, "Is that you?", "a word is missing"]]
    assert index["ids"]["2.1.1"] == [1, 1]


def test_sound_may_be_inside_the_page(audio, tmp_path):
    player.page(TIMELINE, BOOK, audio, tmp_path / "player.html", embed=True)
    head, _, data = Parts(tmp_path / "player.html").data["book-data"]["files"][0].partition(",")
    assert head == "data:audio/mpeg;base64" and base64.b64decode(data) == b"one #1.mp3"


def test_too_much_sound_is_not_embedded(audio, tmp_path, monkeypatch):
    monkeypatch.setattr(player, "MAX_EMBEDDED", 3)
    with pytest.raises(ValueError, match="leave it beside the page"):
        player.page(TIMELINE, BOOK, audio, tmp_path / "player.html", embed=True)


def test_chapters_of_one_file_begin_where_they_are_in_it(audio, tmp_path):
    player.page(TIMELINE, BOOK, audio[:1], tmp_path / "player.html")
    chapters = Parts(tmp_path / "player.html").data["book-data"]["chapters"]
    assert chapters[0][1:] == [timelines.LEAD_IN, 0.0, TIMELINE.chapters[0].stop, 0]
    assert chapters[1][1:] == [TIMELINE.chapters[1].start, TIMELINE.chapters[1].start, TIMELINE.chapters[1].stop, 0]


def test_equal_recordings_give_equal_bytes(path, audio):
    before = path.read_bytes()
    player.page(TIMELINE, BOOK, audio, path)
    assert path.read_bytes() == before
