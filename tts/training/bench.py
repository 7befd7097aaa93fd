"""Compares our trainer with a plain loop.

    uv run python -m tts.training.bench stage=gpt model=gpt/base data.path=SHARDS stage.codec=FILE

Both train the same net from the same weights on the same batches. They take turns, step by step, in one process, so
that other load on the machine affects both alike. Wall time and processor time are both reported, because on a shared
machine only processor time says what the work costs.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from statistics import median

import hydra
import lightning as L
import torch
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from tts.cli import run_as_program
from tts.training.assembly import adapt, assemble
from tts.training.meter import Counter, device_name, matmul_peak, multiplied_in, settle
from tts.training.stage import Stage
from tts.types import Batch

PARTS = ("forward", "backward", "optimiser", "average")


@dataclass(frozen=True)
class Timing:
    """Seconds of wall time, and of processor time summed over threads."""

    wall: float = 0.0
    processor: float = 0.0

    def __add__(self, other: "Timing") -> "Timing":
        return Timing(self.wall + other.wall, self.processor + other.processor)

    def __sub__(self, other: "Timing") -> "Timing":
        return Timing(self.wall - other.wall, self.processor - other.processor)


def now(device: torch.device) -> Timing:
    settle(device)
    return Timing(time.perf_counter(), time.process_time())


class PlainLoop:
    """The loop that one would write by hand: autocast, backward, clip, step, average."""

    def __init__(self, stage: Stage, average: Callable, dtype: torch.dtype):
        configured = stage.configure_optimizers()
        if not isinstance(configured, dict):
            raise ValueError("the bench trains stages with one optimiser: give stage=gpt, diffusion or dvae")
        self.stage = stage.train()
        self.optimizer, self.schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
        self.average = AveragedModel(stage, multi_avg_fn=average)
        self.dtype = dtype
        self.spans = dict.fromkeys(PARTS, Timing())

    def step(self, batch: Batch, counter: Counter | None) -> tuple[Tensor, int]:
        """Do a step. Returns the loss and, if there is a counter, the FLOPs of both passes."""
        self.stage.on_train_batch_start(batch, 0)  # sets the seed as in the trainer
        device = batch.wav.device
        marks = [now(device)]
        if counter:
            counter.start()
        with torch.autocast(device.type, self.dtype, enabled=self.dtype != torch.float32):
            loss = self.stage.total(self.stage.losses(batch))
        marks.append(now(device))
        self.optimizer.zero_grad()
        loss.backward()
        flops = counter.stop() if counter else 0
        marks.append(now(device))
        nn.utils.clip_grad_norm_(self.stage.net.parameters(), self.stage.gradient_clip)
        self.optimizer.step()
        self.schedule.step()
        marks.append(now(device))
        self.average.update_parameters(self.stage)
        marks.append(now(device))
        for part, start, stop in zip(PARTS, marks, marks[1:], strict=False):
            self.spans[part] += stop - start
        return loss.detach(), flops


class Race(L.Callback):
    """Lets the plain loop do each step just before the trainer, and times both."""

    def __init__(self, plain: PlainLoop, warmup: int):
        self.plain = plain
        self.warmup = warmup
        self.counter = Counter()
        self.spans: dict[str, list[Timing]] = {"plain loop": [], "trainer": []}
        self.seconds: list[float] = []  # of padded audio in each measured batch
        self.flops, self.counted = 0, 0.0  # FLOPs of the warm-up batches, and seconds of padded audio in them
        self.difference = 0.0  # largest relative difference of the two losses
        self.turn: Timing | None = None  # time at which the trainer's step began

    def on_fit_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.plain.stage.to(stage.device)
        self.plain.average.to(stage.device)
        self.plain.stage.trainer = trainer

    def on_train_batch_start(self, trainer: L.Trainer, stage: Stage, batch: Batch, index: int) -> None:
        self._end_turn(stage)
        padded, start = batch.wav.numel() / stage.audio.sample_rate, now(stage.device)
        if index < self.warmup:
            self.loss, flops = self.plain.step(batch, self.counter)
            self.flops += flops
            self.counted += padded
            self.plain.spans = dict.fromkeys(PARTS, Timing())
            return
        self.loss, _ = self.plain.step(batch, None)
        self.spans["plain loop"].append(now(stage.device) - start)
        self.seconds.append(padded)
        self.turn = now(stage.device)

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        self.difference = max(self.difference, abs(float(outputs["loss"] / self.loss) - 1))

    def on_train_end(self, trainer: L.Trainer, stage: Stage) -> None:
        self._end_turn(stage)

    def _end_turn(self, stage: Stage) -> None:
        if self.turn is not None:
            self.spans["trainer"].append(now(stage.device) - self.turn)
            self.turn = None


@hydra.main(version_base="1.3", config_path="../../conf", config_name="bench")
def main(cfg: DictConfig) -> None:
    try:
        bench(cfg)
    except (ValueError, FileNotFoundError, HydraException, OmegaConfBaseException) as error:
        sys.exit(f"bench: error: {error}")


def bench(cfg: DictConfig) -> Race:
    """Run both and print how long each took."""
    if min(cfg.warmup, cfg.steps) < 1:
        raise ValueError(f"warmup is {cfg.warmup} and steps {cfg.steps}: both must be 1 or more")
    cfg.trainer.max_steps = cfg.warmup + cfg.steps
    adapt(cfg)
    parts = assemble(cfg)
    start = time.process_time()
    batches = list(islice(iter(parts.data.train_dataloader()), cfg.warmup + cfg.steps))
    reading = (time.process_time() - start) / len(batches)
    if len(batches) <= cfg.warmup:
        raise ValueError(f"there are only {len(batches)} batches: lower warmup, or data.batch_seconds")
    trainer = instantiate(cfg.trainer, _convert_="all")
    device, dtype = trainer.strategy.root_device, multiplied_in(trainer.precision)
    peak = Timing(matmul_peak(device, dtype), matmul_peak(device, dtype, clock=time.process_time))
    average = instantiate(cfg.trainer.callbacks[0].multi_avg_fn)
    race = Race(PlainLoop(assemble(cfg).stage, average, dtype), cfg.warmup)
    trainer.callbacks.append(race)
    trainer.fit(parts.stage, train_dataloaders=DataLoader(batches, batch_size=None))

    flops = race.flops / race.counted * sum(race.seconds)
    count = len(race.seconds)
    parameters = sum(parameter.numel() for parameter in parts.stage.net.parameters())
    print(f"{cfg.stage._target_}, {parameters / 1e6:.1f}M parameters, {trainer.precision}, {device_name(device)}")
    print(f"{count} steps of {sum(race.seconds) / count:.1f} s padded audio, {flops / count / 1e9:.0f} GFLOP each")
    print(f"matmul peak {peak.wall / 1e9:.0f} GFLOP/s, per processor second {peak.processor / 1e9:.0f}")
    for name, spans in race.spans.items():
        total = sum(spans, Timing())
        print(
            f"{name:10}  step {total.wall / count:.3f} s, processor {total.processor / count:.3f} s; "
            f"{flops / total.wall / peak.wall:.1%} of peak, by processor {flops / total.processor / peak.processor:.1%}"
        )
    pairs = list(zip(race.spans["trainer"], race.spans["plain loop"], strict=True))
    print(
        f"trainer / plain loop: {median(a.wall / b.wall for a, b in pairs):.3f}, by processor "
        f"{median(a.processor / b.processor for a, b in pairs):.3f} (medians); losses differ by {race.difference:.1e}"
    )
    whole = sum(race.plain.spans.values(), Timing()).processor
    shares = ", ".join(f"{part} {span.processor / whole:.1%}" for part, span in race.plain.spans.items())
    print(f"plain loop: {shares} (by processor); reading a batch takes {reading:.3f} s of processor time")
    if cfg.profile:
        with torch.profiler.profile() as profiler:
            race.plain.step(trainer.strategy.batch_to_device(batches[-1]), None)
        print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=45))
    return race


if __name__ == "__main__":
    run_as_program(main)
