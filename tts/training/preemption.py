"""A run that is told to end: all ranks finish the same step, save a checkpoint and leave."""

import logging
import os
import signal
import subprocess
from collections.abc import Sequence

import lightning as L
import torch

from tts.training.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)


class Preemption(L.Callback):
    """On a signal all ranks finish the same step and save, and the process ends as the signal asks.

    Under Slurm SIGUSR1 (`#SBATCH --signal=USR1@120`) puts the job back into the queue. Any other signal then has the
    effect that it had before training: submitit's handler queues its job again, SIGTERM ends the process. Stands before
    the checkpoints, of which one is written when the trainer should stop.
    """

    def __init__(self, *, signals: Sequence[str]):
        self.signals = [signal.Signals[f"SIG{name}"] for name in signals]
        self.before: dict = {}  # handlers
        self.caught = 0

    def on_train_start(self, trainer: L.Trainer, stage: Stage) -> None:
        for number in self.signals:
            self.before[number] = signal.signal(number, self._catch)

    def _catch(self, number: int, frame) -> None:
        self.caught = number

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        # Ranks must agree on a step, which costs a wait for each other; alone there is nobody to ask.
        if trainer.world_size > 1:
            if (index + 1) % trainer.log_every_n_steps:
                return
            mine = torch.tensor(self.caught, device=trainer.strategy.root_device)
            self.caught = int(trainer.strategy.reduce(mine, reduce_op="max"))
        if self.caught:
            trainer.should_stop = True

    def on_validation_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.should_stop:
            self._leave(trainer)  # there is no time for what Lightning validates at the end

    def on_train_end(self, trainer: L.Trainer, stage: Stage) -> None:
        self._leave(trainer)

    def _leave(self, trainer: L.Trainer) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
        if not self.caught:
            return
        name = signal.Signals(self.caught).name
        log.warning(f"{name}: the run ends at step {trainer.global_step}; the same command resumes it")
        job = os.environ.get("SLURM_JOB_ID")
        if self.caught == signal.SIGUSR1 and job and "SUBMITIT_EXECUTOR" not in os.environ:
            if trainer.is_global_zero:
                subprocess.run(["scontrol", "requeue", job], check=True)
        else:
            os.kill(os.getpid(), self.caught)
        raise SystemExit(128 + self.caught)
