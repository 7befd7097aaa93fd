"""Exports the trained net for inference: safetensors with its spec, its tokenizer and its provenance."""

import math
from pathlib import Path

import lightning as L
import torch

from tts.checkpoint import export, read
from tts.training.checkpoints import spared
from tts.training.sharding import Gathered
from tts.training.stage import Stage


class Export(L.Callback):
    """Writes the net as safetensors after every validation, with the averaged weights if there are any.

    If the stage has a score, only a net that is better than the one in the file is written. This callback must come
    before the weight-averaging one, which restores the live weights at the same hook.
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
        score = stage.score()
        if not trainer.is_global_zero or not self.improves(score):
            return
        metrics = {key: round(float(value), 5) for key, value in trainer.callback_metrics.items() if "val/" in key}
        provenance = {**self.provenance, "step": trainer.global_step, "metrics": metrics}
        if score is not None:
            provenance["score"] = round(score, 5)
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

    def improves(self, score: float | None) -> bool:
        """Whether a net of this score should replace the one in the file."""
        if score is None or not self.path.is_file():
            return True
        best = read(self.path)[0]["provenance"].get("score")
        return best is None or math.isnan(best) or score < best
