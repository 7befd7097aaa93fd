"""What the machine can do at most: products by type, and memory. Everything else is measured against this."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from tts.training.meter import matmul_peak

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "int8": torch.int8}
SIDE = 8192  # of the matrix whose reading is timed; at 256 MB it fits no cache
TRIES = 5

Clock = Callable[[], float]


@dataclass(frozen=True)
class Machine:
    """Peaks with torch's number of threads; `clock` measured them, and measures what is compared with them."""

    flops: dict[str, float]  # FLOP/s of the fastest matrix product, by type
    bandwidth: float  # bytes/s that a product of a matrix and a vector reads
    clock: Clock


def measure() -> Machine:
    """Measure this processor with as many threads as torch has now."""
    clock = clock_of(torch.get_num_threads())
    cpu = torch.device("cpu")
    flops = {name: matmul_peak(cpu, dtype, clock=clock) for name, dtype in TYPES.items()}
    return Machine(flops, _bandwidth(clock), clock)


def clock_of(threads: int) -> Clock:
    """Processor time with one thread, which other load on the machine does not change; else wall time."""
    return time.process_time if threads == 1 else time.perf_counter


def _bandwidth(clock: Clock) -> float:
    matrix, vector = torch.ones(SIDE, SIDE), torch.ones(SIDE)
    best = 0.0
    for _ in range(TRIES):
        start = clock()
        torch.mv(matrix, vector)
        best = max(best, matrix.nbytes / (clock() - start))
    return best
