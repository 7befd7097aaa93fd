"""Losses of the codec and of self-supervised tokens: pure functions, unweighted, which padding does not change."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from tts.types import Mel, mask


def l1(estimate: Float[Tensor, "B M T"], target: Mel) -> Float[Tensor, ""]:
    """Mean absolute error over the frames inside their lengths; times `AudioConfig.std` it is in nats."""
    inside = mask(target.length, target.frames.shape[-1])[:, None]
    error = (estimate.float() - target.frames).abs().masked_fill(~inside, 0.0)
    return error.sum() / (target.length.sum() * target.frames.shape[1]).clamp_min(1)


def sounding(
    text: Int[Tensor, "B S"], text_len: Int[Tensor, " B"], silent: Bool[Tensor, " V"]
) -> tuple[Int[Tensor, "B S"], Int[Tensor, " B"]]:
    """Texts without the ids that make no sound, moved to the front in order, and their lengths."""
    keep = mask(text_len, text.shape[1]) & ~silent[text]
    order = (~keep).int().argsort(dim=1, stable=True)
    return text.gather(1, order), keep.sum(1)


def ctc(
    logits: Float[Tensor, "B L V"],
    length: Int[Tensor, " B"],
    text: Int[Tensor, "B S"],
    text_len: Int[Tensor, " B"],
) -> Float[Tensor, ""]:
    """Connectionist temporal classification (Graves et al. 2006), nats per text id; blank is 0, the padding id.

    Clips without text, and texts longer than their codes can spell, are left out of the mean.
    """
    if not text.shape[1]:  # no clip of the batch has text
        return logits.sum() * 0.0
    repeats = ((text[:, 1:] == text[:, :-1]) & mask((text_len - 1).clamp_min(0), text.shape[1] - 1)).sum(1)
    usable = (text_len > 0) & (text_len + repeats <= length)  # a blank must stand between equal ids
    nats = F.ctc_loss(
        logits.float().log_softmax(-1).transpose(0, 1),
        text,
        length,
        text_len,
        blank=0,
        reduction="none",
        zero_infinity=True,
    )
    return torch.where(usable, nats, 0.0).sum() / (text_len * usable).sum().clamp_min(1)


def masked_prediction(
    logits: Float[Tensor, "B L V"], target: Int[Tensor, "B L"], counted: Bool[Tensor, "B L"]
) -> Float[Tensor, ""]:
    """Mean cross-entropy in nats over the positions that are counted (HuBERT, arXiv 2106.07447, eq. 1)."""
    nats = F.cross_entropy(logits[counted].float(), target[counted], reduction="sum")
    return nats / counted.sum().clamp_min(1)
