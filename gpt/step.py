"""One position at a time through a transformer in the fewest operations, which makes sampling fast on a CPU.

At one position every product is small, so PyTorch's cost per operation counts. `Stepper` reads the weights of the
net's own blocks and computes what their `forward` does with half the operations: queries and keys are normalised and
rotated as one tensor (tests/gpt/test_model.py checks that both give the same). Most of the time goes into reading
weights, so they may be read as bfloat16, in which they are stored; everything else stays in float32.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from tts.nn import Block, KVCache, RMSNorm, Rotary


class Stepper:
    """Sequences that grow by one position a call: blocks, their caches, and the position reached."""

    def __init__(
        self,
        *,
        blocks: nn.ModuleList,  # of `tts.nn.Block`
        norm: RMSNorm,  # after the last block
        rotary: Rotary,
        items: int,  # sequences side by side
        size: int,  # positions, at most
        dtype: torch.dtype,  # of the matrix products
    ):
        attention = blocks[0].attention
        self.blocks = blocks
        self.norm = norm
        self.rotary = rotary
        self.heads = attention.heads
        self.head_width = attention.query_norm.weight.numel()
        shape = (items, self.heads, size, self.head_width)
        self.caches = [KVCache(shape, like=attention.qkv.weight) for _ in blocks]
        cos, sin = rotary(torch.arange(size, device=attention.qkv.weight.device))
        self.cos = torch.cat((cos, cos), dim=-1)[0]  # (K, d): rotation as x * cos + swap_halves(x) * sin
        self.sin = torch.cat((-sin, sin), dim=-1)[0]
        self.dtype = dtype
        self.layers = [_weights(block, dtype) for block in blocks]
        self.inside: Tensor | None = None  # (B, 1, 1, K): False at padding; None where there is none
        self.position = self.prefix = 0

    def start(
        self, x: Float[Tensor, "B K D"], time: Float[Tensor, "B K"], pad: Int[Tensor, " B"]
    ) -> Float[Tensor, "B D"]:
        """Read a prefix that ends at time 0, padded by `pad` positions on each item's left; gives the last hidden state."""
        self.position = self.prefix = x.shape[1]
        causal_mask = None
        if pad.any():
            column = torch.arange(self.cos.shape[0], device=x.device)
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
        cos, sin = self.cos[now - self.prefix + 1], self.sin[now - self.prefix + 1]
        mask = None if self.inside is None else self.inside[..., : now + 1]
        for (norm, qkv, qk_norm, out, mlp_norm, gate_up, down), cache in zip(self.layers, self.caches, strict=True):
            y = self.product(F.rms_norm(x, (width,), norm), qkv).reshape(items, 3, self.heads, self.head_width)
            qk = F.rms_norm(y[:, :2], (self.head_width,)) * qk_norm
            qk = torch.addcmul(qk * cos, qk.roll(self.head_width // 2, -1), sin)
            cache.keys[:, :, now] = qk[:, 1]
            cache.values[:, :, now] = y[:, 2]
            y = F.scaled_dot_product_attention(
                qk[:, 0, :, None], cache.keys[:, :, : now + 1], cache.values[:, :, : now + 1], attn_mask=mask
            )
            x = x + self.product(y.reshape(items, width), out)
            gate, up = self.product(F.rms_norm(x, (width,), mlp_norm), gate_up).chunk(2, dim=-1)
            x = x + self.product(F.silu(gate) * up, down)
        return self.norm(x)

    def product(self, x: Float[Tensor, "B D"], weight: Tensor) -> Float[Tensor, "B K"]:
        return F.linear(x.to(self.dtype), weight).float()


def _weights(block: Block, dtype: torch.dtype) -> tuple[Tensor, ...]:
    """A block's weights in the order of use, its matrices in the type in which they are multiplied."""
    attention, mlp = block.attention, block.mlp
    return (
        block.attention_norm.weight,
        attention.qkv.weight.to(dtype),
        torch.stack((attention.query_norm.weight, attention.key_norm.weight))[:, None],  # (2, 1, d)
        attention.out.weight.to(dtype),
        block.mlp_norm.weight,
        mlp.gate_up.weight.to(dtype),
        mlp.down.weight.to(dtype),
    )
