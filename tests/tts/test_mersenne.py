"""The numbers are those of torch, from the same seed and in the same order."""

import numpy as np
import pytest
import torch

from tts.mersenne import Mersenne


@pytest.mark.parametrize("seed", [0, 15, 2**40 + 3])
def test_numbers_are_those_of_torch(seed):
    ours, theirs = Mersenne(seed), torch.Generator().manual_seed(seed)
    for _ in range(2):
        assert np.array_equal(ours.uniform(3, 5), torch.rand(3, 5, generator=theirs).numpy())
        assert np.array_equal(ours.whole(90, 77), torch.randint(90, (77,), generator=theirs).numpy())
        for shape in ((16,), (37,), (64, 40)):
            expected = torch.randn(*shape, generator=theirs).numpy()
            np.testing.assert_allclose(ours.normal(*shape), expected, rtol=0, atol=1e-6)


def test_few_normal_numbers_are_drawn_too():
    drawn = Mersenne(1).normal(2, 3)
    assert drawn.shape == (2, 3) and len(set(drawn.ravel().tolist())) == 6
