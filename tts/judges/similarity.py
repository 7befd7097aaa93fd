"""Speaker similarity: a net turns a wave into an embedding, and embeddings of one speaker lie close together."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts.files import fingerprint
from tts.judges.compiled import resemblyzer
from tts.judges.judge import RATE, Expected, Judge, Measure, installed, mean_of, to_array

DIGITS = 5  # of the numbers that are kept


class SpeakerJudge(Judge):
    """A judge whose opinion is an embedding of length 1, or None if nobody speaks."""

    packages: ClassVar[tuple[str, ...]] = ("resemblyzer",)
    measures: ClassVar[Mapping[str, Measure]] = {
        "similarity": Measure(
            "cosine to the speaker's other recordings", *mean_of("similarity"), 1, column="similarity"
        )
    }

    def figures(self, opinion: list[float] | None, expected: Expected) -> dict[str, float] | None:
        """Cosine to the mean embedding of the speaker's other recordings."""
        if opinion is None or not len(expected.speaker):
            return None
        mean = np.mean(expected.speaker, axis=0)
        return {"similarity": round(float(np.dot(opinion, mean) / np.linalg.norm(mean)), DIGITS)}


@dataclass(frozen=True)
class Resemblyzer(SpeakerJudge):
    """256 numbers of the GE2E encoder (Wan et al. 2018, arXiv 1710.10467)."""

    def identity(self) -> str:
        return f"resemblyzer {installed('resemblyzer')}"

    @cached_property
    def encoder(self) -> Any:
        return resemblyzer().VoiceEncoder("cpu", verbose=False)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> list[float] | None:
        # Trims long silence and sets the level, as the encoder was trained.
        speech = resemblyzer().preprocess_wav(to_array(wav, sample_rate), RATE)
        return normalised(self.encoder.embed_utterance(speech)) if len(speech) else None


@dataclass(frozen=True)
class TorchScriptEncoder(SpeakerJudge):
    """Any other encoder: a TorchScript file that turns a wave (1, N) at 16 kHz into numbers (1, D).

    TorchScript is a program: run only files from people you trust.
    """

    path: Path

    def identity(self) -> str:
        if not self.path.is_file():
            raise ValueError(f"no embedding net at {self.path}: give a TorchScript file, or resemblyzer")
        return f"embedding net {fingerprint(self.path)}"

    @cached_property
    def net(self) -> torch.nn.Module:
        try:
            return torch.jit.load(str(self.path), map_location="cpu").eval()
        except RuntimeError as error:
            raise ValueError(f"{self.path} is no TorchScript file: {str(error).splitlines()[0]}") from None

    @torch.inference_mode()
    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> list[float] | None:
        return normalised(self.net(torch.from_numpy(to_array(wav, sample_rate))[None])[0].numpy())


def normalised(values: np.ndarray) -> list[float] | None:
    """Scaled to length 1; None if all are 0 or one is no number."""
    values = np.asarray(values, np.float64)
    length = np.linalg.norm(values)
    if not np.isfinite(length) or length < 1e-9:
        return None
    return [round(float(value), DIGITS) for value in values / length]
