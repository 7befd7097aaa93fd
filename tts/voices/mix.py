"""New voices from known ones, in polar coordinates: of each latent its direction, and the logarithm of its length.

The GPT norms whatever it reads, so a latent's direction is what it hears, and lengths differ from voice to voice
severalfold. A plain mean of two voices is mostly the longer one, and shorter; here a share is a share.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.types import SpeakerLatents

SHORTEST = 1e-6  # length of a latent, so that one of zeros has a logarithm


@dataclass(frozen=True)
class Polar:
    """Latents, or moves between them, each as a vector of direction followed by the logarithm of the length."""

    acoustic: Float[Tensor, "*K P D"]
    decoder: Float[Tensor, "*K P2 D2"]

    @classmethod
    def of(cls, voice: SpeakerLatents) -> "Polar":
        def polar(latents: Tensor) -> Tensor:
            length = latents.norm(dim=-1, keepdim=True).clamp_min(SHORTEST)
            return torch.cat((latents / length, length.log()), -1)

        return cls(polar(voice.acoustic), polar(voice.decoder))

    def latents(self) -> SpeakerLatents:
        """A voice again; directions that were averaged or moved become unit vectors."""

        def plain(polar: Tensor) -> Tensor:
            return F.normalize(polar[..., :-1], dim=-1) * polar[..., -1:].exp()

        return SpeakerLatents(plain(self.acoustic), plain(self.decoder))


def each(function: Callable[..., Tensor], *points: Polar) -> Polar:
    """A function of the points' latents, for the one net and for the other."""
    return Polar(function(*(point.acoustic for point in points)), function(*(point.decoder for point in points)))


def mix(voices: Sequence[SpeakerLatents], shares: Sequence[float]) -> SpeakerLatents:
    """A voice between others, by shares of any sum."""
    weights = torch.tensor(shares) / sum(shares)
    return each(lambda *own: torch.einsum("k,kpd->pd", weights, torch.stack(own)), *map(Polar.of, voices)).latents()
