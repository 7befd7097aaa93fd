"""The only code that reads sound; `tts.mel` analyses it for the nets, `tts.encoding` writes it. Needs no torch.

Every file is read by `decode`, which checks the header before it allocates memory.
"""

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from numpy.lib.stride_tricks import sliding_window_view

from tts.records import AudioConfig

if TYPE_CHECKING:
    import soundfile

MAX_SECONDS = 6 * 3600.0
MAX_CHANNELS = 8
RATES = (1000, 768_000)  # Hz
BLOCK = 1 << 18  # samples read or filtered at once
CANCELLED = 0.01  # if the mean of the channels has less than this share of their power, they cancel each other out
FILTER_WIDTH = 6  # zero crossings on each side of the filter of `resample`
ROLLOFF = 0.99  # where that filter ends, in shares of the lower of the two bands


def resample(wav: Float[np.ndarray, "*B N"], source: int, target: int) -> Float[np.ndarray, "*B N2"]:
    """Resample with a band-limited filter from one rate to another, both in Hz.

    A windowed sinc (Smith 1984), the same as torchaudio's by rounding. The filter grows with the numbers of the reduced
    ratio: from 191,999 Hz to 24 kHz it would take gigabytes. So the nearest ratio of small numbers is used, which is
    off by less than a hundredth of a percent.
    """
    ratio = Fraction(source, target).limit_denominator(500)
    if ratio == 1:
        return wav
    step, phases = ratio.numerator, ratio.denominator
    kernel, before = sinc_filter(step, phases, FILTER_WIDTH)
    count, size = -(-phases * wav.shape[-1] // step), len(kernel)
    rows = -(-count // phases)  # of samples, one of each phase
    room = [(0, 0)] * (wav.ndim - 1) + [(before, max(0, rows * step + size - before - wav.shape[-1]))]
    windows = sliding_window_view(np.pad(wav, room), size, axis=-1)[..., ::step, :]
    together = max(1, BLOCK // size)
    parts = [np.ascontiguousarray(windows[..., row : row + together, :]) @ kernel for row in range(0, rows, together)]
    whole = np.concatenate(parts, axis=-2) if parts else np.zeros((*wav.shape[:-1], 0, phases), np.float32)
    return whole[..., :rows, :].reshape(*wav.shape[:-1], -1)[..., :count]


@lru_cache(8)
def sinc_filter(step: int, phases: int, width: int) -> tuple[Float[np.ndarray, "K P"], int]:
    """The weights of K samples for each of the `phases` values that come of `step` samples.

    So many of the samples, which is given too, stand before the first of these. The filter has `width` zero crossings
    on each side, under a Hann window.
    """
    band = ROLLOFF * min(step, phases) / step  # the cutoff, in shares of the source's band
    before = math.ceil(width / band)
    place = (np.arange(-before, before + step)[:, None] - np.arange(phases) * (step / phases)) * band  # zero crossings
    window = np.where(np.abs(place) < width, np.cos(place * (np.pi / width / 2)) ** 2, 0.0)
    return (np.sinc(place) * window * band).astype(np.float32), before


def decode(path: str | os.PathLike, sample_rate: int, max_seconds: float = MAX_SECONDS) -> Float[np.ndarray, " N"]:
    """Read an audio file as a mono float wave at `sample_rate`.

    Mono is the mean of the channels, or the loudest channel if they cancel each other out (left = -right).
    The header is checked before a sample is decoded, and decoding stops at the limit, so a small file that
    unpacks to hours cannot exhaust memory. Raises ValueError with the path and the reason.
    """
    path = Path(path)
    with _opened(path, max_seconds) as (rate, blocks):
        wav, loudest = _mono(blocks, None)
    if loudest is not None:
        with _opened(path, max_seconds) as (rate, blocks):
            wav, _ = _mono(blocks, loudest)
    if not wav.size:
        raise ValueError(f"no audio in {path}")
    if not np.isfinite(wav).all():
        raise ValueError(f"samples that are not finite in {path}")
    return resample(wav, rate, sample_rate)


def probe(path: str | os.PathLike, max_seconds: float = MAX_SECONDS) -> None:
    """Read the header and the first samples of a file, and raise the ValueError of `decode` if that fails."""
    with _opened(Path(path), max_seconds) as (_, blocks):
        if not next(iter(blocks), np.zeros(0)).size:
            raise ValueError(f"no audio in {path}")


def _mono(blocks: Iterable[np.ndarray], channel: int | None) -> tuple[np.ndarray, int | None]:
    """The wave of one channel, or of the mean of all; and the loudest channel if the mean cancels out, else None."""
    mono, power, mean_power = [], 0.0, 0.0
    for block in blocks:  # (samples, channels)
        mono.append(block.mean(axis=1) if channel is None else block[:, channel].copy())
        power = power + np.square(block, dtype=np.float64).sum(axis=0)
        mean_power += float(np.square(mono[-1], dtype=np.float64).sum())
    cancelled = channel is None and mean_power < CANCELLED * np.mean(power)
    wav = np.concatenate(mono) if mono else np.zeros(0, np.float32)
    return wav, int(np.argmax(power)) if cancelled else None


@contextmanager
def _opened(path: Path, max_seconds: float) -> Iterator[tuple[int, Iterator[np.ndarray]]]:
    """The sample rate of a file and its blocks of (samples, channels). PyAV reads what soundfile cannot open."""
    import soundfile  # which speaking does without

    if not path.is_file():
        raise ValueError(f"no such audio file: {path}")
    with ExitStack() as stack:
        try:
            # Without its name: libsndfile takes any content for MP3 if the name says so, and libmpg123 then prints.
            descriptor = stack.enter_context(open(path, "rb")).fileno()
            file = stack.enter_context(soundfile.SoundFile(descriptor, closefd=False))
        except soundfile.LibsndfileError as error:
            yield stack.enter_context(_opened_av(path, max_seconds, error.error_string.rstrip(".")))
            return
        _check(path, file.samplerate, file.channels, file.frames / max(file.samplerate, 1), max_seconds)
        try:
            yield file.samplerate, _read_soundfile(file, int(max_seconds * file.samplerate))
        except soundfile.LibsndfileError as error:
            raise ValueError(f"cannot read audio from {path}: {error}") from None


def _read_soundfile(file: "soundfile.SoundFile", most: int) -> Iterator[np.ndarray]:
    done = 0
    while done < most and len(block := file.read(min(BLOCK, most - done), dtype="float32", always_2d=True)):
        done += len(block)
        yield block


@contextmanager
def _opened_av(path: Path, max_seconds: float, reason: str) -> Iterator[tuple[int, Iterator[np.ndarray]]]:
    import av  # needed only for files that libsndfile cannot read

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ValueError(f"no audio stream in {path}")
            stream = container.streams.audio[0]
            _check(path, stream.rate or 0, stream.channels, (container.duration or 0) / av.time_base, max_seconds)
            yield stream.rate, _read_av(av, container, stream, path, max_seconds)
    except av.error.FFmpegError as error:
        raise ValueError(f"cannot read audio from {path}: {reason}; {error.strerror}") from None


def _read_av(av: Any, container: Any, stream: Any, path: Path, max_seconds: float) -> Iterator[np.ndarray]:
    resampler = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
    total = 0
    for frame in container.decode(stream):
        for block in resampler.resample(frame):
            total += block.samples
            _check(path, stream.rate, 1, total / stream.rate, max_seconds)
            yield block.to_ndarray().T


def _check(path: Path, rate: int, channels: int, seconds: float, max_seconds: float) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"sample rate of {rate} Hz in {path}; rates from {RATES[0]} to {RATES[1]} Hz are read")
    if not 0 < channels <= MAX_CHANNELS:
        raise ValueError(f"{channels} channels in {path}; at most {MAX_CHANNELS} are read")
    if seconds > max_seconds:
        raise ValueError(f"{seconds:.0f} s of audio in {path}; at most {max_seconds:.0f} s are read at once")


def block_power(wav: Float[np.ndarray, " N"], size: int) -> Float[np.ndarray, " K"]:
    """The mean power of consecutive blocks of `size` samples. The last one is padded with zeros."""
    return np.square(np.pad(wav, (0, -len(wav) % size))).reshape(-1, size).mean(1)


def set_level(wav: Float[np.ndarray, " N"], audio: AudioConfig) -> Float[np.ndarray, " N"]:
    """Scale a wave so that its active speech has an RMS of `audio.level` dBFS, or less where that would clip.

    Active are the blocks of 20 ms within 30 dB of the loudest one, so pauses do not change the level. Silence is
    returned as it is.
    """
    power = block_power(wav, audio.sample_rate // 50)
    if not power.size or power.max() <= 1e-10:
        return wav
    active = power[power > power.max() * np.float32(1e-3)].mean()
    gain = 10 ** (audio.level / 20) / np.sqrt(active)
    return wav * np.float32(min(gain, 0.99 / np.abs(wav).max()))


def mel_filters(bins: int, n_mels: int, sample_rate: int, f_min: float, f_max: float) -> Float[np.ndarray, "F M"]:
    """Triangles that are even on the HTK mel scale, without normalisation; frequencies are in Hz."""
    mel_min, mel_max = (2595.0 * math.log10(1.0 + frequency / 700.0) for frequency in (f_min, f_max))
    corners = 700.0 * (10.0 ** (np.linspace(mel_min, mel_max, n_mels + 2) / 2595.0) - 1.0)
    distance = corners - np.linspace(0, sample_rate // 2, bins)[:, None]
    width = np.diff(corners)
    filters = np.minimum(-distance[:, :-2] / width[:-1], distance[:, 2:] / width[1:])
    return np.maximum(filters, 0.0).astype(np.float32)
