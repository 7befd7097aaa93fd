"""Pictures of a GPT at work: which text it looks at while it speaks."""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from gpt.model import GPT
from gpt.sequence import SPEECH, TEXT, Packed
from tts.nn import rotate


@torch.no_grad()
def alignment(net: GPT, packed: Packed, speaker: Float[Tensor, "1 P D"]) -> Float[Tensor, "L S"]:
    """Attention from each speech position to each text position, in the head whose attention to text is sharpest.

    Only a few heads follow the text; a mean over all heads would hide them.
    """
    seen = []

    def keep(attention, args):
        seen.append(args)

    hooks = [block.attention.register_forward_pre_hook(keep) for block in net.blocks]
    try:
        net(packed, speaker)
    finally:
        for hook in hooks:
            hook.remove()
    maps = torch.cat([_weights(block.attention, *args) for block, args in zip(net.blocks, seen, strict=True)])
    maps = maps[:, packed.modality[0] == SPEECH][:, :, packed.modality[0] == TEXT]  # (layers H, L, S)
    return maps[maps.amax(-1).mean(-1).argmax()]


def _weights(attention, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Float[Tensor, "H K K"]:
    """The attention weights of the first item, which the fused kernel does not give out."""
    q, k, _ = attention.qkv(x[:1]).float().unflatten(-1, (3, attention.heads, -1)).permute(2, 0, 3, 1, 4)
    q, k = rotate(attention.query_norm(q), *rotary), rotate(attention.key_norm(k), *rotary)
    score = (q @ k.mT)[0] * q.shape[-1] ** -0.5
    future = torch.ones_like(score, dtype=torch.bool).triu(1)
    return score.masked_fill(future, -torch.inf).softmax(-1)


def draw_alignment(weights: Float[Tensor, "L S"]) -> Figure:
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot(xlabel="code", ylabel="text id")
    axes.imshow(weights.float().cpu().mT, origin="lower", aspect="auto", interpolation="nearest")
    return figure
