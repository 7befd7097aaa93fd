"""Compiled blocks stay compiled, whatever batches come."""

from functools import partialmethod

import pytest
import torch
from torch import nn

from tts.nn import ConvBlock
from tts.training.parallel import arrange


@pytest.mark.slow
def test_a_batch_of_one_item_among_others_leaves_blocks_compiled(monkeypatch):
    monkeypatch.setattr(nn.Module, "compile", partialmethod(nn.Module.compile, backend="eager"))  # needs no compiler
    monkeypatch.setattr(torch._dynamo.config, "recompile_limit", 8)  # torch's own, and put back afterwards
    monkeypatch.setattr(torch._dynamo.config, "fail_on_recompile_limit_hit", True)
    block = {"width": 8, "hidden": 8, "kernel": 3, "dropout": 0.0}
    net = nn.Module()
    net.blocks = nn.ModuleList(ConvBlock(**block, dilation=dilation) for dilation in (1, 2, 4))
    torch._dynamo.reset()
    arrange(net, recompute=False, compile=True)
    for training in (True, False):
        net.train(training)
        for items, frames in ((4, 50), (3, 31), (1, 20), (1, 44), (2, 40), (1, 77)):
            x = torch.randn(items, 8, frames, requires_grad=training)
            for each in net.blocks:
                x = each(x)
