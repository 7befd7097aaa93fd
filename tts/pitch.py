"""Pitch and energy of each sound of a text, in a wave for which the times of the sounds are known.

The pitch is found by autocorrelation, divided by that of the window (Boersma 1993, "Accurate short-term analysis of the
fundamental frequency", eq. 9), all frames at once.
"""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F
from torchaudio.functional import resample

RATE = 16000  # Hz: at half of it a period of a high voice falls too far between two samples
HOP, WINDOW = 160, 960  # samples: 10 ms; 60 ms, three periods of the lowest voice
LOWEST, HIGHEST = 60.0, 500.0  # Hz
VOICED = 0.45  # least autocorrelation
OCTAVE = 0.05  # what a period twice as long must be better by
FAINT = 1e-3  # of the loudest frame's power: quieter frames are unvoiced
FLOOR = 1e-4  # RMS below which energy is not told apart


def track(wav: Float[Tensor, "B N"], rate: int) -> tuple[Float[Tensor, "B T"], Float[Tensor, "B T"]]:
    """Log of the pitch in Hz (0 where unvoiced), and the RMS, every 10 ms."""
    low = resample(wav, rate, RATE)
    frames = F.pad(low, (WINDOW // 2, WINDOW)).unfold(1, WINDOW, HOP)
    power = frames.square().mean(-1)
    window = torch.hann_window(WINDOW, device=wav.device)
    frames = (frames - frames.mean(-1, keepdim=True)) * window
    longest, shortest = round(RATE / LOWEST), round(RATE / HIGHEST)
    own = _autocorrelation(window)
    score = _autocorrelation(frames) / own.clamp_min(1e-3)
    score = score / score[..., :1].clamp_min(1e-9)
    lags = torch.arange(shortest, longest + 1, device=wav.device)
    prefer = OCTAVE * torch.log2(lags / shortest)
    best = (score[..., lags] - prefer).argmax(-1) + shortest
    before, at, after = (score.gather(-1, (best + step)[..., None])[..., 0] for step in (-1, 0, 1))
    curve = (before - 2 * at + after).clamp_max(-1e-6)
    period = best + (0.5 * (before - after) / curve).clamp(-0.5, 0.5)
    voiced = (at > VOICED) & (power > FAINT * power.amax(-1, keepdim=True)) & (power > FLOOR**2)
    return torch.where(voiced, (RATE / period).log(), 0.0), power.sqrt()


def _autocorrelation(x: Float[Tensor, "*B K"]) -> Float[Tensor, "*B K"]:
    size = x.shape[-1]
    return torch.fft.irfft(torch.fft.rfft(x, 2 * size).abs().square())[..., :size]


def melody(
    wav: Float[Tensor, "B N"],
    wav_len: Int[Tensor, " B"],
    rate: int,
    times: Float[Tensor, "B S2"],  # seconds at which the start, each id and the end of a text are heard
    text_len: Int[Tensor, " B"],
) -> Float[Tensor, "B 2 S1"]:
    """Log pitch and log energy of the start and of each id, both relative to their mean over the text.

    Each id owns the time halfway to its neighbours. The pitch of ids without one is interpolated.
    """
    pitch, level = (values.float().cpu().numpy() for values in track(wav, rate))
    told = np.zeros((len(wav), 2, times.shape[1] - 1), np.float32)
    for item, (count, when) in enumerate(zip(text_len.tolist(), times.float().cpu().numpy(), strict=True)):
        if not count:
            continue
        when = when[: count + 2]
        borders = np.rint((when[1:] + when[:-1]) / 2 * RATE / HOP).astype(int)  # around each id
        end = max(1, int(wav_len[item]) * RATE // rate // HOP)
        starts = np.minimum(borders[:-1], end - 1)
        stops = np.clip(np.maximum(borders[1:], starts + 1), 1, end)
        total = np.concatenate([[0], (pitch[item, :end]).cumsum(dtype=np.float64)])
        frames = np.concatenate([[0], (pitch[item, :end] > 0).cumsum()])
        power = np.concatenate([[0], np.square(level[item, :end], dtype=np.float64).cumsum()])
        counted = frames[stops] - frames[starts]
        voiced = counted > 0
        if voiced.any():
            heard = (total[stops] - total[starts])[voiced] / counted[voiced]
            heard = heard - np.average(heard, weights=counted[voiced])
            told[item, 0, 1 : count + 1] = np.interp(np.arange(count), np.flatnonzero(voiced), heard)
        energy = np.log(np.sqrt((power[stops] - power[starts]) / (stops - starts)) + FLOOR)
        told[item, 1, 1 : count + 1] = energy - energy.mean()
    return torch.from_numpy(told).to(wav.device)
