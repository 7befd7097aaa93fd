"""Noise of the decoder, and what of it does not depend on how an utterance is cut."""

import numpy as np

from tts.engine.decoder import noise_of


def test_noise_follows_from_the_seed_and_the_number_of_a_frame():
    whole = noise_of(range(0, 100), 8, seed=3)
    assert whole.shape == (8, 100) and abs(whole.std() - 1) < 0.1
    for frames in (range(0, 5), range(7, 40), range(64, 100)):
        assert np.array_equal(noise_of(frames, 8, seed=3), whole[:, frames.start : frames.stop])
    assert not np.array_equal(noise_of(range(0, 100), 8, seed=4), whole)
