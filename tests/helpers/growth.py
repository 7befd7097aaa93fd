"""How work grows with the text it is given, whatever else the machine does meanwhile."""

import gc
import time
from collections.abc import Callable
from typing import Any

TIMES = 64
QUADRATIC = 8.0  # the middle, by factors, between linear growth (1) and quadratic (TIMES)


def growth(work: Callable[[str], Any], text: str) -> float:
    """Time for a text over that for its first sixty-fourth, divided by sixty-four: about 1 if linear, 64 if not.

    Only the time that this thread spends on a processor counts, and the garbage collector rests, since its time grows
    with all that other tests have left behind. What is left of noise only ever adds time. So the least of several
    measurements counts: of the part always, of the whole where one alone looks quadratic. Measured texts differ
    in length, so that no cache of whole texts answers.
    """
    size = len(text) // TIMES
    part = whole = float("inf")
    for turn in range(3):
        part = min(part, *(_pace(work, text[: size + 6 * turn + more]) for more in range(3)))
        whole = min(whole, _pace(work, text[: len(text) - turn]))
        part = min(part, *(_pace(work, text[: size + 6 * turn + more]) for more in range(3, 6)))
        if whole < QUADRATIC * part:
            break
    return whole / part


def _pace(work: Callable[[str], Any], text: str) -> float:
    """Seconds for each sign."""
    gc.disable()
    try:
        start = time.thread_time()
        work(text)
        return max(time.thread_time() - start, 1e-6) / len(text)
    finally:
        gc.enable()
