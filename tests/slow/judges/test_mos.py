"""Predicted opinion scores, asked about speech of the shipped nets."""

import subprocess
import sys

import pytest
import torch

from tts.audio import decode
from tts.judges.judge import RATE
from tts.judges.mos import DistillMos, Dnsmos

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    path = tmp_path_factory.mktemp("speech") / "fox.wav"
    text = "The quick brown fox jumps over the lazy dog."
    subprocess.run([sys.executable, "infer.py", text, "-o", str(path)], check=True, timeout=300)
    return torch.from_numpy(decode(path, RATE))


@pytest.mark.parametrize("judge", [Dnsmos(), DistillMos()], ids=["dnsmos", "distillmos"])
def test_clean_speech_scores_above_the_same_in_noise(speech, judge):
    wave = speech
    noise = torch.randn(wave.shape, generator=torch.Generator().manual_seed(0)) * wave.std()
    assert judge.judge(wave, RATE)["overall"] > judge.judge(wave + noise, RATE)["overall"] + 0.5
