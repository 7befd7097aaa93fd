"""A mel to sound, stretch by stretch, as `vocoder.model.Vocos.extend`."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from tts.engine.nets import OnnxNets
from tts.engine.spectral import Spectra
from tts.records import AudioConfig


@dataclass
class OnnxSounded:
    """What is kept of frames that have sounded, so that the next ones go on from them without a seam."""

    mel: Float[np.ndarray, "1 M K"]  # the last frames, or as many as there are
    spectrum: Complex[np.ndarray, "K F"]  # the same as Griffin-Lim left them
    corrected: Complex[np.ndarray, "K2 F"]  # those that overlap with the next frame, as they sound


class OnnxVocoder:
    """The pieces of the vocoder, with Griffin-Lim between them."""

    def __init__(self, nets: OnnxNets, audio: AudioConfig):
        self.nets, self.start = nets, nets.about["specs"]["vocoder"]["start"]
        self.context = nets.about["vocoder"]["context"]
        self.spectra = Spectra(audio)

    def extend(
        self, past: OnnxSounded | None, mel: Float[np.ndarray, "1 M T"], ready: int
    ) -> tuple[Float[np.ndarray, " N"], OnnxSounded]:
        """Sound the first `ready` frames, which follow those in `past`; gives what to go on from, too."""
        hop, pad = self.spectra.hop, self.spectra.pad
        held = 0 if past is None else past.mel.shape[2]
        frames = mel if past is None else np.concatenate((past.mel, mel), axis=2)
        spectrum, corrected = self._spectra(frames, None if past is None else past.spectrum)
        sounded = corrected[held : held + ready]
        if past is not None:
            sounded = np.concatenate((past.corrected, sounded))
        wave = self.spectra.inverse(sounded)
        if ready < mel.shape[2]:
            wave = wave[:-pad]
        if past is not None:
            wave = wave[max(0, len(past.corrected) * hop - pad) :]
        kept = slice(max(0, held + ready - self.context), held + ready)
        overlap = self.spectra.n_fft // hop - 1
        return wave, OnnxSounded(frames[..., kept], spectrum[kept], sounded[-overlap:])

    def _spectra(
        self, mel: Float[np.ndarray, "1 M T"], known: Complex[np.ndarray, "K F"] | None
    ) -> tuple[Complex[np.ndarray, "T F"], Complex[np.ndarray, "T F"]]:
        """The spectrum as Griffin-Lim finds it, which goes on from what is known, and the one that sounds."""
        magnitude, state = self.nets("vocoder_magnitude", mel=mel)
        size = magnitude[0]
        spectrum = self.spectra.griffin_lim(size, self.start["iterations"], self.start["momentum"], known)
        features = self.spectra.relations(self.spectra.forward(self.spectra.inverse(spectrum)))
        real, imaginary = self.nets("vocoder_phase", features=features, state=state)
        factor = np.empty_like(spectrum)
        factor.real, factor.imag = real[0], imaginary[0]
        return spectrum, np.multiply(spectrum, factor, out=factor)
