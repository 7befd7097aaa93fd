"""How much a voice sounds like its speaker, and how clearly it speaks: held-out clips, spoken and judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import SpeakerJudge
from tts.judges.wer import character_edits
from tts.records import SpeakerLatents
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings
from tts.voices.tuning.material import LearnedClip


@dataclass(frozen=True)
class Score:
    """Means over held-out clips."""

    similarity: float  # cosine to the recordings
    cer: float

    @property
    def value(self) -> float:
        """More is better: a hundredth of similarity is worth one wrong character in a hundred."""
        return self.similarity - self.cer


@dataclass(frozen=True)
class Examiner:
    """Speaks the texts of held-out clips, always from the same seed, and judges what is heard."""

    speech: TextToSpeech
    settings: Settings
    heldout: Sequence[LearnedClip]
    embedding: SpeakerJudge
    recogniser: SpeechRecogniser
    seed: int

    def __call__(self, voice: SpeakerLatents) -> Score:
        rate, speaker = self.speech.audio.sample_rate, np.mean([clip.voice for clip in self.heldout], axis=0)
        likeness, wrong, characters = [], 0, 0
        for clip in self.heldout:
            take = self.speech.speak(clip.spoken, voice, settings=self.settings, seed=self.seed)
            wave = torch.from_numpy(take.wave)
            own = self.embedding.judge(wave, rate) if len(wave) else None
            likeness.append(float(np.dot(own, speaker) / np.linalg.norm(speaker)) if own else 0.0)
            heard = self.recogniser.transcribe(wave, rate) if len(wave) else ""
            edits, count = character_edits(self.recogniser.spell(clip.text), heard)
            wrong, characters = wrong + edits, characters + count
        return Score(float(np.mean(likeness)), wrong / max(1, characters))
