"""Names, numbers and arrays that every stage shares, for what does without torch; `tts.types` has the other records."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from jaxtyping import Float

# Seconds of reference that the nets meet in training at most (`reference_seconds` of conf/data/shards.yaml), and that
# cloning lets them hear at once.
REFERENCE_SECONDS = 4.0
NETS = ("dvae", "gpt", "diffusion", "vocoder")  # as their files are called


@dataclass(frozen=True, kw_only=True)
class AudioConfig:
    """The one rate and the one mel of the system. Rates that follow from it are exact fractions."""

    sample_rate: int  # Hz
    n_fft: int  # samples
    hop: int  # samples per mel frame
    n_mels: int
    f_min: float  # Hz
    f_max: float  # Hz
    floor: float  # smallest magnitude before the logarithm
    mean: float  # of the natural-log mel over speech at `level`; nets see (log mel - mean) / std
    std: float
    level: float  # dBFS RMS of active speech in every corpus and every reference clip

    def __post_init__(self):
        if (self.n_fft - self.hop) % 2:
            raise ValueError(f"n_fft - hop must be even to frame without drift, got {self.n_fft} - {self.hop}")
        if not 0 <= self.f_min < self.f_max <= self.sample_rate / 2:
            raise ValueError(f"need 0 <= f_min < f_max <= {self.sample_rate / 2} Hz, got {self.f_min}..{self.f_max}")

    @property
    def frame_rate(self) -> Fraction:
        """Mel frames per second."""
        return Fraction(self.sample_rate, self.hop)

    def code_rate(self, stride: int) -> Fraction:
        """Codes per second when one code spans `stride` frames."""
        return self.frame_rate / stride

    def frames(self, samples: int) -> int:
        """Mel frames of a wave of whole hops; a wave that is not a whole number of hops raises."""
        if samples % self.hop:
            raise ValueError(f"{samples} samples are no multiple of the hop {self.hop}: pad with `pad_to_hop` first")
        return samples // self.hop


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the GPT draws its codes."""

    temperature: float
    top_k: int  # 0: no limit
    top_p: float  # 1: no limit
    repetition_window: int  # codes looked back on (VALL-E 2, section 4.1); 0: off
    repetition_ratio: float  # share of the window that one code may fill before it is drawn anew from the full p
    guidance: float  # 1: off; above, logits are pushed away from those without text
    prosody: float  # temperature of the rhythm and melody that are drawn for each take; 0: the mean
    pace: float  # times the durations that are predicted for the voice: above 1 is slower
    max_codes_per_id: float  # a stop for runaways: at most this many codes per text id


@dataclass
class SpeakerLatents:
    """One speaker as the two nets that need one know it; computed once per voice, saved, reused."""

    acoustic: Float[np.ndarray, "P D"]
    decoder: Float[np.ndarray, "P2 D2"]


@dataclass(frozen=True)
class Change:
    """What is added to a matrix of V rows: B A (`tts.adapters`). A kernel (V, D, K) counts as the matrix (V, D * K)."""

    A: Float[np.ndarray, "R K"]
    B: Float[np.ndarray, "V R"]


@dataclass(frozen=True, eq=False)
class Changes:
    """The changes of both nets that know speakers, by the name of the layer.

    Two are equal only if they are one object, so that what is made of them can be kept by them.
    """

    acoustic: Mapping[str, Change]
    decoder: Mapping[str, Change]


@dataclass
class TunedSpeaker(SpeakerLatents):
    """One speaker as the two nets know it, and what they changed in order to speak like it."""

    changes: Changes
