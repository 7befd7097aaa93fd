"""Mel to wave by one pass of a convolutional net at the frame rate and an inverse Fourier transform.

After Vocos (Siuzdak 2023, arXiv 2306.00814), but the net learns nothing that can be computed, so that it trains on a
CPU. Magnitudes are first computed from the mel, and the first half of the net sharpens them. A few Griffin-Lim
iterations then find phases, and the second half corrects both. Before its first step it equals Griffin-Lim.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import ChannelNorm, ConvBlock, init_weights
from tts.types import AudioConfig
from vocoder.griffin_lim import GriffinLim

LARGEST_GAIN = 3.0  # nepers by which either half may raise or lower a magnitude: a factor of 20
CONTEXT = 16  # frames that have sounded and are seen again when the next ones are sounded


@dataclass
class Sounded:
    """What is kept of frames that have sounded, so that the next ones go on from them without a seam."""

    mel: Float[Tensor, "B M K"]  # the last CONTEXT frames, or as many as there are
    spectrum: Complex[Tensor, "B F K"]  # the same as the start left them
    corrected: Complex[Tensor, "B F K2"]  # those that overlap with the next frame, as they sound


class Half(nn.Module):
    """Per-frame features and what is known so far, through residual convolutions, to corrections that start at zero."""

    def __init__(self, *, inputs: int, outputs: int, width: int, hidden: int, layers: int, kernel: int):
        super().__init__()
        self.stem = nn.Conv1d(inputs, width, 1)
        self.blocks = nn.ModuleList(
            ConvBlock(width=width, hidden=hidden, kernel=kernel, dilation=1, dropout=0.0) for _ in range(layers)
        )
        self.norm = ChannelNorm(width)
        self.head = nn.Conv1d(width, outputs, 1)
        init_weights(self)
        nn.init.zeros_(self.head.weight)

    def forward(
        self, features: Float[Tensor, "B K T"], state: Float[Tensor, "B D T"] | float
    ) -> tuple[Float[Tensor, "B D T"], Float[Tensor, "B K2 T"]]:
        """The state for the next half, and the corrections in float32."""
        x = self.stem(features) + state
        for block in self.blocks:
            x = block(x)
        return x, self.head(self.norm(x)).float()


class Vocos(nn.Module):
    """Sharper magnitudes than the mel's, and better phases than those `start` finds; behind the `Vocoder` protocol."""

    def __init__(self, *, audio: AudioConfig, start: GriffinLim, width: int, hidden: int, layers: int, kernel: int):
        """`layers` are blocks in each half; `start` finds the phases between them."""
        super().__init__()
        self.audio = audio
        self.start = start
        self.stft = start.stft
        bins = audio.n_fft // 2 + 1
        size = dict(width=width, hidden=hidden, layers=layers, kernel=kernel)
        self.magnitude_half = Half(inputs=audio.n_mels + bins, outputs=bins, **size)
        self.phase_half = Half(inputs=5 * bins, outputs=3 * bins, **size)

    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B N"]:
        return self.wave(*self.magnitude(mel))

    @torch.no_grad()
    def extend(
        self, past: Sounded | None, mel: Float[Tensor, "B M T"], ready: int
    ) -> tuple[Float[Tensor, "B N"], Sounded]:
        """Sound frames that follow those in `past`, None at the beginning, and give what to go on from.

        The first `ready` frames are sounded; those after them are only seen, and come again in the next call. If all
        are ready, nothing follows. The wave ends where the next frame overlaps, so the waves of all calls join to one.
        """
        overlap = self.audio.n_fft // self.audio.hop - 1
        held = 0 if past is None else past.mel.shape[-1]
        frames = mel if past is None else torch.cat((past.mel, mel), dim=-1)
        magnitude, state = self.magnitude(frames)
        spectrum, corrected = self.spectra(magnitude, state, None if past is None else past.spectrum)
        sounded = corrected[..., held : held + ready]
        if past is not None:
            sounded = torch.cat((past.corrected, sounded), dim=-1)
        wave = self.stft.inverse(sounded)
        if ready < mel.shape[-1]:
            wave = wave[:, : -self.stft.pad]
        if past is not None:
            wave = wave[:, max(0, past.corrected.shape[-1] * self.audio.hop - self.stft.pad) :]
        kept = slice(max(0, held + ready - CONTEXT), held + ready)
        return wave, Sounded(frames[..., kept], spectrum[..., kept], sounded[..., -overlap:])

    def magnitude(self, mel: Float[Tensor, "B M T"]) -> tuple[Float[Tensor, "B F T"], Float[Tensor, "B D T"]]:
        """Linear magnitudes, and the state that the second half goes on from."""
        prior = self.start.mel_inverse(mel)
        state, gain = self.magnitude_half(torch.cat((mel, self.level(prior)), dim=1), 0.0)
        return prior * factor(gain), state

    def wave(self, magnitude: Float[Tensor, "B F T"], state: Float[Tensor, "B D T"]) -> Float[Tensor, "B N"]:
        """Phases by the start, both corrected, and the inverse transform."""
        return self.stft.inverse(self.spectra(magnitude, state)[1])

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def spectra(
        self,
        magnitude: Float[Tensor, "B F T"],
        state: Float[Tensor, "B D T"],
        known: Complex[Tensor, "B F K"] | None = None,
    ) -> tuple[Complex[Tensor, "B F T"], Complex[Tensor, "B F T"]]:
        """The spectrum as the start finds it, which goes on from what is known, and the one that sounds."""
        with torch.no_grad():
            spectrum = self.start.spectrum(magnitude, known)
            features = self.relations(self.stft(self.stft.inverse(spectrum)))
        with torch.autocast(state.device.type, torch.bfloat16, enabled=state.dtype == torch.bfloat16):
            _, correction = self.phase_half(features, state)
        gain, a, b = correction.chunk(3, dim=1)
        # Phases turn by the direction of 1 + a + ib: no wrapping, and no turn at the start.
        return spectrum, torch.polar(magnitude * factor(gain), spectrum.angle() + torch.atan2(b, 1 + a))

    def level(self, magnitude: Float[Tensor, "B F T"]) -> Float[Tensor, "B F T"]:
        return (magnitude.clamp_min(self.audio.floor).log() - self.audio.mean) / self.audio.std

    def relations(self, spectrum: Complex[Tensor, "B F T"]) -> Float[Tensor, "B K T"]:
        """Log-magnitudes, and phase differences over time and frequency as cosines and sines.

        They say how partials relate to one another. The arbitrary phase of the whole affects neither them nor the
        corrections that the net gives.
        """
        magnitude = spectrum.abs()
        unit = spectrum / magnitude.clamp_min(1e-8)
        # Turned back by what a bin's centre frequency advances per hop, a steady partial stands still.
        bins = torch.arange(spectrum.shape[1], device=spectrum.device)[:, None]
        advance = 2 * torch.pi * bins * (self.audio.hop / self.audio.n_fft)
        over_time = F.pad(unit[..., 1:] * unit[..., :-1].conj(), (1, 0)) * torch.polar(
            torch.ones_like(advance), -advance
        )
        over_frequency = F.pad(-unit[:, 1:] * unit[:, :-1].conj(), (0, 0, 1, 0))
        differences = (over_time.real, over_time.imag, over_frequency.real, over_frequency.imag)
        return torch.cat((self.level(magnitude), *differences), dim=1)


def factor(gain: Float[Tensor, "B F T"]) -> Float[Tensor, "B F T"]:
    """Gains in nepers to factors, bounded softly."""
    return (LARGEST_GAIN * torch.tanh(gain / LARGEST_GAIN)).exp()
