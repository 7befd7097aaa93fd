"""The equal error rate, against cases worked out by hand."""

import math

import numpy as np
import pytest

from tts.verification import equal_error_rate


@pytest.mark.parametrize(
    "same, other, rate",
    [
        ([0.9, 0.8], [0.1, 0.2, 0.3], 0.0),  # apart
        ([0.1, 0.2], [0.8, 0.9], 1.0),  # the wrong way round
        ([0.9, 0.8, 0.7, 0.3], [0.1, 0.2, 0.4, 0.6], 0.25),  # between .4 and .6: one of four missed, one accepted
        ([0.5] * 4, [0.5] * 4, 0.5),  # nothing to tell them by
        ([0.9, 0.4], [0.6, 0.1], 0.5),  # at .6 one of two is missed and one of two accepted
    ],
)
def test_known_cases(same, other, rate):
    assert equal_error_rate(np.array(same), np.array(other)) == pytest.approx(rate)


def test_two_normal_distributions():
    """One deviation to each side of the threshold: the tail of the normal distribution beyond 1."""
    generator = np.random.default_rng(0)
    same, other = generator.normal(1, 1, 20000), generator.normal(-1, 1, 50000)
    assert equal_error_rate(same, other) == pytest.approx(0.1587, abs=0.005)


def test_neither_scale_nor_numbers_of_pairs_matter():
    generator = np.random.default_rng(0)
    same, other = generator.normal(1, 1, 300), generator.normal(-1, 1, 300)
    rate = equal_error_rate(same, other)
    assert equal_error_rate(3 * same + 7, 3 * other + 7) == pytest.approx(rate)
    assert equal_error_rate(same, np.repeat(other, 5)) == pytest.approx(rate)


def test_without_pairs_there_is_no_rate():
    assert math.isnan(equal_error_rate(np.array([]), np.array([0.1])))
    assert math.isnan(equal_error_rate(np.array([0.1]), np.array([])))
