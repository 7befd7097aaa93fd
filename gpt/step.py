"""One position at a time through a transformer in the fewest operations, which makes sampling fast on a CPU.

At one position every product is small, so PyTorch's cost per operation counts, and most of the time goes into reading
weights. So what is constant is folded into the weights: the gains of norms into the matrices that follow them, those of
queries and keys into the table of rotations. Matrices may be read as bfloat16, in which they are stored, or as eight
bits with a scale for each row; everything else stays in float32. tests/gpt/test_step.py checks that a step gives what
the net's own blocks give, and bounds the error of eight bits.
"""

from collections.abc import Sequence

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


class Sequences:
    """Sequences of equal length that began together: keys and values of each block, and the position reached."""

    def __init__(self, blocks: nn.ModuleList, items: int, size: int, inside: Tensor | None, prefix: int):
        attention = blocks[0].attention
        shape = (items, attention.heads, size, attention.query_norm.weight.numel())
        self.caches = [KVCache(shape, like=attention.qkv.weight) for _ in blocks]
        self.inside = inside  # (B, 1, 1, K): False at padding; None where there is none
        self.position = self.prefix = prefix


class Stepper:
    """Reads sequences on, one position a call. Those of a call may have begun at any time, and be of any lengths."""

    def __init__(
        self,
        *,
        blocks: nn.ModuleList,  # of `tts.nn.Block`
        layers: list[Layer],  # of the same blocks
        norm: RMSNorm,  # after the last block
        rotary: Rotary,
    ):
        attention = blocks[0].attention
        self.blocks = blocks
        self.layers = layers
        self.norm = norm
        self.rotary = rotary
        self.heads = attention.heads
        self.head_width = attention.query_norm.weight.numel()
        self.turns: list[tuple[Tensor, Tensor]] = []  # see `_turned`

    def start(
        self, x: Float[Tensor, "B K D"], time: Float[Tensor, "B K"], pad: Int[Tensor, " B"], *, steps: int
    ) -> tuple[Sequences, Float[Tensor, "B D"]]:
        """Read a prefix that ends at time 0, `pad` positions of it padding on the left, with room for so many steps.

        Gives what goes on from there, and the last hidden state.
        """
        self._turned(steps + 1)
        items, prefix, size = len(x), x.shape[1], x.shape[1] + steps
        inside = causal_mask = None
        if pad.any():
            column = torch.arange(size, device=x.device)
            inside = (column >= pad[:, None])[:, None, None]
            here = column[:prefix]
            causal_mask = inside[..., :prefix] & (here <= here[:, None])
            causal_mask = causal_mask | (here == here[:, None])  # padding sees itself: a softmax over nothing is NaN
        sequences, rotary = Sequences(self.blocks, items, size, inside, prefix), self.rotary(time)
        for block, cache in zip(self.blocks, sequences.caches, strict=True):
            x = block(x, rotary, causal=causal_mask is None, mask=causal_mask, cache=cache)
        return sequences, self.norm(x[:, -1])

    def __call__(self, together: Sequence[Sequences], x: Float[Tensor, "B D"]) -> Float[Tensor, "B D"]:
        """Read the code at the next time of each sequence, the first of which is 1; gives its hidden state.

        Products are of all sequences at once, and attention is of those that began together, so that what one gives
        does not depend on the others, where products of one row and of several add in the same order.
        """
        rows, turns = [len(own.caches[0].keys) for own in together], [own.position - own.prefix + 1 for own in together]
        turn = (
            turns[0]
            if len(turns) == 1
            else torch.tensor(turns, device=x.device).repeat_interleave(torch.tensor(rows, device=x.device))
        )
        for number, (layer, (cos, sin)) in enumerate(zip(self.layers, self.turns, strict=True)):
            y = product(unit(x), layer.qkv).float().view(len(x), 3, self.heads, self.head_width)
            qk = unit(y[:, :2])
            qk = torch.addcmul(qk * cos[turn], qk.roll(self.head_width // 2, -1), sin[turn])
            parts = zip(together, qk.split(rows), y[:, 2].split(rows), strict=True)
            found = [_attended(own, number, own_qk, value) for own, own_qk, value in parts]
            y = found[0] if len(found) == 1 else torch.cat(found)
            x = x + product(y.reshape(len(x), -1), layer.out)
            gate, up = product(unit(x), layer.gate_up).chunk(2, dim=-1)
            x = x + product(F.silu(gate) * up, layer.down)
        for own in together:
            own.position += 1
        return self.norm(x)

    def _turned(self, times: int) -> None:
        """Make rotations for at least so many times: x * cos + swap_halves(x) * sin, with the gains in both."""
        if self.turns and len(self.turns[0][0]) >= times:
            return
        place = torch.arange(times, device=self.blocks[0].attention.qkv.weight.device)
        cos, sin = (part[0, :, None, None] for part in self.rotary(place))
        cos, sin = torch.cat((cos, cos), dim=-1), torch.cat((-sin, sin), dim=-1)  # (K, 1, 1, d)
        half = self.head_width // 2
        self.turns = [(cos * layer.qk[:, None], sin * layer.qk.roll(half, -1)[:, None]) for layer in self.layers]


def _attended(
    sequences: Sequences, block: int, qk: Float[Tensor, "B 2 H d"], value: Float[Tensor, "B H d"]
) -> Float[Tensor, "B H 1 d"]:
    """What the next position of sequences finds in the cache of a block, which it joins."""
    cache, now = sequences.caches[block], sequences.position
    cache.keys[:, :, now] = qk[:, 1]
    cache.values[:, :, now] = value
    mask = None if sequences.inside is None else sequences.inside[..., : now + 1]
    keys, values = cache.keys[:, :, : now + 1], cache.values[:, :, : now + 1]
    return F.scaled_dot_product_attention(qk[:, 0, :, None], keys, values, attn_mask=mask)


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
