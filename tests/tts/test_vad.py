import numpy as np
import pytest

from tts.vad import speech_probabilities


def test_every_frame_of_a_source_is_rated_however_long_it_is():
    pytest.importorskip("silero_vad")
    for count in (0, 1, 24_000 * 70 + 1):  # two windows and a part
        rated = speech_probabilities(lambda start, stop: np.zeros(stop - start, np.float32), count, 24_000)
        assert len(rated) == -(-count // 768) and bool((rated < 0.5).all())


def test_a_rate_at_which_no_frame_is_whole_is_refused():
    with pytest.raises(ValueError, match="at 22050 Hz: use another sample rate"):
        speech_probabilities(lambda start, stop: np.zeros(stop - start, np.float32), 22_050, 22_050)
