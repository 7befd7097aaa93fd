"""How blocks are laid out changes what is kept and what is computed, never what comes out."""

import copy

import pytest
import torch
from torch import nn

from tts.nn import ConvBlock
from tts.training.meter import Counter
from tts.training.parallel import arrange


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        block = {"width": 8, "hidden": 8, "kernel": 3, "dilation": 1, "dropout": 0.5}
        self.inside = nn.ModuleList(ConvBlock(**block) for _ in range(3))

    def forward(self, x):
        for block in self.inside:
            x = block(x)
        return x


def passes(net: nn.Module) -> tuple[list[torch.Tensor], int]:
    """Gradients of one step, and FLOPs."""
    torch.manual_seed(3)
    counter = Counter()
    counter.start()
    net(torch.randn(2, 8, 16)).square().sum().backward()
    return [parameter.grad for parameter in net.parameters()], counter.stop()


@pytest.fixture
def net() -> Net:
    net = Net()
    for parameter in net.parameters():
        nn.init.normal_(parameter)
    return net


def test_recomputing_costs_a_forward_pass_and_changes_no_gradient(net):
    other = copy.deepcopy(net)
    arrange(other, recompute=True, compile=False)
    assert other.state_dict().keys() == net.state_dict().keys()
    (gradients, flops), (same, more) = passes(net), passes(copy.deepcopy(other))  # averaging copies a net
    inner = 3 * 2 * 2 * 16 * 8 * 8 * 3  # nobody asks for what the last product of a block gave
    assert more == flops + inner
    for a, b in zip(gradients, same, strict=True):
        assert torch.equal(a, b)
