"""Where the time of a command goes."""

import time
from collections import defaultdict
from collections.abc import Callable

import torch


class Stopwatch:
    """Adds up the seconds that functions take, by name."""

    def __init__(self, device: torch.device):
        self.device = device
        self.seconds: dict[str, float] = defaultdict(float)

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def wrap(self, name: str, function: Callable) -> Callable:
        def timed(*arguments, **options):
            start = self.now()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[name] += self.now() - start

        return timed
