"""The fit over runs of several sizes: known exponents are found again, too little is refused."""

import numpy as np
import pytest

from tts.training.accounting import runlog, scale
from tts.training.accounting.scale import Law, fit

TRUE = Law(2.0, 1.2, 0.35, 1.8, 0.6)
SIZES = np.array([0.5e6, 1e6, 2e6, 4e6, 8e6])
HOURS = np.array([0.3, 0.6, 1.2, 2.4])


def grid(sizes=SIZES, hours=HOURS) -> tuple[np.ndarray, np.ndarray]:
    return np.repeat(sizes, len(hours)), np.tile(hours, len(sizes))


def write(folder, size: float, noise: np.random.Generator, law: Law = TRUE) -> None:
    """The lines that training writes: every validation hears the same six batches, some harder than others."""
    path = folder / runlog.NAME
    runlog.append(path, {"kind": "start", "step": 0, "parameters": int(size)})
    hard = np.array([-0.2, -0.1, 0.0, 0.0, 0.1, 0.2])
    for i, hours in enumerate(HOURS):
        seconds = 3600 * (hours - (HOURS[i - 1] if i else 0))
        runlog.append(
            path,
            {"kind": "train", "step": i, "audio_seconds": seconds, "padded_seconds": seconds, "flops": seconds * 1e9},
        )
        heard = law(size, hours) + hard + 0.003 * noise.standard_normal()
        runlog.append(path, {"kind": "val", "step": i, "batches": {"clips": [4] * 6, "speech": heard.tolist()}})


def test_exponents_of_made_up_curves_come_back():
    sizes, hours = grid()
    found = fit(sizes, hours, TRUE(sizes, hours))
    assert vars(found) == pytest.approx(vars(TRUE), rel=0.02)
    assert float(found(427e6, 50_000)) == pytest.approx(float(TRUE(427e6, 50_000)), rel=1e-3)


def test_one_wild_point_does_not_move_it_far():
    sizes, hours = grid()
    loss = TRUE(sizes, hours)
    loss[7] *= 1.3
    assert vars(fit(sizes, hours, loss)) == pytest.approx(vars(TRUE), rel=0.1)


@pytest.mark.parametrize("sizes, hours", [(SIZES[:3], HOURS), (SIZES, HOURS[:3])])
def test_fewer_than_four_sizes_or_budgets_are_refused(sizes, hours):
    sizes, hours = grid(sizes, hours)
    with pytest.raises(ValueError, match="too few to fit: at least 4 of each"):
        fit(sizes, hours, TRUE(sizes, hours))


def test_tables_and_picture_of_runs(tmp_path, capsys):
    noise = np.random.default_rng(0)
    runs = [tmp_path / "gpt" / f"w{size / 1e6:g}" for size in SIZES]
    for run, size in zip(runs, SIZES, strict=True):
        write(run, size, noise)
    picture = tmp_path / "scale.png"
    scale.main([*map(str, runs), "--at", "427e6", "5e4", "--draws", "2", "-o", str(picture)])
    out = capsys.readouterr().out
    assert "| w8 | 8.00M | 1.00 |" in out  # GFLOP per second of audio
    assert f"measured {scale.read(runs[-1]).loss()[-1]:.3f}" in out
    assert "| 427M | 50,000 h |" in out
    assert picture.stat().st_size > 1000
    with pytest.raises(SystemExit, match="3 sizes at 4 budgets of audio are too few"):
        scale.main([*map(str, runs[:3]), "-o", str(picture)])


def test_what_a_kill_undid_does_not_count(tmp_path):
    path = tmp_path / "w" / runlog.NAME
    runlog.append(path, {"kind": "start", "step": 0, "parameters": 9})
    train = {"kind": "train", "padded_seconds": 3600.0, "audio_seconds": 3600.0, "flops": 1.0}
    heard = {"kind": "val", "batches": {"clips": [1], "denoise": [0.5]}}
    for line in (
        {**train, "step": 10},
        {**heard, "step": 10},
        {**train, "step": 20},
        {"kind": "start", "step": 10, "parameters": 9},
        {**train, "step": 20},
        {**heard, "step": 20},
    ):
        runlog.append(path, line)
    assert scale.read(tmp_path / "w").hours.tolist() == [1.0, 2.0]
    runlog.append(tmp_path / "old" / runlog.NAME, {"kind": "start", "step": 0, "parameters": 9})
    with pytest.raises(ValueError, match="no losses by validation batch"):
        scale.read(tmp_path / "old")
