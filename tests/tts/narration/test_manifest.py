import json

import pytest

from helpers import timelines
from tts.narration import manifest


@pytest.fixture
def path(tmp_path):
    manifest.write(timelines.of(timelines.book()), tmp_path / "manifest.json")
    return tmp_path / "manifest.json"


def test_what_is_read_is_what_was_written(path):
    assert manifest.read(path) == timelines.of(timelines.book())


def test_equal_timelines_give_equal_bytes(path, tmp_path):
    manifest.write(manifest.read(path), tmp_path / "again.json")
    assert path.read_bytes() == (tmp_path / "again.json").read_bytes()


def test_it_is_written_in_small_pieces(path):
    found = list(manifest.pieces(manifest.read(path)))
    assert max(map(len, found)) < 1000 and b"".join(found) == path.read_bytes()


def test_a_field_with_a_default_may_be_missing(path):
    body = json.loads(path.read_text("utf-8"))
    del body["chapters"][0]["segments"][0]["seed"]
    path.write_text(json.dumps(body), "utf-8")
    assert manifest.read(path).chapters[0].segments[0].seed == 0


def _set(*keys):
    def change(body):
        *inner, last, value = keys
        for key in inner:
            body = body[key]
        body[last] = value

    return change


FIRST = ("chapters", 0, "segments", 0)


@pytest.mark.parametrize(
    "change, said",
    [
        (_set("version", 2), "version 2"),
        (_set("format", "other"), "no manifest of a narration"),
        (_set("title", 3), "title is no str"),
        (_set("more", 3), "'more' is unknown"),
        (_set("chapters", {}), "chapters is no list"),
        (_set("seconds", "long"), "seconds is no float"),
        (_set("seconds", float("inf")), "seconds is inf"),
        (_set("seconds", float("nan")), "seconds is nan"),
        (_set("seconds", 1.0), "chapters[0] lasts"),
        (_set("synthetic", 1), "synthetic is no bool"),
        (_set(*FIRST, "seed", True), "seed is no int"),
        (_set(*FIRST, "start", -1.0), "start is -1"),
        (_set(*FIRST, "stop", 1e6), "segments[0] lasts"),
        (_set(*FIRST, "text", ""), "words[0] is not in the text"),
        (_set(*FIRST, "words", 0, "first", -5), "words[0] is not in the text"),
        (_set(*FIRST, "words", 0, "start", 7.0), "words[0] lasts"),
        (_set(*FIRST, "words", [[]]), "words[0] is no TimedWord"),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_line(path, change, said):
    body = json.loads(path.read_text("utf-8"))
    change(body)
    path.write_text(json.dumps(body), "utf-8")
    with pytest.raises(ValueError, match="cannot read the manifest") as caught:
        manifest.read(path)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b'{"a":' * 9000, b"9" * 9000])
def test_what_is_no_json_is_refused_in_one_line(path, data):
    path.write_bytes(data)
    with pytest.raises(ValueError, match="it is no") as caught:
        manifest.read(path)
    assert len(str(caught.value)) < 300
