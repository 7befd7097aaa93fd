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
from tts.synthesis.wave import stretch, trim
from tts.types import Mel


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


def test_edges_and_tempo():
    wave = torch.cat((torch.zeros(3000), torch.sin(torch.arange(9000) * 0.1), torch.zeros(5000)))
    assert np.allclose(trimmed(wave.numpy(), 24000), trim(wave, 24000).numpy(), atol=1e-6)
    assert len(trimmed(np.zeros(500, np.float32), 24000)) == 500
    mel = torch.randn(1, 4, 30)
    for speed in (0.7, 1.0, 1.6):
        wanted = stretch(Mel(mel, torch.tensor([30])), speed).frames.numpy()
        assert np.allclose(stretched(mel.numpy(), speed), wanted, atol=1e-5)
