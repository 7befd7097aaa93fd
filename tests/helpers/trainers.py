"""Lightning trainers for tests: on the CPU, and they leave nothing behind but what the test asks for."""

from pathlib import Path

import lightning as L
import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from tts.training.stage import Stage
from tts.types import AudioConfig, Batch


def quiet_trainer(folder: Path, **options) -> L.Trainer:
    silent = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
    return L.Trainer(accelerator="cpu", default_root_dir=folder, **dict.fromkeys(silent, False), **options)


def tiny(kind: type[Stage], audio: AudioConfig) -> Stage:
    """A stage with one linear layer, one loss term called mean, and plain gradient descent."""
    return kind(
        net=nn.Linear(2, 2),
        audio=audio,
        weights={"mean": 1.0},
        optimizer=lambda net: torch.optim.SGD(net.parameters(), lr=0.1),
        schedule=lambda optimizer: LambdaLR(optimizer, lambda step: 1.0),
        gradient_clip=1.0,
    )


def tiny_batch() -> Batch:
    """Four clips of two samples, all ones."""
    length, wav = torch.full((4,), 2), torch.ones(4, 2)
    return Batch(["x"] * 4, ["a"] * 4, torch.zeros(4, 1).long(), torch.zeros(4).long(), wav, length, wav, length)
