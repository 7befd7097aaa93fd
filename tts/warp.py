"""Another speaker made of a mel: its frequencies moved, its tempo and words kept."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from tts.types import AudioConfig, Mel


def bin_centres(audio: AudioConfig) -> Float[Tensor, " M"]:
    """Hz at the middle of each mel bin (HTK scale, as in `LogMel`)."""
    low, high = (2595 * torch.log10(1 + torch.tensor(hz) / 700) for hz in (audio.f_min, audio.f_max))
    mels = torch.linspace(float(low), float(high), audio.n_mels + 2)[1:-1]
    return 700 * (10 ** (mels / 2595) - 1)


def warp(mel: Mel, factor: Float[Tensor, " B"], centres: Float[Tensor, " M"]) -> Mel:
    """Pitch and formants times `factor`, as of a smaller or larger person; the tempo stays."""
    centres = centres.to(mel.frames.device)
    source = centres / factor[:, None]  # (B, M) Hz from which each bin is taken
    upper = torch.searchsorted(centres, source.contiguous()).clamp(1, len(centres) - 1)
    lower = upper - 1
    share = ((source - centres[lower]) / (centres[upper] - centres[lower])).clamp(0, 1)[..., None]
    size = (-1, -1, mel.frames.shape[-1])
    below = mel.frames.gather(1, lower[..., None].expand(size))
    above = mel.frames.gather(1, upper[..., None].expand(size))
    return Mel(torch.lerp(below, above, share.to(below.dtype)), mel.length)


def drawn_factors(count: int, *, most: float, share: float, generator: torch.Generator) -> Float[Tensor, " B"]:
    """How much smaller or larger each speaker becomes: `share` of them by up to `most`, even on a logarithmic scale."""
    draws = 2 * torch.rand(count, generator=generator) - 1
    return torch.where(torch.rand(count, generator=generator) < share, (draws * math.log1p(most)).exp(), 1.0)
