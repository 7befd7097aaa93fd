import pytest
import soundfile
import torch

from helpers.syllables import syllables
from tts.narration.beds import BEDS, Bed, find_bed, looped, make, under
from tts.narration.blocks import decibels
from tts.narration.loudness import PRESETS, Preset, measure

RATE = 24_000
BEDTIME = PRESETS["bedtime"]


def steady(channels: int = 1) -> Bed:
    """White noise, which is as loud everywhere."""
    loop = torch.randn(channels, 10 * RATE, generator=torch.Generator().manual_seed(1)) * 0.05
    return Bed("steady", loop, measure([loop], RATE).loudness)


def laid(speech: torch.Tensor, bed: Bed, preset: Preset = BEDTIME, size: int = 10_000) -> torch.Tensor:
    """The bed alone, as it lies under speech."""
    level = measure([speech], RATE).loudness
    seconds = speech.shape[1] / RATE
    out = torch.cat(list(under(speech.split(size, 1), bed, RATE, preset, speech_level=level, seconds=seconds)), 1)
    return out - speech


def spoken(before: float = 7.0, after: float = 8.0) -> torch.Tensor:
    """A talk of 20 s with silence around."""
    return torch.cat(
        (torch.zeros(1, round(before * RATE)), syllables(20.0, RATE), torch.zeros(1, round(after * RATE))), 1
    )


def rms(wave: torch.Tensor) -> float:
    return float(10 * wave.square().mean().log10())


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
    torch.testing.assert_close(laid(speech, bed, size=777), laid(speech, bed, size=50_000), rtol=0, atol=0)


@pytest.mark.parametrize("name", BEDS)
def test_a_bed_that_is_made_is_a_loop_in_stereo_that_follows_from_its_seed(name):
    loop = make(name, 8000, 3)
    assert loop.shape[0] == 2 and loop.isfinite().all() and loop.abs().max() < 1.5
    torch.testing.assert_close(loop, make(name, 8000, 3), rtol=0, atol=0)
    assert not torch.equal(loop, make(name, 8000, 4))
    step = (loop[:, 0] - loop[:, -1]).abs().max()
    assert step <= loop.diff(dim=1).abs().max()  # the end runs on into the start
    across = (loop[0] * loop[1]).mean() / (loop[0].std() * loop[1].std())
    assert across < 0.9  # the channels are not the same


def slope(loop: torch.Tensor, low: float, high: float, rate: int) -> float:
    """dB by which an octave around `high` Hz is quieter than one around `low`, by bandwidth."""
    power = torch.fft.rfft(loop).abs().square().mean(0)
    hertz = torch.fft.rfftfreq(loop.shape[1], 1 / rate)
    low_power, high_power = (power[(hertz > f / 1.4) & (hertz < f * 1.4)].mean() for f in (low, high))
    return float(10 * (low_power / high_power).log10())


def test_beds_sound_as_they_are_called():
    loops = {name: make(name, RATE, 3) for name in BEDS}
    assert slope(loops["brown"], 200, 1600, RATE) == pytest.approx(18, abs=1.5)  # 6 dB an octave
    assert slope(loops["rain"], 200, 2000, RATE) < 6 < slope(loops["wind"], 200, 2000, RATE)
    peaks = {name: float(loop.abs().max() / loop.square().mean().sqrt()) for name, loop in loops.items()}
    assert peaks["fire"] > 1.5 * peaks["brown"]  # it crackles
    seconds = {
        name: loop[:, : 90 * RATE].reshape(2, 90, -1).square().mean((0, 2)).log10() * 10 for name, loop in loops.items()
    }
    assert seconds["wind"].std() > 1.5 > 1.0 > seconds["rain"].std()  # it blows in gusts


def test_a_file_is_looped_without_a_click(tmp_path):
    time = torch.arange(10 * RATE) / RATE
    tone = 0.5 * torch.cos(2 * torch.pi * 100.03 * time)  # does not come round to its start
    soundfile.write(tmp_path / "hum.wav", tone.numpy(), RATE)
    bed = find_bed(str(tmp_path / "hum.wav"), RATE)
    assert bed.name == "hum.wav" and bed.channels == 1 and bed.loop.shape[1] == 8 * RATE
    smooth = float(tone.diff().abs().max()) * 1.5
    twice = torch.cat((bed.loop, bed.loop), 1)
    assert twice.diff(dim=1).abs().max() < smooth
    assert (tone[0] - tone[-1]).abs() > smooth  # what it was before
    noise = torch.randn(1, 10 * RATE, generator=torch.Generator().manual_seed(2))
    joined = looped(noise, RATE)
    assert rms(joined[:, : 2 * RATE]) == pytest.approx(rms(noise), abs=0.2)  # no dip where it is joined


def test_a_bed_that_cannot_be_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no bed 'thunder': give an audio file, or one of rain"):
        find_bed("thunder", RATE)
    soundfile.write(tmp_path / "silent.wav", torch.zeros(RATE).numpy(), RATE)
    with pytest.raises(ValueError, match="silent"):
        find_bed(str(tmp_path / "silent.wav"), RATE)
    (tmp_path / "text.flac").write_text("no sound")
    with pytest.raises(ValueError, match="text.flac"):
        find_bed(str(tmp_path / "text.flac"), RATE)


def test_decibels_are_factors():
    assert decibels(-20) == pytest.approx(0.1) and decibels(0) == 1
