"""Seconds are added up by net."""

import pytest
import torch

from tts.evaluate.commands import speed
from tts.evaluate.subjects import NETS, Studio


class Ticking(speed.Stopwatch):
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


def test_every_net_is_timed_and_the_speech_stays_the_same(nano_studio, monkeypatch):
    monkeypatch.setattr(speed, "Stopwatch", Ticking)
    own = Studio(weights=nano_studio.weights, conf=nano_studio.conf)
    factors = speed.real_time_factors(own, ["Hello world.", "Hello there."])
    assert set(factors) == {"whole path", *NETS}
    assert all(0 < factor["median"] <= factor["worst"] for factor in factors.values())
    assert all(factors[net]["worst"] < factors["whole path"]["worst"] for net in NETS)
    voice = nano_studio.conf["voice"]
    assert own.say("Hello world.", voice, 0).equal(nano_studio.say("Hello world.", voice, 0))
