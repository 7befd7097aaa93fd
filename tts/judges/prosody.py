"""Judges of pitch, voicing, pauses and the distance from a recording; `tts/judges/acoustics.py` does the measuring."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tts.judges import acoustics
from tts.judges.judge import Judge, Measure, mean_of, to_array


@dataclass(frozen=True)
class ProsodyJudge(Judge):
    """How a wave is spoken: `tts.judges.acoustics.Prosody` as a dictionary."""

    silent: ClassVar[dict[str, Any]] = acoustics.SILENT.data()
    packages: ClassVar[tuple[str, ...]] = ("librosa",)
    measures: ClassVar[Mapping[str, Measure]] = {
        "voiced": Measure(
            "voiced share of speech", lambda own: own["voiced"], lambda own: own["speech"], 0, column="voiced"
        ),
        "pauses": Measure("pauses per second", lambda own: own["pauses"], lambda own: own["span"], 0),
        "pause_length": Measure("seconds per pause", lambda own: own["pause_seconds"], lambda own: own["pauses"], 0),
        "pitch_range": Measure("F0 spread in a sentence, semitones", *mean_of("pitch_range"), 0),
    }

    def identity(self) -> str:
        return f"{acoustics.identity()}, prosody"

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, Any]:
        return acoustics.prosody(_track(wav, sample_rate)).data()


@dataclass(frozen=True)
class LikenessJudge(Judge):
    """How far a wave is from the recording of the same words: `tts.judges.acoustics.Likeness` as a dictionary."""

    told: ClassVar[str] = "recording"
    packages: ClassVar[tuple[str, ...]] = ("librosa",)
    measures: ClassVar[Mapping[str, Measure]] = {
        "mcd": Measure("mel-cepstral distance, dB", *mean_of("mcd"), -1, column="MCD dB"),
        "f0_error": Measure("F0 error, semitones RMS", *mean_of("f0_error"), -1, column="F0 st"),
    }

    def identity(self) -> str:
        return f"{acoustics.identity()}, likeness"

    def judge(
        self, wav: Float[Tensor, " N"], sample_rate: int, recording: Float[Tensor, " K"]
    ) -> dict[str, float | None]:
        return acoustics.likeness(_track(wav, sample_rate), _track(recording, sample_rate)).data()


def _track(wav: Float[Tensor, " N"], sample_rate: int) -> acoustics.Track:
    return _track_bytes(to_array(wav, sample_rate).tobytes())


@lru_cache(maxsize=16)  # two judges ask about one wave, and takes of one sentence come one after another
def _track_bytes(samples: bytes) -> acoustics.Track:
    return acoustics.track(np.frombuffer(samples, np.float32))
