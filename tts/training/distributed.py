"""Many processes, one run: a rank that goes silent is missed by the others, and a signal ends them all at one step."""

import logging
import os
import signal
import socket
import subprocess
from collections.abc import Sequence

import lightning as L
import torch
from torch import distributed
from torch.distributed import TCPStore

from tts.training.heartbeat import LOST, Heartbeat
from tts.training.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)


def meet_anew() -> None:
    """Under torchrun, lets ranks find each other at a store of their own whenever they are started.

    torchrun's store outlives them, and what was left there leads the ranks of the next start to sockets that are gone
    (https://github.com/pytorch/pytorch/issues/135712).
    """
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True" or distributed.is_initialized():
        return
    store = TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), is_master=False)
    place = f"store/{os.environ['TORCHELASTIC_RESTART_COUNT']}"
    if os.environ["RANK"] == "0":
        with socket.socket() as free:
            free.bind(("", 0))
            store.set(place, str(free.getsockname()[1]))
    os.environ["MASTER_PORT"] = store.get(place).decode()
    os.environ["TORCHELASTIC_USE_AGENT_STORE"] = "False"  # rank 0 opens it


class Watch(L.Callback):
    """Gives and hears signs of life while several ranks train (`tts.training.heartbeat`).

    Whoever started the ranks (torchrun, Slurm) sees the exit status of those that end and starts all of them again.
    """

    def __init__(self, *, patience: float):
        self.patience = patience  # seconds
        self.heartbeat: Heartbeat | None = None

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.world_size == 1:
            return
        self.heartbeat = Heartbeat(  # at the store that the ranks found each other by
            host=os.environ["MASTER_ADDR"],
            port=int(os.environ["MASTER_PORT"]),
            rank=trainer.global_rank,
            world=trainer.world_size,
            patience=self.patience,
        )
        trainer.strategy.barrier()
        self.heartbeat.start()

    def on_fit_end(self, trainer: L.Trainer, stage: Stage) -> None:
        if self.heartbeat:
            self.heartbeat.stop()

    def on_exception(self, trainer: L.Trainer, stage: Stage, exception: BaseException) -> None:
        lost = isinstance(exception, distributed.DistError) or "onnection" in str(exception)
        if self.heartbeat and lost:
            self.heartbeat.complain(f"lost another rank ({str(exception).splitlines()[0][:200]})")
            raise SystemExit(LOST)  # where the connection broke says nothing about why


class Farewell(L.Callback):
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
