"""The vocoder between and after its nets: spectra, Griffin-Lim and phase relations, as in `vocoder`, in NumPy."""

from functools import lru_cache

import numpy as np
from jaxtyping import Complex, Float

from tts.audio import mel_filters
from tts.records import AudioConfig

TINY = 1e-8


class Spectra:
    """Waves to complex spectra (frames, bins) and back, with the framing of `vocoder.spectral.Stft`."""

    def __init__(self, audio: AudioConfig):
        self.audio = audio
        self.n_fft, self.hop = audio.n_fft, audio.hop
        self.pad = (self.n_fft - self.hop) // 2
        turn = 2 * np.pi * np.arange(self.n_fft) / self.n_fft
        self.window = (0.5 - 0.5 * np.cos(turn)).astype(np.float32)
        # NumPy computes a transform to the spectrum in 64 bits, five times as long, unless it is scaled.
        self.scaled = self.window * np.float32(self.n_fft)
        advance = 2 * np.pi * np.arange(self.n_fft // 2 + 1) * (self.hop / self.n_fft)  # of a bin's centre, per frame
        self.turned_back = np.exp(-1j * advance).astype(np.complex64)
        self.overlaps = lru_cache(16)(self._overlaps)

    def forward(self, wave: Float[np.ndarray, " N"]) -> Complex[np.ndarray, "T F"]:
        mode = "reflect" if len(wave) > self.pad else "constant"
        padded = np.pad(wave, self.pad, mode=mode)
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop]
        return np.fft.rfft(frames * self.scaled, norm="forward")

    def log_mel(self, wave: Float[np.ndarray, " N"]) -> Float[np.ndarray, "1 M T"]:
        """The mel that every net sees (`tts.mel.LogMel`)."""
        audio = self.audio
        filters = mel_filters(self.n_fft // 2 + 1, audio.n_mels, audio.sample_rate, audio.f_min, audio.f_max)
        mel = length(self.forward(np.pad(wave, (0, -len(wave) % self.hop)))) @ filters
        return ((np.log(np.maximum(mel, audio.floor)) - audio.mean) / audio.std).astype(np.float32).T[None]

    def inverse(self, spectrum: Complex[np.ndarray, "T F"]) -> Float[np.ndarray, " N"]:
        """The wave whose spectrum is nearest by least squares (Griffin & Lim 1984, eq. 6)."""
        frames = np.fft.irfft(spectrum, n=self.n_fft)
        frames *= self.window
        return self._overlapped(frames) * self.overlaps(len(frames))

    def _overlaps(self, count: int) -> Float[np.ndarray, " N"]:
        """One by the sum of the squared windows of so many frames."""
        return 1 / self._overlapped(np.broadcast_to(np.square(self.window), (count, self.n_fft)))

    def _overlapped(self, frames: Float[np.ndarray, "T n_fft"]) -> Float[np.ndarray, " N"]:
        count = len(frames)
        hops = np.empty((count + self.n_fft // self.hop - 1, self.hop), np.float32)
        self.overlap(frames, out=hops)
        return hops.ravel()[self.pad : self.pad + count * self.hop]

    def overlap(self, frames: Float[np.ndarray, "T n_fft"], out: Float[np.ndarray, "K hop"]) -> None:
        """The sum of frames where they overlap, hop by hop, with the padding at both ends."""
        count = len(frames)
        out.fill(0)
        for part in range(self.n_fft // self.hop):
            out[part : part + count] += frames[:, part * self.hop : (part + 1) * self.hop]

    def griffin_lim(
        self,
        magnitude: Float[np.ndarray, "T F"],
        iterations: int,
        momentum: float,
        known: Complex[np.ndarray, "K F"] | None = None,
    ) -> Complex[np.ndarray, "T F"]:
        """These magnitudes with phases that overlapping frames agree on (`vocoder.griffin_lim`).

        `known` is what the first frames are already: it stays, and the phases of the others go on from it.
        """
        phase, held = self.first_phase(magnitude), 0 if known is None else len(known)
        if held:
            phase = phase + (np.angle(known[-1]) - phase[held - 1])
        spectrum, rounds = polar(magnitude, phase), Rounds(self, magnitude, momentum)
        for _ in range(iterations):
            if held:
                spectrum[:held] = known
            rounds.go(spectrum)
        if held:
            spectrum[:held] = known
        return spectrum

    def first_phase(self, magnitude: Float[np.ndarray, "T F"]) -> Float[np.ndarray, "T F"]:
        """The phase to begin with, radians: local frequencies summed over time."""
        bins = np.arange(magnitude.shape[1])
        size = magnitude.shape[1]
        power = np.pad(np.square(magnitude), ((0, 0), (2, 2)))
        before, low, own, high, after = (power[:, start : start + size] for start in range(5))
        near = before + low + own + high + after
        local = (2 * (after - before) + (high - low)) / np.maximum(near, np.float32(1e-20))  # less the bin's own
        midway = np.zeros(magnitude.shape)
        np.add(local[1:], local[:-1], out=midway[1:])
        midway[1:] += 2 * bins
        turns = np.cumsum(midway, axis=0, out=midway)
        turns *= self.hop / self.n_fft / 2
        turns -= np.floor(turns)
        return (2 * np.pi * turns + np.pi * (bins % 2)).astype(np.float32)

    def relations(self, spectrum: Complex[np.ndarray, "T F"]) -> Float[np.ndarray, "1 T K"]:
        """What `vocoder.model.Vocos.relations` gives, frames first: levels, and phase differences."""
        audio, size = self.audio, length(spectrum)
        features = np.zeros((len(spectrum), 5, spectrum.shape[1]), np.float32)
        level = np.log(np.maximum(size, np.float32(audio.floor)))
        features[:, 0] = (level - np.float32(audio.mean)) / np.float32(audio.std)
        unit = spectrum / np.maximum(size, np.float32(TINY))
        over_time = unit[1:] * unit[:-1].conj()
        over_time *= self.turned_back
        features[1:, 1], features[1:, 2] = over_time.real, over_time.imag
        over_frequency = unit[:, 1:] * unit[:, :-1].conj()
        np.negative(over_frequency.real, out=features[:, 3, 1:])
        np.negative(over_frequency.imag, out=features[:, 4, 1:])
        return features.reshape(1, len(spectrum), -1)


class Rounds:
    """Rounds of Griffin-Lim, in arrays that are made once: new ones in each round take a tenth longer or more."""

    def __init__(self, spectra: Spectra, magnitude: Float[np.ndarray, "T F"], momentum: float):
        self._spectra, self._magnitude = spectra, magnitude
        self._share = np.float32(momentum / (1 + momentum))
        count, n_fft, hop = len(magnitude), spectra.n_fft, spectra.hop
        self._frames = np.empty((count, n_fft), np.float32)
        self._hops = np.empty((count + n_fft // hop - 1, hop), np.float32)
        self._wave = self._hops.reshape(-1)  # with its padding
        self._seen = np.lib.stride_tricks.sliding_window_view(self._wave, n_fft)[::hop]
        self._previous = np.zeros(magnitude.shape, np.complex64)
        self._consistent = np.empty_like(self._previous)
        self._squares = np.empty((*magnitude.shape, 2), np.float32)
        self._size = np.empty(magnitude.shape, np.float32)

    def go(self, spectrum: Complex[np.ndarray, "T F"]) -> None:
        """One round, which changes the phases of the spectrum."""
        self._sound(spectrum)
        np.multiply(self._seen, self._spectra.scaled, out=self._frames)
        np.fft.rfft(self._frames, norm="forward", out=self._consistent)
        # consistent + momentum * (consistent - previous), but for a factor: only its phase counts.
        parts, size = spectrum.view(np.float32), self._size
        np.multiply(self._previous.view(np.float32), self._share, out=parts)
        np.subtract(self._consistent.view(np.float32), parts, out=parts)
        self._previous, self._consistent = self._consistent, self._previous
        np.square(parts, out=self._squares.reshape(parts.shape))
        np.add(self._squares[..., 0], self._squares[..., 1], out=size)
        np.sqrt(size, out=size)
        np.maximum(size, np.float32(TINY), out=size)
        np.divide(self._magnitude, size, out=size)
        np.multiply(spectrum, size, out=spectrum)

    def _sound(self, spectrum: Complex[np.ndarray, "T F"]) -> None:
        """The nearest wave to a spectrum (`Spectra.inverse`), padded as `Spectra.forward` pads it."""
        spectra, pad, frames = self._spectra, self._spectra.pad, self._frames
        np.fft.irfft(spectrum, n=spectra.n_fft, out=frames)
        frames *= spectra.window
        spectra.overlap(frames, out=self._hops)
        inside = self._wave[pad:-pad]
        inside *= spectra.overlaps(len(spectrum))
        if len(inside) > pad:
            self._wave[:pad], self._wave[-pad:] = inside[pad:0:-1], inside[-2 : -pad - 2 : -1]
        else:
            self._wave[:pad] = self._wave[-pad:] = 0


def length(numbers: Complex[np.ndarray, "T F"]) -> Float[np.ndarray, "T F"]:
    """Their absolute values, several times as fast as `np.abs`, which guards against overflow."""
    return np.sqrt(np.square(numbers.real) + np.square(numbers.imag))


def polar(magnitude: Float[np.ndarray, "T F"], phase: Float[np.ndarray, "T F"]) -> Complex[np.ndarray, "T F"]:
    """Complex numbers by length and angle in radians."""
    numbers = np.empty(magnitude.shape, np.complex64)
    numbers.real, numbers.imag = magnitude * np.cos(phase), magnitude * np.sin(phase)
    return numbers
