"""Exports the trained net for inference: safetensors with its spec, its tokenizer and its provenance."""

from pathlib import Path

import lightning as L
import torch

from tts.checkpoint import export
from tts.training.checkpoints import spared
from tts.training.sharding import Gathered
from tts.training.stage import Stage


class Export(L.Callback):
    """Writes the net as safetensors after every validation, with the averaged weights if there are any.

    It must come before the weight-averaging callback, which restores the live weights at the same hook.
    """

    def __init__(self, *, path: str, dtype: str):
        self.path = Path(path)
        self.dtype = getattr(torch, dtype)
        self.spec: dict = {}  # train.py sets these three: the net's spec, its tokenizer, its provenance
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
