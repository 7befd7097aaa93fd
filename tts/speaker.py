"""Who speaks: reference mels as a few latents. The GPT and the diffusion decoder each learn an encoder of their own."""

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import ChannelNorm, ConvBlock
from tts.types import Mel, mask

STRIDE = 4  # mel frames of one position
SMALLEST_VARIANCE = 1e-4  # below it the gradient of a square root is too steep
HEADS, MAX_TEMPERATURE = 4, 2.0  # of an encoder's pooling
GAIN = 0.3  # of latents before training: between a GPT's embeddings of text and those of codes


class StatisticsPooling(nn.Module):
    """Weighted mean and deviation over time (Okabe et al. 2018, arXiv 1803.10963), by heads for parts of the channels.

    Keys and queries have unit length, so a score is a cosine times a temperature between 0 and `max_temperature`. No
    position weighs more than exp(2 max_temperature) times another one.
    """

    def __init__(self, *, width: int, heads: int, max_temperature: float):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is no multiple of heads {heads}")
        self.heads = heads
        self.max_temperature = max_temperature
        self.queries = nn.Parameter(torch.randn(heads, width // heads))
        self.key_value = nn.Conv1d(width, 2 * width, 1)
        self.temperature = nn.Parameter(torch.zeros(heads, 1))  # before the sigmoid that bounds it

    def weights(self, keys: Float[Tensor, "B H d K"], inside: Bool[Tensor, "B K"]) -> Float[Tensor, "B H K"]:
        """The share of each position in what each head sees; 0 outside of a sequence."""
        cosine = torch.einsum("hd,bhdk->bhk", F.normalize(self.queries, dim=-1), F.normalize(keys.float(), dim=2))
        score = cosine * self.max_temperature * self.temperature.sigmoid()
        return score.masked_fill(~inside[:, None], -torch.inf).softmax(-1)

    def forward(self, x: Float[Tensor, "B D K"], inside: Bool[Tensor, "B K"]) -> Float[Tensor, "B D2"]:
        """Means of all channels, then their deviations: D2 = 2 D."""
        keys, values = rearrange(self.key_value(x), "b (two h d) k -> two b h d k", two=2, h=self.heads)
        weight, values = self.weights(keys, inside)[:, :, None], values.float()
        mean = (weight * values).sum(-1)
        variance = (weight * (values - mean[..., None]).square()).sum(-1)
        deviation = variance.clamp_min(SMALLEST_VARIANCE).sqrt()
        return torch.cat((mean.flatten(1), deviation.flatten(1)), dim=1)


class SpeakerEncoder(nn.Module):
    """Dilated convolutions at a quarter of the frame rate, then pooled statistics as P latents of one length.

    All that is known of a speaker passes through `rank` numbers. Norms keep the pooled values, and with them the
    latents, at the scale of what the nets read beside them.
    """

    def __init__(self, *, n_mels: int, width: int, layers: int, rank: int, latents: int, out_width: int):
        super().__init__()
        self.latents = latents
        self.stem = nn.Conv1d(n_mels, width, STRIDE, stride=STRIDE)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=3, dilation=1 + k % 3, dropout=0.0) for k in range(layers)
        )
        self.norm = ChannelNorm(width)
        self.pooling = StatisticsPooling(width=width, heads=HEADS, max_temperature=MAX_TEMPERATURE)
        self.bottleneck = nn.Linear(2 * width, rank)
        self.out = nn.Linear(rank, latents * out_width)
        self.gain = nn.Parameter(torch.full((1,), GAIN))

    def forward(self, mel: Mel) -> Float[Tensor, "B P D"]:
        """Latents of each reference, of RMS `gain`; only frames inside a reference's length are pooled."""
        x = self.stem(F.pad(mel.frames, (0, -mel.frames.shape[-1] % STRIDE)))
        inside = mask(-(-mel.length // STRIDE), x.shape[-1])
        for block in self.blocks:
            x = block(x * inside[:, None].to(x.dtype))  # zero beyond the end, as a convolution's own padding is
        pooled = self.bottleneck(self.pooling(self.norm(x), inside))
        latents = rearrange(self.out(pooled), "b (p d) -> b p d", p=self.latents)
        return self.gain * F.rms_norm(latents.float(), latents.shape[-1:])
