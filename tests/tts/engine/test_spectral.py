"""Spectra in NumPy are those of the vocoder."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from helpers import nano
from tts.checkpoint import build
from tts.engine.edges import trimmed
from tts.engine.engine import stretched
from tts.engine.spectral import Spectra
from tts.synthesis import wave as whole


@pytest.fixture(scope="module")
def vocoder(audio):
    return build(nano.conf("model/vocoder/nano"), audio).eval()


@pytest.fixture(scope="module")
def spectra(audio):
    return Spectra(asdict(audio))


def test_spectra_and_waves(vocoder, spectra, audio):
    wave = torch.randn(1, 40 * audio.hop)
    spectrum = vocoder.stft(wave)
    ours = spectra.forward(wave[0].numpy())
    assert np.allclose(ours, spectrum[0].T.numpy(), atol=1e-3)
    assert np.allclose(spectra.inverse(ours), vocoder.stft.inverse(spectrum)[0].numpy(), atol=1e-4)


def test_phases_and_their_relations(vocoder, spectra):
    magnitude = torch.rand(1, 513, 20) + 0.1
    wanted = vocoder.start.spectrum(magnitude)
    ours = spectra.griffin_lim(magnitude[0].T.numpy(), vocoder.start.iterations, vocoder.start.momentum)
    assert np.allclose(ours, wanted[0].T.numpy(), atol=0.02)
    relations = spectra.relations(wanted[0].T.numpy())
    assert np.allclose(relations, vocoder.relations(wanted).numpy(), atol=1e-3)


@pytest.mark.parametrize(
    ("before", "sound", "after"), [(3000, 9000, 5000), (0, 9000, 20000), (100, 90, 0), (0, 0, 5000)]
)
def test_edges(audio, before, sound, after):
    wave = torch.cat((torch.zeros(before), 0.1 * torch.sin(torch.arange(sound) * 0.1), torch.zeros(after)))
    assert np.allclose(trimmed(wave.numpy(), asdict(audio)), whole.trim(wave, audio).numpy(), atol=1e-6)


@pytest.mark.parametrize("speed", [0.7, 1.0, 1.6])
def test_tempo(speed):
    mel = torch.randn(1, 4, 30)
    ((wanted, ready),) = whole.stretched([(mel, 30)], speed)
    assert wanted.shape[-1] == ready
    assert np.allclose(stretched(mel.numpy(), speed), wanted.numpy(), atol=1e-5)
