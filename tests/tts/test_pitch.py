import math

import pytest
import torch

from tts.pitch import melody, track

RATE = 24000


def tone(pitch: float, seconds: float, *, gain: float = 0.2) -> torch.Tensor:
    """A sound with six harmonics."""
    t = torch.arange(round(seconds * RATE)) / RATE
    return gain * sum(torch.sin(2 * math.pi * pitch * k * t) / k for k in range(1, 7))


@pytest.mark.parametrize("pitch", [75.0, 110.0, 203.0, 410.0])
def test_the_pitch_of_a_tone(pitch):
    found, level = track(tone(pitch, 0.5)[None], RATE)
    inside = found[0, 5:-5]
    assert (inside.exp() / pitch - 1).abs().max() < 0.02
    assert level[0, 5:-5].std() / level[0, 5:-5].mean() < 0.1


def test_noise_and_silence_have_no_pitch():
    torch.manual_seed(0)
    waves = torch.stack((0.1 * torch.randn(RATE), torch.zeros(RATE)))
    found, _ = track(waves, RATE)
    assert (found[0] > 0).float().mean() < 0.05
    assert (found[1] == 0).all()


def test_pitch_and_energy_of_each_id_relative_to_their_mean():
    """Three sounds: low, none (noise), high and twice as loud; a second, shorter text stands beside them."""
    torch.manual_seed(0)
    wave = torch.cat((tone(100, 0.4), 0.05 * torch.randn(round(0.2 * RATE)), tone(200, 0.4, gain=0.4)))
    times = torch.tensor([[0.0, 0.2, 0.5, 0.8, 1.0], [0.0, 0.5, 1.0, 1.0, 1.0]])
    told = melody(torch.stack((wave, wave)), torch.tensor([len(wave)] * 2), RATE, times, torch.tensor([3, 1]))
    pitch, energy = told[0]
    assert pitch[0] == energy[0] == 0
    assert pitch[3] - pitch[1] == pytest.approx(math.log(2), abs=0.1)
    assert pitch[1] < pitch[2] < pitch[3]  # between its neighbours
    assert energy[3] - energy[1] == pytest.approx(math.log(2), abs=0.15)
    assert told[1, :, 2:].eq(0).all()


def test_a_silent_clip_and_an_empty_text_say_nothing():
    told = melody(
        torch.zeros(2, RATE),
        torch.tensor([RATE, RATE]),
        RATE,
        torch.tensor([[0.0, 0.5, 1.0]] * 2),
        torch.tensor([1, 0]),
    )
    assert told.eq(0).all()
