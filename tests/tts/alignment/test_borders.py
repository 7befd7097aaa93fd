"""Borders of words, moved to where the sound is."""

import numpy as np
import pytest

from tts.alignment.borders import move_off_words, power_and_threshold, refine_borders
from tts.alignment.recording import Samples
from tts.alignment.spell import Word

RATE = 24000
SPANS = [(0.5, 1.0), (1.0, 1.4), (2.0, 2.6), (62.3, 62.9)]  # seconds of sound: two without a pause, two alone


@pytest.fixture
def samples(tmp_path):
    """Tones in soft noise, then digital silence from 5 to 61 s; the second tone comes after a dip of 20 ms."""
    wave = 1e-4 * np.random.default_rng(0).standard_normal(65 * RATE)
    wave[5 * RATE : 61 * RATE] = 0
    for start, end in SPANS:
        tone = 0.2 * np.sin(2 * np.pi * 300 * np.arange(round((end - start) * RATE)) / RATE)
        wave[round(start * RATE) : round(end * RATE)] += tone
    wave[round(0.99 * RATE) : round(1.01 * RATE)] *= 0.01
    (wave * 32767).astype("<i2").tofile(tmp_path / "samples")
    return Samples(tmp_path / "samples", RATE)


def test_words_begin_and_end_where_their_sound_does(samples):
    # As CTC has them: narrower than the sound.
    rough = [Word("word", (1,), "", start + 0.06, end - 0.08, 0.9) for start, end in SPANS]
    found = [(word.start, word.end) for word in refine_borders(rough, samples)]
    assert np.allclose(found, SPANS, atol=0.021)
    assert found[0][1] == found[1][0], "no pause, no gap"


def test_what_is_silent_is_not_sound(samples):
    power, threshold = power_and_threshold(samples)
    assert len(power) == len(threshold) == 6500 and np.isfinite(threshold).all()
    loud = np.zeros(6500, bool)
    for start, end in SPANS:
        loud[round(start * 100) : round(end * 100)] = True
    loud[99:101] = False  # the dip
    assert ((power > threshold) == loud).mean() > 0.99


def test_a_minute_of_nothing_is_quiet(tmp_path):
    (tmp_path / "samples").write_bytes(bytes(2 * RATE * 70))
    power, threshold = power_and_threshold(Samples(tmp_path / "samples", RATE))
    assert (power <= threshold).all()


def test_clips_never_end_in_a_word():
    words = [Word("a", (1,), "", 1.0, 2.0), Word("b", (1,), "", 2.5, 3.5), Word("c", (1,), "", 3.5, 4.0)]
    clips = move_off_words([(0.5, 1.2), (1.2, 3.4), (3.6, 4.2)], words)
    assert clips == [(0.5, 1.0), (1.0, 3.5), (3.5, 4.2)]
    assert move_off_words([(0.5, 2.2), (2.2, 4.2)], words) == [(0.5, 2.2), (2.2, 4.2)]
