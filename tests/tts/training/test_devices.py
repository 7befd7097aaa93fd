"""Several processes are one run: the same net as one process makes, and no waiting for a rank that is gone."""

import os
import signal
import threading
import time
from pathlib import Path

import lightning as L
import pytest

import train
from helpers.ranks import make_shards, overrides
from helpers.runs import configure, quiet
from tts.training.accounting.runlog import read
from tts.training.parallel import Sharded


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    return make_shards(tmp_path_factory.mktemp("shards"), audio)


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
        record = tmp_path / "run/accounting.jsonl"  # it may be there without a line yet
        while not record.is_file() or max((line["step"] for line in read(record)), default=0) < 2:
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
