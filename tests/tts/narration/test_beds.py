import numpy as np
import pytest
import soundfile

from helpers.syllables import parts, syllables
from tts.narration.beds import BEDS, Bed, find_bed, looped, make, under
from tts.narration.blocks import decibels
from tts.narration.loudness import PRESETS, Preset, measure

RATE = 24_000
BEDTIME = PRESETS["bedtime"]


def steady(channels: int = 1) -> Bed:
    """White noise, which is as loud everywhere."""
    loop = np.random.default_rng(1).standard_normal((channels, 10 * RATE), np.float32) * 0.05
    return Bed("steady", loop, measure([loop], RATE).loudness)


def laid(speech: np.ndarray, bed: Bed, preset: Preset = BEDTIME, size: int = 10_000) -> np.ndarray:
    """The bed alone, as it lies under speech."""
    level = measure([speech], RATE).loudness
    seconds = speech.shape[1] / RATE
    blocks = under(parts(speech, size), bed, RATE, preset, speech_level=level, seconds=lambda: seconds)
    out = np.concatenate(list(blocks), 1)
    return out - speech


def spoken(before: float = 7.0, after: float = 8.0) -> np.ndarray:
    """A talk of 20 s with silence around."""
    return np.pad(syllables(20.0, RATE), ((0, 0), (round(before * RATE), round(after * RATE))))


def rms(wave: np.ndarray) -> float:
    return float(10 * np.log10(np.square(wave, dtype=np.float64).mean()))


@pytest.mark.parametrize("channels", [1, 2])
def test_the_bed_alone_is_20_below_the_speech(channels):
    speech = spoken()
    alone = laid(speech, steady(channels))[:, 3 * RATE : 6 * RATE]
    expected = measure([speech], RATE).loudness - 20 + (3.01 if channels == 2 else 0)
    assert measure([alone], RATE).loudness == pytest.approx(expected, abs=0.2)


def test_the_bed_goes_down_under_speech_by_as_much_as_the_preset_says():
    bed = laid(spoken(), steady())
    alone, ducked = rms(bed[:, 3 * RATE : 6 * RATE]), rms(bed[:, 8 * RATE : 26 * RATE])
    assert ducked - alone == pytest.approx(BEDTIME.bed_duck, abs=0.2)


def test_the_bed_is_down_before_the_first_word_and_comes_back_after_the_last():
    bed = laid(spoken(), steady())
    at_first_word = rms(bed[:, 7 * RATE : 7 * RATE + RATE // 5])
    assert at_first_word - rms(bed[:, 3 * RATE : 6 * RATE]) == pytest.approx(BEDTIME.bed_duck, abs=0.5)
    assert rms(bed[:, round(28.6 * RATE) : round(29.6 * RATE)]) == pytest.approx(
        rms(bed[:, 3 * RATE : 6 * RATE]), abs=0.5
    )


def test_fades_last_as_long_as_the_preset_says():
    bed = laid(spoken(), steady())[0]
    end = len(bed)
    full = rms(bed[3 * RATE : 6 * RATE])
    tenth = RATE // 10
    assert rms(bed[:tenth]) < full - 25 and rms(bed[-tenth:]) < full - 25
    # A quarter of a sine is at 0.707 after half of its time.
    assert rms(bed[round(1.4 * RATE) : round(1.6 * RATE)]) == pytest.approx(full - 3, abs=0.7)
    assert rms(bed[end - round(2.6 * RATE) : end - round(2.4 * RATE)]) == pytest.approx(full - 3, abs=0.7)
    assert rms(bed[end - round(5.4 * RATE) : end - round(5.1 * RATE)]) == pytest.approx(full, abs=0.7)


def test_how_speech_is_cut_into_blocks_makes_no_difference():
    speech, bed = spoken(2.0, 2.0), steady(2)
    np.testing.assert_allclose(laid(speech, bed, size=777), laid(speech, bed, size=50_000), rtol=0, atol=0)


@pytest.mark.parametrize("name", BEDS)
def test_a_bed_that_is_made_is_a_loop_in_stereo_that_follows_from_its_seed(name):
    loop = make(name, 8000, 3)
    assert loop.shape[0] == 2 and np.isfinite(loop).all() and np.abs(loop).max() < 1.5
    np.testing.assert_allclose(loop, make(name, 8000, 3), rtol=0, atol=0)
    assert not np.array_equal(loop, make(name, 8000, 4))
    step = np.abs(loop[:, 0] - loop[:, -1]).max()
    assert step <= np.abs(np.diff(loop)).max()  # the end runs on into the start
    across = (loop[0] * loop[1]).mean() / (loop[0].std() * loop[1].std())
    assert across < 0.9  # the channels are not the same


def slope(loop: np.ndarray, low: float, high: float, rate: int) -> float:
    """dB by which an octave around `high` Hz is quieter than one around `low`, by bandwidth."""
    power = np.square(np.abs(np.fft.rfft(loop))).mean(0)
    hertz = np.fft.rfftfreq(loop.shape[1], 1 / rate)
    low_power, high_power = (power[(hertz > f / 1.4) & (hertz < f * 1.4)].mean() for f in (low, high))
    return float(10 * np.log10(low_power / high_power))


def test_beds_sound_as_they_are_called():
    loops = {name: make(name, RATE, 3) for name in BEDS}
    assert slope(loops["brown"], 200, 1600, RATE) == pytest.approx(18, abs=1.5)  # 6 dB an octave
    assert slope(loops["rain"], 200, 2000, RATE) < 6 < slope(loops["wind"], 200, 2000, RATE)
    peaks = {name: float(np.abs(loop).max() / np.sqrt(np.square(loop).mean())) for name, loop in loops.items()}
    assert peaks["fire"] > 1.5 * peaks["brown"]  # it crackles
    seconds = {
        name: 10 * np.log10(np.square(loop[:, : 90 * RATE].reshape(2, 90, -1)).mean((0, 2)))
        for name, loop in loops.items()
    }
    assert seconds["wind"].std() > 1.5 > 1.0 > seconds["rain"].std()  # it blows in gusts


def test_a_file_is_looped_without_a_click(tmp_path):
    time = np.arange(10 * RATE) / RATE
    tone = 0.5 * np.cos(2 * np.pi * 100.03 * time)  # does not come round to its start
    soundfile.write(tmp_path / "hum.wav", tone, RATE)
    bed = find_bed(str(tmp_path / "hum.wav"), RATE)
    assert bed.name == "hum.wav" and bed.channels == 1 and bed.loop.shape[1] == 8 * RATE
    smooth = np.abs(np.diff(tone)).max() * 1.5
    twice = np.concatenate((bed.loop, bed.loop), 1)
    assert np.abs(np.diff(twice)).max() < smooth
    assert abs(tone[0] - tone[-1]) > smooth  # what it was before
    noise = np.random.default_rng(2).standard_normal((1, 10 * RATE), np.float32)
    joined = looped(noise, RATE)
    assert rms(joined[:, : 2 * RATE]) == pytest.approx(rms(noise), abs=0.2)  # no dip where it is joined


def test_a_bed_that_cannot_be_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no bed 'thunder': give an audio file, or one of rain"):
        find_bed("thunder", RATE)
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE, np.float32), RATE)
    with pytest.raises(ValueError, match="silent"):
        find_bed(str(tmp_path / "silent.wav"), RATE)
    (tmp_path / "text.flac").write_text("no sound")
    with pytest.raises(ValueError, match="text.flac"):
        find_bed(str(tmp_path / "text.flac"), RATE)


def test_decibels_are_factors():
    assert decibels(-20) == pytest.approx(0.1) and decibels(0) == 1
