"""Who speaks: reference mels as a few latents. The GPT and the diffusion decoder each learn an encoder of their own."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import ConvBlock
from tts.types import Mel, mask

# Seconds of reference that the nets meet in training at most (`reference_seconds` of conf/data/shards.yaml), and that
# cloning lets them hear at once.
REFERENCE_SECONDS = 4.0


class SpeakerEncoder(nn.Module):
    """Convolutions at a quarter of the frame rate, then attention pooling by P learned queries (a Perceiver layer)."""

    def __init__(self, *, n_mels: int, width: int, layers: int, latents: int, out_width: int):
        super().__init__()
        self.stem = nn.Conv1d(n_mels, width, 4, stride=4)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=3, dilation=1, dropout=0.0) for _ in range(layers)
        )
        self.queries = nn.Parameter(torch.randn(latents, width) * width**-0.5)
        self.key_value = nn.Conv1d(width, 2 * width, 1)
        self.out = nn.Linear(width, out_width)

    def forward(self, mel: Mel) -> Float[Tensor, "B P D"]:
        """Latents of each reference; only frames inside a reference's length are pooled."""
        x = self.stem(F.pad(mel.frames, (0, -mel.frames.shape[-1] % 4)))
        inside = mask(-(-mel.length // 4), x.shape[-1])
        for block in self.blocks:
            x = block(x * inside[:, None])  # zero beyond the end, as a convolution's own padding is
        key, value = self.key_value(x).chunk(2, dim=1)  # (B, width, K)
        score = torch.einsum("pd,bdk->bpk", self.queries.to(key.dtype), key).float()
        weight = score.masked_fill(~inside[:, None], -torch.inf).softmax(-1).to(value.dtype)
        return self.out(torch.einsum("bpk,bdk->bpd", weight, value))
