import json

import pytest

from tts.document.subtitles import Cue, read_cues

SRT = """1
00:00:01,000 --> 00:00:02,500
<i>Good morning,</i>
everyone.

2
00:01:02,000 --> 00:01:03,000
[applause]
"""
VTT = """WEBVTT

NOTE nothing

intro
00:01.000 --> 00:02.500 align:start
<v Ada Lovelace>Fish &amp; chips.</v>
"""


def read(tmp_path, name, text):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return read_cues(tmp_path / name)


def test_subtitles(tmp_path):
    assert read(tmp_path, "a.srt", SRT) == [Cue(1.0, 2.5, "Good morning, everyone.")]
    assert read(tmp_path, "a.srt", SRT.replace("\n", "\r\n")) == [Cue(1.0, 2.5, "Good morning, everyone.")]
    assert read(tmp_path, "a.vtt", VTT) == [Cue(1.0, 2.5, "Fish & chips.", "Ada Lovelace")]


def test_json_of_podcasts_and_of_whisper(tmp_path):
    podcast = {"segments": [{"speaker": "Ada", "startTime": 0.5, "endTime": 1.5, "body": "Hello."}]}
    whisper = {"text": "Hello.", "segments": [{"id": 0, "start": 0.5, "end": 1.5, "text": " Hello."}]}
    assert read(tmp_path, "p.json", json.dumps(podcast)) == [Cue(0.5, 1.5, "Hello.", "Ada")]
    assert read(tmp_path, "w.json", json.dumps(whisper)) == [Cue(0.5, 1.5, "Hello.")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "["),
        ("a.json", "[" * 100_000),
        ("a.json", '{"segments": [1, {"start": "x", "end": null, "text": "Hello"}]}'),
        ("a.srt", "no times at all"),
        ("a.srt", "1\n00:00:09,000 --> 00:00:01,000\nBackwards.\n"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:01,000\nIn no time.\n"),
    ],
)
def test_what_is_no_transcript_says_so(tmp_path, name, text):
    with pytest.raises(ValueError):
        read(tmp_path, name, text)
