"""Another speaker made of a mel: words and tempo stay.

`warp` moves pitch and formants together, as if the person were smaller or larger. `disguise` leaves the pitch.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tts.types import AudioConfig, Mel

SMOOTH = 6  # points of a random spectrum, between which it is interpolated
ENVELOPE = 16  # cosines over the bins that make an envelope: more of them follow the harmonics of high voices


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


def smooth(count: int, bins: int, deviation: float, generator: torch.Generator) -> Float[Tensor, "B M 1"]:
    """Random spectra of this standard deviation that change slowly from bin to bin."""
    points = deviation * torch.randn(count, 1, SMOOTH, generator=generator)
    return F.interpolate(points, bins, mode="linear", align_corners=True).mT


def disguise(
    mel: Mel, factor: Float[Tensor, " B"], colour: Float[Tensor, "B M 1"], centres: Float[Tensor, " M"]
) -> Mel:
    """Formants times `factor`, and `colour` added: another mouth and throat, with the melody of the first.

    The envelope, which moves, is what the first cosines over the bins can draw; the rest, harmonics and noise, stays.
    """
    bins = mel.frames.shape[1]
    place = (torch.arange(bins) + 0.5) * math.pi / bins
    basis = torch.cos(torch.arange(ENVELOPE)[:, None] * place) * (2 / bins) ** 0.5
    basis[0] /= 2**0.5
    basis = basis.to(mel.frames)  # rows of length 1, at right angles
    envelope = basis.mT @ (basis @ mel.frames)
    moved = warp(Mel(envelope, mel.length), factor, centres).frames
    return Mel(mel.frames - envelope + moved + colour, mel.length)
