"""Saves pictures and sounds of a validation batch, and curves of all logged values."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import lightning as L
import matplotlib
from matplotlib.figure import Figure

from tts.encoding import open_wave
from tts.training.checkpoints import spared
from tts.training.stage import Stage
from tts.types import Batch

matplotlib.use("Agg")  # training machines have no screen


class Showcase(L.Callback):
    """Saves the stage's showcase of the first validation batch as PNG and WAV in `folder`, and to wandb if it is on."""

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
        """Write pictures, sounds and curves to files."""
        folder = self.folder / f"{trainer.global_step:07d}"
        folder.mkdir(parents=True, exist_ok=True)
        for name, item in shown.items():
            if isinstance(item, Figure):
                item.savefig(folder / f"{name}.png", dpi=110, bbox_inches="tight")
            else:
                with open_wave(folder / f"{name}.wav", stage.audio.sample_rate) as file:
                    file.write(item.detach().float().cpu())
        curves(Path(trainer.loggers[0].log_dir) / "metrics.csv", self.folder.parent / "curves.png")

    @staticmethod
    def _to_wandb(trainer: L.Trainer, stage: Stage, shown: Mapping) -> None:
        from lightning.pytorch.loggers import WandbLogger  # imported here, as wandb is optional

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


def curves(metrics: Path, picture: Path) -> None:
    """Draw every logged value of a CSVLogger file over steps: one panel for each name, with train and val together.

    If a step was done again after a kill or a rollback, its last value counts.
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
