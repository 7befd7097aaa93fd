"""Ours equals torch's where torch has it; one optimiser state resumes exactly."""

import copy
import re

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from helpers.nano import conf
from tts.checkpoint import build
from tts.training.optim import MuonAdamW, orthogonalise, share, warm_average, warmup_decay


def net() -> nn.Module:
    torch.manual_seed(1)
    blocks = nn.ModuleList([nn.Linear(8, 12), nn.Linear(12, 8)])
    return nn.ModuleDict({"embed": nn.Embedding(7, 8), "stem": nn.Linear(8, 8), "blocks": blocks})


def loss(model: nn.Module, step: int) -> torch.Tensor:
    x = model["stem"](model["embed"](torch.arange(7)))
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
    return MuonAdamW(model, **settings)


def test_equals_torch_muon_and_adamw():
    ours, theirs = net(), net()
    train(ours, [make(ours)], (0, 5))
    named = dict(theirs.named_parameters())
    hidden = [p for n, p in named.items() if n.startswith("blocks") and p.ndim == 2]
    stem = [named["stem.weight"]]
    rest = [p for n, p in named.items() if n.startswith("embed") or p.ndim == 1]
    muon = torch.optim.Muon(hidden, lr=2e-2, weight_decay=0.1, momentum=0.95)
    adamw = torch.optim.AdamW(
        [{"params": stem, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}], lr=1e-2, betas=(0.9, 0.95)
    )
    train(theirs, [muon, adamw], (0, 5))
    for (name, a), b, start in zip(ours.named_parameters(), theirs.parameters(), net().parameters(), strict=True):
        # Torch orthogonalises in bfloat16, ours in what is fast here. Rounding grows with each Newton-Schulz step.
        assert (a - b).norm() < 0.1 * (b - start).norm(), name


@pytest.mark.parametrize("fused", [False, True])
def test_without_a_rate_for_muon_all_is_adamw(fused):
    ours, theirs = net(), net()
    train(ours, [make(ours, muon_lr=None, fused=fused)], (0, 5))
    named = dict(theirs.named_parameters())
    matrices = [p for n, p in named.items() if p.ndim == 2 and n != "embed.weight"]
    rest = [p for n, p in named.items() if p.ndim == 1 or n == "embed.weight"]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
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


@pytest.mark.parametrize("stage", ["dvae", "gpt", "diffusion", "vocoder"])
def test_only_matrices_of_layers_decay_or_are_orthogonalised(stage, audio):
    """Of every net that ships: no gain of a norm, no bias, no embedding, also not that of time."""
    with torch.device("meta"):
        model = build(conf(f"model/{stage}/small"), audio)
    optimizer = MuonAdamW(model, lr=1e-2, muon_lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
    names = {parameter: name for name, parameter in model.named_parameters()}
    chosen = [names[p] for group in optimizer.param_groups if group["weight_decay"] for p in group["params"]]
    muon = [names[p] for group in optimizer.param_groups if group["muon"] for p in group["params"]]
    assert sorted(names.values()) == sorted(names[p] for group in optimizer.param_groups for p in group["params"])
    assert set(muon) < set(chosen)
    for name in chosen:
        owner = model.get_submodule(name.rpartition(".")[0])
        assert name.endswith(".weight") and isinstance(owner, nn.Linear | nn.Conv1d), name
    assert not [name for name in chosen if name.startswith("time.")]
    repeated = [name for name in names.values() if re.search(r"\.\d+\.", name)]
    blocks = [name for name in repeated if ".qkv." in name or ".outer.weight" in name]
    assert blocks and set(blocks) <= set(muon)


def test_an_older_optimiser_state_says_what_can_be_done():
    state = make(net(), muon_lr=None).state_dict()
    with pytest.raises(ValueError, match="begin a new run from the weights"):
        make(net()).load_state_dict(state)


def test_ranks_share_the_work_evenly():
    assert share([1, 1, 1, 1], 2).count(0) == 2
    owners = share([8, 1, 1, 1, 1, 4], 2)
    assert {owner for cost, owner in zip([8, 1, 1, 1, 1, 4], owners, strict=True) if cost < 8} == {1 - owners[0]}
    assert share([3, 2], 1) == [0, 0]


def test_the_average_remembers_more_the_longer_it_runs():
    model = net()
    average = AveragedModel(model, multi_avg_fn=lambda *lists: warm_average(*lists, decay=0.3))
    expected = [parameter.detach().clone() for parameter in model.parameters()]
    for count in range(6):
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.update_parameters(model)
        share_kept = min(0.3, (1 + count) / (10 + count)) if count else 0.0
        expected = [
            torch.lerp(a, p.detach(), 1 - share_kept) for a, p in zip(expected, model.parameters(), strict=True)
        ]
    for a, b in zip(average.parameters(), expected, strict=True):
        torch.testing.assert_close(a, b)
