"""Seconds are added up by name."""

import pytest
import torch

from tts.evaluate.stopwatch import Stopwatch


class Ticking(Stopwatch):
    """One second passes whenever somebody looks."""

    time = 0

    def now(self):
        self.time += 1
        return self.time


def test_a_stopwatch_adds_up_by_name_also_when_a_function_fails():
    watch = Ticking(torch.device("cpu"))
    double, fail = watch.wrap("good", lambda x, *, y: x * y), watch.wrap("bad", lambda: 1 / 0)
    assert (double(2, y=3), double(4, y=5)) == (6, 20)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert watch.seconds == {"good": 2, "bad": 1}
