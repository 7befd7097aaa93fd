"""Waves to complex spectra and back with the framing of `LogMel`, and magnitudes read off a mel."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from tts.mel import LogMel
from tts.types import AudioConfig

INVERSE_STEPS = 3  # multiplicative updates; the error against true magnitudes stops falling after about three
TINY = 1e-8  # keeps a division finite; far below any audible magnitude


class Stft(nn.Module):
    """Short-time Fourier transform and its inverse; frame t is centred on sample (t + 1/2) * hop, so N = T * hop.

    The inverse is the least-squares one (Griffin & Lim 1984, eq. 6): windowed overlap-add over the sum of squared
    windows, as in Vocos (arXiv 2306.00814). `torch.istft` refuses this framing because the padding that is trimmed
    has no full overlap; what is kept has.
    """

    def __init__(self, audio: AudioConfig):
        super().__init__()
        if audio.n_fft % audio.hop or audio.n_fft < 2 * audio.hop:
            raise ValueError(f"n_fft {audio.n_fft} must be a multiple of the hop {audio.hop}, at least twice it")
        self.n_fft, self.hop = audio.n_fft, audio.hop
        self.pad = (audio.n_fft - audio.hop) // 2
        self.register_buffer("window", torch.hann_window(audio.n_fft), persistent=False)

    def forward(self, wav: Float[Tensor, "B N"]) -> Complex[Tensor, "B F T"]:
        mode = "reflect" if wav.shape[-1] > self.pad else "constant"
        padded = F.pad(wav.unsqueeze(1), (self.pad, self.pad), mode=mode).squeeze(1)
        return torch.fft.rfft(padded.unfold(-1, self.n_fft, self.hop) * self.window).mT

    def inverse(self, spectrum: Complex[Tensor, "B F T"]) -> Float[Tensor, "B N"]:
        frames = torch.fft.irfft(spectrum.mT, n=self.n_fft) * self.window  # (B, T, n_fft)
        envelope = self._overlap_add(self.window.square().expand(1, spectrum.shape[-1], -1))
        return self._overlap_add(frames) / envelope

    def _overlap_add(self, frames: Float[Tensor, "B T n_fft"]) -> Float[Tensor, "B N"]:
        # Shifted sums of whole hops: several times faster than F.fold on a CPU.
        chunks = frames.unflatten(-1, (-1, self.hop))  # (B, T, n_fft / hop, hop)
        overlap = chunks.shape[2]
        wav = sum(F.pad(chunks[:, :, i], (0, 0, i, overlap - 1 - i)) for i in range(overlap)).flatten(1)
        return wav[:, self.pad : self.pad + frames.shape[1] * self.hop]


class MelInverse(nn.Module):
    """Linear magnitudes from a standardised log-mel; always positive.

    Each bin starts at the mean density of the bands that cover it; multiplicative updates (as in non-negative
    matrix factorisation, Lee & Seung 2001) then make the bands agree. On speech this is a fifth closer to the
    true log-magnitudes than the pseudo-inverse of the filterbank, whose negative bins must be cut off.
    """

    def __init__(self, audio: AudioConfig):
        super().__init__()
        self.audio = audio
        filters = LogMel(audio).filters
        self.register_buffer("filters", filters, persistent=False)
        # Bins outside every band (0 Hz among them) get no share of any.
        self.register_buffer("share", filters / filters.sum(1, keepdim=True).clamp_min(TINY), persistent=False)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B F T"]:
        audio = self.audio
        amplitude = (mel.float() * audio.std + audio.mean).exp()
        magnitude = self.share @ (amplitude / self.filters.sum(0)[:, None].clamp_min(TINY))
        for _ in range(INVERSE_STEPS):
            ratio = amplitude / (self.filters.mT @ magnitude).clamp_min(TINY)
            magnitude = magnitude * (self.share @ ratio)
        return magnitude.clamp_min(TINY)
