"""What a judge is: it turns a wave into an opinion, says which figures follow from it, and which measures to report.

To add a judge, write one subclass of `Judge` and one line in `tts/judges/table.py`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts.audio import resample

RATE = 16_000  # Hz, of every judge

Count = Callable[[Mapping[str, Any]], float | None]


@dataclass(frozen=True)
class Measure:
    """A ratio of two sums over waves: `top` and `bottom` read the figures of one wave, and None leaves the wave out.

    `better` is 1 if more is better, -1 if less is better, and 0 if neither is.
    """

    says: str
    top: Count
    bottom: Count
    better: int
    rare: bool = False  # a share of events: if none occurred, the interval is Wilson's
    column: str = ""  # heading in tables; measures without one are only in report.json


def mean_of(field: str) -> tuple[Count, Count]:
    """`top` and `bottom` of a mean over waves."""
    return (lambda figures: figures.get(field)), (lambda figures: 1.0)


@dataclass(frozen=True)
class Expected:
    """What a wave should be: the words, and embeddings of other recordings of the speaker."""

    text: str = ""
    speaker: Sequence[Float[np.ndarray, " D"]] = ()


class Judge(ABC):
    """Wave to an opinion that JSON can hold.

    A judge is cheap to make and can be pickled; it loads what it needs when it is first asked. `identity` must change
    whenever an opinion might.
    """

    told: ClassVar[str] = ""  # third argument of `judge`: none, the "text", or the "recording" at the same rate
    silent: ClassVar[Any] = None  # the opinion on a wave too short to be judged
    packages: ClassVar[tuple[str, ...]] = ()  # whose hashes a report carries
    measures: ClassVar[Mapping[str, Measure]] = {}  # by name, over the figures below

    @abstractmethod
    def identity(self) -> str: ...

    @abstractmethod
    def judge(self, wav: Float[Tensor, " N"], sample_rate: int, *told: Any) -> Any: ...

    def figures(self, opinion: Any, expected: Expected) -> Mapping[str, Any] | None:
        """What a report keeps of an opinion; None if there is nothing to say."""
        return opinion


def installed(package: str) -> str:
    """The version of a package. Raises ValueError that says how to install it."""
    try:
        return version(package)
    except PackageNotFoundError:
        raise ValueError(f"{package} judges, and is not installed: run with `uv run --group judge`") from None


def to_pcm(wav: Float[Tensor, " N"], sample_rate: int) -> np.ndarray:
    """16-bit samples at the judges' rate; a wave that already has this form does not change by a bit."""
    samples = resample(wav.float().numpy(), sample_rate, RATE) * 32768
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


def to_array(wav: Float[Tensor, " N"], sample_rate: int) -> Float[np.ndarray, " K"]:
    """The same samples as floats between -1 and 1."""
    return to_pcm(wav, sample_rate).astype(np.float32) / 32768


def from_pcm(pcm: np.ndarray) -> Float[Tensor, " N"]:
    return torch.from_numpy(pcm.astype(np.float32) / 32768)
