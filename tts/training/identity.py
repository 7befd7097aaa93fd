"""The loss by which an encoder learns who speaks: pure and unweighted."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


def identity(
    one: Float[Tensor, "B D"],
    other: Float[Tensor, "B D"],
    same: Bool[Tensor, "B B"],
    *,
    scale: float,
    margin: float,
) -> Float[Tensor, ""]:
    """Cross-entropy of finding each clip's partner among all clips of the batch, by cosine.

    `one` and `other` are two clips of each speaker. Partners must be `margin` closer than strangers (additive margin,
    Wang et al. 2018, arXiv 1801.05599; pairs as in Chung et al. 2020, arXiv 2003.11982, eq. 9). Where `same` is true,
    two rows have one speaker; such clips are no strangers and are left out.
    """
    both = F.normalize(torch.cat((one, other)).float(), dim=-1)
    cosine = both @ both.mT
    count = len(one)
    partner = torch.arange(2 * count, device=both.device).roll(count)
    own = F.one_hot(partner, 2 * count).bool()
    logits = scale * torch.where(own, cosine - margin, cosine)
    return F.cross_entropy(logits.masked_fill(same.repeat(2, 2) & ~own, -torch.inf), partner)


def same_speaker(keys: Sequence[str], speakers: Sequence[str], device: torch.device) -> Bool[Tensor, "B B"]:
    """Which clips of a batch have one speaker; names count within their corpus."""
    names = [f"{corpus(key)}/{speaker}" for key, speaker in zip(keys, speakers, strict=True)]
    number = torch.tensor([names.index(name) for name in names], device=device)
    return number[:, None] == number[None]


def corpus(key: str) -> str:
    """The corpus of a clip's key."""
    return key.partition("/")[0]
