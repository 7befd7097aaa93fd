"""What a training run leaves behind for people: pictures, sounds, curves, and the exported net."""

import csv
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import lightning as L
import matplotlib
import torch
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter
from lightning.pytorch.loggers.logger import rank_zero_experiment
from matplotlib.figure import Figure

from tts.audio import open_wave
from tts.checkpoint import export
from tts.training.checkpoints import spared
from tts.training.sharding import Gathered
from tts.training.stage import Stage
from tts.types import Batch

matplotlib.use("Agg")  # training machines have no screen


class CsvLog(CSVLogger):
    """Lightning's CSV log, but a resumed run goes on with the file that it finds, and a full disk costs only lines."""

    @property
    @rank_zero_experiment
    def experiment(self) -> ExperimentWriter:
        if self._experiment is None:
            self._experiment = _CsvWriter(self.log_dir)
        return self._experiment

    def save(self) -> None:
        with spared("the log", self.experiment.metrics_file_path):
            super().save()


class _CsvWriter(ExperimentWriter):
    def _check_log_dir_exists(self) -> None:
        """Lightning's own deletes what it finds; here a line that was cut off goes, and the rest stays."""
        path = Path(self.metrics_file_path)
        if path.is_file():
            whole = path.read_bytes().rpartition(b"\n")[0]
            self.metrics_keys = next(csv.reader([whole.decode().partition("\n")[0]]))
            os.truncate(path, len(whole) + 1) if whole else path.unlink()

    def save(self) -> None:
        path = Path(self.metrics_file_path)
        size = path.stat().st_size if path.is_file() else 0
        try:
            super().save()
        except OSError:
            os.truncate(path, size)  # half a line
            raise


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
        shown = stage.showcase(batch.select(range(min(self.items, len(batch.keys)))))
        with spared("the showcase", self.folder):
            self.save(trainer, stage, shown)
        self._to_wandb(trainer, stage, shown)

    def save(self, trainer: L.Trainer, stage: Stage, shown: Mapping) -> None:
        """Pictures, sounds and curves, as files."""
        folder = self.folder / f"{trainer.global_step:07d}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, item in shown.items():
            if isinstance(item, Figure):
                item.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
            else:
                with open_wave(folder / f"{name}.wav", stage.audio.sample_rate) as file:
                    file.write(item)
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
        with spared("the net", self.path):
            export(
                self.path,
                net,
                spec=self.spec,
                audio=stage.audio,
                provenance=provenance,
                extra=self.extra,
                dtype=self.dtype,
            )


def curves(metrics: Path, picture: Path) -> None:
    """Draw every logged value of a CSVLogger file over steps: one panel a name, train and val together.

    Of a step that was done again, after a kill or a rollback, the last word counts.
    """
    if not metrics.is_file():
        return
    series: dict[str, dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    with open(metrics, newline="") as file:
        for row in csv.DictReader(file):
            for key, value in row.items():
                split, _, name = key.partition("/")
                if name and value:
                    series[name.removesuffix("_step")][split][int(row["step"])] = float(value)
    if not series:
        return
    columns = min(4, len(series))
    figure = Figure(figsize=(4 * columns, 2.6 * -(-len(series) // columns)), layout="constrained")
    for place, (name, splits) in enumerate(sorted(series.items())):
        axes = figure.add_subplot(-(-len(series) // columns), columns, place + 1, title=name)
        for split, points in splits.items():
            axes.plot(*zip(*sorted(points.items()), strict=True), label=split, lw=1)
        axes.legend(fontsize=7)
    figure.savefig(picture, dpi=90)
