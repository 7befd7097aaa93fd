"""Stage 4: how good each clip is, and who speaks in it. Scores are kept with the clip; thresholds are configuration.

Quick judges see every clip. DNSMOS, which takes longer than all else together, rates only what they let through.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from data.prepare.ingest import Samples
from tts.audio import resample
from tts.judges.compiled import resemblyzer

RATE = 16_000  # Hz, of the speaker encoder and DNSMOS
BLOCK = 0.02  # seconds over which power is taken
FFT, HOP = 2048, 512  # samples
FLOOR = 1e-5  # -50 dB of the strongest: less is no bandwidth
EDGE = 0.05  # seconds beside a word that still sound of it
TOLD = 0.3  # seconds around a word in which speech counts as its own
LINE = 8.0  # times its surroundings: a line of the spectrum that stands still
MELODY = (250.0, 5000.0)  # Hz: above the hum of mains
FAINT = 3e-4  # -35 dB of the speech: no music that matters
NEIGHBOURS = 31  # bins of those surroundings


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Thresholds; see conf/prepare.yaml."""

    agreement: float
    word_agreement: float
    min_rate: float
    max_rate: float
    untold: float
    snr: float
    bandwidth: float
    clipping: float
    music: float
    one_speaker: float
    same_speaker: float
    mos: float


def score(
    samples: Samples, clip: Sequence[float], words: Sequence[Sequence], speech: Sequence[Sequence[float]]
) -> dict:
    """Quick scores of a clip by its sound. `words` are (text, start, end, heard, speaker), `speech` spans; seconds."""
    start, end = clip
    wave = samples.clip(start, end)
    heard = np.array([word[3] for word in words]) if words else np.zeros(1)
    block = round(BLOCK * samples.rate)
    power = wave[: len(wave) // block * block].view(-1, block).square().mean(1).clamp_min(1e-12)
    active = power[power > power.max() * 1e-3].mean()
    return {
        "word_agreement": _round(min(np.convolve(heard, np.ones(3) / 3, "valid")) if len(heard) > 2 else heard.min()),
        "rate": _round(sum(c.isalnum() for word in words for c in word[0]) / (end - start)),
        "untold": _round(_untold(clip, words, speech)),
        "snr": _round(10 * float((active / power.quantile(0.05)).log10())),
        "bandwidth": _round(bandwidth(wave, samples.rate)),
        "clipping": _round((wave.abs() >= 0.999).float().mean()),
        "music": _round(
            music(wave, samples.rate, [(word[1] - start, word[2] - start) for word in words], float(active))
        ),
    }


def _round(value: float) -> float:
    return round(float(value), 4)


def _untold(clip: Sequence[float], words: Sequence[Sequence], speech: Sequence[Sequence[float]]) -> float:
    """Seconds of speech in a clip that lie near no word."""
    told = np.zeros(max(int((clip[1] - clip[0]) / BLOCK) + 1, 1), bool)
    sounds = told.copy()
    for spans, line, around in ((speech, sounds, 0.0), ([word[1:3] for word in words], told, TOLD)):
        for start, end in spans:
            if end + around > clip[0] and start - around < clip[1]:
                line[
                    max(int((start - around - clip[0]) / BLOCK), 0) : max(int((end + around - clip[0]) / BLOCK), 0)
                ] = True
    return float((sounds & ~told).sum() * BLOCK)


def _spectrum(wave: Float[Tensor, " N"]) -> Float[Tensor, "F K"]:
    found = torch.stft(wave, FFT, HOP, window=torch.hann_window(FFT), return_complex=True)
    return torch.view_as_real(found).square().sum(-1)  # several times as quick as abs()


def bandwidth(wave: Float[Tensor, " N"], rate: int) -> float:
    """The highest frequency in Hz whose mean power lies within 50 dB of the strongest."""
    mean = torch.nn.functional.avg_pool1d(_spectrum(wave).mean(1)[None], 9, 1, 4)[0]
    return float(torch.nonzero(mean > mean.max() * FLOOR).max()) * rate / FFT


def music(wave: Float[Tensor, " N"], rate: int, words: Sequence[tuple[float, float]], active: float) -> float:
    """The share of the power between words that lies in lines of the spectrum which stand still.

    Breath and rooms are smooth there; notes are lines. 0 where nothing sounds between the words.
    """
    frames = 1 + len(wave) // HOP
    free = np.ones(frames, bool)
    reach = FFT / 2 / rate + EDGE
    for start, end in words:
        free[max(int((start - reach) * rate / HOP), 0) : max(int(np.ceil((end + reach) * rate / HOP)), 0)] = False
    if free.sum() < 4:
        return 0.0
    low, high = (round(border * FFT / rate) for border in MELODY)
    mean = _spectrum(wave)[:, torch.from_numpy(free)].mean(1)
    power = 2 * mean[low:high].sum() / (FFT * torch.hann_window(FFT).square().sum())
    if power < FAINT * active:
        return 0.0
    side = NEIGHBOURS // 2
    around = mean[low - side : high + side].unfold(0, NEIGHBOURS, 1).median(1).values
    mean = mean[low:high]
    return float(mean[mean > LINE * around].sum() / mean.sum())


@lru_cache(1)
def _encoder():
    try:
        return resemblyzer().VoiceEncoder("cpu", verbose=False)
    except ImportError:
        raise ModuleNotFoundError("resemblyzer tells speakers apart, and is not installed: run `uv sync`") from None


def voice(wave: Float[Tensor, " N"], rate: int) -> tuple[Float[np.ndarray, " D"], float]:
    """The speaker of a clip as a vector of length 1, and how alike its two least alike parts are (cosine)."""
    clip = resample(wave, rate, RATE).numpy()
    mean, windows, _ = _encoder().embed_utterance(clip, return_partials=True)
    alike = 1.0
    for border in range(2, len(windows) - 1):
        before, after = windows[:border].mean(0), windows[border:].mean(0)
        alike = min(alike, float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after))))
    return mean, alike


