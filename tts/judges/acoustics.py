"""What can be measured in a wave without its words: pitch, voicing, pauses, and the distance from a recording.

Waves have 16 kHz and frames 10 ms. pYIN (Mauch and Dixon 2014) finds the pitch, and dynamic time warping aligns two
waves; both are librosa's.
"""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from tts.judges.compiled import librosa
from tts.judges.judge import RATE

HOP = 160  # samples, 10 ms
WINDOW = 1024  # samples, 64 ms: four periods of the lowest voice
LOWEST, HIGHEST = 60.0, 500.0  # Hz, of a voice's pitch
MELS, CEPSTRA = 40, 13  # mel bands; cepstral coefficients without the first, which is loudness
FAINT = 1e-2  # smallest magnitude before the logarithm, about what rounding to 16 bits adds
BREATH = 1e-3  # of the loudest frame's power, -30 dB: quieter frames are no speech
SOUND = 1e-7  # power of the loudest frame, -70 dBFS; below it nothing sounds
PAUSE = 15  # frames without speech that make a pause; closures of consonants are shorter


@dataclass(frozen=True)
class Track:
    """A wave frame by frame."""

    cepstra: Float[np.ndarray, "D T"]
    pitch: Float[np.ndarray, " T"]  # Hz; 0 where unvoiced
    active: Bool[np.ndarray, " T"]  # speech rather than silence
    level: float  # dBFS RMS of speech; -100 for silence


@dataclass(frozen=True, kw_only=True)
class Prosody:
    """How a wave is spoken. Times are in seconds."""

    span: float  # from the first sound to the last
    speech: float  # the part of `span` without pauses and faint frames
    voiced: float  # the part of `speech` that has a pitch
    pauses: int
    pause_seconds: float
    longest_pause: float
    pitch: float | None  # Hz, median
    pitch_range: float | None  # semitones, standard deviation
    level: float  # dBFS RMS of speech

    def data(self) -> dict[str, Any]:
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


SILENT = Prosody(
    **dict.fromkeys(("span", "speech", "voiced", "pause_seconds", "longest_pause"), 0.0),
    **{"pauses": 0, "pitch": None, "pitch_range": None, "level": -100.0},
)


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How far a wave is from another one of the same words, after alignment; None if there is nothing to compare."""

    mcd: float  # mel-cepstral distance, dB
    f0_error: float | None  # semitones RMS where both are voiced
    voicing_error: float  # share of aligned pairs of frames in which only one is voiced

    def data(self) -> dict[str, float | None]:
        return {name: None if value is None else round(value, 4) for name, value in asdict(self).items()}


def identity() -> str:
    """What these measurements depend on."""
    return f"librosa {version('librosa')}, pitch {LOWEST:g}-{HIGHEST:g} Hz, {MELS} mels, {CEPSTRA} cepstra, 2"


def track(wav: Float[np.ndarray, " N"]) -> Track:
    """Cepstra, pitch and activity of a 16 kHz wave."""
    wav = np.pad(wav, (0, max(0, WINDOW - len(wav))))
    frames = librosa().util.frame(np.pad(wav, (0, -len(wav) % HOP)), frame_length=HOP, hop_length=HOP)
    power = np.square(frames, dtype=np.float64).mean(0)
    loudest = power.max()
    active = power > max(BREATH * loudest, SOUND)
    cepstra = mel_cepstra(wav)[:, : len(power)]
    pitch = np.zeros(len(power))
    if active.any():
        found, voiced, _ = librosa().pyin(
            wav,
            fmin=LOWEST,
            fmax=HIGHEST,
            sr=RATE,
            frame_length=WINDOW,
            hop_length=HOP,
            resolution=0.2,
            fill_na=0.0,
        )
        count = min(len(pitch), len(found))
        pitch[:count] = (found * voiced)[:count] * active[:count]
    level = 10 * np.log10(power[active].mean()) if active.any() else -100.0
    return Track(cepstra, pitch, active, float(level))


def mel_cepstra(wav: Float[np.ndarray, " N"]) -> Float[np.ndarray, "D T"]:
    """Coefficients 1 to 13 of ln A(k) = c_0 + sum_d c_d cos(pi d (k + 1/2) / M), A the M mel magnitudes."""
    from scipy.fft import dct

    mel = librosa().feature.melspectrogram(
        y=wav, sr=RATE, n_fft=WINDOW, hop_length=HOP, win_length=WINDOW // 2, n_mels=MELS, power=1.0, norm=None
    )
    return dct(np.log(np.maximum(mel, FAINT)), axis=0, norm="ortho")[1 : CEPSTRA + 1] * np.sqrt(2 / MELS)


def prosody(track: Track) -> Prosody:
    """Span, voicing, pauses and pitch of a track."""
    sounding = np.flatnonzero(track.active)
    if not len(sounding):
        return SILENT
    inner = track.active[sounding[0] : sounding[-1] + 1]
    gaps = [length for length in _runs(~inner) if length >= PAUSE]
    voiced = track.pitch[track.pitch > 0]
    second = RATE / HOP  # frames
    return Prosody(
        span=len(inner) / second,
        speech=float(inner.sum() / second),
        voiced=len(voiced) / second,
        pauses=len(gaps),
        pause_seconds=sum(gaps) / second,
        longest_pause=max(gaps, default=0) / second,
        pitch=float(np.median(voiced)) if len(voiced) else None,
        pitch_range=float(np.std(12 * np.log2(voiced))) if len(voiced) else None,
        level=track.level,
    )


def likeness(track: Track, truth: Track) -> Likeness:
    """Mel-cepstral distance (Kubichek 1993, eq. 2) and errors of pitch along the best alignment of the cepstra.

    D = 10 sqrt(2) / ln 10 * ||c - c'||, averaged over the path: the RMS difference of the smoothed spectra in dB.
    """
    distances, path = librosa().sequence.dtw(track.cepstra, truth.cepstra, metric="euclidean")
    mcd = 10 * np.sqrt(2) / np.log(10) * distances[-1, -1] / len(path)
    ours, theirs = track.pitch[path[:, 0]], truth.pitch[path[:, 1]]
    both = (ours > 0) & (theirs > 0)
    error = float(np.sqrt(np.square(12 * np.log2(ours[both] / theirs[both])).mean())) if both.any() else None
    return Likeness(mcd=float(mcd), f0_error=error, voicing_error=float(((ours > 0) != (theirs > 0)).mean()))


def _runs(flags: Bool[np.ndarray, " T"]) -> list[int]:
    """Lengths of the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(int), [0]))))
    return (edges[1::2] - edges[::2]).tolist()
