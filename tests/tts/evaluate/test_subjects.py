"""Subjects speak alike for the same seed, and what they lack is named."""

import pytest
import torch

from helpers import nano
from tts.evaluate.subjects import SUBJECTS, choose_subjects
from tts.evaluate.suites import read_clips


@pytest.mark.parametrize("name", ["coarse", "resynthesis", "tts"])
def test_a_subject_says_the_same_for_the_same_seed(hums, nano_studio, name):
    clip = read_clips(hums, None)[0]
    subject = SUBJECTS[name]
    first, again, other = (subject.speak(nano_studio, clip, seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert subject.seeded == (first.shape != other.shape or not torch.equal(first, other))


def test_subjects_of_recordings_are_what_they_say(hums, nano_studio):
    clip, studio = read_clips(hums, None)[0], nano_studio
    mel, codes = studio.mel(clip.path), studio.codes(clip.path)
    vocoder, codec = studio.net("vocoder"), studio.net("dvae")
    expected = {
        "recording": studio.recording(clip.path),
        "vocoder": vocoder(mel.frames)[0],
        "coarse": vocoder(codec.decode(codes).frames)[0],
    }
    for name, wave in expected.items():
        torch.testing.assert_close(SUBJECTS[name].speak(studio, clip, 0), wave)


def test_the_voice_of_a_subject_is_that_of_the_clip_or_the_default_one(hums, nano_studio):
    clip, studio = read_clips(hums, None)[0], nano_studio
    for name, voice in (("tts", studio.conf["voice"]), ("tts-own", str(clip.reference))):
        spoken = SUBJECTS[name].speak(studio, clip, 3)
        assert spoken.equal(studio.say(clip.text, voice, 3))


def test_codes_of_a_subject_are_counted_once(hums, nano_studio):
    clip, studio = read_clips(hums, None)[0], nano_studio
    studio.codec_codes()
    SUBJECTS["coarse"].speak(studio, clip, 0)
    assert studio.codec_codes() == studio.codes(clip.path).ids[0].tolist()
    assert studio.codec_codes() == []


def test_subjects_without_their_nets_are_left_out_or_named(tmp_path):
    assert set(choose_subjects(None, weights=tmp_path)) <= {"recording", "griffin-lim", "flite"}
    with pytest.raises(ValueError, match="does not hear GPT latents"):
        choose_subjects(["latents"], weights=nano.weights(tmp_path / "nano"))
    with pytest.raises(ValueError, match="resynthesis needs dvae, diffusion, vocoder"):
        choose_subjects(["recording", "resynthesis"], weights=tmp_path)
    with pytest.raises(ValueError, match="no subject 'nobody'"):
        choose_subjects(["nobody"], weights=tmp_path)
