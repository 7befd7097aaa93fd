"""The one analysis of sound: every net sees the same standardised log-mel spectrogram.

Every rate is derived from `AudioConfig` by exact arithmetic.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.audio import mel_filters
from tts.types import AudioConfig, Mel


class LogMel(nn.Module):
    """Turns waves into standardised log-mel spectrograms. Frame t is centred on sample (t + 1/2) * hop.

    Reflect-padding by (n_fft - hop) / 2 on both sides gives exactly N / hop frames, so every frame stands for `hop`
    samples (the framing of HiFi-GAN). Mels are of magnitudes, on the HTK scale, without filter normalisation. Their
    natural logarithm is standardised with `AudioConfig.mean` and `std`.
    """

    def __init__(self, audio: AudioConfig):
        super().__init__()
        self.audio = audio
        filters = mel_filters(audio.n_fft // 2 + 1, audio.n_mels, audio.sample_rate, audio.f_min, audio.f_max)
        # The configuration determines both, so checkpoints need not hold them.
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)
        self.register_buffer("window", torch.hann_window(audio.n_fft), persistent=False)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, wav: Float[Tensor, "B N"]) -> Float[Tensor, "B M T"]:
        audio = self.audio
        wav = pad_to_hop(wav.float(), audio.hop)
        pad = (audio.n_fft - audio.hop) // 2
        mode = "reflect" if wav.shape[-1] > pad else "constant"
        padded = F.pad(wav.unsqueeze(1), (pad, pad), mode=mode).squeeze(1)
        spectrum = torch.stft(
            padded, audio.n_fft, audio.hop, window=self.window, center=False, onesided=True, return_complex=True
        )
        mel = (spectrum.abs().mT @ self.filters).mT
        return (mel.clamp_min(audio.floor).log() - audio.mean) / audio.std

    def measure(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> Mel:
        """Mel with its lengths in frames; frames beyond a clip's end are set to silence."""
        frames = self(wav)
        length = -(-wav_len // self.audio.hop)
        past = torch.arange(frames.shape[-1], device=frames.device) >= length[:, None]
        return Mel(frames=frames.masked_fill(past[:, None], self.silence), length=length)

    @property
    def silence(self) -> float:
        """The standardised value of digital silence."""
        return (float(np.log(self.audio.floor)) - self.audio.mean) / self.audio.std


def pad_to_hop(wav: Float[Tensor, "*B N"], hop: int) -> Float[Tensor, "*B N2"]:
    """Zero-pad the end to a whole number of hops."""
    return F.pad(wav, (0, -wav.shape[-1] % hop))
