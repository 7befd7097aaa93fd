import numpy as np
import pytest

from tts.alignment.recording import Samples
from tts.alignment.segment import SegmentConfig, group_spans, speech_spans, split_span

CONFIG = SegmentConfig(
    min_seconds=2.0, max_seconds=20.0, target_seconds=9.0, max_pause=1.5, min_pause=0.15, margin=0.15, vad_threshold=0.5
)


def spans(seed: int, count: int = 200) -> list[tuple[float, float]]:
    rng, time, out = np.random.default_rng(seed), 0.3, []
    for _ in range(count):
        length = rng.uniform(0.3, 6.0)
        out.append((time, time + length))
        time += length + rng.choice([0.1, 0.2, 0.4, 0.8, 3.0])
    return out


@pytest.mark.parametrize("seed", range(5))
def test_clips_hold_all_speech_once_and_cut_it_nowhere(seed):
    pieces = spans(seed)
    clips = group_spans(pieces, CONFIG)
    for (_, end), (start, _) in zip(clips, clips[1:], strict=False):
        assert end <= start + 1e-9
    assert all(sum(a <= start and end <= b for a, b in clips) == 1 for start, end in pieces)
    assert max(end - start for start, end in clips) <= CONFIG.max_seconds + 1e-9
    assert np.mean([end - start >= CONFIG.min_seconds for start, end in clips]) > 0.9


def test_a_long_pause_always_parts_clips():
    assert len(group_spans([(0.0, 3.0), (5.0, 8.0)], CONFIG)) == 2
    assert len(group_spans([(0.0, 3.0), (3.3, 6.0)], CONFIG)) == 1


def test_speech_begins_above_the_threshold_and_ends_well_below():
    heard = np.array([0.1] * 5 + [0.6] + [0.45] * 6 + [0.1] * 10 + [0.9] + [0.1] * 10, np.float32)
    assert speech_spans(heard, 0.5) == [(5 * 0.032, 12 * 0.032)]  # a single frame is a click


def test_speech_without_a_pause_is_cut_where_it_is_quietest(tmp_path):
    wave = np.random.default_rng(0).integers(-8000, 8000, 30 * 24000).astype("<i2")
    wave[15 * 24000 : 15 * 24000 + 2400] //= 100
    wave.tofile(tmp_path / "samples")
    parts = split_span((0.0, 30.0), Samples(tmp_path / "samples", 24000), 19.7)
    assert (parts[0][0], parts[-1][1]) == (0.0, 30.0) and len(parts) == 2
    assert 15.0 <= parts[0][1] <= 15.1


def test_lengths_that_contradict_each_other_are_refused():
    with pytest.raises(ValueError, match="min_seconds < target_seconds"):
        SegmentConfig(
            min_seconds=9, max_seconds=5, target_seconds=6, max_pause=1, min_pause=0, margin=0, vad_threshold=0.5
        )
