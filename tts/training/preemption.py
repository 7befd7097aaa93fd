"""Ends a run on a signal: all ranks finish the same step, save a checkpoint and exit."""

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
    """On a signal, all ranks finish the same step and save a checkpoint. Then the signal takes its usual effect.

    Under Slurm, SIGUSR1 (`#SBATCH --signal=USR1@120`) requeues the job. Any other signal goes to the handler from
    before training: submitit's handler requeues its job, SIGTERM ends the process. This callback must come before
    Checkpoints, which saves when the trainer should stop.
    """

    def __init__(self, *, signals: Sequence[str]):
        self.signals = [signal.Signals[f"SIG{name}"] for name in signals]
        self.before: dict = {}  # handlers from before training, by signal
        self.caught = 0  # number of the signal
        self.step = 0  # the last finished step

    def on_train_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.step = trainer.global_step
        for number in self.signals:
            self.before[number] = signal.signal(number, self._catch)

    def _catch(self, number: int, frame) -> None:
        self.caught = number

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        if trainer.global_step == self.step:  # the batch was accumulated: a checkpoint would lose its gradients
            return
        self.step = trainer.global_step
        # Several ranks must agree on a step. They wait for each other to do so, hence not in every step.
        if trainer.world_size > 1:
            if self.step % trainer.log_every_n_steps:
                return
            mine = torch.tensor(self.caught, device=trainer.strategy.root_device)
            self.caught = int(trainer.strategy.reduce(mine, reduce_op="max"))
        if self.caught:
            trainer.should_stop = True

    def on_validation_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.should_stop:
            self._leave(trainer)  # skips Lightning's final validation, for which there is no time

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
