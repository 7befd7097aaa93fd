"""Codes and their coarse mel to a detailed mel, stretch by stretch, as `diffusion.model.DiffusionDecoder.extend`."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from tts.engine.nets import OnnxNets
from tts.synthesis.grid import Stretch

KNOTS = {"uniform": lambda u: u, "cosine": lambda u: 1 - np.cos(u * np.pi / 2)}  # of `diffusion.process`
KEPT = ("patch", "keys", "values")  # how inputs are called that the layers kept
BLOCK = 16  # frames whose noise is drawn at once

Kept = dict[
    str, np.ndarray
]  # by one evaluation of the net: what its layers need of the patches before the next stretch


class OnnxDecoder:
    """The pieces of the diffusion decoder, with Euler's method. Raises ValueError for another process than a flow."""

    def __init__(self, nets: OnnxNets):
        self.nets, self.own, spec = nets, nets.about["decoder"], nets.about["specs"]["diffusion"]
        self.process = spec["process"]
        self.knots = KNOTS.get(self.process.get("knots"))
        if self.knots is None:
            raise ValueError(f"the decoder in {nets.folder} has a process that this engine cannot sample: use torch")
        self.patch, self.temperature, self.latents = spec["patch"], spec["temperature"], bool(spec["latent_width"])

    def extend(
        self,
        past: list[Kept] | None,
        codes: Int[np.ndarray, "1 L"],
        latents: Float[np.ndarray, "1 L D"],
        speaker: Float[np.ndarray, "1 P D2"],
        stretch: Stretch,
        *,
        coarse: Float[np.ndarray, "1 M T"],
        steps: int | None,
        guidance: float | None,
        seed: int,
    ) -> tuple[Float[np.ndarray, "1 M T2"], list[Kept]]:
        """The mel of a stretch that follows those in `past`, None at the beginning, and what to go on from."""
        steps, guidance = self._asked(steps, guidance)
        rows = 1 if guidance == 1 else 2
        told = {"codes": codes, "coarse": coarse, "speaker": speaker} | ({"latents": latents} if self.latents else {})
        hidden, shown, who = (own[:rows] for own in self.nets("decoder_condition", **told))
        begin = stretch.start // self.patch
        shared = {"hidden": hidden[:, begin:], "coarse": shown[:, begin:]}
        time = self.knots(np.linspace(0, 1, steps + 1))
        frames = range(stretch.number, stretch.number + coarse.shape[2] - stretch.start)
        x = np.float32(self.temperature) * self._to_patches(noise_of(frames, coarse.shape[1], seed)[None])
        place, ready = np.array([stretch.number // self.patch]), -(-stretch.ready // self.patch)
        shared |= {"speaker": who, "first": place, "last": np.array([ready - 1])}
        kept = []
        for number, (start, stop) in enumerate(zip(time, time[1:], strict=False)):
            before = self._nothing(rows) if past is None else past[number]
            at = {"x": np.repeat(x, rows, axis=0), "time": np.full(rows, start, np.float32)}
            velocity, *new = self.nets("decoder_step", **at, **shared, **before)
            kept.append(self._joined(before, new, ready))
            free = velocity[-1:]
            x = x + np.float32(stop - start) * (free + np.float32(guidance) * (velocity[:1] - free))
        return self._to_frames(x), kept

    def _to_patches(self, frames: Float[np.ndarray, "B M T"]) -> Float[np.ndarray, "B K C"]:
        rows, bins, _ = frames.shape
        return frames.reshape(rows, bins, -1, self.patch).transpose(0, 2, 1, 3).reshape(rows, -1, bins * self.patch)

    def _to_frames(self, patches: Float[np.ndarray, "B K C"]) -> Float[np.ndarray, "B M T"]:
        rows, count, size = patches.shape
        split = patches.reshape(rows, count, size // self.patch, self.patch)
        return split.transpose(0, 2, 1, 3).reshape(rows, size // self.patch, -1)

    def _asked(self, steps: int | None, guidance: float | None) -> tuple[int, float]:
        """The decoder's own steps and guidance where none are asked. Raises ValueError for those it cannot do."""
        asked = {"steps": steps, "guidance": guidance}
        fixed = {"guidance": not self.own["guidable"], "steps": self.process["name"] == "jumps"}
        odd = [name for name, value in asked.items() if fixed[name] and value not in (None, self.own[name])]
        if odd:
            raise ValueError(f"this decoder was distilled to {self.own['steps']} steps: leave {' and '.join(odd)} out")
        return tuple(self.own[name] if value is None else value for name, value in asked.items())

    def _nothing(self, rows: int) -> Mapping[str, np.ndarray]:
        """What is kept before the first stretch: silence for convolutions, and nothing for attention."""
        shapes = {name: own for name, own in self.nets.shapes("decoder_step").items() if name.startswith(KEPT)}
        return {
            name: np.zeros((rows, 1, own[2]) if name.startswith("patch") else (rows, own[1], 0, own[3]), np.float32)
            for name, own in shapes.items()
        }

    def _joined(self, before: Mapping[str, np.ndarray], new: list[np.ndarray], ready: int) -> dict[str, np.ndarray]:
        """What the next stretch needs."""
        kept = {}
        for (name, old), own in zip(before.items(), new, strict=True):
            if name.startswith("patch"):
                kept[name] = own
            else:
                kept[name] = np.concatenate((old, own[:, :, :ready]), axis=2)[:, :, -self.own["reach"] :]
        return kept


def noise_of(frames: range, bins: int, seed: int) -> Float[np.ndarray, "M T"]:
    """Gaussian noise of some frames of an utterance: a frame's noise follows from the seed and its number alone."""
    blocks = range(frames.start // BLOCK, -(-frames.stop // BLOCK))
    drawn = [np.random.default_rng((seed, block)).standard_normal((BLOCK, bins), np.float32) for block in blocks]
    first = blocks.start * BLOCK
    return np.concatenate(drawn)[frames.start - first : frames.stop - first].T
