"""Mel to wave by one pass of a convolutional net at the frame rate and an inverse Fourier transform.

After Vocos (Siuzdak 2023, arXiv 2306.00814), with two changes that make it trainable on a CPU. The net does not
invent magnitude and phase: it starts from a few Griffin-Lim iterations and corrects them, so that it speaks before
its first step. And it sees that start through phase differences over time and frequency, which say how partials lie
to one another and are blind to the arbitrary phase of the whole, as the corrections it gives are.
"""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.audio import AudioConfig
from tts.nn import ChannelNorm, ConvBlock, init_weights
from vocoder.griffin_lim import GriffinLim
from vocoder.spectral import Stft

LARGEST_STEP = 3.0  # nepers by which a magnitude may be raised or lowered: a factor of 20


class Vocos(nn.Module):
    """Corrects the magnitudes and phases of `start`; behind the `Vocoder` protocol."""

    def __init__(self, *, audio: AudioConfig, start: GriffinLim, width: int, hidden: int, layers: int, kernel: int):
        super().__init__()
        self.audio = audio
        self.start = start
        self.stft = Stft(audio)
        self.bins = audio.n_fft // 2 + 1
        self.stem = nn.Conv1d(audio.n_mels + 5 * self.bins, width, 1)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=hidden, kernel=kernel, dilation=1, dropout=0.0) for _ in range(layers)
        )
        self.norm = ChannelNorm(width)
        self.head = nn.Conv1d(width, 3 * self.bins, 1)
        init_weights(self)
        nn.init.zeros_(self.head.weight)

    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B N"]:
        magnitude, spectrum = self.prior(mel)
        x = self.stem(self.features(mel, spectrum))
        for block in self.blocks:
            x = block(x)
        return self.synthesise(magnitude, spectrum, self.head(self.norm(x)))

    @torch.no_grad()
    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def prior(self, mel: Float[Tensor, "B M T"]) -> tuple[Float[Tensor, "B F T"], Complex[Tensor, "B F T"]]:
        """Magnitudes that explain the mel, and the spectrum of the wave that the start makes of it."""
        return self.start.mel_inverse(mel), self.stft(self.start(mel))

    def features(self, mel: Float[Tensor, "B M T"], spectrum: Complex[Tensor, "B F T"]) -> Float[Tensor, "B K T"]:
        """The mel, the start's log-magnitudes, and its phase differences as cosines and sines."""
        level = (spectrum.abs().clamp_min(self.audio.floor).log() - self.audio.mean) / self.audio.std
        unit = torch.polar(torch.ones_like(level), spectrum.angle())
        # Turned back by what the bin's centre frequency advances per hop, a steady partial stands still.
        turn = torch.arange(self.bins, device=mel.device)[:, None] * (2 * torch.pi * self.audio.hop / self.audio.n_fft)
        over_time = F.pad(unit[..., 1:] * unit[..., :-1].conj(), (1, 0)) * torch.polar(torch.ones_like(turn), -turn)
        over_frequency = F.pad(-unit[:, 1:] * unit[:, :-1].conj(), (0, 0, 1, 0))
        return torch.cat(
            (mel, level, over_time.real, over_time.imag, over_frequency.real, over_frequency.imag), dim=1
        )

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def synthesise(
        self, magnitude: Float[Tensor, "B F T"], spectrum: Complex[Tensor, "B F T"], correction: Float[Tensor, "B K T"]
    ) -> Float[Tensor, "B N"]:
        """Wave of the corrected spectrum: magnitudes by a factor, phases by the direction of 1 + a + ib."""
        gain, a, b = correction.float().chunk(3, dim=1)
        magnitude = magnitude * (LARGEST_STEP * torch.tanh(gain / LARGEST_STEP)).exp()
        phase = torch.atan2(b, 1 + a) + spectrum.angle()
        return self.stft.inverse(torch.polar(magnitude, phase))
