"""Spectra in NumPy are those of the vocoder."""

import numpy as np
import pytest
import torch

from helpers import nano
from tts.checkpoint import build
from tts.engine.spectral import Spectra


@pytest.fixture(scope="module")
def vocoder(audio):
    return build(nano.conf("model/vocoder/nano"), audio).eval()


@pytest.fixture(scope="module")
def spectra(audio):
    return Spectra(audio)


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
    assert np.allclose(relations, vocoder.relations(wanted).mT.numpy(), atol=1e-3)


def test_phases_go_on_from_what_has_sounded(vocoder, spectra):
    magnitude = torch.rand(1, 513, 20) + 0.1
    known = vocoder.start.spectrum(magnitude)[..., :7]
    wanted = vocoder.start.spectrum(magnitude, known)
    settings = vocoder.start.iterations, vocoder.start.momentum
    ours = spectra.griffin_lim(magnitude[0].T.numpy(), *settings, known[0].T.numpy())
    assert np.array_equal(ours[:7], known[0].T.numpy())
    assert np.allclose(ours, wanted[0].T.numpy(), atol=0.02)
