"""One description of sound for the whole system, and the only code that reads, writes or analyses it.

Every net sees the same standardised log-mel spectrogram, every rate is derived from `AudioConfig` by
exact arithmetic, and every file enters through `decode`, which looks before it allocates.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchaudio
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.files import replacing
from tts.types import AudioConfig, Mel

# What soundfile cannot open, PyAV may (m4a, mp4, aac, wma, webm).
MAX_SECONDS = 6 * 3600.0
MAX_CHANNELS = 8
RATES = (1000, 768_000)  # Hz
SUBTYPES = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}


class LogMel(nn.Module):
    """Waves to standardised log-mel spectrograms: frame t is centred on sample (t + 1/2) * hop.

    Reflect-padding by (n_fft - hop) / 2 on both sides gives exactly N / hop frames, so mel frames and
    wave samples tile each other (HiFi-GAN's framing). Magnitude mel, HTK scale, no filter normalisation,
    natural logarithm, then `AudioConfig.mean` and `std`.
    """

    def __init__(self, audio: AudioConfig):
        super().__init__()
        self.audio = audio
        with torch.device("cpu"):  # torchaudio reads its filters while it makes them, which `meta` cannot
            self.spectrogram = torchaudio.transforms.MelSpectrogram(
                sample_rate=audio.sample_rate,
                n_fft=audio.n_fft,
                hop_length=audio.hop,
                f_min=audio.f_min,
                f_max=audio.f_max,
                n_mels=audio.n_mels,
                power=1.0,
                center=False,
            )
        # Filters follow from the configuration: keeping them out of checkpoints keeps those strict and small.
        for module in self.spectrogram.modules():
            module._non_persistent_buffers_set.update(module._buffers)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, wav: Float[Tensor, "B N"]) -> Float[Tensor, "B M T"]:
        audio = self.audio
        wav = pad_to_hop(wav.float(), audio.hop)
        pad = (audio.n_fft - audio.hop) // 2
        mode = "reflect" if wav.shape[-1] > pad else "constant"
        mel = self.spectrogram(F.pad(wav.unsqueeze(1), (pad, pad), mode=mode).squeeze(1))
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


def resample(wav: Float[Tensor, "*B N"], source: int, target: int) -> Float[Tensor, "*B N2"]:
    """Band-limited resampling between two rates in Hz.

    Two rates with no common divisor would need a filter of their product, gigabytes for 191,999 Hz to 24 kHz;
    the nearest ratio of small numbers is off by less than a hundredth of a percent.
    """
    ratio = Fraction(source, target).limit_denominator(500)
    return wav if ratio == 1 else torchaudio.functional.resample(wav, ratio.numerator, ratio.denominator)


def decode(path: str | os.PathLike, sample_rate: int, max_seconds: float = MAX_SECONDS) -> Float[Tensor, " N"]:
    """Read an audio file as a mono float wave at `sample_rate`.

    Header claims are checked before a sample is decoded, and decoding stops at the limit, so a small
    file that unpacks to hours cannot exhaust memory. Raises ValueError with the path and the reason.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no such audio file: {path}")
    try:
        with soundfile.SoundFile(path) as file:
            wav, rate = _read_soundfile(file, path, max_seconds)
    except soundfile.LibsndfileError as error:
        wav, rate = _read_av(path, max_seconds, str(error))
    if not wav.size:
        raise ValueError(f"no audio in {path}")
    if not np.isfinite(wav).all():
        raise ValueError(f"samples that are not finite in {path}")
    return resample(torch.from_numpy(wav), rate, sample_rate)


def _read_soundfile(file: soundfile.SoundFile, path: Path, max_seconds: float) -> tuple[np.ndarray, int]:
    _check(path, file.samplerate, file.channels, file.frames / max(file.samplerate, 1), max_seconds)
    wav = file.read(frames=int(max_seconds * file.samplerate) + 1, dtype="float32", always_2d=True)
    return wav.mean(axis=1), file.samplerate


def _read_av(path: Path, max_seconds: float, reason: str) -> tuple[np.ndarray, int]:
    import av  # only where libsndfile gives up

    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise ValueError(f"no audio stream in {path}")
            stream = container.streams.audio[0]
            rate = stream.rate or 0
            seconds = (container.duration or 0) / av.time_base
            _check(path, rate, stream.channels, seconds, max_seconds)
            resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
            blocks, total = [], 0
            for frame in container.decode(stream):
                for block in resampler.resample(frame):
                    blocks.append(block.to_ndarray()[0])
                    total += blocks[-1].size
                _check(path, rate, 1, total / rate, max_seconds)
    except av.error.FFmpegError as error:
        raise ValueError(f"cannot read audio from {path}: {reason}; {error}") from None
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32), rate


def _check(path: Path, rate: int, channels: int, seconds: float, max_seconds: float) -> None:
    if not RATES[0] <= rate <= RATES[1]:
        raise ValueError(f"sample rate of {rate} Hz in {path}; rates from {RATES[0]} to {RATES[1]} Hz are read")
    if not 0 < channels <= MAX_CHANNELS:
        raise ValueError(f"{channels} channels in {path}; at most {MAX_CHANNELS} are read")
    if seconds > max_seconds:
        raise ValueError(f"{seconds:.0f} s of audio in {path}; at most {max_seconds:.0f} s are read at once")


def block_power(wav: Float[Tensor, " N"], size: int) -> Float[Tensor, " K"]:
    """Mean power of consecutive blocks of `size` samples; zeros fill up the last one."""
    return F.pad(wav, (0, -len(wav) % size)).view(-1, size).square().mean(1)


def set_level(wav: Float[Tensor, " N"], audio: AudioConfig) -> Float[Tensor, " N"]:
    """Scale so that active speech has `audio.level` dBFS RMS, without clipping.

    Active means within 30 dB of the loudest 20 ms block, so pauses do not change the level. Silence stays.
    """
    power = block_power(wav, audio.sample_rate // 50)
    if not power.numel() or power.max() <= 1e-10:
        return wav
    active = power[power > power.max() * 1e-3].mean()
    gain = 10 ** (audio.level / 20) / active.sqrt()
    return wav * torch.minimum(gain, 0.99 / wav.abs().max())


class WaveWriter:
    """Writes a mono file block by block; made by `open_wave`."""

    def __init__(self, file: soundfile.SoundFile):
        self._file = file

    def write(self, wav: Float[Tensor, " N"]) -> None:
        self._file.write(wav.detach().float().clamp(-1.0, 1.0).cpu().numpy())


@contextmanager
def open_wave(path: str | os.PathLike, sample_rate: int) -> Iterator[WaveWriter]:
    """Write WAV, FLAC or OGG (by suffix) block by block; the final name appears only when all is written."""
    path = Path(path)
    if path.suffix.lower() not in SUBTYPES:
        raise ValueError(f"cannot write {path.suffix or 'a file without suffix'}: use {', '.join(SUBTYPES)}")
    container, subtype = SUBTYPES[path.suffix.lower()]
    if not path.parent.is_dir():
        raise ValueError(f"no such folder: {path.parent}")
    with replacing(path, shared=True) as temporary:
        with soundfile.SoundFile(temporary, "w", sample_rate, 1, subtype, format=container) as file:
            yield WaveWriter(file)
