"""Losses of the GPT: pure functions, unweighted."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts.types import mask


def cross_entropy(
    logits: Float[Tensor, "K V"], target: Int[Tensor, " K"], weight: Float[Tensor, " K"] | None = None
) -> Float[Tensor, ""]:
    """Mean -log p in nats over scored positions, each times its weight; 0, but part of the graph, if there are none."""
    if weight is None:
        return F.cross_entropy(logits.float(), target, reduction="sum") / max(len(target), 1)
    return (weight * F.cross_entropy(logits.float(), target, reduction="none")).sum() / max(len(target), 1)


def gap_error(log_gaps: Float[Tensor, "B S1"], times: Float[Tensor, "B S2"], text_len: Tensor) -> Float[Tensor, ""]:
    """Mean negative log-likelihood of gaps in codes, as Poisson counts, up to a constant.

    Unlike errors of logarithms or medians, it is least when the sums are right, so that sentences have the right
    length. Texts of no ids are left out.
    """
    counts = mask((text_len + 1) * (text_len > 0), log_gaps.shape[1])
    nats = F.poisson_nll_loss(log_gaps.float(), times.diff(dim=1), reduction="none")
    return (nats * counts).sum() / counts.sum().clamp_min(1)


@torch.no_grad()
def accuracy(logits: Float[Tensor, "K V"], target: Int[Tensor, " K"]) -> Float[Tensor, ""]:
    """Share of scored positions whose likeliest id is the true one."""
    return (logits.argmax(-1) == target).float().sum() / max(len(target), 1)
