"""Runs that are killed, starved of disk or fed poison: what is left, and that they go on as if nothing had been."""

import math
import random
from collections import deque
from functools import partial

import lightning as L
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

import train
from helpers.runs import bare_run
from tts.training.checkpoints import Checkpoints, newest, save, verify
from tts.training.guard import Guard
from tts.training.stage import Stage
from tts.types import Batch


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
