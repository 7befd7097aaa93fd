"""Several processes are one run: the same net as one process makes, and no waiting for a rank that is gone."""

import os
import signal
import threading
import time
from pathlib import Path

import lightning as L
import pytest
import torch

import train
from helpers.ranks import STEPS, make_shards, overrides, start
from helpers.runs import configure, quiet
from tts.checkpoint import load
from tts.nn import fast_dtype
from tts.training.accounting.runlog import account, read
from tts.training.checkpoints import found
from tts.training.parallel import Sharded


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    return make_shards(tmp_path_factory.mktemp("shards"), audio)


def assert_alike(other: dict[str, torch.Tensor], one: dict[str, torch.Tensor], begun: dict[str, torch.Tensor]) -> None:
    """Weights that learned the same, within rounding, as a share of how far each matrix went.

    A sum in another order changes gradients in their last bits. Where Muon multiplies in bfloat16, Newton-Schulz makes
    a changed bit several percent of the step where a gradient has small singular values, and 1e-4 of it in float32.
    """
    tolerance = 0.1 if fast_dtype(torch.device("cpu")) == torch.bfloat16 else 1e-3
    assert other.keys() == one.keys()
    for name, value in one.items():
        if not value.is_floating_point():
            assert torch.equal(other[name], value), name
            continue
        moved = (value - begun[name]).norm()
        assert (other[name] - value).norm() <= tolerance * moved, name


def test_two_processes_learn_what_one_learns_from_the_same_batches(shards, tmp_path):
    one = ["trainer.accumulate_grad_batches=2", f"trainer.val_check_interval={2 * STEPS}"]
    alone = start([overrides(shards, tmp_path / "one", *one, "trainer.callbacks.2.dtype=float32")], world=1)
    runs = []
    for name, export, steps in (("ddp", 2, STEPS), ("fsdp", 1, STEPS - 1), ("fsdp", 1, STEPS)):  # the last one resumes
        more = [f"trainer={name}", "trainer.accelerator=cpu", f"trainer.callbacks.{export}.dtype=float32"]
        more += [f"trainer.max_steps={steps}", f"trainer.val_check_interval={steps}"]
        runs.append(overrides(shards, tmp_path / name, *more))
    for process in [*alone, *start(runs, world=2)]:
        process.join()
        assert process.exitcode == 0

    saved = {name: torch.load(found(tmp_path / name / "checkpoints")[0]) for name in ("one", "ddp", "fsdp")}
    begun = train.assemble(configure(*overrides(shards, tmp_path))).stage.state_dict()
    for name in ("ddp", "fsdp"):
        for part in ("state_dict", "current_model_state"):  # averaged, and as trained
            assert_alike(saved[name][part], saved["one"][part], begun)
        assert saved[name]["averaging_state"] == saved["one"]["averaging_state"]
        one, other = (load(tmp_path / run / "net.safetensors") for run in ("one", name))
        assert other.provenance["step"] == STEPS
        assert other.provenance["metrics"]["val/loss"] == pytest.approx(one.provenance["metrics"]["val/loss"], rel=1e-4)
        net = {key.removeprefix("net."): value for key, value in begun.items()}
        assert_alike(other.net.state_dict(), one.net.state_dict(), net)
        whole, part = account("one", read(tmp_path / "one")), account(name, read(tmp_path / name))
        assert part.audio_hours == pytest.approx(whole.audio_hours)
        assert part.device.startswith("2 x")
        assert part.starts == (1 if name == "ddp" else 2)


def test_what_cannot_be_sharded_says_what_can_be_done(shards, tmp_path):
    strategy = Sharded(process_group_backend=None, timeout=1.0)
    strategy.connect(train.assemble(configure(*overrides(shards, tmp_path, stage="vocoder"))).stage)
    with pytest.raises(ValueError, match="VocoderStage also trains its discriminator, .*: use trainer=ddp"):
        strategy.setup(L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False))


def test_told_to_end_a_run_saves_goes_back_into_the_queue_and_resumes(shards, tmp_path, monkeypatch):
    queue = tmp_path / "scontrol"
    queue.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    queue.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    run = overrides(shards, tmp_path / "run", "trainer.val_check_interval=1000", "trainer.log_every_n_steps=1")
    before = signal.getsignal(signal.SIGUSR1)

    def tell() -> None:
        while not (tmp_path / "run/accounting.jsonl").is_file() or read(tmp_path / "run")[-1]["step"] < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR1)

    threading.Thread(target=tell, daemon=True).start()
    with pytest.raises(SystemExit):
        train.train(quiet(configure(*run, "trainer.max_steps=1000")))
    assert (tmp_path / "asked").read_text() == "requeue 7\n"
    assert signal.getsignal(signal.SIGUSR1) is before
    (saved,) = (tmp_path / "run/checkpoints").glob("*.ckpt")
    step = int(saved.stem)
    assert 2 <= step < 1000
    assert train.train(quiet(configure(*run, f"trainer.max_steps={step + 1}"))).global_step == step + 1
    starts = [line["step"] for line in read(tmp_path / "run") if line["kind"] == "start"]
    assert starts == [0, step]
