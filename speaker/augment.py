"""Changes of a mel that leave the speaker the same, and one that makes another speaker of it.

Recordings of one corpus share a microphone, a room and a codec. If training did not vary them, the net would learn
them instead of voices. All works on log magnitudes, at a hundredth of the cost of the same work on waves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from tts.types import AudioConfig, Mel, mask
from tts.warp import smooth


@dataclass(frozen=True, kw_only=True)
class Variation:
    """How far training varies a recording. Shares are of clips; each clip draws its own values."""

    gain: float  # nats, standard deviation
    tilt: float  # nats, standard deviation of a smooth random equalisation
    noise_share: float
    noise: Sequence[float]  # dB below speech, drawn evenly
    low_pass_share: float
    low_pass: Sequence[float]  # Hz, drawn evenly
    high_pass_share: float
    high_pass: Sequence[float]  # Hz
    gate_share: float
    gate: Sequence[float]  # dB below the loudest value, under which a codec keeps nothing
    mask_share: float
    mask_bins: int  # most mel bins of a stretch that is hidden


def vary(mel: Mel, variation: Variation, centres: Float[Tensor, " M"], audio: AudioConfig) -> Mel:
    """Another recording of the same speech: equalised, noisy, band-limited, coded, with some bins hidden."""
    v, (count, bins, _) = variation, mel.frames.shape
    device = mel.frames.device

    def drawn(low: float, high: float) -> Float[Tensor, "B 1 1"]:
        return low + (high - low) * torch.rand(count, 1, 1, device=device)

    def chosen(share: float) -> Tensor:
        return torch.rand(count, 1, 1, device=device) < share

    def spectra(deviation: float) -> Float[Tensor, "B M 1"]:
        return smooth(count, bins, deviation, torch.default_generator).to(device)

    nats = mel.frames * audio.std + audio.mean
    inside = mask(mel.length, nats.shape[-1])[:, None]
    nats = (
        nats
        + v.gain * torch.randn(count, 1, 1, device=device)
        + smooth(count, bins, v.tilt, torch.default_generator).to(device)
    )
    loudness = nats.masked_fill(~inside, -torch.inf).amax(2, keepdim=True).mean(1, keepdim=True)
    loudest = nats.masked_fill(~inside, -torch.inf).amax((1, 2), keepdim=True)

    decibel = 0.1151  # nats of amplitude
    level = loudness - drawn(*v.noise) * decibel + spectra(1.0)
    hiss = level + 0.3 * torch.randn_like(nats)
    nats = torch.where(chosen(v.noise_share), 0.5 * torch.logaddexp(2 * nats, 2 * hiss), nats)

    floor = float(torch.tensor(audio.floor).log())
    gone = chosen(v.gate_share) & (nats < loudest - drawn(*v.gate) * decibel)
    frequency = centres.to(device)[:, None]
    gone = gone | (chosen(v.low_pass_share) & (frequency > drawn(*v.low_pass)))
    gone = gone | (chosen(v.high_pass_share) & (frequency < drawn(*v.high_pass)))
    place, size = drawn(0, bins), drawn(0, v.mask_bins)
    row = torch.arange(bins, device=device)[:, None]
    gone = gone | (chosen(v.mask_share) & (row >= place) & (row < place + size))
    nats = nats.masked_fill(gone, floor).clamp_min(floor)
    return Mel((nats - audio.mean) / audio.std, mel.length)
