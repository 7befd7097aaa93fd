"""Who speaks: a reference mel as one vector that is the same for all that a person says.

Dilated convolutions at a quarter of the frame rate, then attentive statistics pooling (Okabe et al. 2018, arXiv
1803.10963): the weighted mean and deviation of every channel. The vector is trained alone to tell speakers apart
(`speaker/stage.py`); other nets may read it, times a gain of their own.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import ChannelNorm, ConvBlock, init_weights
from tts.speaker import STRIDE, StatisticsPooling
from tts.types import AudioConfig, Mel, mask
from tts.warp import bin_centres


class SpeakerNet(nn.Module):
    """Reference mels to one vector each, of RMS 1. Only frames inside a reference's length count.

    It hears the spectrum up to `f_max` relative to its mean over the reference. So neither a microphone's response nor
    the bandwidth of a recording tells who speaks.
    """

    def __init__(
        self,
        *,
        audio: AudioConfig,
        width: int,
        dilations: Sequence[int],  # of each block
        heads: int,
        max_temperature: float,
        dropout: float,
        out_width: int,
        f_max: float,  # Hz; mel bins above are not heard
    ):
        super().__init__()
        with torch.device("cpu"):  # `meta` has no values to count
            self.bins = int((bin_centres(audio) <= f_max).sum())
        if self.bins == 0:
            raise ValueError(f"no mel bin lies below f_max {f_max} Hz")
        self.stem = nn.Conv1d(self.bins, width, STRIDE, stride=STRIDE)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=3, dilation=dilation, dropout=dropout) for dilation in dilations
        )
        self.norm = ChannelNorm(width)
        self.pooling = StatisticsPooling(width=width, heads=heads, max_temperature=max_temperature)
        self.out = nn.Linear(2 * width, out_width)
        init_weights(self)

    def forward(self, mel: Mel) -> Float[Tensor, "B D"]:
        """Vectors of RMS 1; the cosine of two of them says how alike two speakers are."""
        x = relative(Mel(mel.frames[:, : self.bins], mel.length))
        x = self.stem(F.pad(x, (0, -x.shape[-1] % STRIDE)))
        inside = mask(-(-mel.length // STRIDE), x.shape[-1])
        for block in self.blocks:
            x = block(x * inside[:, None].to(x.dtype))  # zero beyond the end, as a convolution's own padding is
        pooled = self.pooling(self.norm(x), inside)
        return F.rms_norm(self.out(pooled).float(), (self.out.out_features,))


def relative(mel: Mel) -> Float[Tensor, "B M T"]:
    """Each bin relative to its mean over the frames of its reference; 0 beyond the end."""
    inside = mask(mel.length, mel.frames.shape[-1])[:, None].to(mel.frames.dtype)
    mean = (mel.frames * inside).sum(-1, keepdim=True) / mel.length.clamp_min(1)[:, None, None]
    return (mel.frames - mean) * inside
