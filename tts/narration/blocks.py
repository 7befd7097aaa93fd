"""Sound of any length block by block. A block is a tensor (channels, samples) of float32."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Window:
    """A block with what stands before and after it; beyond the ends of the sound that is silence."""

    wave: Float[Tensor, "C N"]
    length: int  # samples of the block itself


def windows(blocks: Iterable[Tensor], size: int, before: int, after: int) -> Iterator[Window]:
    """Cut sound into blocks of `size` samples, each with `before` and `after` samples around it; the last is shorter.

    How the sound was cut before makes no difference. Every window has the same size: the last one ends in silence.
    """
    held: Tensor | None = None
    whole = before + size + after
    for block in blocks:
        held = F.pad(block, (before, 0)) if held is None else torch.cat((held, block), dim=1)
        while held.shape[1] >= whole:
            yield Window(held[:, :whole], size)
            held = held[:, size:]
    while held is not None and held.shape[1] > before:
        length = min(size, held.shape[1] - before)
        yield Window(F.pad(held[:, :whole], (0, max(0, whole - held.shape[1]))), length)
        held = held[:, size:]


def decibels(ratio: float) -> float:
    """The factor that a change by so many dB is: 10 ** (dB / 20)."""
    return 10 ** (ratio / 20)
