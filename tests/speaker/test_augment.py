"""What training does to recordings: it changes them, within bounds, and nothing that it should leave alone."""

from dataclasses import replace

import pytest
import torch
from omegaconf import OmegaConf

from speaker.augment import Variation, vary
from tts.mel import LogMel
from tts.types import AudioConfig, Mel
from tts.warp import bin_centres

STILL = Variation(
    gain=0.0,
    tilt=0.0,
    noise_share=0.0,
    noise=(10, 10),
    low_pass_share=0.0,
    low_pass=(3000, 3000),
    high_pass_share=0.0,
    high_pass=(200, 200),
    gate_share=0.0,
    gate=(20, 20),
    mask_share=0.0,
    mask_bins=0,
)


@pytest.fixture(scope="module")
def mel(audio) -> Mel:
    """Two hums of 150 and 300 Hz with many harmonics; the second is shorter."""
    time = torch.arange(24000) / 24000
    wav = torch.stack([sum(torch.sin(2 * torch.pi * f * k * time) for k in range(1, 20)) * 0.03 for f in (150, 300)])
    return LogMel(audio).measure(wav, torch.tensor([24000, 16000]))


def varied(mel: Mel, audio: AudioConfig, **changes) -> torch.Tensor:
    return vary(mel, replace(STILL, **changes), bin_centres(audio), audio).frames


def test_without_shares_nothing_changes(mel, audio):
    assert torch.allclose(varied(mel, audio), mel.frames, atol=1e-5)


def test_a_low_pass_leaves_silence_above_and_nothing_else_changed(mel, audio):
    frames = varied(mel, audio, low_pass_share=1.0)
    above = bin_centres(audio) > 3000
    assert torch.allclose(frames[:, above], torch.tensor(LogMel(audio).silence))
    assert torch.allclose(frames[:, ~above], mel.frames[:, ~above], atol=1e-5)


def test_a_high_pass_leaves_silence_below(mel, audio):
    assert torch.allclose(varied(mel, audio, high_pass_share=1.0)[:, bin_centres(audio) < 200], mel.frames.min())


def test_noise_fills_what_was_silent_and_makes_nothing_quieter(mel, audio):
    frames = varied(mel, audio, noise_share=1.0)
    assert (frames >= mel.frames - 1e-4).all()
    assert (frames[0].mean() > mel.frames[0].mean()) and frames[1, :, -5:].min() > mel.frames[1, :, -5:].min()


def test_a_gate_drops_what_is_faint_and_keeps_what_is_loud(mel, audio):
    frames = varied(mel, audio, gate_share=1.0)
    nats = mel.frames * audio.std
    faint = nats < nats.amax((1, 2), keepdim=True) - 20 * 0.1151 - 1e-3
    assert torch.allclose(frames[faint], torch.tensor(LogMel(audio).silence))
    assert torch.allclose(frames[~faint], mel.frames[~faint], atol=1e-5)


def test_equalisation_is_one_smooth_curve_for_a_whole_clip(mel, audio):
    change = (varied(mel, audio, tilt=0.1, gain=0.1) - mel.frames)[0, 5:60, :50]
    assert change.std(1).max() < 1e-4
    assert 0 < change.mean(1).diff().abs().max() * audio.std < 0.1


def test_clips_are_varied_each_on_its_own(mel, audio):
    same = Mel(mel.frames[:1].repeat(2, 1, 1), mel.length[:1].repeat(2))
    frames = varied(same, audio, tilt=0.5)
    assert not torch.allclose(frames[0], frames[1])


def test_everything_at_once_stays_above_the_floor(mel, audio):
    shares = {name: 1.0 for name in vars(STILL) if name.endswith("_share")}
    frames = varied(mel, audio, **shares, tilt=3.0, gain=2.0, mask_bins=30)
    assert frames.isfinite().all() and frames.min() >= LogMel(audio).silence - 1e-5


def test_settings_of_the_stage_fit(audio):
    variation = OmegaConf.to_container(OmegaConf.load("conf/stage/speaker.yaml").variation)
    assert Variation(**variation).noise_share > 0
