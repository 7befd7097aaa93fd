"""Checkpoints that survive a kill: they are written atomically and verified when they are read."""

import logging
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning as L
import torch
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from tts.cli import FULL
from tts.files import PARTIAL, whole
from tts.training.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)
ROOM = 2**20  # a disk with fewer free bytes is full


class WholeFiles(TorchCheckpointIO):
    """Writes and reads Lightning's checkpoints. If the disk is full, no file is left behind."""

    def save_checkpoint(self, checkpoint: dict, path: str | Path, storage_options=None) -> None:
        with spared("the checkpoint", path):
            save(checkpoint, path)

    def load_checkpoint(self, path: str | Path, *args, **kwargs) -> dict:
        """Raises ValueError if the file is not complete."""
        verify(path)
        return super().load_checkpoint(path, *args, **kwargs)


class Checkpoints(Checkpoint):
    """Writes a checkpoint every `every` steps and at the end, and keeps the newest `keep`.

    None is written while steps are refused (tts/training/guard.py), so the newest is always a good one. If there is no
    room for one, the older ones stay, and the run continues or ends, as `disk_full` says.
    """

    def __init__(self, *, folder: str, every: int, keep: int, disk_full: str):
        self.folder = Path(folder)
        self.every = every  # steps
        self.keep = keep
        self.disk_full = disk_full
        self.step = 0  # of the newest checkpoint
        if every < 1 or keep < 1:
            raise ValueError(f"checkpoints.every is {every} and checkpoints.keep {keep}: both must be 1 or more")
        if disk_full not in ("continue", "stop"):
            raise ValueError(f"checkpoints.disk_full is {disk_full!r}: give continue or stop")

    def on_train_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.step = trainer.global_step
        if trainer.is_global_zero:
            for path in [*self.folder.glob(f".*{PARTIAL}"), *found(self.folder, after=self.step)]:
                path.unlink()  # incomplete, broken, or written after the step to which the run went back

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        ending = trainer.should_stop or trainer.global_step == trainer.max_steps
        due = trainer.global_step >= self.step + (1 if ending else self.every)
        if due and not stage.refused:
            self.save(trainer)

    def save(self, trainer: L.Trainer) -> None:
        """Write a checkpoint of this step, then remove the oldest. Every rank must call it."""
        path = self.folder / f"{trainer.global_step:07d}.ckpt"
        trainer.save_checkpoint(path)
        if trainer.strategy.broadcast(path.exists()):
            self.step = trainer.global_step
            if trainer.is_global_zero:
                for old in found(self.folder)[self.keep :]:
                    old.unlink()
        elif self.disk_full == "stop":
            raise ValueError(f"no room for {path}, and checkpoints.disk_full is stop: free space and resume the run")


def save(checkpoint: dict, path: str | Path) -> None:
    """`torch.save` to a file that is either complete or absent. Raises OSError if writing fails."""
    with whole(path) as file:
        try:
            torch.save(checkpoint, file)
        except RuntimeError as error:  # raised when torch closes the zip file, after the error that matters
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None


def verify(path: str | Path) -> None:
    """Read a checkpoint and compare each part with its checksum. Raises ValueError if it is not complete."""
    try:
        with zipfile.ZipFile(path) as file:
            broken = file.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        broken = error
    if broken is not None:
        raise ValueError(f"{path} is not a complete checkpoint ({broken}): remove it to resume from an older one")


def found(folder: Path, *, after: int = -1) -> list[Path]:
    """The checkpoints of steps beyond `after`, complete or not, newest first."""
    paths = [path for path in folder.glob("*.ckpt") if path.stem.isdigit() and int(path.stem) > after]
    return sorted(paths, key=lambda path: int(path.stem), reverse=True)


def newest(folder: Path) -> Path | None:
    """The newest complete checkpoint, or None."""
    for path in found(folder):
        try:
            verify(path)
            return path
        except ValueError as error:
            log.warning(error)
    return None


@contextmanager
def spared(what: str, path: str | Path) -> Iterator[None]:
    """Turn the error of a full disk into a warning that names the file, so that the run continues without it."""
    try:
        yield
    except (OSError, RuntimeError, AssertionError) as error:
        # Libraries that write sound and pictures may not say why they failed, so the free space is checked too.
        if getattr(error, "errno", None) not in FULL and shutil.disk_usage(Path(path).parent).free > ROOM:
            raise
        log.warning(f"{what} {path} could not be written ({error}): free space; the run continues without it")
