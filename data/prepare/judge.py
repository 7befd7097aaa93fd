"""Stage 4: scores of each clip's quality, and the speaker embedding of each clip.

The scores stay with a clip; the thresholds are settings. Fast measures are taken of every clip. DNSMOS, which takes
longer than all of them together, rates only the clips that pass their thresholds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts.alignment.recording import Samples
from tts.alignment.spell import Word
from tts.audio import block_power, resample
from tts.judges.compiled import resemblyzer

RATE = 16_000  # Hz, of the speaker encoder
BLOCK = 0.02  # seconds per block of power
FFT, HOP = 2048, 512  # samples
FLOOR = 1e-5  # -50 dB of the strongest frequency: weaker ones do not count for the bandwidth
EDGE = 0.05  # seconds on either side of a word that may still hold its sound
NEAR_WORD = 0.3  # seconds on either side of a word within which speech is counted as that word
NEIGHBOURS = 31  # bins around a spectral line that it is compared with
LINE = 8.0  # a bin is a spectral line if it has this many times the median power of its neighbours
MELODY = (250.0, 5000.0)  # Hz: the range searched for music; hum of the mains lies below
FAINT = 3e-4  # -35 dB of the speech: weaker sound between words does not matter


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    """Thresholds of the scores; see conf/prepare.yaml."""

    agreement: float
    word_agreement: float
    min_rate: float
    max_rate: float
    untranscribed: float
    snr: float
    bandwidth: float
    clipping: float
    music: float
    one_speaker: float
    same_speaker: float
    mos: float


def score_clip(
    samples: Samples, clip: tuple[float, float], words: Sequence[Word], speech: Sequence[tuple[float, float]]
) -> dict[str, float]:
    """Fast scores of a clip by its sound and its words; `clip` and the spans of `speech` are in seconds."""
    start, end = clip
    wave = torch.from_numpy(samples.clip(start, end))
    confidence = np.array([word.confidence for word in words]) if words else np.zeros(1)
    runs = np.convolve(confidence, np.ones(3) / 3, "valid") if len(confidence) > 2 else confidence
    block = round(BLOCK * samples.rate)
    # A padded last block would seem quiet.
    power = block_power(wave[: len(wave) // block * block].numpy(), block).clip(min=1e-12)
    active = power[power > power.max() * 1e-3].mean()
    spans = [(word.start - start, word.end - start) for word in words]
    scores = {
        "word_agreement": runs.min(),
        "rate": sum(character.isalnum() for word in words for character in word.text) / (end - start),
        "untranscribed": _untranscribed(clip, words, speech),
        "snr": 10 * float(np.log10(active / np.quantile(power, 0.05))),
        "bandwidth": bandwidth(wave, samples.rate),
        "clipping": (wave.abs() >= 0.999).float().mean(),
        "music": music_share(wave, samples.rate, spans, float(active)),
    }
    return {name: round(float(value), 4) for name, value in scores.items()}


def _untranscribed(clip: tuple[float, float], words: Sequence[Word], speech: Sequence[tuple[float, float]]) -> float:
    """Seconds of speech in a clip that are near no word."""
    spoken = np.zeros(max(int((clip[1] - clip[0]) / BLOCK) + 1, 1), bool)
    written = spoken.copy()
    for start, end in speech:
        _mark(spoken, clip, start, end)
    for word in words:
        _mark(written, clip, word.start - NEAR_WORD, word.end + NEAR_WORD)
    return float((spoken & ~written).sum() * BLOCK)


def _mark(blocks: np.ndarray, clip: tuple[float, float], start: float, end: float) -> None:
    """Set the blocks of a clip between two times of the recording."""
    if end > clip[0] and start < clip[1]:
        blocks[max(int((start - clip[0]) / BLOCK), 0) : max(int((end - clip[0]) / BLOCK), 0)] = True


def _spectrum(wave: Float[Tensor, " N"]) -> Float[Tensor, "F K"]:
    found = torch.stft(wave, FFT, HOP, window=torch.hann_window(FFT), return_complex=True)
    return torch.view_as_real(found).square().sum(-1)  # several times faster than abs()


def bandwidth(wave: Float[Tensor, " N"], rate: int) -> float:
    """The highest frequency in Hz whose mean power is within 50 dB of the strongest."""
    mean = torch.nn.functional.avg_pool1d(_spectrum(wave).mean(1)[None], 9, 1, 4)[0]
    return float(torch.nonzero(mean > mean.max() * FLOOR).max()) * rate / FFT


def music_share(wave: Float[Tensor, " N"], rate: int, words: Sequence[tuple[float, float]], active: float) -> float:
    """The share of the power between words that is in steady spectral lines; 0 if there is no sound between words.

    The mean spectrum of breath and room noise is smooth; notes are lines. `words` are spans in seconds, `active` is the
    power of the speech.
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


def speaker_embedding(wave: Float[Tensor, " N"], rate: int) -> tuple[Float[np.ndarray, " D"], float]:
    """The speaker embedding of a clip, of length 1, and the cosine similarity of its two least similar parts."""
    clip = resample(wave.numpy(), rate, RATE)
    mean, windows, _ = _encoder().embed_utterance(clip, return_partials=True)
    similarity = 1.0
    for border in range(2, len(windows) - 1):
        before, after = windows[:border].mean(0), windows[border:].mean(0)
        cosine = before @ after / (np.linalg.norm(before) * np.linalg.norm(after))
        similarity = min(similarity, float(cosine))
    return mean, similarity


def cluster_speakers(embeddings: Float[np.ndarray, "K D"], same_speaker: float) -> list[int]:
    """A speaker number for each clip of a source, counted by first appearance (average-linkage clustering)."""
    if len(embeddings) < 2:
        return [0] * len(embeddings)
    from scipy.cluster.hierarchy import fcluster, linkage

    labels = fcluster(linkage(embeddings, "average", metric="cosine"), 1 - same_speaker, "distance").tolist()
    order = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]


def rejection(scores: dict, seconds: float, config: JudgeConfig, shortest: float, longest: float) -> str:
    """Why the fast scores reject a clip; empty if they do not. A clip without words has no scores."""
    if not scores:
        return "no words in it"
    if not shortest <= seconds <= longest:
        return f"{seconds:.1f} s long; wanted {shortest:g} to {longest:g} s"
    rules = (
        ("agreement", scores["agreement"] < config.agreement, "its text is not what is said"),
        ("word_agreement", scores["word_agreement"] < config.word_agreement, "some of its words are not said"),
        ("untranscribed", scores["untranscribed"] > config.untranscribed, "speech that is not in its text"),
        ("rate", scores["rate"] < config.min_rate, "too few characters per second"),
        ("rate", scores["rate"] > config.max_rate, "too many characters per second"),
        ("snr", scores["snr"] < config.snr, "noisy"),
        ("bandwidth", scores["bandwidth"] < config.bandwidth, "narrow bandwidth"),
        ("clipping", scores["clipping"] > config.clipping, "clipped"),
        ("music", scores["music"] > config.music, "music between its words"),
        ("one_speaker", scores["one_speaker"] < config.one_speaker, "more than one speaker"),
    )
    for name, broken, reason in rules:
        if broken:
            return f"{reason} ({name.replace('_', ' ')} {scores[name]:.3g})"
    return ""


@lru_cache(1)
def _rater():
    from tts.judges.mos import Dnsmos  # only needed for clips that are rated

    return Dnsmos()


def mos(wave: Float[Tensor, " N"], sample_rate: int) -> float:
    """The overall DNSMOS rating, 1 to 5."""
    return round(float(_rater().judge(wave, sample_rate)["overall"]), 4)
