"""A verdict only where the interval allows one."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from tts.evaluate.commands import compare
from tts.evaluate.estimates import Estimate
from tts.evaluate.measures import MEASURES, Row, perplexity

ROW = Row(
    subject="tts",
    clip="",
    speaker="ann",
    kind="",
    seed=0,
    text="a b",
    heard="a b",
    word_edits=0,
    words=10,
    character_edits=0,
    characters=50,
    mos=3.0,
    similarity=None,
    mcd=None,
    f0_error=None,
    span=2.0,
    speech=1.5,
    voiced=1.0,
    pitch=120.0,
    pauses=0,
    pause_seconds=0.0,
    sounds=20,
    length=1.0,
    fault=None,
    judged=True,
    codes=0,
    seconds=2.0,
    compute=0.5,
)


def rows(errors: float, *, seed: int = 0, clips: int = 40, seeds: int = 3) -> list[Row]:
    """Clips of differing difficulty, the same for every seed given; takes scatter."""
    hard = np.random.default_rng(1).poisson(2.0, clips)
    draw = np.random.default_rng(seed)
    return [
        replace(ROW, clip=f"c{c:02}", seed=s, word_edits=int(min(10, draw.poisson(0.2) + hard[c] * errors)))
        for c in range(clips)
        for s in range(seeds)
    ]


def verdicts(first: list[Row], second: list[Row]) -> dict[str, str]:
    return {difference.measure: difference.verdict for difference in compare.find_differences(first, second)}


def test_a_real_difference_is_seen_in_its_direction():
    assert verdicts(rows(2), rows(1, seed=5))["wer"] == "better"
    assert verdicts(rows(1), rows(2, seed=5))["wer"] == "worse"


def test_chance_alone_seldom_gives_a_verdict():
    pairs = [(rows(1, seed=2 * k), rows(1, seed=2 * k + 1)) for k in range(20)]
    found = [compare.verdict(MEASURES["wer"].estimate(second, minus=first), -1) for first, second in pairs]
    assert found.count("open") >= 17


def test_what_is_neither_good_nor_bad_only_differs():
    assert compare.verdict(Estimate(0.5, 0.1, 0.9), 0) == "differs"
    assert compare.verdict(Estimate(0.5, 0.1, 0.9), 1) == "better"
    assert compare.verdict(Estimate(0.5, -0.1, 0.9), 1) == "open"
    assert compare.verdict(Estimate(-0.5, -0.9, -0.1), -1) == "better"


def test_a_few_clips_prove_nothing():
    assert set(verdicts(rows(3, clips=4), rows(1, seed=5, clips=4)).values()) == {"open"}
    assert MEASURES["wer"].estimate(rows(1, clips=1)) is None


def test_only_clips_that_both_have_are_compared():
    first, second = rows(1), [row for row in rows(1, seed=5) if row.clip < "c20"]
    difference = next(d for d in compare.find_differences(first, second) if d.measure == "wer")
    own = [row for row in first if row.clip < "c20"]
    expected = MEASURES["wer"].estimate(second).value - MEASURES["wer"].estimate(own).value
    assert difference.difference.value == pytest.approx(expected)


def test_what_nobody_measured_is_left_out():
    measured = verdicts(rows(1), rows(1))
    assert "similarity" not in measured and "mcd" not in measured and "mos" in measured


def test_no_fault_in_forty_clips_is_no_proof_that_there_are_none():
    figure = MEASURES["faults"].estimate(rows(1))
    assert figure.value == 0 and 0.05 < figure.high < 0.12  # Wilson of 0 in 40, not of 0 in 120


def test_perplexity_by_hand():
    assert perplexity([0, 1, 2, 3], 8) == {"codes": 4, "used": 0.5, "perplexity": pytest.approx(4)}
    assert perplexity([5, 5, 5], 10)["perplexity"] == pytest.approx(1)


def test_a_report_that_is_none_is_named(tmp_path):
    file = tmp_path / "report.json"
    good = {"judges": {}, "normaliser": "n", "texts": "t", "rows": [asdict(ROW)]}
    for broken in ("{", "{}", json.dumps(good | {"rows": [{"subject": "tts"}]})):
        file.write_text(broken)
        with pytest.raises(ValueError, match="report.json is no report that can be read"):
            compare.read_report(tmp_path)
    file.write_text(json.dumps(good))
    assert compare.read_report(tmp_path)[1] == [ROW]
