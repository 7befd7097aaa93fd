"""A signal ends a run, but never in the middle of a step."""

import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader

from helpers.trainers import quiet_trainer, tiny, tiny_batch
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
    stage = tiny(Told, audio)
    batch = tiny_batch()
    callbacks = [Preemption(signals=["USR1"])]
    trainer = quiet_trainer(tmp_path, max_epochs=1, accumulate_grad_batches=3, callbacks=callbacks)
    before = signal.signal(signal.SIGUSR1, lambda number, frame: None)
    try:
        with pytest.raises(SystemExit):
            trainer.fit(stage, DataLoader([batch] * 12, batch_size=None))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (stage.batches, trainer.global_step) == (3, 1)
