"""Forced alignment finds the path that torchaudio finds."""

import numpy as np
import pytest
import torch
from torchaudio.functional import forced_align

from tts.ctc import aligned, best_path


@pytest.mark.parametrize("seed", range(20))
def test_the_path_is_that_of_torchaudio(seed):
    chance = np.random.default_rng(seed)
    steps, labels = int(chance.integers(20, 120)), int(chance.integers(3, 60))
    sounds = chance.integers(1, labels, int(chance.integers(1, steps // 3))).tolist()
    spelling = torch.from_numpy(2 * chance.standard_normal((steps, labels), np.float32)).log_softmax(-1)
    expected, _ = forced_align(spelling[None], torch.tensor([sounds]), blank=0)
    assert np.array_equal(best_path(spelling.numpy(), sounds), expected[0].numpy())


def test_sounds_that_find_no_room_are_not_aligned():
    spelling = np.zeros((4, 3), np.float32)
    assert aligned(spelling, [1, 2, 1, 2]) == [(0, 1), (1, 2), (2, 3), (3, 4)]
    assert aligned(spelling, [1, 1, 2, 2]) == [] and aligned(spelling, []) == []
