"""How work grows with the text it is given, whatever else the machine does meanwhile."""

import time
from collections.abc import Callable
from typing import Any

TIMES = 16


def growth(work: Callable[[str], Any], text: str) -> float:
    """Processor time for a text over that for its first sixteenth, divided by sixteen: about 1 if linear, 16 if not."""
    start = time.process_time()
    work(text[: len(text) // TIMES])
    between = time.process_time()
    work(text)
    return (time.process_time() - between) / max(between - start, 1e-6) / TIMES
