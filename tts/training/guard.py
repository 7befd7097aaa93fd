"""Refuses steps that would harm the net, and sets aside the samples that keep causing them."""

import json
import logging
import math
import statistics
from collections import deque
from functools import partial
from pathlib import Path

import lightning as L
import torch
from torch import Tensor, distributed

from tts.files import whole
from tts.training.checkpoints import newest
from tts.training.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)
NORMAL = 1.4826  # standard deviation of a normal distribution whose median absolute deviation is 1
SLACK = 0.02  # smallest spread, as a share of the median, for losses that hardly differ


class Rollback(Exception):
    """The run must go back to its last checkpoint, and continue without the samples that were set aside."""


class Guard(L.Callback):
    """Refuses a step if its loss or gradient is not finite, or if its loss is a spike.

    A spike is more than `spread` robust deviations (median absolute deviation, Hampel 1974) above the median of the
    last `window` losses. A refused step advances the step count and changes nothing else. After `patience` refused
    steps in a row the run goes back to its last checkpoint. The clips of these steps are written to `path`, one line of
    JSON for each rollback, and are not trained on again.
    """

    def __init__(self, *, path: str, checkpoints: str, patience: int, window: int, spread: float, rollbacks: int):
        self.path = Path(path)
        self.checkpoints = Path(checkpoints)
        self.patience = patience  # steps
        self.spread = spread
        self.rollbacks = rollbacks  # to the same checkpoint, before the run ends with an error
        self.losses: deque[float] = deque(maxlen=window)  # of the last good steps
        self.step = -1  # the current one
        self.keys: list[str] = []  # of all samples in the current step, over its accumulated batches
        self.refused: list[list[str]] = []  # the keys of each refused step in the current row
        self.buffers: list[Tensor] = []  # of the net, as far as checkpoints hold them: codebooks, counters
        self.before: list[Tensor] = []  # copies of the buffers from before the step
        for name, value, least in (("patience", patience, 1), ("window", window, 10), ("rollbacks", rollbacks, 0)):
            if value < least:
                raise ValueError(f"guard.{name} is {value}: give {least} or more")
        if spread <= 0:
            raise ValueError(f"guard.spread is {spread}: give a number above 0, or .inf to let every spike pass")

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        stage.refuses = partial(self.refuses, trainer)
        held = stage.net.state_dict().keys()
        self.buffers = [buffer for name, buffer in stage.net.named_buffers() if name in held]

    def on_train_batch_start(self, trainer: L.Trainer, stage: Stage, batch: Batch, index: int) -> None:
        if trainer.global_step != self.step:
            self.step, self.keys = trainer.global_step, []
            self.before = [buffer.clone() for buffer in self.buffers]
        self.keys = self.keys + batch.keys

    @torch.no_grad()
    def refuses(self, trainer: L.Trainer, loss: Tensor, norm: Tensor) -> bool:
        """Whether the current step must be refused. All ranks get the same answer."""
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        value = float(trainer.strategy.reduce(loss.detach(), reduce_op="mean"))
        if math.isfinite(value) and not torch.isfinite(norm) and scaler is not None:
            return False  # normal while a scaler searches for its scale; it skips the step itself
        limit = self.limit()
        if math.isfinite(value) and torch.isfinite(norm) and value <= limit:
            self.losses.append(value)
            self.refused = []
            return False
        self.refused.append(self.keys)
        for buffer, before in zip(self.buffers, self.before, strict=True):
            buffer.copy_(before)
        log.warning(
            f"step {trainer.global_step} refused: loss {value:.4g} (at most {limit:.4g}), gradient norm "
            f"{float(norm):.4g}; its samples: {', '.join(self.keys)}"
        )
        return True

    def limit(self) -> float:
        """The largest loss that is not a spike. Infinite until the window is half full."""
        if len(self.losses) < self.losses.maxlen / 2:
            return math.inf
        middle = statistics.median(self.losses)
        deviation = NORMAL * statistics.median(abs(loss - middle) for loss in self.losses)
        return middle + self.spread * max(deviation, SLACK * abs(middle))

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        if len(self.refused) >= self.patience:
            self.roll_back(trainer)

    def roll_back(self, trainer: L.Trainer) -> None:
        """Set the samples of all ranks aside and raise Rollback. Raises ValueError after too many rollbacks."""
        there = newest(self.checkpoints)
        step = int(there.stem) if there else 0
        tries = sum(record["to"] == step for record in records(self.path))
        if tries >= self.rollbacks:
            raise ValueError(
                f"step {trainer.global_step}: {self.patience} steps in a row refused, after {tries} rollbacks to step "
                f"{step}: lower stage.optimizer.lr, raise guard.spread if the losses were sound, or check the "
                f"samples in {self.path}"
            )
        keys = sorted({key for step in self.refused for key in step})
        if trainer.world_size > 1:
            gathered: list = [None] * trainer.world_size
            distributed.all_gather_object(gathered, keys)
            keys = sorted(set().union(*gathered))
        if trainer.is_global_zero:
            known = [*records(self.path), {"from": trainer.global_step, "to": step, "keys": keys}]
            with whole(self.path) as file:
                file.write("".join(f"{json.dumps(record)}\n" for record in known).encode())
        trainer.strategy.barrier()
        raise Rollback(f"{self.patience} steps in a row refused: back to step {step}, {len(keys)} samples set aside")

    def state_dict(self) -> dict:
        return {"losses": list(self.losses)}

    def load_state_dict(self, state: dict) -> None:
        self.losses.extend(state["losses"])


def records(path: Path) -> list[dict]:
    """The rollbacks of a run, as written to `path`."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def set_aside(path: Path) -> frozenset[str]:
    """The keys of the clips that a run no longer trains on."""
    return frozenset().union(*(record["keys"] for record in records(path)))
