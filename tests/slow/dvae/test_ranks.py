"""A codebook that several processes learn is one codebook."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dvae.quantize import EmaVQ
from helpers.ranks import spread

pytestmark = pytest.mark.slow


def everything(z: torch.Tensor) -> torch.Tensor:
    return torch.ones(z.shape[0], z.shape[2], dtype=torch.bool)


def half_batch(rank: int) -> torch.Tensor:
    """Three batches' halves; together, two ranks' are what one process sees."""
    return torch.randn(3, 2, 4, 6, 40, generator=torch.Generator().manual_seed(5))[:, rank]


def learn_codebook(folder: Path) -> None:
    """A rank that learns from its halves, starting from a given codebook, and writes down what it has learned."""
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    save_file(taught(half_batch(rank)), folder / f"{rank}.safetensors")
    torch.distributed.destroy_process_group()


def taught(batches: torch.Tensor) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    vq = EmaVQ(size=24, width=6, decay=0.9, dead_below=0.0, kmeans_steps=5).train()
    vq.started.fill_(True)  # where k-means starts depends on how the batch is shared out
    for z in batches:
        vq(z, everything(z))
    return vq.state_dict()


def started(folder: Path) -> None:
    """A rank whose codebook starts by k-means and whose entries die and are drawn again."""
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    torch.manual_seed(rank)  # ranks draw different numbers
    vq = EmaVQ(size=24, width=6, decay=0.5, dead_below=0.5, kmeans_steps=5).train()
    for z in half_batch(rank):
        vq(z, everything(z))
    save_file(vq.state_dict(), folder / f"started{rank}.safetensors")
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("work", [learn_codebook, started])
def test_ranks_hold_one_codebook(work, tmp_path):
    for process in spread(work, tmp_path, world=2):
        process.join(120)
        assert process.exitcode == 0
    one, other = (load_file(path) for path in sorted(tmp_path.iterdir()))
    for name, value in one.items():
        assert torch.equal(value, other[name]), name
    if work is learn_codebook:
        whole = taught(torch.cat([half_batch(0), half_batch(1)], 1))
        for name, value in whole.items():
            torch.testing.assert_close(one[name], value)
