"""Gathers and scatters the tensors that FSDP2 shards over devices. Other tensors are returned unchanged."""

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor


def gather(value: Tensor) -> Tensor:
    """The full tensor of a sharded one. Every rank must call it."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def local(value: Tensor) -> Tensor:
    """The part of a sharded tensor on this device. It shares memory with the tensor."""
    return value.to_local() if isinstance(value, DTensor) else value


def scatter(value: Tensor, like: Tensor) -> Tensor:
    """Shard a tensor like another one. Every rank must hold the full tensor."""
    if not isinstance(like, DTensor):
        return value
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


class Gathered(nn.Module):
    """A copy of a sharded net's full weights, for saving. Every rank must make one."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self._state = {name: gather(value) for name, value in net.state_dict().items()}

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self._state
