"""Long runs that are killed again and again, or fed poison: what is left, and that they go on."""

import os
import random
import resource
import signal
import time

import pytest
import torch
from omegaconf import open_dict

import train
from data.index import read_index
from helpers.runs import bare_run, child, traced
from tts.files import PARTIAL
from tts.training.checkpoints import found, newest
from tts.training.guard import records

pytestmark = pytest.mark.slow


def test_poison_is_left_out_and_then_set_aside(shards, codec, tmp_path, caplog):
    keys = [clip.key for clip in read_index(shards).clips if clip.split == "train"]
    poison = {key: float("nan") for key in keys[:4]}

    def run(name: str, *more: str):
        settings = ("data.batch_seconds=2", "trainer.max_steps=24", "checkpoints.every=3", *more)
        cfg = bare_run("dvae", shards, codec, tmp_path / name, *settings, trace=tmp_path / f"{name}.trace")
        with open_dict(cfg):
            cfg.stage._target_, cfg.stage.poison = "helpers.runs.Poisoned", poison
        return cfg

    train.train(run("patient", "guard.patience=100"))
    assert not records(tmp_path / "patient/set_aside.jsonl")
    refused = [line for line in caplog.text.splitlines() if "refused: loss" in line]
    assert refused and all(any(key in line for key in poison) for line in refused)
    state = torch.load(newest(tmp_path / "patient/checkpoints"), weights_only=True)["state_dict"]
    assert all(value.isfinite().all() for value in state.values() if value.is_floating_point())

    trainer = train.train(run("strict", "guard.patience=1", "guard.rollbacks=10"))
    assert trainer.global_step == 24
    aside = [key for record in records(tmp_path / "strict/set_aside.jsonl") for key in record["keys"]]
    steps = traced(tmp_path / "strict.trace")
    assert set(aside) & set(poison) and len(set(aside)) == len(aside)
    last = max(place for place, (step, _, _) in enumerate(steps) if step <= steps[place - 1][0])
    assert not {key for _, batch, _ in steps[last:] for key in batch} & set(aside)
    assert not any("nan" in loss for _, _, loss in steps[last:])

    with pytest.raises(ValueError, match="lower stage.optimizer.lr"):
        train.train(run("hopeless", "guard.patience=1", "guard.rollbacks=0"))


def test_thirty_kills_while_saving(shards, codec, tmp_path):
    folder, draw = tmp_path / "run/checkpoints", random.Random(0)
    folder.mkdir(parents=True)
    for kill in range(30):
        there = newest(folder)
        before = int(there.stem) if there else 0
        trace = tmp_path / f"{kill}.trace"
        settings = ("trainer.max_steps=100000", "checkpoints.every=1", "data.batch_seconds=2")
        process = child(bare_run("dvae", shards, codec, tmp_path / "run", *settings, trace=trace))
        steps = draw.randint(1, 3)
        while process.is_alive() and len(traced(trace)) < steps:
            time.sleep(0.02)
        while process.is_alive() and not any(name.endswith(PARTIAL) for name in os.listdir(folder)):
            time.sleep(0.001)
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert traced(trace)[0][0] == before + 1
    assert newest(folder)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_without_room_the_last_good_checkpoint_stays(shards, codec, tmp_path, caplog):
    def run(steps: int, *more: str):
        settings = (f"trainer.max_steps={steps}", "checkpoints.every=1", *more)
        return bare_run("dvae", shards, codec, tmp_path / "run", *settings, trace=tmp_path / "trace")

    train.train(run(2))
    left = found(tmp_path / "run/checkpoints")
    assert [path.stem for path in left] == ["0000002", "0000001"]
    size = left[0].stat().st_size
    try:
        limit_files(size // 2)
        assert train.train(run(4)).global_step == 4
        assert "0000003.ckpt could not be written ([Errno 27] File too large" in caplog.text
        with pytest.raises(ValueError, match="no room for .*0000003.ckpt"):
            train.train(run(4, "checkpoints.disk_full=stop"))
    finally:
        limit_files(resource.RLIM_INFINITY)
    assert sorted((tmp_path / "run/checkpoints").iterdir()) == sorted(left)
    assert train.train(run(4)).global_step == 4
    assert newest(tmp_path / "run/checkpoints").stem == "0000004"
