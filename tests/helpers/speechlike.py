"""Sounds with the traits that matter to a vocoder: gliding harmonics, noise, and pauses."""

import torch
from jaxtyping import Float
from torch import Tensor

from tts.types import AudioConfig


def speechlike(audio: AudioConfig, *, clips: int, frames: int) -> Float[Tensor, "B N"]:
    """A gliding buzz with a fading noise; the first tenth is silent."""
    samples = frames * audio.hop
    time = torch.arange(samples) / audio.sample_rate
    waves = []
    for clip in range(clips):
        pitch = 110 + 30 * clip + 40 * torch.sin(2 * torch.pi * 2 * time)
        phase = 2 * torch.pi * torch.cumsum(pitch, 0) / audio.sample_rate
        buzz = sum(torch.sin(harmonic * phase) / harmonic for harmonic in range(1, 30))
        noise = torch.randn(samples) * (1 + torch.sin(2 * torch.pi * 3 * time))
        waves.append(0.05 * buzz + 0.01 * noise)
    wav = torch.stack(waves)
    wav[:, : samples // 10] = 0
    return wav
