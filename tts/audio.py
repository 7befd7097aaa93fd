"""The only code that reads or analyses sound; `tts.encoding` writes it.

Every net sees the same standardised log-mel spectrogram. Every rate is derived from `AudioConfig` by exact arithmetic.
Every file is read by `decode`, which checks the header before it allocates memory.
"""

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.types import AudioConfig, Mel

MAX_SECONDS = 6 * 3600.0
MAX_CHANNELS = 8
RATES = (1000, 768_000)  # Hz
BLOCK = 1 << 18  # samples read at once
CANCELLED = 0.01  # if the mean of the channels has less than this share of their power, they cancel each other out


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
        self.register_buffer("filters", filters, persistent=False)
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


def mel_filters(bins: int, n_mels: int, sample_rate: int, f_min: float, f_max: float) -> Float[Tensor, "F M"]:
    """Triangles that are even on the HTK mel scale, without normalisation; frequencies are in Hz.

    Equal to those of torchaudio by all bits, whose import would take a tenth of the time of a short sentence.
    """
    mel_min, mel_max = (2595.0 * math.log10(1.0 + frequency / 700.0) for frequency in (f_min, f_max))
    corners = 700.0 * (10.0 ** (torch.linspace(mel_min, mel_max, n_mels + 2) / 2595.0) - 1.0)
    distance = corners - torch.linspace(0, sample_rate // 2, bins)[:, None]
    width = corners.diff()
    return torch.minimum(-distance[:, :-2] / width[:-1], distance[:, 2:] / width[1:]).clamp_min(0.0)


def pad_to_hop(wav: Float[Tensor, "*B N"], hop: int) -> Float[Tensor, "*B N2"]:
    """Zero-pad the end to a whole number of hops."""
    return F.pad(wav, (0, -wav.shape[-1] % hop))


def resample(wav: Float[Tensor, "*B N"], source: int, target: int) -> Float[Tensor, "*B N2"]:
    """Resample with a band-limited filter from one rate to another, both in Hz.

    The filter grows with the numbers of the reduced ratio: from 191,999 Hz to 24 kHz it would take gigabytes. So the
    nearest ratio of small numbers is used, which is off by less than a hundredth of a percent.
    """
    ratio = Fraction(source, target).limit_denominator(500)
    if ratio == 1:
        return wav
    from torchaudio.functional import resample  # a slow import, which most speaking does without

    return resample(wav, ratio.numerator, ratio.denominator)


def decode(path: str | os.PathLike, sample_rate: int, max_seconds: float = MAX_SECONDS) -> Float[Tensor, " N"]:
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
    return resample(torch.from_numpy(wav), rate, sample_rate)


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


def _read_soundfile(file: soundfile.SoundFile, most: int) -> Iterator[np.ndarray]:
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


def block_power(wav: Float[Tensor, " N"], size: int) -> Float[Tensor, " K"]:
    """The mean power of consecutive blocks of `size` samples. The last one is padded with zeros."""
    return F.pad(wav, (0, -len(wav) % size)).view(-1, size).square().mean(1)


def set_level(wav: Float[Tensor, " N"], audio: AudioConfig) -> Float[Tensor, " N"]:
    """Scale a wave so that its active speech has an RMS of `audio.level` dBFS, or less where that would clip.

    Active are the blocks of 20 ms within 30 dB of the loudest one, so pauses do not change the level. Silence is
    returned as it is.
    """
    power = block_power(wav, audio.sample_rate // 50)
    if not power.numel() or power.max() <= 1e-10:
        return wav
    active = power[power > power.max() * 1e-3].mean()
    gain = 10 ** (audio.level / 20) / active.sqrt()
    return wav * torch.minimum(gain, 0.99 / wav.abs().max())
