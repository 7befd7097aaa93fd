"""The pieces of an export before they are exported, as torch computes them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from tts.checkpoint import load
from tts.engine.nets import OnnxNets
from tts.export.pieces import pieces
from tts.export.write import described
from tts.records import NETS


class TorchNets(OnnxNets):
    """What `OnnxNets` gives, without files."""

    def __init__(self, weights: Path):
        loaded = {name: load(weights / f"{name}.safetensors") for name in NETS}
        self.folder = weights
        self.pieces = {piece.name: piece for piece in pieces({name: net.net for name, net in loaded.items()})}
        self.about = described(loaded, list(self.pieces), ())

    @torch.inference_mode()
    def __call__(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        piece = self.pieces[name]
        results = piece.net(*(torch.from_numpy(inputs.pop(given)) for given in piece.inputs))
        assert not inputs, f"{name} takes no {', '.join(inputs)}"
        return [one.numpy() for one in (results if isinstance(results, tuple) else (results,))]

    def bound(self, name: str, inputs: dict[str, np.ndarray], outputs: dict[str, np.ndarray]) -> Callable[[], None]:
        def run() -> None:
            for own, result in zip(self.pieces[name].outputs, self(name, **inputs), strict=True):
                outputs[own][:] = result

        return run

    def shapes(self, name: str) -> dict[str, list[int | str]]:
        return {given: list(example.shape) for given, example in self.pieces[name].inputs.items()}
