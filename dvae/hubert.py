"""HuBERT (Hsu et al. 2021, arXiv 2106.07447): features of speech, learned by guessing what masked stretches held.

The net sees a mel of which spans are replaced by one learned vector. It guesses, for each masked position, the cluster
of other features of the same speech: MFCCs at first, then a layer of an earlier such net.
"""

from fractions import Fraction

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from dvae.model import Tower, heard_alone
from tts.mel import LogMel
from tts.nn import Block, RMSNorm, Rotary, init_weights
from tts.types import AudioConfig, Mel, mask

TEMPERATURE = 0.1  # of the cosines, tau in eq. 3


class Hubert(nn.Module):
    """Convolutions and a transformer at a `stride`-th of the frame rate; `dvae.tokens.Features`.

    `layer` is how many of the blocks have to be computed for the features; the rest serve the guess only. `classes` is
    how many clusters the guesses choose from.
    """

    def __init__(
        self,
        *,
        audio: AudioConfig,
        stride: int,
        width: int,
        conv_layers: int,
        layers: int,
        heads: int,
        hidden: int,
        dropout: float,
        layer: int,
        classes: int,
        class_width: int,
    ):
        super().__init__()
        if not 0 < layer <= layers:
            raise ValueError(f"layer={layer} is not among the {layers} layers: give 1 to {layers}")
        self.log_mel = LogMel(audio)
        self.stride = stride
        self.layer = layer
        self.rate: Fraction = audio.code_rate(stride)
        self.width = width
        # Patches do not overlap, and positions are masked before any of them sees another.
        self.stem = nn.Conv1d(audio.n_mels, width, stride, stride=stride)
        self.mask_embedding = nn.Parameter(torch.randn(width))
        self.tower = Tower(width=width, layers=conv_layers)
        self.rotary = Rotary(head_width=width // heads)
        self.blocks = nn.ModuleList(
            Block(width=width, heads=heads, hidden=hidden, dropout=dropout) for _ in range(layers)
        )
        self.norm = RMSNorm(width)
        self.guess = nn.Linear(width, class_width)  # A in eq. 3
        self.classes = nn.Parameter(torch.randn(classes, class_width))  # e_c
        init_weights(self)

    def forward(self, mel: Mel, masked: Bool[Tensor, "B L"]) -> Float[Tensor, "B L V"]:
        """Logits of the cluster at each position, of a mel whose `masked` positions are not seen (eq. 3)."""
        x = self.guess(self.norm(self._run(mel, masked, len(self.blocks))))
        return F.normalize(x.float(), dim=-1) @ F.normalize(self.classes, dim=-1).mT / TEMPERATURE

    def vectors(self, mel: Mel) -> Float[Tensor, "B L D"]:
        """What block `layer` gives for a mel that is all seen, each of RMS 1."""
        return F.rms_norm(self._run(mel, None, self.layer).float(), (self.width,))

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[Tensor, Int[Tensor, " B"]]:
        """Vectors (B, L, D) of each wave, and their number."""
        mel = heard_alone(self.log_mel, wav, wav_len)
        return self.vectors(mel), self.positions(mel.length)

    def positions(self, frames: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
        """How many positions stand for so many frames; the last counts frames it only begins to fill."""
        return -(-frames // self.stride)

    def _run(self, mel: Mel, masked: Bool[Tensor, "B L"] | None, layers: int) -> Float[Tensor, "B L D"]:
        frames = F.pad(mel.frames, (0, -mel.frames.shape[-1] % self.stride), value=self.log_mel.silence)
        x = self.stem(frames)
        if masked is not None:
            x = torch.where(masked[:, None], self.mask_embedding[:, None].to(x.dtype), x)
        inside = mask(self.positions(mel.length), x.shape[-1])
        x = rearrange(self.tower(x, inside[:, None].float()), "b d l -> b l d")
        rotary = self.rotary(torch.arange(x.shape[1], device=x.device))
        # An empty clip sees its padding: softmax over nothing has no value.
        seen = (inside | ~inside.any(1, keepdim=True))[:, None, None]
        for block in self.blocks[:layers]:
            x = block(x, rotary, causal=False, mask=seen)
        return x


def spans(
    length: Int[Tensor, " B"], size: int, *, share: float, span: int, generator: torch.Generator
) -> Bool[Tensor, "B L"]:
    """Positions to mask: `share` of all positions start a span of `span` positions, at least one in each clip.

    Spans may overlap (section 3.2 of wav2vec 2.0, arXiv 2006.11477, whose masks HuBERT uses).
    """
    drawn = torch.rand(len(length), size, generator=generator)
    inside = mask(length.cpu(), size)
    first = drawn.masked_fill(~inside, 2.0).argmin(1, keepdim=True)
    starts = ((drawn < share) & inside).scatter(1, first, True)
    reached = F.max_pool1d(F.pad(starts[:, None].float(), (span - 1, 0)), span, stride=1).squeeze(1)
    return ((reached > 0) & inside).to(length.device)
