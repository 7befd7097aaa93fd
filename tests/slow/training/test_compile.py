"""Compiled blocks stay compiled, whatever batches come."""

import subprocess
import sys

import pytest

from helpers import corpus, nano
from helpers.runs import bare_run, child, traced

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


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["gpt", "diffusion"])
def test_compiled_blocks_learn_what_eager_ones_do(stage, tmp_path, audio):
    shards = corpus.make_shards(tmp_path / "shards", audio)
    codec = nano.weights(tmp_path / "weights") / "dvae.safetensors"
    runs = []
    for compile in ("false", "true"):
        more = [f"compile={compile}", "trainer.max_steps=6", "trainer.val_check_interval=6"]
        process = child(bare_run(stage, shards, codec, tmp_path / compile, *more, trace=tmp_path / f"{compile}.trace"))
        process.join()
        assert process.exitcode == 0
        runs.append(traced(tmp_path / f"{compile}.trace"))
    assert len(runs[0]) == 6
    for (_, keys, loss), (_, other_keys, other) in zip(*runs, strict=True):
        assert keys == other_keys
        assert float.fromhex(other) == pytest.approx(float.fromhex(loss), rel=1e-4)
