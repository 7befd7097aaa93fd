"""Mixes voices in polar coordinates: the direction of each latent and the logarithm of its length.

The GPT normalises its input, so only the direction of a latent matters to it. Lengths differ severalfold between
voices, so a plain mean of two voices would be dominated by the longer one and shorter than either. In polar coordinates
each voice counts by its share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tts.records import SpeakerLatents

SHORTEST = 1e-6  # smallest length of a latent, so that the logarithm of a latent of zeros is finite


@dataclass(frozen=True)
class Polar:
    """Latents, or differences of latents. The last axis holds the direction, then the logarithm of the length."""

    acoustic: Float[np.ndarray, "*K P D"]
    decoder: Float[np.ndarray, "*K P2 D2"]

    @classmethod
    def of(cls, voice: SpeakerLatents) -> "Polar":
        def polar(latents: np.ndarray) -> np.ndarray:
            length = np.linalg.norm(latents, axis=-1, keepdims=True).clip(min=SHORTEST)
            return np.concatenate((latents / length, np.log(length)), -1)

        return cls(polar(voice.acoustic), polar(voice.decoder))

    def latents(self) -> SpeakerLatents:
        """Convert back to a voice. Directions are normalised, as averaging and moving change their length."""

        def plain(polar: np.ndarray) -> np.ndarray:
            direction = polar[..., :-1]
            length = np.linalg.norm(direction, axis=-1, keepdims=True).clip(min=1e-12)
            return (direction / length * np.exp(polar[..., -1:])).astype(np.float32)

        return SpeakerLatents(plain(self.acoustic), plain(self.decoder))


def each(function: Callable[..., np.ndarray], *points: Polar) -> Polar:
    """Apply a function to the acoustic latents of all points and to their decoder latents."""
    return Polar(function(*(point.acoustic for point in points)), function(*(point.decoder for point in points)))


def mix(voices: Sequence[SpeakerLatents], shares: Sequence[float]) -> SpeakerLatents:
    """The weighted mean of several voices. The shares may have any sum."""
    weights = np.array(shares, np.float32) / np.float32(sum(shares))
    return each(lambda *own: np.einsum("k,kpd->pd", weights, np.stack(own)), *map(Polar.of, voices)).latents()
