import re
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from torchaudio.functional import lfilter

from helpers.syllables import parts, syllables
from tts.narration.blocks import decibels, windows
from tts.narration.loudness import (
    PRESETS,
    REACH,
    SILENT,
    Measured,
    compressed,
    hop_peaks,
    k_filter,
    k_weighted,
    limited,
    measure,
    oversampled,
    per_sample,
    requirements,
    sliding_maximum,
    table,
)

RATE = 24_000


def reference(wave: np.ndarray, rate: int) -> tuple[float, float]:
    """Integrated loudness and true peak as FFmpeg's filter ebur128 prints them."""
    layout = {1: "mono", 2: "stereo"}[len(wave)]
    graph = av.filter.Graph()
    source = graph.add_abuffer(format="fltp", sample_rate=rate, layout=layout)
    meter, sink = graph.add("ebur128", "peak=true:framelog=quiet"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave), format="fltp", layout=layout)
    frame.sample_rate = rate
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as lines:
            graph.push(frame)
            graph.push(None)
            while True:
                try:
                    graph.pull()
                except (av.error.EOFError, av.error.BlockingIOError):
                    break
            del source, meter, sink, graph
    finally:
        av.logging.set_level(None)
    text = "".join(line[2] for line in lines)
    loudness = re.findall(r"I:\s+(-?[\d.]+) LUFS", text)[-1]
    return float(loudness), float(re.findall(r"Peak:\s+(-?[\d.]+) dBFS", text)[-1])


@pytest.mark.parametrize("rate, channels", [(24_000, 1), (24_000, 2), (44_100, 1), (48_000, 2), (16_000, 1)])
def test_loudness_and_true_peak_are_those_of_ebur128(rate, channels):
    wave = syllables(12.0, rate, channels)
    found = measure(parts(wave, 7001), rate)
    loudness, peak = reference(wave, rate)
    assert found.loudness == pytest.approx(loudness, abs=0.1)
    assert found.true_peak == pytest.approx(peak, abs=0.2)


def test_a_tone_measures_what_the_recommendation_says():
    time = np.arange(48_000 * 5) / 48_000
    tone = np.sin(2 * np.pi * 997 * time).astype(np.float32)[None]
    found = measure([tone], 48_000)
    assert found.loudness == pytest.approx(-3.01, abs=0.02)
    assert found.rms == pytest.approx(-3.01, abs=0.01) and found.noise == pytest.approx(-3.01, abs=0.01)
    assert measure([tone, tone], 48_000).seconds == 10
    assert measure([tone.repeat(2, 0)], 48_000).loudness == pytest.approx(0.0, abs=0.02)


