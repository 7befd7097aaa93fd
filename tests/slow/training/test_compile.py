"""Compiled blocks stay compiled, whatever batches come."""

import subprocess
import sys

import pytest

# In a process of its own: the shape checks of the tests are nothing that dynamo can trace.
SCRIPT = """
from functools import partialmethod

import torch
from torch import nn

from tts.nn import ConvBlock
from tts.training.parallel import arrange

nn.Module.compile = partialmethod(nn.Module.compile, backend="eager")  # needs no compiler
torch._dynamo.config.recompile_limit = 8  # torch's own
torch._dynamo.config.fail_on_recompile_limit_hit = True
block = {"width": 8, "hidden": 8, "kernel": 3, "dropout": 0.0}
net = nn.Module()
net.blocks = nn.ModuleList(ConvBlock(**block, dilation=dilation) for dilation in (1, 2, 4))
arrange(net, recompute=False, compile=True)
for training in (True, False):
    net.train(training)
    for items, frames in ((4, 50), (3, 31), (1, 20), (1, 44), (2, 40), (1, 77)):
        x = torch.randn(items, 8, frames, requires_grad=training)
        for each in net.blocks:
            x = each(x)
"""


@pytest.mark.slow
def test_a_batch_of_one_item_among_others_leaves_blocks_compiled():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
