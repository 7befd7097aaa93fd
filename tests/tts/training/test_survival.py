"""Runs that are killed, starved of disk or fed poison: what is left, and that they go on as if nothing had been."""

import math
import os
import random
import resource
import signal
import time
from collections import deque
from functools import partial

import lightning as L
import pytest
import torch
from omegaconf import open_dict
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

import train
from data.index import read_index
from helpers.runs import STAGES, bare_run, child, traced
from tts.files import PARTIAL
from tts.training.checkpoints import Checkpoints, found, newest, save, verify
from tts.training.guard import Guard, records
from tts.training.stage import Stage
from tts.types import Batch

STEPS = 28


def finish(cfg) -> int:
    process = child(cfg)
    process.join()
    return process.exitcode


@pytest.mark.parametrize("stage", [STAGES[0], *(pytest.param(stage, marks=pytest.mark.slow) for stage in STAGES[1:])])
def test_killed_in_mid_epoch_and_resumed_equals_undisturbed(stage, shards, codec, tmp_path):
    def run(name: str, part: int, **kill):
        budget = 0.8 if stage == "vocoder" else 3  # its critic costs the most
        settings = (f"data.batch_seconds={budget}", f"trainer.max_steps={STEPS}", "checkpoints.every=5")
        trace = tmp_path / f"{name}.{part}"
        return bare_run(stage, shards, codec, tmp_path / name, *settings, trace=trace, **kill)

    assert finish(run("whole", 1)) == 0
    assert finish(run("killed", 1, kill_at=7)) == -signal.SIGKILL
    assert newest(tmp_path / "killed/checkpoints").stem == "0000005"
    assert finish(run("killed", 2)) == 0
    whole = traced(tmp_path / "whole.1")
    assert [step for step, _, _ in whole] == list(range(1, STEPS + 1))
    assert traced(tmp_path / "killed.1") == whole[:7]
    assert traced(tmp_path / "killed.2") == whole[5:]


def test_a_checkpoint_is_whole_or_not_taken(tmp_path, caplog):
    for step in (1, 2, 3, 4):
        save({"step": step, "weights": torch.randn(1000)}, tmp_path / f"{step:07d}.ckpt")
    assert newest(tmp_path).stem == "0000004"
    whole = (tmp_path / "0000004.ckpt").read_bytes()
    (tmp_path / "0000004.ckpt").write_bytes(whole[:-1000])
    place = whole.index(b"PK\x03\x04", 2000) - 500  # among the numbers
    (tmp_path / "0000003.ckpt").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert newest(tmp_path).stem == "0000002"
    assert "0000004.ckpt is not a complete checkpoint" in caplog.text and "0000003.ckpt" in caplog.text
    with pytest.raises(ValueError, match="not a complete checkpoint"):
        verify(tmp_path / "0000003.ckpt")
    assert newest(tmp_path / "absent") is None


class Normed(Stage):
    """A net whose buffers every batch changes."""

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        return {"mean": self.net(batch.wav).square().mean() + batch.wav.mean()}


def test_what_the_batch_did_to_the_buffers_is_undone_with_the_step(tmp_path, audio):
    guard = Guard(path=str(tmp_path / "x"), checkpoints=str(tmp_path), patience=9, window=10, spread=10, rollbacks=1)
    stage = Normed(
        net=nn.BatchNorm1d(2),
        audio=audio,
        weights={"mean": 1.0},
        optimizer=lambda net: torch.optim.SGD(net.parameters(), lr=0.1),
        schedule=partial(LambdaLR, lr_lambda=lambda step: 1.0),
        gradient_clip=1.0,
    )
    none, length = torch.zeros(4, dtype=torch.long), torch.full((4,), 2)
    batches = [
        Batch([str(value)] * 4, ["a"] * 4, torch.zeros(4, 1).long(), none, wav, length, wav, length)
        for value in (1.0, math.nan, 2.0)
        for wav in [torch.full((4, 2), value)]
    ]
    options = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = L.Trainer(accelerator="cpu", max_epochs=1, callbacks=[guard], default_root_dir=tmp_path, **options)
    trainer.fit(stage, DataLoader(batches, batch_size=None))
    good = nn.BatchNorm1d(2)
    for value in (1.0, 2.0):
        good(torch.full((4, 2), value))
    assert torch.equal(stage.net.running_mean, good.running_mean)
    assert stage.net.weight.isfinite().all() and len(guard.losses) == 2


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


@pytest.mark.slow
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


def test_a_spike_is_told_by_the_losses_before_it():
    def guard(losses: list[float], **changes) -> Guard:
        settings = {"path": "x", "checkpoints": "x", "patience": 1, "window": 100, "spread": 10, "rollbacks": 1}
        made = Guard(**(settings | changes))
        made.losses = deque(losses, maxlen=made.losses.maxlen)
        return made

    draw = random.Random(0)
    falling = [3 * 0.99**step + draw.gauss(0, 0.05) for step in range(400)]
    assert all(loss <= guard(falling[:step][-100:]).limit() for step, loss in enumerate(falling))
    assert guard(falling).limit() < 1
    assert guard(falling[:49]).limit() == float("inf")
    outliers = [*falling[-90:], *[1e6] * 10]
    assert guard(outliers).limit() < 2
    assert guard([1.0] * 100).limit() == pytest.approx(1.2)
    assert guard([1.0] * 100, spread=float("inf")).limit() == float("inf")
    for name, value in {"patience": 0, "window": 5, "rollbacks": -1, "spread": 0}.items():
        with pytest.raises(ValueError, match=f"guard.{name} is {value}"):
            guard([], **{name: value})


def test_settings_of_checkpoints_are_checked():
    for change in ({"every": 0}, {"keep": 0}, {"disk_full": "panic"}):
        settings = {"folder": "x", "every": 1, "keep": 1, "disk_full": "stop"} | change
        with pytest.raises(ValueError, match=f"checkpoints.{next(iter(change))}"):
            Checkpoints(**settings)


def test_a_run_keeps_its_id_and_its_curves(shards, codec, tmp_path):
    names = []
    for steps in (2, 4):
        cfg = bare_run(
            "dvae",
            shards,
            codec,
            tmp_path,
            "trainer.log_every_n_steps=1",
            f"trainer.max_steps={steps}",
            trace=tmp_path / "t",
        )
        train.train(cfg)
        names.append(cfg.id)
    assert names[0] == names[1] != ""
    rows = (tmp_path / "csv/metrics.csv").read_text().splitlines()
    column = rows[0].split(",").index("step")
    assert {int(row.split(",")[column]) for row in rows[1:]} == {0, 1, 2, 3}


@pytest.mark.slow
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
