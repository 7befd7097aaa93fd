"""A signal ends a run, but never in the middle of a step."""

import os
import signal

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader

from helpers.trainers import quiet_trainer
from tts.training.preemption import Preemption
from tts.training.stage import Stage
from tts.types import Batch


class Told(Stage):
    """Counts its batches, and gets a signal in the first of them."""

    batches = 0

    def losses(self, batch: Batch) -> dict[str, torch.Tensor]:
        self.batches += 1
        if self.batches == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        return {"mean": self.net(batch.wav).square().mean()}


def test_a_step_of_several_batches_is_finished_first(audio, tmp_path, monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    stage = Told(
        net=nn.Linear(2, 2),
        audio=audio,
        weights={"mean": 1.0},
        optimizer=lambda net: torch.optim.SGD(net.parameters(), lr=0.1),
        schedule=lambda optimizer: LambdaLR(optimizer, lambda step: 1.0),
        gradient_clip=1.0,
    )
    length, wav = torch.full((4,), 2), torch.ones(4, 2)
    batch = Batch(["x"] * 4, ["a"] * 4, torch.zeros(4, 1).long(), torch.zeros(4).long(), wav, length, wav, length)
    callbacks = [Preemption(signals=["USR1"])]
    trainer = quiet_trainer(tmp_path, max_epochs=1, accumulate_grad_batches=3, callbacks=callbacks)
    before = signal.signal(signal.SIGUSR1, lambda number, frame: None)
    try:
        with pytest.raises(SystemExit):
            trainer.fit(stage, DataLoader([batch] * 12, batch_size=None))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (stage.batches, trainer.global_step) == (3, 1)
