"""Mel to wave without learning: the baseline to beat, and where the net starts from."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.types import AudioConfig
from vocoder.spectral import MelInverse, Stft


class GriffinLim(nn.Module):
    """Fast Griffin-Lim (Perraudin, Balazs & Sondergaard 2013, algorithm 2) from a phase that already flows.

    The start is deterministic: each bin turns at the local centre of gravity of the spectrum, as in single-pass
    spectrogram inversion (Beauregard, Harish & Wyse 2015). On speech, eight iterations from there converge as far
    as twenty from noise.
    """

    def __init__(self, *, audio: AudioConfig, iterations: int, momentum: float):
        super().__init__()
        self.stft = Stft(audio)
        self.mel_inverse = MelInverse(audio)
        self.iterations = iterations
        self.momentum = momentum

    @torch.no_grad()
    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B N"]:
        return self.stft.inverse(self.spectrum(self.mel_inverse(mel)))

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def spectrum(
        self, magnitude: Float[Tensor, "B F T"], known: Complex[Tensor, "B F K"] | None = None
    ) -> Complex[Tensor, "B F T"]:
        """These magnitudes with phases that overlapping frames agree on as well as they can.

        `known` is what the first frames are already: it stays, and the phases of the others go on from it (RTISI-LA;
        Zhu, Beauregard & Wyse 2007).
        """
        held = 0 if known is None else known.shape[-1]
        phase = self.phase(magnitude)
        if held:
            phase = phase + (known[..., -1].angle() - phase[..., held - 1])[..., None]
        # Frames first, real and imaginary parts as numbers of their own: a CPU then goes through memory in order.
        spectrum, magnitude = torch.polar(magnitude, phase).mT.contiguous(), magnitude.mT.contiguous()
        previous = torch.zeros_like(torch.view_as_real(spectrum))
        for _ in range(self.iterations):
            if held:
                spectrum[:, :held] = known.mT
            consistent = torch.view_as_real(self.stft(self.stft.inverse(spectrum.mT)).mT)
            ahead = torch.lerp(previous, consistent, 1 + self.momentum)
            real, imaginary = ahead.unbind(-1)
            power = torch.addcmul(real * real, imaginary, imaginary)
            spectrum = torch.view_as_complex(ahead * (magnitude * power.clamp_min(1e-16).rsqrt())[..., None])
            previous = consistent
        if held:
            spectrum[:, :held] = known.mT
        return spectrum.mT

    def phase(self, magnitude: Float[Tensor, "B F T"]) -> Float[Tensor, "B F T"]:
        """The phase to begin with, radians: local frequencies summed over time."""
        bins = torch.arange(magnitude.shape[1], device=magnitude.device, dtype=magnitude.dtype)[:, None]
        power = F.pad(magnitude.square(), (0, 0, 2, 2)).unfold(1, 5, 1)  # (B, F, T, 5)
        offset = torch.arange(-2, 3, device=magnitude.device, dtype=magnitude.dtype)
        frequency = bins + (power @ offset) / power.sum(-1).clamp_min(1e-20)  # bins
        # In float64: a chapter's sum has more digits than float32 keeps of a turn.
        midway = F.pad((frequency[..., 1:] + frequency[..., :-1]) / 2, (1, 0)).double()
        turns = midway.cumsum(-1) * (self.stft.hop / self.stft.n_fft) % 1
        # A component in the middle of a frame has opposite signs in neighbouring bins.
        return 2 * torch.pi * turns.to(magnitude.dtype) + torch.pi * (bins % 2)
