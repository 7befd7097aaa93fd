"""Losses of the GPT: pure, unweighted, named by the modality that is guessed."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(logits: Float[Tensor, "K V"], target: Int[Tensor, " K"]) -> Float[Tensor, ""]:
    """Mean -log p in nats over scored positions; 0, still part of the graph, where a batch has none."""
    return F.cross_entropy(logits.float(), target, reduction="sum") / max(len(target), 1)


@torch.no_grad()
def accuracy(logits: Float[Tensor, "K V"], target: Int[Tensor, " K"]) -> Float[Tensor, ""]:
    """Share of scored positions whose likeliest id is the true one."""
    return (logits.argmax(-1) == target).float().sum() / max(len(target), 1)
