"""Mel-frequency cepstral coefficients: the features from whose clusters HuBERT begins."""

import math
from fractions import Fraction

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dvae.model import heard_alone
from tts.mel import LogMel
from tts.types import AudioConfig, Mel, mask

COEFFICIENTS = 13


class Mfcc(nn.Module):
    """13 coefficients of the log mel with first and second differences; `dvae.tokens.Features`.

    Each channel has mean 0 and variance 1 over a clip, which takes out much of microphone and voice. A position is the
    mean over `stride` frames.
    """

    def __init__(self, *, audio: AudioConfig, stride: int):
        super().__init__()
        self.log_mel = LogMel(audio)
        self.stride = stride
        self.rate: Fraction = audio.code_rate(stride)
        self.width = 3 * COEFFICIENTS
        place = (torch.arange(audio.n_mels) + 0.5) * math.pi / audio.n_mels
        # The configuration determines it, so checkpoints need not hold it.
        self.register_buffer("cosines", torch.cos(torch.arange(COEFFICIENTS)[:, None] * place), persistent=False)

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[Tensor, Int[Tensor, " B"]]:
        """Vectors (B, L, 39) of each wave, and their number."""
        mel = heard_alone(self.log_mel, wav, wav_len)
        return self.vectors(mel), self.positions(mel.length)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def vectors(self, mel: Mel) -> Float[Tensor, "B L D"]:
        """Those of a mel."""
        inside = mask(mel.length, mel.frames.shape[-1])[:, None]
        static = self.cosines @ mel.frames
        first = difference(static)
        x = normalised(torch.cat((static, first, difference(first)), dim=1), inside)
        spare = -x.shape[-1] % self.stride
        x, weight = F.pad(x, (0, spare)), F.pad(inside.float(), (0, spare))
        # The last position may have fewer frames than others.
        x = F.avg_pool1d(x, self.stride) / F.avg_pool1d(weight, self.stride).clamp_min(1 / self.stride)
        return x.mT

    def positions(self, frames: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
        """How many positions stand for so many frames."""
        return -(-frames // self.stride)


def difference(x: Float[Tensor, "B D T"]) -> Float[Tensor, "B D T"]:
    """The slope over five frames by least squares, as is usual for MFCCs."""
    x = F.pad(x, (2, 2), mode="replicate")
    return (2 * (x[..., 4:] - x[..., :-4]) + x[..., 3:-1] - x[..., 1:-3]) / 10


def normalised(x: Float[Tensor, "B D T"], inside: Tensor) -> Float[Tensor, "B D T"]:
    """Each channel with mean 0 and variance 1 over the frames inside a clip; 0 beyond its end."""
    count = inside.sum(-1, keepdim=True).clamp_min(1)
    x = x - (x * inside).sum(-1, keepdim=True) / count
    variance = (x.square() * inside).sum(-1, keepdim=True) / count
    return x * (variance + 1e-6).rsqrt() * inside
