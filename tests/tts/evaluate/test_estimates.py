"""Intervals hold the truth as often as they say."""

import numpy as np
import pytest

from tts.evaluate.estimates import Ratio, estimate, wilson


def draw(rng: np.random.Generator, clips: int = 60, seeds: int = 3) -> Ratio:
    """Clips differ among each other (1) more than takes of a clip do (0.5); the mean is 2."""
    values = 2 + rng.standard_normal((clips, 1)) + 0.5 * rng.standard_normal((clips, seeds))
    return Ratio(values, np.ones_like(values))


def test_the_interval_covers_the_known_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    estimates = [estimate(draw(rng)) for _ in range(60)]
    covered = np.mean([f.low <= 2 <= f.high for f in estimates])
    assert 0.87 <= covered <= 1.0
    # Seeds of a clip are no clips of their own: the width follows the 60 clips, not the 180 waves.
    width = np.mean([f.high - f.low for f in estimates])
    assert width == pytest.approx(2 * 1.96 * np.sqrt((1 + 0.25 / 3) / 60), rel=0.15)


def test_the_same_opinions_give_the_same_interval():
    ratio = draw(np.random.default_rng(1))
    assert estimate(ratio) == estimate(ratio)


def test_error_rates_weigh_clips_by_their_length():
    edits, lengths = np.array([[1.0], [0.0]]), np.array([[2.0], [18.0]])
    assert estimate(Ratio(edits, lengths)).value == pytest.approx(0.05)


def test_a_difference_is_paired_by_clip():
    base = draw(np.random.default_rng(2), seeds=1)
    better = Ratio(base.top - 0.1, base.bottom)
    gain = estimate(better, minus=base)
    assert gain.value == pytest.approx(-0.1)
    assert (gain.low, gain.high) == pytest.approx((-0.1, -0.1))
    with pytest.raises(ValueError, match="same clips"):
        estimate(base, minus=draw(np.random.default_rng(2), clips=59))


def test_share_is_honest_near_zero():
    none = wilson(0, 300)
    assert (none.value, none.low) == pytest.approx((0, 0), abs=1e-12)
    assert none.high == pytest.approx(0.0126, abs=1e-4)  # Wilson's formula by hand: z^2 / (n + z^2)
    half = wilson(50, 100)
    assert (half.low, half.high) == pytest.approx((0.4038, 0.5962), abs=1e-4)
