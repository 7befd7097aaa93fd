"""Speakers made of speakers: a tone moves as it should, and draws keep their bounds."""

import pytest
import torch

from tts.mel import LogMel
from tts.types import Mel
from tts.warp import bin_centres, disguise, drawn_factors, smooth, warp


def tone(audio, hz: float) -> Mel:
    time = torch.arange(24000) / 24000
    return LogMel(audio).measure(torch.sin(2 * torch.pi * hz * time)[None], torch.tensor([24000]))


@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_a_warped_hum_is_that_of_another_pitch(audio, factor):
    """The mel of a tone, warped, peaks where that of the shifted tone does."""
    warped = warp(tone(audio, 1500.0), torch.tensor([factor]), bin_centres(audio)).frames.mean(2).argmax()
    meant = tone(audio, 1500.0 * factor).frames.mean(2).argmax()
    assert abs(int(warped) - int(meant)) <= 1


def test_a_factor_of_1_changes_nothing(audio):
    mel = tone(audio, 700.0)
    assert torch.allclose(warp(mel, torch.ones(1), bin_centres(audio)).frames, mel.frames, atol=1e-4)


def test_bin_centres_are_those_of_the_mel_filters(audio):
    filters = LogMel(audio).filters  # (frequencies, M)
    peak = filters.argmax(0) * audio.sample_rate / audio.n_fft
    assert (bin_centres(audio) - peak).abs().max() <= audio.sample_rate / audio.n_fft


def test_factors_lie_within_their_bounds_both_ways():
    generator = torch.Generator().manual_seed(0)
    factor = drawn_factors(1000, most=0.15, share=1.0, generator=generator)
    assert 1 / 1.15 - 1e-4 <= float(factor.min()) < 0.9 and 1.1 < float(factor.max()) <= 1.15 + 1e-4
    assert (drawn_factors(50, most=0.15, share=0.0, generator=generator) == 1).all()


def hum(audio, hz: float, formant: float) -> Mel:
    """Harmonics of `hz` that are loudest at `formant`."""
    time, number = torch.arange(24000) / 24000, torch.arange(1, int(11000 / hz))[:, None]
    loudness = torch.exp(-0.5 * ((number * hz - formant) / 250) ** 2) + 0.01
    return LogMel(audio).measure(
        (loudness * torch.sin(2 * torch.pi * number * hz * time)).sum(0)[None], torch.tensor([24000])
    )


def test_a_disguise_moves_the_formant_and_leaves_the_pitch(audio):
    """The peak is where the moved formant's would be; over low bins, harmonics stand as far apart as before."""
    mel, still = hum(audio, 250.0, 1500.0), torch.zeros(1, audio.n_mels, 1)
    moved = disguise(mel, torch.tensor([1.25]), still, bin_centres(audio)).frames[0].mean(1)
    meant = hum(audio, 250.0, 1875.0).frames[0].mean(1)
    assert (
        abs(int(moved.argmax()) - int(meant.argmax())) <= 3 < int(moved.argmax()) - int(mel.frames[0].mean(1).argmax())
    )
    low = slice(5, 30)
    ripple, other = (part[low] - part[low].mean() for part in (mel.frames[0].mean(1), moved))
    assert torch.fft.rfft(ripple)[2:].abs().argmax() == torch.fft.rfft(other)[2:].abs().argmax()


def test_a_disguise_of_factor_1_adds_its_colour_alone(audio):
    mel = hum(audio, 200.0, 1000.0)
    colour = smooth(1, audio.n_mels, 0.5, torch.Generator().manual_seed(0))
    other = disguise(mel, torch.ones(1), colour, bin_centres(audio))
    assert torch.allclose(other.frames, mel.frames + colour, atol=1e-4) and float(colour.std()) > 0.1