def cluster(voices: Float[np.ndarray, "K D"], alike: float) -> list[int]:
    """A number for each clip of a source, the same for the same speaker, counted by first appearance."""
    if len(voices) < 2:
        return [0] * len(voices)
    from scipy.cluster.hierarchy import fcluster, linkage

    labels = fcluster(linkage(voices, "average", metric="cosine"), 1 - alike, "distance").tolist()
    order = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]


def verdict(scores: dict, seconds: float, said: bool, settings: Judge, shortest: float, longest: float) -> str:
    """Why the quick judges set a clip aside; nothing where they let it through."""
    if not said:
        return "no words in it"
    if not shortest <= seconds <= longest:
        return f"{seconds:.1f} s long; wanted {shortest:g} to {longest:g} s"
    rules = (
        ("agreement", scores["agreement"] < settings.agreement, "its text is not what is heard"),
        ("word_agreement", scores["word_agreement"] < settings.word_agreement, "some of its words are not heard"),
        ("untold", scores["untold"] > settings.untold, "more is said than its text tells"),
        ("rate", scores["rate"] < settings.min_rate, "too few characters a second"),
        ("rate", scores["rate"] > settings.max_rate, "too many characters a second"),
        ("snr", scores["snr"] < settings.snr, "noisy"),
        ("bandwidth", scores["bandwidth"] < settings.bandwidth, "a narrow band of frequencies"),
        ("clipping", scores["clipping"] > settings.clipping, "clipped"),
        ("music", scores["music"] > settings.music, "music between its words"),
        ("one_speaker", scores["one_speaker"] < settings.one_speaker, "more than one speaker"),
    )
    for name, broken, reason in rules:
        if broken:
            return f"{reason} ({name.replace('_', ' ')} {scores[name]:.3g})"
    return ""


@lru_cache(1)
def _rater():
    from tts.judges.mos import Dnsmos  # what only clips that are rated need

    return Dnsmos()


def rate(wave: Float[Tensor, " N"], sample_rate: int) -> float:
    """DNSMOS overall, 1 to 5."""
    return _round(_rater().judge(wave, sample_rate)["overall"])
