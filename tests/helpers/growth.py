"""How work grows with the text it is given, whatever else the machine does meanwhile."""

import gc
import time
from collections.abc import Callable
from typing import Any

TIMES = 16


def growth(work: Callable[[str], Any], text: str) -> float:
    """Processor time for a text over that for its first sixteenth, divided by sixteen: about 1 if linear, 16 if not.

    The collector of garbage rests meanwhile: its time grows with all that other tests have left behind.
    """
    part = _seconds(work, text[: len(text) // TIMES])
    return _seconds(work, text) / max(part, 1e-6) / TIMES


def _seconds(work: Callable[[str], Any], text: str) -> float:
    gc.disable()
    try:
        start = time.process_time()
        work(text)
        return time.process_time() - start
    finally:
        gc.enable()
