"""A configuration is fitted to the machine, and a run that has begun keeps what it began with."""

import pytest
import torch
from lightning.fabric.utilities.distributed import _set_num_threads_if_needed, _suggested_max_num_threads
from omegaconf import OmegaConf

from helpers.runs import configure
from tts.nn import fast_dtype
from tts.training.assembly import adapt, spare_threads


@pytest.fixture
def run(tmp_path):
    return lambda *overrides: configure("stage=dvae", "data.path=none", "run=x", f"dir={tmp_path}", *overrides)


def test_precision_is_what_is_fast_here_unless_the_run_has_begun_with_another(run, tmp_path, caplog):
    fast = "bf16-mixed" if fast_dtype(torch.device("cpu")) == torch.bfloat16 else "32-true"
    other = {"bf16-mixed": "32-true", "32-true": "bf16-mixed"}[fast]
    fresh, asked = run(), run(f"trainer.precision={other}")
    adapt(fresh)
    adapt(asked)
    assert (fresh.trainer.precision, asked.trainer.precision) == (fast, other)
    assert not caplog.text
    start = tmp_path / "starts/0001"
    start.mkdir(parents=True)
    OmegaConf.save(asked, start / "config.yaml")
    resumed, changed = run(), run(f"trainer.precision={fast}")
    adapt(resumed)
    adapt(changed)
    assert (resumed.trainer.precision, changed.trainer.precision) == (other, fast)
    assert f"began with trainer.precision={other} and continues with {fast}" in caplog.text


def test_threads_are_the_users_or_this_ranks_part_of_the_free_cores(run, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert spare_threads(cores=8, busy=8, ranks=1) == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert spare_threads(cores=8, busy=0, ranks=1) == 8
    assert spare_threads(cores=8, busy=0, ranks=2) == 4
    assert spare_threads(cores=8, busy=1, ranks=2) == 4  # the other rank
    assert spare_threads(cores=8, busy=3, ranks=1) == 5
    assert spare_threads(cores=2, busy=9, ranks=1) == 1
    before = torch.get_num_threads()
    try:
        adapt(run("threads=2"))
        assert torch.get_num_threads() == 2
        with pytest.raises(ValueError, match="threads is 0: give 1 or more"):
            adapt(run("threads=0"))
    finally:
        torch.set_num_threads(before)


def test_threads_stay_when_lightning_starts_several_processes(run, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # put back after the test
    monkeypatch.delenv("OMP_NUM_THREADS")
    before = torch.get_num_threads()
    other = _suggested_max_num_threads(1) + 1
    try:
        adapt(run("trainer=ddp", f"threads={other}"))
        _set_num_threads_if_needed(1)
        assert torch.get_num_threads() == other
    finally:
        torch.set_num_threads(before)
