"""A short talk, spoken by the shipped nets: they are at hand, and the codec that aligns words can hear them."""

from pathlib import Path

import numpy as np
import soundfile

from tts import settings, voices
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings

TEXT = "The ship came into the harbour late in the evening. Nobody stood at the quay to see it come in."
RATE = 24000  # Hz


def talk() -> np.ndarray:
    """TEXT as a wave, with half a second of silence at its end."""
    speech = TextToSpeech.load("tts/weights", "cpu")
    chosen = Settings.parse(settings.compose(["sampling.prosody=0"]))  # even, so that recognisers hear it well
    voice = voices.load(voices.find("lj"), fingerprint=speech.fingerprint)
    wave = np.concatenate([chunk.wave for chunk in speech.say(TEXT, voice, settings=chosen, seed=0)])
    return np.concatenate([0.5 * wave / np.abs(wave).max(), np.zeros(RATE // 2)])


def write_talk(path: Path, wave: np.ndarray, *, rate: int = RATE) -> None:
    """A recording of the talk with its text beside it. Another `rate` plays it faster or slower: another voice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave, rate)
    path.with_suffix(".txt").write_text(TEXT, encoding="utf-8")
