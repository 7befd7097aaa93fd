"""What a device is called and can multiply, what a step multiplies, and how much memory it took."""

import platform
import resource
import sys
import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

SIZES = (512, 1024, 2048, 4096, 8192)  # of square matrices; the fastest of them names the peak
TRIES = 5
LONG = 0.25  # seconds that one size may take before no larger one is tried
PRECISIONS = {"bf16": torch.bfloat16, "16": torch.float16}  # beginnings of Lightning's names; else float32


def device_name(device: torch.device) -> str:
    """What people call it: the GPU's name, or the processor's and how many threads of it are used."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{platform.machine()} CPU, {threads} thread{'s' if threads > 1 else ''}"


def multiplied_in(precision: str) -> torch.dtype:
    """The type of matrix products in a training of this Lightning precision."""
    return PRECISIONS.get(precision.split("-")[0], torch.float32)


def matmul_peak(device: torch.device, dtype: torch.dtype, *, clock: Callable[[], float] = time.perf_counter) -> float:
    """FLOP/s of the fastest square product seen on this device now, with as many threads as torch has."""
    best = 0.0
    for size in SIZES:
        a = torch.randn(size, size, device=device).to(dtype)
        b = torch.randn(size, size, device=device).to(dtype)
        product = a @ b  # the first one also loads kernels
        began = clock()
        for _ in range(TRIES):
            settle(device)
            start = clock()
            torch.mm(a, b, out=product)
            settle(device)
            best = max(best, 2 * size**3 / (clock() - start))
        if clock() - began > LONG:
            break
    return best


def settle(device: torch.device) -> None:
    """Wait until the device has done what it was asked."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def peak_memory(device: torch.device) -> float:
    """GB: of a GPU what torch has allocated at most, else the largest resident size of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


class Counter:
    """FLOPs of what runs between `start` and `stop`: matrix products, convolutions and attention, by their shapes.

    Compiled code is run eagerly meanwhile, as torch counts operations one by one. Attention counts as full, causal or
    not. The counter itself slows what it counts.
    """

    def __init__(self):
        self.mode: FlopCounterMode | None = None

    def start(self) -> None:
        torch.compiler.set_stance("force_eager")
        self.mode = FlopCounterMode(display=False, custom_mapping=CPU_ATTENTION)
        self.mode.__enter__()

    def stop(self) -> int:
        """FLOPs since `start`; 0 if it is not counting."""
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


# torch counts the attention kernels of GPUs only.
CPU_ATTENTION = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
