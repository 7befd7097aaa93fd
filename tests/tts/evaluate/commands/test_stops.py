"""Faults are counted, listed and kept as waves."""

import json

import pytest
import soundfile

from helpers.fake_judges import FakeAligner, FakeRecogniser, marked_wave, read_mark
from tts.evaluate.commands import stops
from tts.evaluate.commands.stops import UnjudgedSentence
from tts.evaluate.faults import KINDS
from tts.judges.panel import Panel

TEXT = "We saw one boat."


def sentence(number: int, seconds: float = 1.5, fault: str | None = None, attempts: int = 1) -> UnjudgedSentence:
    return UnjudgedSentence(TEXT, marked_wave(number, 24000, seconds=seconds), fault, attempts)


def test_known_sentences_give_known_counts(bare_studio, tmp_path, monkeypatch):
    monkeypatch.setattr(stops, "KEPT", 3)
    heard = FakeRecogniser("we saw one boat", {4: "", 5: "we saw one boat we saw one boat"})
    aligned = FakeAligner(opinions={6: {"whole": False, "stray": 0.0}})
    spoken = [*map(sentence, range(6)), sentence(6, 1.2), sentence(7, 3.3), sentence(8, fault="skips", attempts=3)]
    with Panel({"heard": heard, "aligned": aligned}, cache=tmp_path / "cache", workers=1) as panel:
        result = stops.count_faults(bare_studio, spoken, panel, out=tmp_path)
    shares = {name: round(9 * estimate.value, 6) for name, estimate in result["figures"].items()}
    counts = {"ran on": 1, "stopped early": 2, "skips": 1, "repeats": 1, "any": 5, "spoken more than once": 1}
    assert shares == counts and set(KINDS) < set(shares)
    offenders = [(item["fault"], item["seconds"]) for item in result["offenders"]]
    assert offenders == [
        ("stopped early", 1.5),
        ("repeats", 1.5),
        ("stopped early", 1.2),
        ("ran on", 3.3),
        ("skips", 1.5),
    ]
    body = json.loads((tmp_path / "stops.json").read_text())
    assert body["sentences"] == 9 == len(body["rows"]) and body["offenders"] == result["offenders"]
    files = sorted((tmp_path / "audio").iterdir())
    assert [read_mark(_wave(path), 24000) for path in files] == [4, 5, 6]  # of five only so many as are kept
    lines = stops.describe_faults(result, 9).splitlines()
    assert lines[0] == "of 9 sentences" and len(lines) == 1 + 6 + 5
    assert lines[7] == f"  stopped early: {TEXT} | heard:  (1.5 s)"


def _wave(path):
    import torch

    return torch.from_numpy(soundfile.read(path, dtype="float32")[0])


def test_what_has_no_words_is_not_spoken(nano_studio):
    spoken = stops.speak_sentences(nano_studio, ["Hello world", "* * *", "Hello again."], seed=0)
    assert [item.text for item in spoken] == ["Hello world.", "Hello again."]
    assert all(item.attempts == 1 and len(item.wave) for item in spoken)
    again = stops.speak_sentences(nano_studio, ["Hello again."], seed=0)  # a seed for each text, not for its place
    assert again[0].wave.equal(spoken[1].wave)


def test_recordings_take_the_place_of_speech(hums, nano_studio):
    spoken = stops.recorded_sentences(nano_studio, hums, 2)
    assert [(item.text, item.fault, item.attempts) for item in spoken] == [
        ("Hello world.", None, 1),
        ("Hello there.", None, 1),
    ]
    assert len(spoken[0].wave) / 24000 == pytest.approx(1.5, abs=0.1)
