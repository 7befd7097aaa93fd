import numpy as np
import pytest
import torch

from helpers.syllables import parts, syllables
from tts.audio import decode
from tts.encoding import open_wave
from tts.narration.mark import CHANCE, RATE, chance_of, detect, heard
from tts.synthesis.mark import marked, patterns


def mark(wave: np.ndarray, rate: int = RATE) -> np.ndarray:
    return np.concatenate(list(marked(parts(wave, 10_000), rate)), 1)


def test_a_mark_is_found_in_any_ten_seconds_and_not_where_there_is_none():
    wave = syllables(24.0, RATE)
    found = mark(wave)[0]
    for start in (0, 33_333, 300_000):
        assert heard(found[start : start + 10 * RATE]).marked
        assert not heard(wave[0, start : start + 10 * RATE]).marked


def test_the_mark_survives_codecs_resampling_and_gain(tmp_path):
    found = mark(syllables(12.0, RATE, seed=1))
    for name, kbits, rate, gain in (
        ("a.mp3", 64, 24_000, 1.0),
        ("b.opus", 32, 48_000, 1.0),
        ("c.wav", None, 16_000, 0.2),
    ):
        with open_wave(tmp_path / name, RATE, kbits=kbits, file_rate=rate) as file:
            file.write(found[0, 5000:] * gain)
        assert detect(tmp_path / name).marked, name


def test_unmarked_sound_has_no_mark_after_a_codec(tmp_path):
    with open_wave(tmp_path / "a.mp3", RATE) as file:
        file.write(syllables(12.0, RATE, seed=2)[0])
    assert not detect(tmp_path / "a.mp3").marked


def test_other_rates_carry_the_same_mark(tmp_path):
    with open_wave(tmp_path / "a.wav", 44_100) as file:
        file.write(mark(syllables(11.0, 44_100), 44_100))
    assert detect(tmp_path / "a.wav").marked
    assert decode(tmp_path / "a.wav", RATE).shape[0] == 11 * RATE


def test_the_mark_is_faint_and_lets_the_rest_pass():
    wave = syllables(5.0, RATE)
    found = mark(wave)
    assert found.shape == wave.shape
    assert 10 * np.log10(np.square(found - wave).mean() / np.square(wave).mean()) < -20
    assert abs(10 * np.log10(np.square(found).mean() / np.square(wave).mean())) < 0.1
    assert not mark(np.zeros((1, RATE), np.float32)).any()


def test_equal_sound_is_marked_equally_however_it_is_cut():
    wave = syllables(7.0, RATE, channels=2)
    one = np.concatenate(list(marked([wave], RATE)), 1)
    np.testing.assert_allclose(one, mark(wave), rtol=0, atol=0)
    assert not list(marked([], RATE))


def test_silence_and_snippets_are_not_marked():
    for wave in (np.zeros(10 * RATE, np.float32), np.zeros(100, np.float32), syllables(0.2, RATE)[0]):
        result = heard(wave)
        assert not result.marked and result.chance > 0.5


def test_a_long_recording_is_judged_in_pieces_and_one_marked_piece_is_enough():
    plain, other = syllables(60.0, RATE, seed=3)[0], mark(syllables(20.0, RATE, seed=4))[0]
    result = heard(np.concatenate((plain, other)))
    assert result.marked and result.pieces == 4 and result.marked_pieces == 1


def test_the_verdict_is_a_line_for_people(tmp_path):
    wave = syllables(12.0, RATE)
    for sound, line in ((mark(wave), "marked as synthetic speech: 1 of 1 pieces"), (wave, "no mark found")):
        with open_wave(tmp_path / "a.flac", RATE) as file:
            file.write(sound)
        assert str(detect(tmp_path / "a.flac")).startswith(line)


def test_what_is_no_audio_is_told(tmp_path):
    (tmp_path / "a.mp3").write_text("no sound")
    for path in (tmp_path / "a.mp3", tmp_path / "none.wav"):
        with pytest.raises(ValueError, match=path.name):
            detect(path)


def test_more_pieces_need_a_clearer_mark():
    assert chance_of(3.0) > 0.1 > chance_of(4.5) > CHANCE > chance_of(6.0)


def test_the_patterns_are_those_of_the_first_marks():
    generator = torch.Generator().manual_seed(2026)
    signs = torch.tensor([1.0, -1.0]).repeat_interleave(15)
    rows = [signs[torch.randperm(30, generator=generator)] for _ in range(16 * 64)]
    assert torch.equal(torch.from_numpy(patterns()), torch.stack(rows).view(16, 64, 30))
