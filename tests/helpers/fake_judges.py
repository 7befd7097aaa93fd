"""Judges whose opinions are known, and waves that carry a number by which these judges know them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch

from tts.judges.judge import Judge, Measure
from tts.judges.mos import Dnsmos
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import SpeakerJudge

LOWEST, STEP = 300.0, 40.0  # Hz: the tone of number 0, and from each number to the next


def marked_wave(number: int, rate: int, *, seconds: float = 1.5) -> torch.Tensor:
    """A tone that tells its number, at any level and rate."""
    time = torch.arange(round(seconds * rate)) / rate
    return 0.1 * torch.sin(2 * torch.pi * (LOWEST + STEP * number) * time)


def read_mark(wav: torch.Tensor, rate: int) -> int:
    loudest = torch.fft.rfft(wav).abs().argmax().item() * rate / len(wav)
    return round((loudest - LOWEST) / STEP)


@dataclass
class _Fake:
    """`opinions` by the number of the wave, or one `opinion` of all others; `asked` are the numbers, in order."""

    opinion: Any = None
    opinions: Mapping[int, Any] = field(default_factory=dict)
    name: str = "fake"
    asked: list[int] = field(default_factory=list)

    def identity(self) -> str:
        return self.name

    def answer(self, wav: torch.Tensor, rate: int) -> Any:
        number = read_mark(wav, rate)
        self.asked.append(number)
        return self.opinions.get(number, self.opinion)


@dataclass
class FakeRecogniser(_Fake, SpeechRecogniser):
    opinion: str = "hello world"
    name: str = "fake recogniser"

    def transcribe(self, wav, sample_rate):
        return self.answer(wav, sample_rate)


@dataclass
class FakeMos(_Fake, Judge):
    opinion: float = 3.0
    name: str = "fake mos"
    measures: ClassVar[Mapping[str, Measure]] = Dnsmos.measures

    def judge(self, wav, sample_rate):
        return {"overall": self.answer(wav, sample_rate)}


@dataclass
class FakeEncoder(_Fake, SpeakerJudge):
    opinion: tuple[float, float] = (0.6, 0.8)
    name: str = "fake encoder"

    def judge(self, wav, sample_rate):
        return list(self.answer(wav, sample_rate))


@dataclass
class FakeAligner(_Fake, Judge):
    """Finds all words of a text, unless `opinions` say otherwise."""

    name: str = "fake aligner"
    told: ClassVar[str] = "text"

    def judge(self, wav, sample_rate, text):
        return self.answer(wav, sample_rate) or {"whole": bool(text), "stray": 0.0}
