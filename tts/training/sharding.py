"""Tensors that FSDP2 shards over devices: gathered and scattered. A tensor that is not sharded is returned as it is."""

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor


def gather(value: Tensor) -> Tensor:
    """The whole of a sharded tensor; every rank must ask."""
    return value.full_tensor() if isinstance(value, DTensor) else value


def local(value: Tensor) -> Tensor:
    """The part of a sharded tensor that lies here, in the same memory."""
    return value.to_local() if isinstance(value, DTensor) else value


def scatter(value: Tensor, like: Tensor) -> Tensor:
    """A tensor that every rank has whole, sharded as another one is."""
    if not isinstance(like, DTensor):
        return value
    return distribute_tensor(value.to(like.device), like.device_mesh, like.placements, src_data_rank=None)


class Gathered(nn.Module):
    """The weights of a sharded net, all of them on every rank that asked; for saving."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self._state = {name: gather(value) for name, value in net.state_dict().items()}

    def state_dict(self) -> dict[str, torch.Tensor]:
        return self._state
