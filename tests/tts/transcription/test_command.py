"""`infer.py transcribe`: formats, several files, and what cannot be heard."""

import json
import shutil

import pytest

import infer
from helpers import listening
from helpers.listening import SENTENCE


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return listening.model(tmp_path_factory.mktemp("whisper"))


def test_the_name_of_the_output_says_the_format(model, tmp_path, capsys):
    for kind in ("txt", "srt", "vtt"):
        out = tmp_path / f"heard.{kind}"
        assert infer.main(["transcribe", str(listening.speech()), "--model", model, "-o", str(out), "--quiet"]) == 0
        assert SENTENCE in out.read_text()
    assert (tmp_path / "heard.srt").read_text().startswith("1\n00:00:00,")
    assert (tmp_path / "heard.vtt").read_text().startswith("WEBVTT\n")
    assert (tmp_path / "heard.txt").read_text() == f"{SENTENCE}\n" and capsys.readouterr() == ("", "")


def test_of_several_recordings_those_that_can_be_heard_are_written(model, tmp_path, capsys):
    good = shutil.copy(listening.speech(), tmp_path / "good.flac")
    files = [tmp_path / "broken.wav", listening.silence(tmp_path / "silence.wav")]
    files += [listening.silent_film(tmp_path / "film.mp4"), tmp_path / "missing.wav"]
    files[0].write_bytes(b"no sound")
    out = tmp_path / "texts"
    assert infer.main(["transcribe", *map(str, files), str(good), "--model", model, "-o", str(out), "--quiet"]) == 1
    assert [path.name for path in out.iterdir()] == ["good.txt"]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(files) and all(str(file) in line for file, line in zip(files, lines, strict=True))
    assert "nobody speaks" in lines[1] and "no audio in it" in lines[2] and "No such file" in lines[3]


@pytest.mark.parametrize(
    "arguments, code, told",
    [
        (["--language", "xx"], 1, "no language 'xx' is known here"),
        (["--model", "parrot"], 1, "no listener 'parrot': use nets, whisper"),
        (["--model", "whisper=/nowhere"], 1, "no Whisper model in /nowhere"),
        (["-o", "heard.doc"], 2, "heard.doc must end in .txt, .srt, .vtt, .json"),
        (["-o", "texts", "b/talk.wav"], 2, "two recordings would be written to texts/talk.txt"),
    ],
)
def test_what_cannot_be_done_is_one_line(model, capsys, arguments, code, told):
    assert infer.main(["transcribe", "--model", model, *arguments, "a/talk.wav"]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0]


def test_json_has_the_segments_and_the_language(model, tmp_path):
    pytest.importorskip("faster_whisper")
    from tts.transcription.formats import FORMATS, Transcription
    from tts.transcription.listener import HeardSegment, HeardWord

    words = [HeardWord("Good", 1.0, 1.2), HeardWord("morning.", 1.2, 1.9)]
    heard = Transcription("en", "english", 3.0, [HeardSegment("Good morning.", 1.0, 1.9, words)])
    found = json.loads(FORMATS["json"](heard))
    assert found["text"] == "Good morning." and found["language"] == "english" and found["duration"] == 3.0
    assert found["words"][1] == {"word": "morning.", "start": 1.2, "end": 1.9}
    assert found["segments"][0]["start"] == 1.0
    assert "00:00:01,000 --> 00:00:02,000" in FORMATS["srt"](heard)
