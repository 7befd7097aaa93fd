"""Ours equals torch's where torch has it; one optimiser state resumes exactly."""

import copy

import pytest
import torch
from torch import nn

from tts.training.optim import MuonAdamW, orthogonalise, warmup_decay


def net() -> nn.Module:
    torch.manual_seed(1)
    return nn.ModuleDict({"embed": nn.Embedding(7, 8), "blocks": nn.ModuleList([nn.Linear(8, 12), nn.Linear(12, 8)])})


def loss(model: nn.Module, step: int) -> torch.Tensor:
    x = model["embed"](torch.arange(7))
    for block in model["blocks"]:
        x = torch.tanh(block(x))
    return (x - step * 0.1).square().mean()


def train(model, optimizers, steps):
    for step in range(*steps):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss(model, step).backward()
        for optimizer in optimizers:
            optimizer.step()


def make(model: nn.Module, **changes) -> MuonAdamW:
    settings = {"lr": 1e-2, "muon_lr": 2e-2, "betas": (0.9, 0.95), "weight_decay": 0.1, **changes}
    return MuonAdamW(model.named_parameters(), **settings)


def test_equals_torch_muon_and_adamw():
    ours, theirs = net(), net()
    train(ours, [make(ours)], (0, 5))
    named = dict(theirs.named_parameters())
    hidden = [p for n, p in named.items() if n.startswith("blocks") and p.ndim == 2]
    kernels = [p for n, p in named.items() if n.startswith("embed")]
    biases = [p for n, p in named.items() if p.ndim == 1]
    muon = torch.optim.Muon(hidden, lr=2e-2, weight_decay=0.1, momentum=0.95)
    adamw = torch.optim.AdamW(
        [{"params": kernels, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}], lr=1e-2, betas=(0.9, 0.95)
    )
    train(theirs, [muon, adamw], (0, 5))
    for (name, a), b, start in zip(ours.named_parameters(), theirs.parameters(), net().parameters(), strict=True):
        # Both orthogonalise in bfloat16, in another order of operations: paths agree to its rounding.
        assert (a - b).norm() < 0.05 * (b - start).norm(), name


@pytest.mark.parametrize("fused", [False, True])
def test_without_a_rate_for_muon_all_is_adamw(fused):
    ours, theirs = net(), net()
    train(ours, [make(ours, muon_lr=None, fused=fused)], (0, 5))
    matrices = [parameter for parameter in theirs.parameters() if parameter.ndim == 2]
    biases = [parameter for parameter in theirs.parameters() if parameter.ndim == 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0.0}]
    train(theirs, [torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))], (0, 5))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_orthogonalise_flattens_the_spectrum():
    for shape in [(3, 16, 16), (3, 8, 32), (3, 32, 8)]:
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape), steps=10).float())
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_state_resumes_exactly():
    straight = net()
    train(straight, [make(straight)], (0, 10))
    model = net()
    optimizer = make(model)
    train(model, [optimizer], (0, 5))
    resumed = copy.deepcopy(model)
    fresh = make(resumed)
    fresh.load_state_dict(optimizer.state_dict())
    train(resumed, [fresh], (5, 10))
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_schedule_warms_up_holds_and_ends_at_zero():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = warmup_decay(optimizer, warmup=10, steps=100, decay_share=0.2)
    rates = []
    for _ in range(100):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    assert rates[0] == 0.1
    assert set(rates[10:80]) == {1.0}
    assert rates[90] == 0.5
    assert schedule.get_last_lr()[0] == 0.0
