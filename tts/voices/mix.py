"""New voices from known ones, in polar coordinates: of each latent its direction, and the logarithm of its length.

The GPT norms whatever it reads, so a latent's direction is what it hears, and lengths differ from voice to voice and
training to training by powers of ten. A plain mean of two voices is mostly the longer one; here a share is a share.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.types import SpeakerLatents

SHORTEST = 1e-6  # length of a latent, so that one of zeros has a logarithm


def mix(voices: Sequence[SpeakerLatents], shares: Sequence[float]) -> SpeakerLatents:
    """A voice between others, by shares of any sum."""
    total = sum(shares)
    weights = [share / total for share in shares]
    return each(
        lambda *latents: to_latents(sum(weight * to_polar(x) for weight, x in zip(weights, latents, strict=True))),
        *voices,
    )


def each(function: Callable[..., Tensor], *voices: SpeakerLatents) -> SpeakerLatents:
    """A function of the voices' latents, for the one net and for the other."""
    return SpeakerLatents(
        function(*(voice.acoustic for voice in voices)), function(*(voice.decoder for voice in voices))
    )


def to_polar(latents: Float[Tensor, "P D"]) -> Float[Tensor, "P D1"]:
    """Unit vectors, each followed by the logarithm of its length."""
    length = latents.norm(dim=-1, keepdim=True).clamp_min(SHORTEST)
    return torch.cat((latents / length, length.log()), -1)


def to_latents(polar: Float[Tensor, "P D1"]) -> Float[Tensor, "P D"]:
    """Back from `to_polar`; a direction that was averaged or moved is a unit vector again."""
    return F.normalize(polar[..., :-1], dim=-1) * polar[..., -1:].exp()
