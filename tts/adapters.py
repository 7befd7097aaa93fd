"""Low-rank changes of a net's matrices: W + B A (LoRA; Hu et al. 2021, arXiv 2106.09685, eq. 3).

While a net learns, `adapt` makes each of its matrices give the sum wherever it is read. To speak, `merged` makes the
sums once. The factor alpha / r of the paper is left out: the rate of the optimiser does the same.
"""

from collections.abc import Mapping
from copy import deepcopy

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils import parametrize

from tts.records import Change
from tts.speaker import SpeakerEncoder


def added(weight: Tensor, A: Float[Tensor, "R K"], B: Float[Tensor, "V R"]) -> Tensor:
    """W + B A, in the type of W and on its device, whatever autocast asks for."""
    with torch.autocast(weight.device.type, enabled=False):
        return weight + (B.to(weight) @ A.to(weight)).view_as(weight)


class LowRank(nn.Module):
    """The two factors of a matrix as parameters; B begins at 0, so that at first nothing changes."""

    def __init__(self, weight: Tensor, rank: int, generator: torch.Generator):
        super().__init__()
        width = weight[0].numel()
        self.A = nn.Parameter(torch.randn(rank, width, generator=generator) * width**-0.5)
        self.B = nn.Parameter(torch.zeros(len(weight), rank))

    def forward(self, weight: Tensor) -> Tensor:
        return added(weight, self.A, self.B)


def adaptable(net: nn.Module) -> dict[str, nn.Linear | nn.Conv1d]:
    """The layers whose weights may change, by name: those of repeated blocks.

    Not those of the speaker encoder: a tuned voice keeps its latents.
    """
    modules = dict(net.named_modules())
    inside = [f"{name}." for name, module in modules.items() if isinstance(module, nn.ModuleList)]
    outside = [f"{name}." for name, module in modules.items() if isinstance(module, SpeakerEncoder)]
    return {
        name: module
        for name, module in modules.items()
        if isinstance(module, nn.Linear | nn.Conv1d)
        and name.startswith(tuple(inside))
        and not name.startswith(tuple(outside))
    }


def adapt(net: nn.Module, *, rank: int, seed: int) -> dict[str, LowRank]:
    """Freeze a net but for new factors of every adaptable layer, which are returned by the name of the layer."""
    net.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    factors = {}
    for name, layer in adaptable(net).items():
        most = min(len(layer.weight), layer.weight[0].numel())
        factors[name] = LowRank(layer.weight, min(rank, most), generator)
    for name, module in factors.items():
        parametrize.register_parametrization(net.get_submodule(name), "weight", module)
    return factors


def changes_of(factors: Mapping[str, LowRank]) -> dict[str, Change]:
    """The factors as they are now."""
    return {name: Change(_array(own.A), _array(own.B)) for name, own in factors.items()}


def _array(weight: Tensor) -> np.ndarray:
    return weight.detach().cpu().numpy().copy()


def merged(net: nn.Module, changes: Mapping[str, Change]) -> nn.Module:
    """A net with W + B A in place of W, which shares all other tensors with `net`.

    Raises ValueError for a layer that the net does not have or that has another shape.
    """
    layers = adaptable(net)
    shared = {id(tensor): tensor for tensor in (*net.parameters(), *net.buffers())}
    for name, change in changes.items():
        if name not in layers:
            raise ValueError(f"a change of {name[:80]!r}, which this {type(net).__name__} does not have or keeps")
        weight = layers[name].weight
        if change.B.shape[0] != len(weight) or change.A.shape[1] != weight[0].numel():
            shapes = " and ".join(str(own.shape) for own in (change.B, change.A))
            raise ValueError(
                f"a change of {name} by matrices of {shapes} does not fit its weight {tuple(weight.shape)}"
            )
        shared[id(weight)] = nn.Parameter(
            added(weight, torch.from_numpy(change.A), torch.from_numpy(change.B)), requires_grad=False
        )
    return deepcopy(net, shared)
