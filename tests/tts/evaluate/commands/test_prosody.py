"""Speech that is duller than recordings is found out, and chance is not taken for it."""

import json

import numpy as np
import pytest

from helpers import nano
from tts.evaluate.commands.prosody import (
    FEWEST,
    QUANTITIES,
    compare_spreads,
    demand_spread,
    measure_spreads,
    spread_table,
)
from tts.evaluate.subjects import SUBJECTS
from tts.evaluate.suites import read_suite
from tts.judges.panel import Panel
from tts.judges.prosody import ProsodyJudge


def moments(deviation: float, seeds: int, seed: int, clips: int = 60) -> np.ndarray:
    """Of thirty values in each wave."""
    values = 2 + deviation * np.random.default_rng(seed).standard_normal((clips, seeds, 30))
    return np.stack((np.full((clips, seeds), 30.0), values.sum(-1), np.square(values).sum(-1)), -1)


def test_a_spread_has_its_size_and_its_share_of_the_recorded_one():
    found = compare_spreads("ada", "gaps", moments(2.0, 1, 0), moments(1.2, 3, 1))
    assert found.recorded.low < 2 < found.recorded.high
    assert found.spoken.low < 1.2 < found.spoken.high
    assert found.share.low < 0.6 < found.share.high < 0.7
    assert found.verdict == "less"
    assert compare_spreads("ada", "gaps", moments(2.0, 1, 0), moments(3.0, 3, 1)).verdict == "more"
    assert compare_spreads("ada", "gaps", moments(2.0, 1, 0), moments(2.0, 3, 1)).verdict == "as recorded"


def test_only_a_spread_that_is_surely_less_fails():
    dull = compare_spreads("ada", "pitch", moments(2.0, 1, 0), moments(1.2, 3, 1))
    unsure = compare_spreads("bo", "rate", moments(2.0, 1, 0, clips=2), moments(1.65, 3, 2, clips=2))
    flat = compare_spreads("cy", "pauses", moments(0.0, 1, 0), moments(0.0, 3, 1))
    assert flat.share is None
    demand_spread([dull, unsure, flat], 0.5)
    with pytest.raises(ValueError, match=r"less than 0.85 of the recorded spread: pitch of ada 0.[56]\S+ \[\S+ \S+\]$"):
        demand_spread([dull, unsure, flat], 0.85)


@pytest.fixture
def melodies(tmp_path):
    """Recordings of one speaker that differ in pitch and length."""
    (tmp_path / "audio").mkdir()
    lines = ["id|speaker|text|seconds"]
    for index in range(FEWEST):
        nano.hum(tmp_path / "audio" / f"c{index}.wav", seconds=0.8 + 0.1 * (index % 3), pitch=100 + 10 * index)
        lines.append(f"c{index}|ada|Hello world.|1.0")
    (tmp_path / "metadata.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_recordings_spread_as_recordings_do(melodies, nano_studio, tmp_path):
    pytest.importorskip("librosa")
    suite, cache, out = read_suite(str(melodies)), tmp_path / "cache", tmp_path / "out"
    with Panel({"prosody": ProsodyJudge()}, cache=cache, workers=1) as panel:
        found = measure_spreads(suite, nano_studio, panel, SUBJECTS["recording"], seeds=2, cache=cache, out=out)
        with pytest.raises(ValueError, match=f"2 recordings of a speaker say too little: give {FEWEST} or more"):
            measure_spreads(suite.first(2), nano_studio, panel, SUBJECTS["tts-own"], seeds=1, cache=cache, out=out)
    assert [own.quantity for own in found] == list(QUANTITIES)
    for own in found:
        assert own.verdict == "as recorded" and own.spoken.value == pytest.approx(own.recorded.value)
    rate = next(own for own in found if own.quantity == "rate")
    assert 0.05 < rate.recorded.value < 0.15 and rate.share.value == pytest.approx(1)
    body = json.loads((out / "prosody.json").read_text())
    assert body["spreads"][2]["verdict"] == "as recorded" and len(body["rows"]) == 3 * FEWEST
    assert spread_table(found).count("as recorded") == len(QUANTITIES)
