"""Noise that rises and falls as speech does, with syllables, pauses and the slope of its spectrum; no net is needed."""

import torch
from jaxtyping import Float
from torch import Tensor


def syllables(seconds: float, rate: int, channels: int = 1, seed: int = 0) -> Float[Tensor, "C N"]:
    """So many seconds at a peak of 0.7, in sentences of 1.9 s and pauses of 0.6 s."""
    generator = torch.Generator().manual_seed(seed)
    size = round(seconds * rate)
    spectrum = torch.fft.rfft(torch.randn(channels, size, generator=generator))
    hertz = torch.fft.rfftfreq(size, 1 / rate)
    wave = torch.fft.irfft(spectrum / (1 + (hertz / 500) ** 2).sqrt() * (hertz > 80), n=size)
    time = torch.arange(size) / rate
    wave = wave * (torch.sin(2 * torch.pi * 3.1 * time) + 0.6).clamp_min(0) * ((time % 2.5) < 1.9)
    return wave / wave.abs().max() * 0.7
