"""A reading whose voice changes is found out."""

import json

import pytest
import torch

from helpers import tone_speech
from tts import settings
from tts.evaluate.commands import long
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Suite
from tts.judges.panel import Panel
from tts.judges.prosody import ProsodyJudge
from tts.judges.similarity import TorchScriptEncoder

pytestmark = pytest.mark.slow


def test_a_reading_whose_voice_rises_is_found_out(tmp_path, monkeypatch):
    pytest.importorskip("librosa")
    monkeypatch.setattr(long, "WINDOW", 2.0)
    studio = Studio(weights=tmp_path, conf=settings.compose(["device=cpu"]))
    text = "cold dunes and old stones"

    def reading(rise: float) -> list[long.SpokenPassage]:
        waves = [tone_speech.speak_tones(text, 110 * (1 + rise * k / 16)) for k in range(16)]
        return [long.SpokenPassage(text, torch.from_numpy(wave).float(), [0]) for wave in waves]

    judges = {"voice": TorchScriptEncoder(tone_speech.write_pitch_net(tmp_path / "net.pt")), "prosody": ProsodyJudge()}
    suite = Suite("own", "", "", [])
    with Panel(judges, cache=tmp_path, workers=1) as panel:
        steady = long.measure_drift(studio, reading(0.0), panel, suite=suite, out=tmp_path / "steady")
        rising = long.measure_drift(studio, reading(0.3), panel, suite=suite, out=tmp_path / "rising")
    assert rising["trends"]["pitch"]["verdict"] == "trend"
    assert rising["trends"]["pitch"]["figure"].low > 0
    assert rising["trends"]["similarity"]["figure"].high < 0
    assert abs(steady["trends"]["pitch"]["per_minute"]) < 1
    assert rising["clicks"].value == 0 and rising["joins"] == 16
    body = json.loads((tmp_path / "rising" / "long.json").read_text())
    assert {"judges", "texts", "windows", "figures"} <= set(body)
    assert (tmp_path / "rising" / "long.png").stat().st_size > 10_000
    with pytest.raises(ValueError, match="no long reading"):
        long.measure_drift(studio, reading(0.0)[:3], panel, suite=suite, out=tmp_path / "short")
