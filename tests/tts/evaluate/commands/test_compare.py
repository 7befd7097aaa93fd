"""A verdict is given only if the interval allows one, and old reports can be read."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from tts.evaluate.__main__ import main
from tts.evaluate.commands import compare
from tts.evaluate.estimates import Estimate
from tts.evaluate.measures import MEASURES, Row, perplexity
from tts.judges import wer

OLD = Path(__file__).with_name("old_report.json")  # made before rows held opinions by name; texts are blanked

ROW = Row(
    subject="tts",
    clip="",
    speaker="ann",
    kind="",
    seed=0,
    text="a b",
    opinions={
        "heard": {"text": "a b", "word_edits": 0, "words": 10, "character_edits": 0, "characters": 50},
        "mos": {"overall": 3.0},
        "voice": None,
        "prosody": {"span": 2.0, "speech": 1.5, "voiced": 1.0, "pitch": 120.0, "pauses": 0, "pause_seconds": 0.0},
    },
    phones=20,
    length=1.0,
    fault=None,
    judged=True,
    codes=0,
    seconds=2.0,
    compute=0.5,
)


def misheard(row: Row, edits: int, **changes) -> Row:
    heard = row.opinions["heard"] | {"word_edits": edits}
    return replace(row, opinions=row.opinions | {"heard": heard}, **changes)


def rows(errors: float, *, seed: int = 0, clips: int = 40, seeds: int = 3) -> list[Row]:
    """Clips of differing difficulty, the same for every seed given; takes scatter."""
    hard = np.random.default_rng(1).poisson(2.0, clips)
    draw = np.random.default_rng(seed)
    return [
        misheard(ROW, int(min(10, draw.poisson(0.2) + hard[c] * errors)), clip=f"c{c:02}", seed=s)
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
    found = [compare.difference_verdict(MEASURES["wer"].estimate(second, minus=first), -1) for first, second in pairs]
    assert found.count("open") >= 17


def test_what_is_neither_good_nor_bad_only_differs():
    assert compare.difference_verdict(Estimate(0.5, 0.1, 0.9), 0) == "differs"
    assert compare.difference_verdict(Estimate(0.5, 0.1, 0.9), 1) == "better"
    assert compare.difference_verdict(Estimate(0.5, -0.1, 0.9), 1) == "open"
    assert compare.difference_verdict(Estimate(-0.5, -0.9, -0.1), -1) == "better"


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


def test_an_old_report_gives_the_figures_that_it_was_written_with():
    body, rows = compare.read_report(OLD)
    assert len(rows) == 8 and rows[0].opinion("heard")["text"] == "heard in c0"
    subjects = body["figures"]["subjects"]
    own = {name: [row for row in rows if row.subject == name] for name in subjects}
    for name, figures in subjects.items():
        for measure, written in figures.items():
            plain = measure.removesuffix("_above_recording")
            if plain != "waves":
                minus = own["recording"] if plain != measure else None
                assert MEASURES[plain].estimate(own[name], minus=minus).data() == written, (name, measure)
    assert {"wer", "mos", "similarity", "mcd", "voiced", "rate", "pauses", "faults", "rtf"} <= set(subjects["coarse"])


def test_an_old_report_and_a_new_one_are_compared(tmp_path, capsys):
    body, rows = compare.read_report(OLD)
    worse = [misheard(row, row.opinion("heard")["words"]) for row in rows]
    new = body | {"normaliser": wer.VERSION, "rows": [asdict(row) for row in worse]}
    (tmp_path / "report.json").write_text(json.dumps(new))
    assert main(["compare", str(OLD), str(tmp_path), "-o", str(tmp_path / "differences.json")]) == 0
    found = json.loads((tmp_path / "differences.json").read_text())["rows"]
    (wers,) = [row for row in found if (row["subject"], row["measure"]) == ("coarse", "wer")]
    assert wers["second"]["value"] == 1 and wers["difference"]["value"] > 0
    assert wers["verdict"] == "open"  # of four clips
    others = [row for row in found if row["measure"] != "wer"]
    assert others and all(row["difference"]["value"] == 0 for row in others)
    assert "coarse" in capsys.readouterr().out


def test_a_judge_that_was_not_asked_says_nothing_in_old_rows(tmp_path):
    body = json.loads(OLD.read_text())
    unasked = {"mos": None, "heard": None, "character_edits": None, "word_edits": None, "span": None}
    (tmp_path / "report.json").write_text(json.dumps(body | {"rows": [row | unasked for row in body["rows"]]}))
    _, rows = compare.read_report(tmp_path)
    assert all(rows[0].opinions[judge] is None for judge in ("heard", "mos", "prosody"))
    for measure in ("wer", "cer", "mos", "voiced", "rate"):
        assert MEASURES[measure].estimate(rows) is None
    assert MEASURES["similarity"].estimate(rows) is not None


def test_evaluations_that_mean_different_things_are_refused(capsys, tmp_path):
    body = json.loads(OLD.read_text())
    for key, other in (("judges", {"heard": "another"}), ("normaliser", "another"), ("texts", "another")):
        (tmp_path / "report.json").write_text(json.dumps(body | {key: other}))
        assert main(["compare", str(OLD), str(tmp_path)]) == 1
        assert f"the two differ in {key}" in capsys.readouterr().err