def test_peaks_between_samples_are_found():
    tone = np.tile(np.float32([[1, 1, -1, -1]]), RATE // 4) * 0.5**0.5  # a sine at a quarter of the rate
    assert measure([tone * 0.5], RATE).true_peak == pytest.approx(-6.02, abs=0.1)


SHAKEN = np.random.default_rng(1)
WAVES = {
    "speech": syllables(2.0, RATE),
    "stereo": syllables(2.0, RATE, 2),
    "noise": SHAKEN.standard_normal((1, 2 * RATE), np.float32) * 0.2,
    "clicks": (SHAKEN.random((1, 2 * RATE)) < 0.01).astype(np.float32),
    "square": np.sign(SHAKEN.standard_normal((1, 2 * RATE), np.float32)) * 0.5,  # the most that lies between samples
    "hum": np.linspace(-1, 1, 2 * RATE, dtype=np.float32)[None],
}


@pytest.mark.parametrize("name", WAVES)
def test_peaks_of_hops_are_those_of_the_whole_where_it_is_loud(name):
    wave = np.pad(WAVES[name], ((0, 0), (REACH, REACH)))
    whole = np.abs(oversampled(wave)).max(0).reshape(-1, 24 * 4).max(1)
    for share in (0.0, 0.5, 0.9):
        floor = float(np.quantile(whole, share))
        loud = hop_peaks(wave, 24, floor)
        np.testing.assert_allclose(loud[whole > floor], whole[whole > floor], rtol=1e-4, atol=1e-6)


def test_what_is_certainly_quieter_than_the_floor_is_not_oversampled():
    tone = np.sin(np.arange(RATE) * (2 * np.pi * 300 / RATE)).astype(np.float32)[None]
    assert (hop_peaks(tone[:, : 24 * 900 + 2 * REACH], 24, 1.01) == 0).all()


def test_silence_measures_as_silence():
    for wave in (np.zeros((1, RATE), np.float32), np.zeros((1, 10), np.float32)):
        found = measure([wave], RATE)
        assert found.loudness == found.rms == found.noise == found.true_peak == SILENT
    assert measure([], RATE).seconds == 0


def test_the_gate_leaves_pauses_out():
    wave = syllables(10.0, RATE)
    alone = measure([wave], RATE).loudness
    with_pause = measure([wave, np.zeros((1, RATE * 20), np.float32)], RATE)
    assert with_pause.loudness == pytest.approx(alone, abs=0.1)
    assert with_pause.rms < measure([wave], RATE).rms - 3 and with_pause.noise == SILENT


@pytest.mark.parametrize("size", [100, 5000, 24_000])
def test_measures_do_not_depend_on_blocks(size):
    wave = syllables(3.3, RATE)
    one, many = measure([wave], RATE), measure(parts(wave, size), RATE)
    assert many.loudness == pytest.approx(one.loudness, abs=1e-6) and many.true_peak == pytest.approx(one.true_peak)


def test_windows_show_what_stands_around():
    wave = np.arange(1, 26, dtype=np.float32)[None]
    found = list(windows(parts(wave, 4), 10, 3, 2))
    assert [window.length for window in found] == [10, 10, 5]
    padded = np.pad(wave[0], (3, 7))
    for index, window in enumerate(found):
        np.testing.assert_allclose(window.wave[0], padded[index * 10 : index * 10 + 15])
    assert not list(windows([], 10, 3, 2))


def test_limited_peaks_are_below_the_ceiling_and_the_rest_is_as_it_was():
    wave = syllables(4.0, RATE) * 0.2
    wave[0, RATE : RATE + 200] *= 8
    wave[0, 2 * RATE] = 1.4  # a click, between blocks of a second
    out = np.concatenate(list(limited(parts(wave, 5000), RATE, -1.0)), 1)
    assert out.shape == wave.shape
    assert measure([out], RATE).true_peak <= -1.0
    untouched = np.ones(wave.shape[1], bool)
    for spike in (RATE, 2 * RATE):
        untouched[spike - RATE // 20 : spike + RATE // 20] = False
    np.testing.assert_allclose(out[:, untouched], wave[:, untouched], rtol=1e-5, atol=1e-6)
    assert out[0, 2 * RATE] == pytest.approx(decibels(-1.1), rel=0.02)  # no lower than it has to be


def test_hot_speech_comes_out_at_the_ceiling():
    wave = syllables(5.0, RATE, channels=2) * 4
    out = np.concatenate(list(limited(parts(wave, 7777), RATE, -3.0)), 1)
    assert -3.5 < measure([out], RATE).true_peak <= -3.0
    assert np.abs(oversampled(out)).max() < 1


@pytest.mark.parametrize("stage", [lambda b: limited(b, RATE, -10.0), lambda b: compressed(b, RATE, -30.0, 2.0)])
def test_gains_do_not_depend_on_blocks(stage):
    wave = syllables(3.3, RATE)
    one, many = (np.concatenate(list(stage(parts(wave, size))), 1) for size in (len(wave[0]), 1234))
    np.testing.assert_allclose(one, many, rtol=0, atol=0)
    assert one.shape == wave.shape


def test_the_compressor_halves_what_is_above_its_threshold():
    time = np.arange(RATE * 4) / RATE
    tone = np.sin(2 * np.pi * 300 * time).astype(np.float32)[None] * 0.5
    tone[:, 2 * RATE :] *= 0.05
    out = np.concatenate(list(compressed([tone], RATE, -20.0, 2.0)), 1)
    gain = out[0, 1:] / tone[0, 1:]  # the first sample is zero
    above = measure([tone[:, : 2 * RATE]], RATE).rms + 20
    assert 20 * np.log10(gain[RATE]) == pytest.approx(-above / 2, abs=0.2)
    assert gain[-RATE] == pytest.approx(1.0, abs=1e-3)
    assert np.abs(np.diff(gain)).max() < 0.01  # slow


def test_the_report_says_what_is_missed():
    good = Measured(loudness=-16.2, true_peak=-1.3, rms=-19.0, noise=-70.0, channels=2, rate=24_000, seconds=9.0)
    assert all(line.met for line in requirements(PRESETS["podcast"], good))
    lines = requirements(PRESETS["audiobook"], good)
    assert {line.what: line.met for line in lines} == {
        "RMS": True, "true peak": False, "noise floor": True, "sample rate": False,
    }  # fmt: skip
    text = table(Path("a.mp3"), lines)
    assert "MISSED" in text and "-23 to -18 dB" in text and text.count("\n") == 4
    assert not requirements(PRESETS["none"], good)


@pytest.mark.parametrize("rate", [16_000, 24_000, 44_100])
def test_sound_is_weighed_as_by_the_recursive_filter_of_torchaudio(rate):
    wave = syllables(3.0, rate, 2)
    expected = torch.from_numpy(wave).double()
    for numerator, denominator in torch.tensor(k_filter(rate), dtype=torch.float64):
        expected = lfilter(expected, denominator, numerator, clamp=False)
    np.testing.assert_allclose(k_weighted(wave, rate), expected.numpy(), rtol=0, atol=1e-9)


@pytest.mark.parametrize("size, hop", [(1, 1), (7, 1), (58, 24), (64, 24)])
def test_the_highest_of_a_window_is_that_of_a_pooling_layer(size, hop):
    values = np.random.default_rng(0).standard_normal((2, 24 * 40 + 34), np.float32)
    expected = torch.nn.functional.max_pool1d(torch.from_numpy(values), size, hop).numpy()
    np.testing.assert_array_equal(sliding_maximum(values, size, hop), expected)


@pytest.mark.parametrize("hop", [1, 24, 441, 240])
def test_values_of_hops_become_those_of_samples_as_an_interpolating_layer_has_them(hop):
    values = np.random.default_rng(0).standard_normal(50, np.float32)
    layer = torch.nn.functional.interpolate(torch.from_numpy(values)[None, None], scale_factor=hop, mode="linear")
    np.testing.assert_allclose(per_sample(values, hop), layer[0, 0, hop:-hop].numpy(), rtol=0, atol=1e-5)
