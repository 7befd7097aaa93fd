"""Records what a run does and costs while it trains."""

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.profilers import Profiler

from tts.provenance import revision
from tts.training.accounting import runlog
from tts.training.checkpoints import spared
from tts.training.meter import Counter, device_name, matmul_peak, multiplied_in, peak_memory, settle
from tts.training.stage import Stage
from tts.types import Batch

STATE = ("batches", "count_at", "counted_flops", "counted_seconds")
FETCH = "train_dataloader_next"  # how the name ends of the profiler action in which Lightning waits for a batch


class Waits:
    """Wraps Lightning's profiler and adds up the seconds that training has waited for its batches."""

    def __init__(self, profiler: Profiler):
        self._profiler = profiler
        self._since = 0.0
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._profiler, name)

    def start(self, action: str) -> None:
        if action.endswith(FETCH):
            self._since = time.perf_counter()
        self._profiler.start(action)

    def stop(self, action: str) -> None:
        self._profiler.stop(action)
        if action.endswith(FETCH):
            self.seconds += time.perf_counter() - self._since


class Accounting(L.Callback):
    """Writes `accounting.jsonl` (`accounting.runlog`) and logs the rates of each line.

    FLOPs are those of the forward and backward pass, with frozen nets and without the optimiser's products. Counting is
    slow, so only the first, 10th, 100th, ... batch of a run is counted; for all others the FLOPs per second of padded
    audio are assumed to be the same. Checkpoints hold which batch is counted next, because an operation may round
    differently while it is counted. `watts` and `price_per_hour` are for one device.
    """

    def __init__(self, *, path: str, watts: float | None, price_per_hour: float | None):
        self.path = Path(path)
        self.watts = watts
        self.price_per_hour = price_per_hour
        self.counter = Counter()
        self.batches, self.count_at = 0, 1  # batches of this run, and the next one to be counted
        self.counted_flops, self.counted_seconds = 0, 0.0  # sums over the counted batches
        self.flops = 0  # counted so far in the current batch
        self.rate: float | None = None  # audio-hours per hour in the last line
        self.mark = 0.0  # time at which the next line begins

    def setup(self, trainer: L.Trainer, module: L.LightningModule, stage: str) -> None:
        self.waits = trainer.profiler = Waits(trainer.profiler)

    def on_train_start(self, trainer: L.Trainer, stage: Stage) -> None:
        peak = matmul_peak(stage.device, multiplied_in(trainer.precision))
        (self.peak,) = self._over_ranks(trainer, [peak])
        upstream = getattr(stage, "codec", None)  # a vocoder may have no codec
        codec = stage.net if upstream is None else upstream.net
        rate = getattr(codec, "code_rate", None)
        self.frame_rate = float(stage.audio.frame_rate)
        self.code_rate = None if rate is None else float(rate)
        self._write(
            trainer,
            "start",
            device=device_name(stage.device),
            devices=trainer.world_size,
            precision=trainer.precision,
            peak=self.peak,
            parameters=sum(parameter.numel() for parameter in stage.net.parameters()),
            frame_rate=self.frame_rate,
            code_rate=self.code_rate,
            watts=self.watts,
            price_per_hour=self.price_per_hour,
            revision=revision(),
        )
        self._begin()

    def on_train_batch_start(self, trainer: L.Trainer, stage: Stage, batch: Batch, index: int) -> None:
        self.batches += 1
        if self.batches == self.count_at:
            self.count_at *= 10
            self.counter.start()

    def on_before_optimizer_step(self, trainer: L.Trainer, stage: Stage, optimizer: torch.optim.Optimizer) -> None:
        self.flops += self.counter.stop()

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        self.flops += self.counter.stop()  # if this batch was accumulated without an optimiser step
        padded = batch.wav.numel() / stage.audio.sample_rate
        if self.flops:
            self.counted_flops += self.flops
            self.counted_seconds += padded
        self.samples = (
            self.samples + batch.wav_len.sum()
        )  # read only when a line is written, as reading waits for the GPU
        self.padded += padded
        self.done += self.flops or padded * self.counted_flops / self.counted_seconds
        self.flops = 0
        self.unwritten += 1
        if self.unwritten == trainer.log_every_n_steps:
            self._line(trainer, stage)
        if self.rate is not None:
            stage.log("audio_h_per_h", self.rate, prog_bar=True, logger=False, batch_size=len(batch.keys))

    def on_validation_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.heard: dict[str, list[float]] = defaultdict(list)
        if not trainer.sanity_checking:
            self._line(trainer, stage)

    def on_validation_batch_end(
        self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int, dataloader_idx: int = 0
    ) -> None:
        self.heard["clips"].append(len(batch.keys))
        for name, value in outputs.items():
            self.heard[name].append(round(float(value), 5))

    def on_validation_end(self, trainer: L.Trainer, stage: Stage) -> None:
        if not trainer.sanity_checking:
            said = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")}
            seconds = time.perf_counter() - self.mark
            self._write(trainer, "val", seconds=seconds, **said, batches=dict(self.heard))
            self._begin()

    def on_exception(self, trainer: L.Trainer, stage: Stage, exception: BaseException) -> None:
        self.counter.stop()

    def on_train_end(self, trainer: L.Trainer, stage: Stage) -> None:
        self._line(trainer, stage)

    def state_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in STATE}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name in STATE:
            setattr(self, name, state[name])

    def _begin(self) -> None:
        """Reset the sums for the next line."""
        self.mark = time.perf_counter()
        self.waited = self.waits.seconds
        self.samples = self.padded = self.done = 0.0
        self.unwritten = 0  # batches

    def _line(self, trainer: L.Trainer, stage: Stage) -> None:
        if not self.unwritten:
            return
        settle(stage.device)
        seconds = time.perf_counter() - self.mark
        audio = float(self.samples) / stage.audio.sample_rate
        own = [audio, self.padded, self.done, self.waits.seconds - self.waited, peak_memory(stage.device)]
        audio, padded, flops, waiting, memory = self._over_ranks(trainer, own)
        loss = trainer.callback_metrics.get("train/loss")
        self._write(
            trainer,
            "train",
            batches=self.unwritten,
            seconds=seconds,
            waiting=waiting / trainer.world_size,
            audio_seconds=audio,
            padded_seconds=padded,
            flops=flops,
            memory_gb=memory / trainer.world_size,
            loss=float("nan") if loss is None else float(loss),
        )
        rates = {
            "audio_h_per_h": audio / seconds,
            "frames_per_s": audio * self.frame_rate / seconds,
            "padding": 1 - audio / padded,
            "peak_share": flops / seconds / self.peak,
            "waiting_share": waiting / trainer.world_size / seconds,
            "memory_gb": memory / trainer.world_size,
        }
        for logger in trainer.loggers:
            named = {f"accounting/{name}": value for name, value in rates.items()}
            logger.log_metrics(named, step=trainer.global_step - 1)  # counted from 0, as Lightning does
        self.rate = audio / seconds
        self._begin()

    def _write(self, trainer: L.Trainer, kind: str, **values) -> None:
        if trainer.is_global_zero:
            line = {"kind": kind, "time": round(time.time(), 3), "step": trainer.global_step, **values}
            with spared("the accounting", self.path):
                runlog.append(self.path, line)

    @staticmethod
    def _over_ranks(trainer: L.Trainer, values: list[float]) -> list[float]:
        """The sums of the values over all ranks."""
        if trainer.world_size == 1:
            return values
        together = torch.tensor(values, dtype=torch.float64, device=trainer.strategy.root_device)
        return trainer.strategy.reduce(together, reduce_op="sum").tolist()
