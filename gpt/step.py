"""One position at a time through a transformer in the fewest operations, which makes sampling fast on a CPU.

At one position every product is small, so PyTorch's cost per operation counts, and most of the time goes into reading
weights. So what is constant is folded into the weights: the gains of norms into the matrices that follow them, those of
queries and keys into the table of rotations. Matrices may be read as bfloat16, in which they are stored, or as eight
bits with a scale for each row; everything else stays in float32. tests/gpt/test_step.py checks that a step gives what
the net's own blocks give, and bounds the error of eight bits.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import Block, KVCache, RMSNorm, Rotary

Matrix = Tensor | tuple[Tensor, Tensor]  # (out, in); with eight bits, a scale for each row beside it


class Layer:
    """The weights of a block in the form in which a step reads them."""

    def __init__(self, block: Block, dtype: torch.dtype):
        attention, mlp = block.attention, block.mlp
        self.qkv = packed(unscaled(block.attention_norm.weight) * attention.qkv.weight, dtype)
        self.out = packed(attention.out.weight, dtype)
        self.gate_up = packed(unscaled(block.mlp_norm.weight) * mlp.gate_up.weight, dtype)
        self.down = packed(mlp.down.weight, dtype)
        self.qk = unscaled(torch.stack((attention.query_norm.weight, attention.key_norm.weight)))  # (2, d)


class Stepper:
    """Sequences that grow by one position a call: blocks, their caches, and the position reached."""

    def __init__(
        self,
        *,
        blocks: nn.ModuleList,  # of `tts.nn.Block`
        layers: list[Layer],  # of the same blocks
        norm: RMSNorm,  # after the last block
        rotary: Rotary,
        items: int,  # sequences side by side
        size: int,  # positions, at most
    ):
        attention = blocks[0].attention
        self.blocks = blocks
        self.layers = layers
        self.norm = norm
        self.rotary = rotary
        self.heads = attention.heads
        self.head_width = attention.query_norm.weight.numel()
        shape = (items, self.heads, size, self.head_width)
        self.caches = [KVCache(shape, like=attention.qkv.weight) for _ in blocks]
        cos, sin = (part[0, :, None, None] for part in rotary(torch.arange(size, device=attention.qkv.weight.device)))
        cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)  # (K, 1, 1, d)
        half = self.head_width // 2
        # (K, 2, 1, d): a rotation is x * cos + swap_halves(x) * sin.
        self.turns = [(cos * layer.qk[:, None], sin * layer.qk.roll(half, -1)[:, None]) for layer in layers]
        self.inside: Tensor | None = None  # (B, 1, 1, K): False at padding; None where there is none
        self.position = self.prefix = 0

    def start(
        self, x: Float[Tensor, "B K D"], time: Float[Tensor, "B K"], pad: Int[Tensor, " B"]
    ) -> Float[Tensor, "B D"]:
        """Read a prefix that ends at time 0, `pad` positions of it padding on the left; gives the last hidden state."""
        self.position = self.prefix = x.shape[1]
        causal_mask = None
        if pad.any():
            column = torch.arange(self.caches[0].keys.shape[2], device=x.device)
            self.inside = (column >= pad[:, None])[:, None, None]
            here = column[: self.position]
            causal_mask = self.inside[..., : self.position] & (here <= here[:, None])
            causal_mask = causal_mask | (here == here[:, None])  # padding sees itself: a softmax over nothing is NaN
        rotary = self.rotary(time)
        for block, cache in zip(self.blocks, self.caches, strict=True):
            x = block(x, rotary, causal=causal_mask is None, mask=causal_mask, cache=cache)
        return self.norm(x[:, -1])

    def __call__(self, x: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:
        """Read the code at the next time, the first of which is 1; gives its hidden state."""
        now, items, width = self.position, *x.shape
        self.position = now + 1
        turn = now - self.prefix + 1
        mask = None if self.inside is None else self.inside[..., : now + 1]
        for layer, cache, (cos, sin) in zip(self.layers, self.caches, self.turns, strict=True):
            y = product(unit(x), layer.qkv).float().view(items, 3, self.heads, self.head_width)
            qk = unit(y[:, :2])
            qk = torch.addcmul(qk * cos[turn], qk.roll(self.head_width // 2, -1), sin[turn])
            cache.keys[:, :, now] = qk[:, 1]
            cache.values[:, :, now] = y[:, 2]
            y = F.scaled_dot_product_attention(
                qk[:, 0, :, None], cache.keys[:, :, : now + 1], cache.values[:, :, : now + 1], attn_mask=mask
            )
            x = x + product(y.reshape(items, width), layer.out)
            gate, up = product(unit(x), layer.gate_up).chunk(2, dim=-1)
            x = x + product(F.silu(gate) * up, layer.down)
        return self.norm(x)


def unit(x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
    """A vector of length 1: an RMS norm in two operations, with the rest of it in `unscaled`."""
    return x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)


def unscaled(gain: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
    """What a vector of length 1 is multiplied with to give the RMS norm with this gain."""
    return gain * gain.shape[-1] ** 0.5


def packed(weight: Float[Tensor, "K D"], dtype: torch.dtype) -> Matrix:
    """A matrix in the type in which it is read."""
    if dtype != torch.int8:
        return weight.to(dtype)
    scale = weight.abs().amax(1).clamp_min(1e-12) / 127
    return (weight / scale[:, None]).round().to(torch.int8), scale.bfloat16()


def product(x: Float[Tensor, "B D"], weight: Matrix) -> Float[Tensor, "B K"]:
    """In the type of the products: that of the weight, or bfloat16."""
    if isinstance(weight, tuple):
        return torch._weight_int8pack_mm(x.bfloat16(), *weight)
    return F.linear(x.to(weight.dtype), weight)
