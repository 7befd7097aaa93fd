"""What is done to speech on its way into a file.

speech (24 kHz) -> silence around -> gain -> compressor -> bed -> mark -> limiter
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from tts.narration import loudness
from tts.narration.beds import Bed, under
from tts.narration.blocks import ahead, decibels
from tts.narration.loudness import ABSOLUTE_GATE, SILENT, STEREO, Preset
from tts.synthesis.mark import marked

BLOCK = 24_000  # samples that are given on at once
BELOW = 3.0  # dB under the loudness of speech at which the compressor starts
# Seconds of a file by which its gain is chosen, so that encoding can begin long before the last word is spoken. Of 15
# and 19 minutes of takes in one and six voices, the first three were .1 LU louder or quieter than the whole.
HEARD_FIRST = 180.0

Sound = Callable[[], Iterator[np.ndarray]]  # the speech of a chapter, (1, N), as often as it is asked for


class Chain:
    """The sound of one file; it can be made as often as it is asked for."""

    def __init__(self, chapters: Sequence[Sound], rate: int, preset: Preset, bed: Bed | None, mark: bool):
        self.chapters, self.rate, self.preset, self.bed, self.mark = chapters, rate, preset, bed, mark
        self.channels = bed.channels if bed else 1
        self.weighs = preset.loudness is not None or bed is not None  # whether loudness matters, and not RMS alone
        self.spoken = SILENT  # LUFS of the speech as it is, in one channel; its RMS in dB where that alone matters
        self.first_gain = 0.0  # dB, before the compressor
        self.stops: list[float] = []  # seconds at which chapters end, those that are known
        self.seconds = math.inf  # of all, once it is known

    def fit(self, loss: float) -> float:
        """Measure the first speech, before and after the compressor; gives the gain in dB that it needs after it.

        `loss` is by how many dB the codec will turn it down. A bed, the mark and the limiter hardly change how loud the
        whole is; what they do change is measured in the result, as is the rest of the speech.
        """
        asks = self.preset.loudness is not None or self.preset.rms is not None
        if not asks and self.bed is None:
            return 0.0
        # All of it where nothing is heard at first, and for a bed alone, which nothing measured later would put right.
        for seconds in (HEARD_FIRST, math.inf) if asks else (math.inf,):
            speech = self._measured(self.speech(), seconds)
            self.spoken = speech.loudness if self.weighs else speech.rms
            if self.spoken > ABSOLUTE_GATE:
                break
        else:
            return 0.0
        if not asks:
            return 0.0
        self.first_gain = self.missing(speech)
        if self.preset.ratio == 1:
            return loss
        return loss + self.missing(self._measured(self.levelled(), seconds))

    def _measured(self, blocks: Iterator[np.ndarray], seconds: float) -> loudness.Measured:
        return loudness.measure(ahead(_first(blocks, seconds * self.rate)), self.rate, weigh=self.weighs)

    def missing(self, result: loudness.Measured) -> float:
        """How many dB a result is too quiet; none if nothing is said."""
        if self.spoken <= ABSOLUTE_GATE:
            return 0.0
        if self.preset.loudness is not None:
            return self.preset.loudness + (STEREO if result.channels == 2 else 0.0) - result.loudness
        return sum(self.preset.rms) / 2 - result.rms

    def speech(self) -> Iterator[np.ndarray]:
        """The chapters one after the other, with silence around, which belongs to the first and the last."""
        before, after = self.preset.around(self.bed is not None)
        samples = round(before * self.rate)
        self.stops = []
        yield from _silence(samples)
        for chapter in self.chapters:
            for block in chapter():
                samples += block.shape[1]
                for start in range(0, block.shape[1], BLOCK):  # a pause may last minutes
                    yield block[:, start : start + BLOCK]
            self.stops.append(samples / self.rate)
        samples += round(after * self.rate)
        self.seconds = self.stops[-1] = samples / self.rate
        yield from _silence(round(after * self.rate))

    @property
    def heard(self) -> float:
        """LUFS of the speech in one channel before the compressor."""
        return self.spoken + self.first_gain

    def levelled(self) -> Iterator[np.ndarray]:
        """The speech after the compressor, if there is one."""
        sound = _louder(self.speech(), self.first_gain)
        if self.preset.ratio == 1:
            return sound
        return loudness.compressed(sound, self.rate, self.heard - BELOW, self.preset.ratio)

    def blocks(self, gain: float, ceiling: float | None) -> Iterator[np.ndarray]:
        """Everything that is done to the speech."""
        sound = _louder(self.levelled(), gain)
        if self.bed:
            against = self.preset.loudness if self.preset.loudness is not None else self.heard + gain
            sound = under(sound, self.bed, self.rate, self.preset, speech_level=against, seconds=lambda: self.seconds)
        if self.mark:
            sound = marked(sound, self.rate)
        if ceiling is not None:
            sound = loudness.limited(sound, self.rate, ceiling)
        return iter(sound)


def _louder(blocks: Iterator[np.ndarray], gain: float) -> Iterator[np.ndarray]:
    factor = np.float32(decibels(gain))
    return (block * factor for block in blocks) if gain else blocks


def _silence(samples: int) -> Iterator[np.ndarray]:
    for start in range(0, samples, BLOCK):
        yield np.zeros((1, min(BLOCK, samples - start)), np.float32)


def _first(blocks: Iterable[np.ndarray], samples: float) -> Iterator[np.ndarray]:
    """So many samples of it; what comes after them is not waited for."""
    for block in blocks:
        yield block if samples >= block.shape[1] else block[:, : round(samples)]
        samples -= block.shape[1]
        if samples <= 0:
            return
