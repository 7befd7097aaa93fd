"""The rules in NumPy choose what the rules in torch choose."""

import numpy as np
import pytest
import torch

from gpt import sample
from helpers import nano
from tts.engine.sampling import choose


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"temperature": 0.0},
        {"temperature": 0.6, "top_p": 0.95},
        {"top_k": 5},
        {"top_k": 3, "top_p": 0.5},
        {"repetition_window": 4, "repetition_ratio": 0.25},
    ],
)
def test_chooses_as_the_gpt_does(changed):
    sampling = nano.sampling(**changed)
    random = np.random.default_rng(0)
    for _ in range(50):
        logits = random.standard_normal(20).astype(np.float32) * 2
        logits[3] = -np.inf
        history, uniform = random.integers(0, 4, 6), random.random(2)
        given = (torch.from_numpy(array)[None] for array in (logits, history, uniform))
        wanted = sample.choose(*given, sampling)
        assert choose(logits, history.tolist(), uniform, vars(sampling)) == int(wanted)
