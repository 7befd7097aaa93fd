"""Mixes voices in polar coordinates: the direction of each latent and the logarithm of its length.

The GPT normalises its input, so only the direction of a latent matters to it. Lengths differ severalfold between
voices, so a plain mean of two voices would be dominated by the longer one and shorter than either. In polar coordinates
each voice counts by its share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.types import SpeakerLatents

SHORTEST = 1e-6  # smallest length of a latent, so that the logarithm of a latent of zeros is finite


@dataclass(frozen=True)
class Polar:
    """Latents, or differences of latents. The last axis holds the direction, then the logarithm of the length."""

    acoustic: Float[Tensor, "*K P D"]
    decoder: Float[Tensor, "*K P2 D2"]

    @classmethod
    def of(cls, voice: SpeakerLatents) -> "Polar":
        def polar(latents: Tensor) -> Tensor:
            length = latents.norm(dim=-1, keepdim=True).clamp_min(SHORTEST)
            return torch.cat((latents / length, length.log()), -1)

        return cls(polar(voice.acoustic), polar(voice.decoder))

    def latents(self) -> SpeakerLatents:
        """Convert back to a voice. Directions are normalised, as averaging and moving change their length."""

        def plain(polar: Tensor) -> Tensor:
            return F.normalize(polar[..., :-1], dim=-1) * polar[..., -1:].exp()

        return SpeakerLatents(plain(self.acoustic), plain(self.decoder))


def each(function: Callable[..., Tensor], *points: Polar) -> Polar:
    """Apply a function to the acoustic latents of all points and to their decoder latents."""
    return Polar(function(*(point.acoustic for point in points)), function(*(point.decoder for point in points)))


def mix(voices: Sequence[SpeakerLatents], shares: Sequence[float]) -> SpeakerLatents:
    """The weighted mean of several voices. The shares may have any sum."""
    weights = torch.tensor(shares) / sum(shares)
    return each(lambda *own: torch.einsum("k,kpd->pd", weights, torch.stack(own)), *map(Polar.of, voices)).latents()
