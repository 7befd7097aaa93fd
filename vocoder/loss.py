"""Losses of the vocoder: pure functions, unweighted.

No term depends on the absolute phase of partials, which a mel does not determine.
"""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.audio import mel_filters

TINY = 1e-8  # keeps a division finite


class MultiResolution(nn.Module):
    """Spectral distances at several window lengths, hops a quarter of each (Parallel WaveGAN, arXiv 1910.11480)."""

    def __init__(self, *, sample_rate: int, floor: float, resolutions: list[list[int]]):
        """`resolutions` are pairs of n_fft in samples and number of mel bands; `floor` is the smallest magnitude."""
        super().__init__()
        self.floor = floor
        self.sizes = [n_fft for n_fft, _ in resolutions]
        for n_fft, n_mels in resolutions:
            filters = mel_filters(n_fft // 2 + 1, n_mels, sample_rate, 0.0, sample_rate / 2)
            self.register_buffer(f"filters_{n_fft}", torch.from_numpy(filters), persistent=False)
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft), persistent=False)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, made: Float[Tensor, "B N"], true: Float[Tensor, "B N"]) -> dict[str, Tensor]:
        terms = [self._at(n_fft, made.float(), true.float()) for n_fft in self.sizes]
        return {name: torch.stack([term[name] for term in terms]).mean() for name in terms[0]}

    def _at(self, n_fft: int, made: Tensor, true: Tensor) -> dict[str, Tensor]:
        floor, filters, window = self.floor, getattr(self, f"filters_{n_fft}"), getattr(self, f"window_{n_fft}")
        made, true = (wav.unfold(-1, n_fft, n_fft // 4) * window for wav in (made, true))
        made, true = torch.fft.rfft(made), torch.fft.rfft(true)  # (B, T, F)
        # The floor stands inside the root, whose gradient at zero is infinite.
        made, true = ((x.real.square() + x.imag.square()).clamp_min(floor**2).sqrt() for x in (made, true))
        return {
            "mel": log_distance(made @ filters, true @ filters, floor),
            "magnitude": log_distance(made, true, floor),
            "convergence": (made - true).norm() / true.norm().clamp_min(TINY),
        }


def log_distance(made: Float[Tensor, "*B"], true: Float[Tensor, "*B"], floor: float) -> Float[Tensor, ""]:
    """Mean difference of two magnitudes in nepers."""
    return F.l1_loss(made.clamp_min(floor).log(), true.clamp_min(floor).log())


def phase_differences(made: Complex[Tensor, "B F T"], true: Complex[Tensor, "B F T"]) -> Float[Tensor, ""]:
    """Error of group delay and instantaneous angular frequency (APNet, arXiv 2305.07952, eq. 10-12).

    Instead of anti-wrapped angles, 1 - cos of the error, which is as blind to whole turns and has a gradient
    everywhere; bins count by their compressed true magnitude, since the phase of silence means nothing.
    """
    weight = true.abs().clamp_min(TINY).pow(0.3)
    made, true = (x / x.abs().clamp_min(TINY) for x in (made, true))
    total = made.real.new_zeros(())
    for axis in (1, 2):
        size = made.shape[axis] - 1
        steps = [x.narrow(axis, 1, size) * x.narrow(axis, 0, size).conj() for x in (made, true)]
        share = weight.narrow(axis, 1, size)
        total = total + (share * (1 - (steps[0] * steps[1].conj()).real)).sum() / share.sum()
    return total / 2
