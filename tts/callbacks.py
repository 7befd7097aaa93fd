"""What a training run leaves behind for people: pictures, sounds, curves, and the exported net."""

import csv
import os
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import lightning as L
import matplotlib
import torch
from matplotlib.figure import Figure

from tts.audio import open_wave
from tts.checkpoint import export
from tts.sharding import Gathered
from tts.stage import Stage
from tts.types import Batch

matplotlib.use("Agg")  # training machines have no screen


class Showcase(L.Callback):
    """Saves what the stage shows of the first validation batch: PNG and WAV under `folder`, and to wandb if it logs."""

    def __init__(self, *, folder: str, items: int):
        self.folder = Path(folder)
        self.items = items

    def on_validation_batch_end(
        self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int, dataloader_idx: int = 0
    ) -> None:
        if index or trainer.sanity_checking or not trainer.is_global_zero:
            return
        shown = stage.showcase(_head(batch, self.items))
        folder = self.folder / f"{trainer.global_step:07d}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, item in shown.items():
            if isinstance(item, Figure):
                item.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
            else:
                with open_wave(folder / f"{name}.wav", stage.audio.sample_rate) as file:
                    file.write(item)
        self._to_wandb(trainer, stage, shown)
        curves(Path(trainer.loggers[0].log_dir) / "metrics.csv", self.folder.parent / "curves.png")

    @staticmethod
    def _to_wandb(trainer: L.Trainer, stage: Stage, shown: Mapping) -> None:
        from lightning.pytorch.loggers import WandbLogger  # wandb is only a logger: absent, nothing else changes

        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                import wandb

                media = {
                    f"show/{name}": wandb.Image(item)
                    if isinstance(item, Figure)
                    else wandb.Audio(item.float().cpu().numpy(), stage.audio.sample_rate)
                    for name, item in shown.items()
                }
                logger.experiment.log({**media, "trainer/global_step": trainer.global_step})


class Export(L.Callback):
    """Writes the net as safetensors after every validation, from the averaged weights when EMA runs.

    Must stand before the weight-averaging callback, which puts the live weights back at the same hook.
    """

    def __init__(self, *, path: str, dtype: str):
        self.path = Path(path)
        self.dtype = getattr(torch, dtype)
        self.spec: dict = {}  # set by train.py: what rebuilds the net, its tokenizer, and where it comes from
        self.extra: dict = {}
        self.provenance: dict = {}

    def on_validation_epoch_end(self, trainer: L.Trainer, stage: Stage) -> None:
        if trainer.sanity_checking:
            return
        net = Gathered(stage.net)
        if not trainer.is_global_zero:
            return
        metrics = {key: round(float(value), 5) for key, value in trainer.callback_metrics.items() if "val/" in key}
        provenance = {**self.provenance, "step": trainer.global_step, "metrics": metrics}
        export(
            self.path,
            net,
            spec=self.spec,
            audio=stage.audio,
            provenance=provenance,
            extra=self.extra,
            dtype=self.dtype,
        )


def revision() -> str:
    """The code's git revision, with `+` when the tree differs from it; `unknown` outside a checkout."""
    try:
        run = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty=+"]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def curves(metrics: Path, picture: Path) -> None:
    """Draw every logged value of a CSVLogger file over steps: one panel a name, train and val together."""
    if not metrics.is_file():
        return
    series: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    with open(metrics, newline="") as file:
        for row in csv.DictReader(file):
            for key, value in row.items():
                split, _, name = key.partition("/")
                if name and value:
                    series[name.removesuffix("_step")][split].append((int(row["step"]), float(value)))
    if not series:
        return
    columns = min(4, len(series))
    figure = Figure(figsize=(4 * columns, 2.6 * -(-len(series) // columns)), layout="constrained")
    for place, (name, splits) in enumerate(sorted(series.items())):
        axes = figure.add_subplot(-(-len(series) // columns), columns, place + 1, title=name)
        for split, points in splits.items():
            axes.plot(*zip(*points, strict=True), label=split, lw=1)
        axes.legend(fontsize=7)
    figure.savefig(picture, dpi=90)


def _head(batch: Batch, items: int) -> Batch:
    return Batch(**{name: value[:items] for name, value in vars(batch).items()})
