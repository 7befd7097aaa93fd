"""Blocks by their promises: causal, cached equals whole, shift-invariant positions, padding that changes nothing."""

import pytest
import torch

from tts.nn import Block, ConvBlock, KVCache, Rotary, init_weights, rotate


def make_block() -> tuple[Block, Rotary]:
    block = Block(width=32, heads=4, hidden=48, dropout=0.0)
    init_weights(block, residual="keep")
    return block.eval(), Rotary(head_width=8)


def test_the_future_has_no_gradient():
    block, rotary = make_block()
    x = torch.randn(1, 10, 32, requires_grad=True)
    block(x, rotary(torch.arange(10)), causal=True)[0, 4].sum().backward()
    assert x.grad[0, :5].abs().sum(-1).min() > 0
    assert x.grad[0, 5:].abs().max() == 0


def test_cached_equals_whole():
    block, rotary = make_block()
    x = torch.randn(2, 10, 32)
    whole = block(x, rotary(torch.arange(10)), causal=True)
    cache = KVCache((2, 4, 10, 8), like=x)
    parts = [block(x[:, :6], rotary(torch.arange(6)), causal=True, cache=cache, start=0)]
    for k in range(6, 10):
        parts.append(block(x[:, k : k + 1], rotary(torch.tensor([k])), causal=True, cache=cache, start=k))
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)
    with pytest.raises(ValueError, match="exceeds the cache"):
        block(x[:, :1], rotary(torch.tensor([10])), causal=True, cache=cache, start=10)


def test_rotary_sees_only_distances():
    rotary = Rotary(head_width=8)
    q, k = torch.randn(2, 1, 1, 1, 8)

    def score(i: int, j: int) -> torch.Tensor:
        return (rotate(q, *rotary(torch.tensor([i]))) * rotate(k, *rotary(torch.tensor([j])))).sum()

    assert torch.allclose(score(3, 1), score(103, 101), atol=1e-4)
    assert not torch.allclose(score(3, 1), score(3, 2), atol=1e-4)


def test_residual_blocks_start_as_the_identity():
    block = Block(width=32, heads=4, hidden=48, dropout=0.0)
    conv = ConvBlock(width=32, hidden=48, kernel=3, dilation=2, dropout=0.0)
    init_weights(block)
    init_weights(conv)
    x = torch.randn(2, 32, 32)
    assert torch.equal(block(x, Rotary(head_width=8)(torch.arange(32)), causal=False), x)
    assert torch.equal(conv(x), x)
