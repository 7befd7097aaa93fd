"""Each way to cheat is noticed by the measure that is meant for it.

Speech is made of tones (helpers/tone_speech.py), so that all code from a file to a figure runs, without trained nets.
"""

import numpy as np
import pytest
import torch

from helpers import tone_speech
from tts import settings
from tts.evaluate import suites
from tts.evaluate.commands import compare
from tts.evaluate.commands.run import compare_subjects
from tts.evaluate.subjects import Studio, Subject
from tts.judges.panel import Panel
from tts.judges.prosody import LikenessJudge, ProsodyJudge
from tts.judges.similarity import TorchScriptEncoder

pytest.importorskip("librosa")
pytestmark = pytest.mark.slow

TEXTS = ["Pale moon set low by the old bays.", "Then wind ran off to the far hill."]  # words of the same lengths


def cheat(change) -> Subject:
    """A subject that hands in the recording after `change(wave, rate)`."""

    def speak(studio, clip, seed):
        wave = studio.recording(clip.path)
        return torch.as_tensor(change(wave, studio.audio.sample_rate)).float()

    return Subject(speak, (), seeded=False, says="")


def words_dropped(wave, rate):
    """Without its six middle words: letters last alike, so the cuts fall between words."""
    return torch.cat([wave[: int(0.17 * len(wave))], wave[int(0.825 * len(wave)) :]])


def other_text(studio, clip, seed):
    text = next(text for text in TEXTS if text != clip.text)
    return torch.from_numpy(tone_speech.speak_tones(text, tone_speech.PITCHES[clip.speaker])).float()


def other_speaker(studio, clip, seed):
    pitch = next(pitch for name, pitch in tone_speech.PITCHES.items() if name != clip.speaker)
    return torch.from_numpy(tone_speech.speak_tones(clip.text, pitch)).float()


def higher(studio, clip, seed):
    return torch.from_numpy(tone_speech.speak_tones(clip.text, 1.12 * tone_speech.PITCHES[clip.speaker])).float()


def noise(wave, rate):
    return 0.1 * torch.randn(len(wave), generator=torch.Generator().manual_seed(0))


SUBJECTS = {
    "recording": cheat(lambda wave, rate: wave),
    "louder": cheat(lambda wave, rate: 1.7 * wave),
    "permuted": Subject(other_text, (), seeded=False, says=""),
    "swapped": Subject(other_speaker, (), seeded=False, says=""),
    "higher": Subject(higher, (), seeded=False, says=""),
    "truncated": cheat(lambda wave, rate: wave[: int(0.52 * len(wave))]),
    "hollow": cheat(words_dropped),
    "repeated": cheat(lambda wave, rate: torch.cat([wave, wave])),
    "noise": cheat(noise),
    "silence": cheat(lambda wave, rate: torch.zeros(len(wave))),
}


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fooled")
    clips = tone_speech.write_corpus(folder / "clips", TEXTS)
    studio = Studio(weights=folder, conf=settings.compose(["device=cpu"]))
    net = TorchScriptEncoder(tone_speech.write_pitch_net(folder / "net.pt"))
    judges = {
        "heard": tone_speech.ToneRecogniser(),
        "voice": net,
        "prosody": ProsodyJudge(),
        "likeness": LikenessJudge(),
    }
    with Panel(judges, cache=folder / "cache", workers=1) as panel:
        suite = suites.read_suite(str(clips))
        summary = compare_subjects(suite, SUBJECTS, studio, panel, seeds=1, cache=folder / "cache", out=folder / "out")
    return summary["subjects"], compare.read_report(folder / "out")


@pytest.fixture(scope="module")
def found(figures):
    return figures[0]


def test_an_honest_voice_passes(found):
    truth = found["recording"]
    assert truth["wer"].value == 0
    assert truth["faults"].value == 0
    assert truth["mcd"].value < 0.3  # the way to the judges rounds to 16 bits
    assert truth["f0_error"].value < 0.2
    assert truth["similarity"].value > 0.9
    assert truth["voiced"].value > 0.7


def test_loudness_changes_nothing(found):
    for measure in ("wer", "similarity", "voiced", "faults"):
        assert found["louder"][measure].value == pytest.approx(found["recording"][measure].value, abs=0.02)


@pytest.mark.parametrize("cheat", ["permuted", "truncated", "hollow", "repeated", "noise", "silence"])
def test_words_that_are_not_there_cost_errors(found, cheat):
    assert found[cheat]["wer_above_recording"].low > 0.2
    assert found[cheat]["cer_above_recording"].low > 0.2


def test_another_speaker_is_no_match(found):
    assert found["swapped"]["wer"].value < 0.1
    assert found["swapped"]["similarity_above_recording"].high < -0.3


@pytest.mark.parametrize(
    ("cheat", "kind"),
    [
        ("truncated", "stopped early"),
        ("hollow", "skips"),
        ("repeated", "repeats"),
        ("silence", "stopped early"),
    ],
)
def test_faults_are_called_by_their_names(found, cheat, kind):
    assert found[cheat][kind].value == 1
    assert found[cheat]["faults"].value == 1


def test_noise_has_no_voice_and_no_likeness(found):
    assert found["noise"]["voiced"].value < 0.2
    assert found["noise"]["mcd"].value > found["swapped"]["mcd"].value > 1


def test_pitch_is_heard_apart_from_words(found):
    assert found["higher"]["wer"].value < 0.1
    assert found["higher"]["f0_error"].low > 0.9 * 12 * np.log2(1.12)


def test_two_runs_that_are_the_same_give_no_verdict(figures):
    _, (body, rows) = figures
    compare.check_comparable(body, body)
    differences = compare.find_differences(rows, rows)
    assert {difference.verdict for difference in differences} == {"open"}


def test_a_run_on_other_texts_is_refused(figures):
    _, (body, _) = figures
    with pytest.raises(ValueError, match="differ in texts"):
        compare.check_comparable(body, {**body, "texts": "0" * 64})
