"""Many processes, one run: a rank that goes silent is missed by the others, and a signal ends them all at one step."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta

import lightning as L
import torch
from torch import distributed

from tts.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)
BEAT = 1.0  # seconds between signs of life
LOST = 75  # exit status: try again (EX_TEMPFAIL)
OVER = "over"


class Watch(L.Callback):
    """Ends this rank when another one has given no sign of life for `patience` seconds: killed, frozen or cut off.

    A collective operation would wait for it until its own timeout, which must be long: ranks may rightly wait minutes
    for one that writes a checkpoint. The signs come from a thread, so that a rank that is only busy keeps giving them.
    Whoever started the ranks (torchrun, Slurm) sees an exit status and starts them again.
    """

    def __init__(self, *, patience: float):
        self.patience = patience  # seconds
        self.over = threading.Event()
        self.key = ""  # of this rank's signs

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.world_size == 1:
            return
        # A client of the store that the ranks found each other by; torchrun keeps it apart from any of them.
        self.store = distributed.TCPStore(
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            is_master=False,
            timeout=timedelta(seconds=self.patience),
        )
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        self.keys = [f"triforce/{attempt}/{rank}" for rank in range(trainer.world_size)]
        self.key = self.keys[trainer.global_rank]
        self.over.clear()
        self.store.set(self.key, "0")
        trainer.strategy.barrier()
        threading.Thread(target=self._watch, daemon=True).start()

    def on_fit_end(self, trainer: L.Trainer, stage: Stage) -> None:
        if self.key:
            self.over.set()
            self.store.set(self.key, OVER)

    def on_exception(self, trainer: L.Trainer, stage: Stage, exception: BaseException) -> None:
        lost = isinstance(exception, distributed.DistError) or "onnection" in str(exception)
        if self.key and lost:
            self._complain(f"lost another rank ({str(exception).splitlines()[0][:200]})")

    def _watch(self) -> None:
        beats, seen = 0, {key: ("", time.monotonic()) for key in self.keys}
        while not self.over.wait(BEAT):
            beats += 1
            try:
                self.store.set(self.key, str(beats))
                signs = [sign.decode() for sign in self.store.multi_get(self.keys)]
            except (distributed.DistError, RuntimeError):
                self._end("lost the process that ranks meet at")
            now = time.monotonic()
            for key, sign in zip(self.keys, signs, strict=True):
                if sign != seen[key][0]:
                    seen[key] = sign, now
            silent = [rank for rank, (sign, when) in enumerate(seen.values()) if now - when > self.patience]
            silent = [rank for rank in silent if signs[rank] != OVER]
            if silent:
                self._end(f"rank {', '.join(map(str, silent))} silent for {self.patience:.0f} s: killed, frozen or cut off")

    def _end(self, why: str) -> None:
        if not self.over.is_set():
            self._complain(why)
            os._exit(LOST)  # the main thread may be waiting in a collective operation that nothing interrupts

    def _complain(self, why: str) -> None:
        rank = f"rank {self.keys.index(self.key)} of {len(self.keys)}"
        print(f"train.py: {rank}: {why}; the same command resumes the run", file=sys.stderr, flush=True)


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
