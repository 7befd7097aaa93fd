"""How a text may be spoken: rhythm, melody and loudness, drawn anew for each take instead of averaged."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from tts.draws import frame_noise, item_generators
from tts.nn import Block, ChannelNorm, ConvBlock, RMSNorm, Rotary, TimeEmbedding, init_weights
from tts.types import mask

CHANNELS = 3  # gap, pitch, energy
GAP_FLOOR = 0.25  # codes; added to gaps before the logarithm
SCALES = (0.4, 0.2, 0.6)  # about the standard deviations of the three in speech: all channels get a variance of 1
STEPS = 8  # of Euler's method


class ProsodyFlow(nn.Module):
    """Text ids and a speaker to draws of how each id departs from the mean.

    Flow matching (Lipman et al. 2022, arXiv 2210.02747, eq. 22-23 with sigma_min = 0) over three numbers an id: the
    logarithm of the gap to the next id relative to the predicted one, the logarithm of the pitch, and that of the
    energy, both relative to their mean over the sentence. Sampled durations help generative decoders, and a mean
    regressor speaks with even gaps (docs/experiments.md).
    """

    def __init__(
        self, *, texts: int, speaker_width: int, width: int, layers: int, heads: int, kernel: int, dropout: float
    ):
        super().__init__()
        self.embed = nn.Embedding(texts, width)
        self.embed_norm = RMSNorm(width)
        self.speaker_norm = RMSNorm(speaker_width)
        self.speaker = nn.Linear(speaker_width, width)
        self.time = TimeEmbedding(width=width)
        self.enter = nn.Conv1d(CHANNELS + 1, width, 1)  # the draw so far, and the predicted gap
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=width, kernel=kernel, dilation=1, dropout=dropout) for _ in range(layers)
        )
        self.rotary = Rotary(head_width=width // heads)
        self.attention = Block(width=width, heads=heads, hidden=2 * width, dropout=dropout)
        self.norm = ChannelNorm(width)
        self.head = nn.Conv1d(width, CHANNELS, 1)
        self.register_buffer("scales", torch.tensor(SCALES)[:, None], persistent=False)
        init_weights(self)
        nn.init.zeros_(self.head.weight)

    def forward(
        self,
        x: Float[Tensor, "B 3 S1"],
        time: Float[Tensor, " B"],
        stream: Int[Tensor, "B S2"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        log_gaps: Float[Tensor, "B S1"],
    ) -> Float[Tensor, "B 3 S1"]:
        """The velocity at a time between noise, 0, and data, 1. `log_gaps` are those that are predicted."""
        inside = mask(text_len + 1, x.shape[-1])
        told = self.embed_norm(self.embed(stream[:, :-1])) + self.speaker(self.speaker_norm(speaker.mean(1)))[:, None]
        x = self.enter(torch.cat((x, log_gaps[:, None]), dim=1)) + told.mT + self.time(time)[..., None]
        half = len(self.blocks) // 2
        for block in self.blocks[:half]:
            x = block(x * inside[:, None])
        rotary = self.rotary(torch.arange(x.shape[-1], device=x.device))
        visible = inside[:, None, None] | torch.eye(x.shape[-1], dtype=torch.bool, device=x.device)
        x = self.attention(x.mT, rotary, causal=False, mask=visible).mT
        for block in self.blocks[half:]:
            x = block(x * inside[:, None])
        return self.head(self.norm(x)).float()

    def error(
        self,
        prosody: Float[Tensor, "B 3 S1"],
        stream: Int[Tensor, "B S2"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        log_gaps: Float[Tensor, "B S1"],
        generator: torch.Generator,
    ) -> Float[Tensor, ""]:
        """Mean squared error of the velocity over the ids of texts; the start has a gap, but no pitch and no energy."""
        data = prosody / self.scales
        time = torch.rand(len(data), generator=generator).to(data.device)
        own = item_generators(len(data), generator)
        noise = torch.stack([frame_noise(CHANNELS, data.shape[-1], each) for each in own]).to(data)
        t = time[:, None, None]
        velocity = self(t * data + (1 - t) * noise, time, stream, text_len, speaker, log_gaps)
        counted = mask((text_len + 1) * (text_len > 0), data.shape[-1])[:, None].repeat(1, CHANNELS, 1)
        counted[:, 1:, 0] = False
        error = (velocity - (data - noise)).square() * counted
        return error.sum() / counted.sum().clamp_min(1)

    def draw(
        self,
        stream: Int[Tensor, "B S2"],
        text_len: Int[Tensor, " B"],
        speaker: Float[Tensor, "B P D"],
        log_gaps: Float[Tensor, "B S1"],
        *,
        temperature: float,
        generators: list[torch.Generator],
    ) -> Float[Tensor, "B 3 S1"]:
        """One draw for each item, from its own generator; the temperature scales the noise."""
        size = log_gaps.shape[1]
        x = temperature * torch.stack([frame_noise(CHANNELS, size, own) for own in generators]).to(log_gaps)
        for step in range(STEPS):
            time = torch.full((len(x),), step / STEPS, device=x.device)
            x = x + self(x, time, stream, text_len, speaker, log_gaps) / STEPS
        return x * self.scales


def departures(times: Float[Tensor, "B S2"], log_gaps: Float[Tensor, "B S1"]) -> Float[Tensor, "B S1"]:
    """By how much the logarithms of gaps differ from the predicted ones."""
    return (times.diff(dim=1) + GAP_FLOOR).log() - (log_gaps.exp() + GAP_FLOOR).log()


def departed(log_gaps: Float[Tensor, "B S1"], departure: Float[Tensor, "B S1"]) -> Float[Tensor, "B S1"]:
    """The logarithms of gaps that depart so from the predicted ones: what `departures` undoes."""
    return ((log_gaps.exp() + GAP_FLOOR) * departure.exp() - GAP_FLOOR).clamp_min(1e-3).log()
