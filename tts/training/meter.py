"""Measures a device and a training step: name, peak of matrix products, FLOPs and memory."""

import platform
import resource
import sys
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

SIZES = (512, 1024, 2048, 4096, 8192)  # of square matrices; the fastest product is the peak
TRIES = 5
LONG = 0.25  # seconds; if one size takes longer, no larger one is tried
PRECISIONS = {"bf16": torch.bfloat16, "16": torch.float16}  # by the start of Lightning's name; others are float32


def device_name(device: torch.device) -> str:
    """The name of the GPU, or the architecture of the processor and the number of threads in use."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{platform.machine()} CPU, {threads} thread{'s' if threads > 1 else ''}"


def multiplied_in(precision: str) -> torch.dtype:
    """The data type of matrix products under this precision of Lightning."""
    return PRECISIONS.get(precision.split("-")[0], torch.float32)


def matmul_peak(device: torch.device, dtype: torch.dtype, *, clock: Callable[[], float] = time.perf_counter) -> float:
    """FLOP/s of the fastest square product that this device does now, with torch's number of threads."""
    best = 0.0
    multiply = torch._int_mm if dtype == torch.int8 else torch.mm
    for size in SIZES:
        a = torch.randn(size, size, device=device).to(dtype)
        b = torch.randn(size, size, device=device).to(dtype)
        product = multiply(a, b)  # not timed, as the first product also loads kernels
        began = clock()
        for _ in range(TRIES):
            settle(device)
            start = clock()
            multiply(a, b, out=product)
            settle(device)
            best = max(best, 2 * size**3 / (clock() - start))
        if clock() - began > LONG:
            break
    return best


def settle(device: torch.device) -> None:
    """Wait until the device has finished its queued work."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def peak_memory(device: torch.device) -> float:
    """Peak memory in GB: the most that torch allocated on a GPU, else the largest resident size of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


class Counter:
    """Counts the FLOPs of matrix products, convolutions and attention between `start` and `stop`, from their shapes.

    Compiled code runs eagerly meanwhile, as torch counts operations one by one. Causal attention counts as full
    attention. Counting slows the code down.
    """

    def __init__(self):
        self.mode: FlopCounterMode | None = None

    def start(self) -> None:
        torch.compiler.set_stance("force_eager")
        self.mode = FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION)
        self.mode.__enter__()

    def stop(self) -> int:
        """The FLOPs since `start`, or 0 if the counter is not running."""
        if self.mode is None:
            return 0
        mode, self.mode = self.mode, None
        mode.__exit__(None, None, None)
        torch.compiler.set_stance("default")
        return mode.get_total_flops()


def _attention(query: torch.Size, key: torch.Size, value: torch.Size, *rest, **options) -> int:
    return sdpa_flop_count(query, key, value)


def _attention_backward(gradient: torch.Size, query: torch.Size, key: torch.Size, value: torch.Size, *_, **__) -> int:
    return sdpa_backward_flop_count(gradient, query, key, value)


# torch itself only counts the attention kernels of GPUs.
CPU_ATTENTION = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
