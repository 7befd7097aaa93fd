"""Checkpoints that survive a kill: written whole, verified when read, and the newest whole one found again."""

import errno
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

from tts.files import PARTIAL, whole
from tts.training.stage import Stage
from tts.types import Batch

log = logging.getLogger(__name__)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # no space, no quota, over the largest size allowed
ROOM = 2**20  # bytes free, under which a disk is full


class WholeFiles(TorchCheckpointIO):
    """How Lightning writes and reads every checkpoint; one that finds no room on the disk is not there afterwards."""

    def save_checkpoint(self, checkpoint: dict, path: str | Path, storage_options=None) -> None:
        with spared("the checkpoint", path):
            save(checkpoint, path)

    def load_checkpoint(self, path: str | Path, *args, **kwargs) -> dict:
        """Raises ValueError if the file is not whole."""
        verify(path)
        return super().load_checkpoint(path, *args, **kwargs)


class Checkpoints(Checkpoint):
    """A checkpoint every `every` steps and at the end; the newest `keep` stay.

    None is written while steps are refused (tts/training/guard.py), so the newest is always a good one. If there is no
    room for one, the older ones stay, and the run goes on or ends, as `disk_full` says.
    """

    def __init__(self, *, folder: str, every: int, keep: int, disk_full: str):
        self.folder = Path(folder)
        self.every = every  # steps
        self.keep = keep
        self.disk_full = disk_full
        self.step = 0  # of the newest
        if every < 1 or keep < 1:
            raise ValueError(f"checkpoints.every is {every} and checkpoints.keep {keep}: both must be 1 or more")
        if disk_full not in ("continue", "stop"):
            raise ValueError(f"checkpoints.disk_full is {disk_full!r}: give continue or stop")

    def on_train_start(self, trainer: L.Trainer, stage: Stage) -> None:
        self.step = trainer.global_step
        if trainer.is_global_zero:
            for path in [*self.folder.glob(f".*{PARTIAL}"), *found(self.folder, after=self.step)]:
                path.unlink()  # left by a killed process, broken, or of a past that was taken back

    def on_train_batch_end(self, trainer: L.Trainer, stage: Stage, outputs, batch: Batch, index: int) -> None:
        ending = trainer.should_stop or trainer.global_step == trainer.max_steps
        due = trainer.global_step >= self.step + (1 if ending else self.every)
        if due and not stage.refused:
            self.save(trainer)

    def save(self, trainer: L.Trainer) -> None:
        """Write a checkpoint of this step, on every rank; then remove the oldest."""
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
    """`torch.save` that is whole or not at all. Raises OSError as writing does."""
    with whole(path) as file:
        try:
            torch.save(checkpoint, file)
        except RuntimeError as error:  # of the zip's end, after what really went wrong
            raise error.__context__ if isinstance(error.__context__, OSError) else error from None


def verify(path: str | Path) -> None:
    """Read a checkpoint once and compare each part with its checksum. Raises ValueError if it is not whole."""
    try:
        with zipfile.ZipFile(path) as file:
            broken = file.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        broken = error
    if broken is not None:
        raise ValueError(f"{path} is not a whole checkpoint ({broken}): remove it, and an older one is taken")


def found(folder: Path, *, after: int = -1) -> list[Path]:
    """Checkpoints of steps beyond `after`, whole or not, the newest first."""
    paths = [path for path in folder.glob("*.ckpt") if path.stem.isdigit() and int(path.stem) > after]
    return sorted(paths, key=lambda path: int(path.stem), reverse=True)


def newest(folder: Path) -> Path | None:
    """The newest checkpoint that is whole; None where there is none."""
    for path in found(folder):
        try:
            verify(path)
            return path
        except ValueError as error:
            log.warning(error)
    return None


@contextmanager
def spared(what: str, path: str | Path) -> Iterator[None]:
    """Writing that may fail for want of room: a warning names the file, and the run goes on without it."""
    try:
        yield
    except (OSError, RuntimeError, AssertionError) as error:
        # Libraries that write sound and pictures may only say that something went wrong.
        if getattr(error, "errno", None) not in FULL and shutil.disk_usage(Path(path).parent).free > ROOM:
            raise
        log.warning(f"{what} {path} could not be written ({error}): free space; the run goes on without it")
