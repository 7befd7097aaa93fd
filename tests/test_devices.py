"""Several processes are one run: the same net as one process makes, and no waiting for a rank that is gone."""

import os
import signal
import threading
import time
from pathlib import Path

import corpus
import pytest
import torch
from ranks import start
from runs import configure

import train
from tts.checkpoint import load
from tts.ledger.book import account, read
from tts.resume import found

STEPS = 3


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    """Enough for both ranks to train on without an end of an epoch, and one batch to validate on."""
    folder = tmp_path_factory.mktemp("shards")
    clips = corpus.make_corpus(folder / "clips", clips=24)
    return corpus.make_shards(folder / "computed", audio, clips, val_share=0.05)


def overrides(shards: Path, folder: Path, *more: str) -> list[str]:
    """A DVAE's run whose steps draw nothing, so that only the batches matter."""
    return [
        "stage=dvae",
        "model=dvae/nano",
        f"data.path={shards}",
        f"dir={folder}",
        "run=x",
        "data.batch_seconds=4",
        "data.workers=0",
        "stage.gain_jitter=0",
        "stage.schedule.steps=100",
        "trainer.precision=32-true",
        "trainer.num_sanity_val_steps=0",
        f"trainer.max_steps={STEPS}",
        *more,
    ]


@pytest.mark.slow
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
    for name in ("ddp", "fsdp"):
        for part in ("state_dict", "current_model_state"):  # averaged, and as trained
            for key, value in saved["one"][part].items():
                torch.testing.assert_close(saved[name][part][key], value, rtol=1e-4, atol=1e-6)
        assert saved[name]["averaging_state"] == saved["one"]["averaging_state"]
        one, other = (load(tmp_path / run / "net.safetensors") for run in ("one", name))
        assert other.provenance["step"] == STEPS
        assert other.provenance["metrics"]["val/loss"] == pytest.approx(one.provenance["metrics"]["val/loss"], rel=1e-4)
        for key, value in one.net.state_dict().items():
            torch.testing.assert_close(other.net.state_dict()[key], value, rtol=1e-4, atol=1e-6)
        whole, part = account("one", read(tmp_path / "one")), account(name, read(tmp_path / name))
        assert part.audio_hours == pytest.approx(whole.audio_hours)
        assert part.device.startswith("2 x")
        assert part.starts == (1 if name == "ddp" else 2)


def test_told_to_end_a_run_saves_goes_back_into_the_queue_and_resumes(shards, tmp_path, monkeypatch):
    queue = tmp_path / "scontrol"
    queue.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    queue.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    run = overrides(shards, tmp_path / "run", "trainer.val_check_interval=1000", "trainer.log_every_n_steps=1")
    before = signal.getsignal(signal.SIGUSR1)

    def tell() -> None:
        while not (tmp_path / "run/ledger.jsonl").is_file() or read(tmp_path / "run")[-1]["step"] < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGUSR1)

    threading.Thread(target=tell, daemon=True).start()
    with pytest.raises(SystemExit):
        train.train(configure(*run, "trainer.max_steps=1000"))
    assert (tmp_path / "asked").read_text() == "requeue 7\n"
    assert signal.getsignal(signal.SIGUSR1) is before
    (saved,) = (tmp_path / "run/checkpoints").glob("*.ckpt")
    step = int(saved.stem)
    assert 2 <= step < 1000
    assert train.train(configure(*run, f"trainer.max_steps={step + 1}")).global_step == step + 1
    starts = [line["step"] for line in read(tmp_path / "run") if line["kind"] == "start"]
    assert starts == [0, step]
