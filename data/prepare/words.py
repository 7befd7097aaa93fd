"""Stage 3: the words of a recording and their times, from a text, from a transcript with times, or from a recogniser.

Wherever the words come from, they are aligned to what the codec's CTC head hears (`tts/alignment`), which gives their
times and shows how well they agree with the sound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from data.prepare.ingest import SourceRefused
from data.prepare.sources import TRANSCRIPTS, Source
from tts import document
from tts.alignment.align import TimedWords, align, align_cues
from tts.alignment.borders import move_off_words, refine_borders
from tts.alignment.ctc import Piece, place_words
from tts.alignment.recording import Samples
from tts.alignment.spell import Speller, Spelling, Word
from tts.document.subtitles import Cue, read_cues
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.table import make_recogniser
from tts.text.language import CODES
from tts.types import Recogniser

SLACK = 0.5  # seconds that the times of a transcript may be off
LOWEST = -50.0  # LUFS: a recording quieter than that is amplified no further


@dataclass(frozen=True, kw_only=True)
class WordsConfig:
    """Which recogniser to use, and when a text is trusted; see conf/prepare.yaml."""

    recogniser: str  # a name in `tts.judges.table`
    model: str
    min_agreement: float
    language: str  # of all sources, ISO 639-1

    def __post_init__(self):
        if self.language not in CODES:
            raise ValueError(f"words.language is {self.language!r}; it must be one of {', '.join(CODES)}")

    @property
    def read_in(self) -> str:
        """The name of the language."""
        return CODES[self.language]


@dataclass(frozen=True)
class Transcript:
    """The words of a recording with their times, and the clips that they fall into."""

    origin: str  # text, transcript, or the recogniser
    words: list[Word]
    clips: list[tuple[float, float]]  # seconds; no border lies inside a word
    agreement: list[float]  # of each clip

    @property
    def confidence(self) -> float:
        return float(np.mean([word.confidence for word in self.words]))

    def words_by_clip(self) -> list[list[Word]]:
        """The words of each clip: those whose middle lies in it."""
        return _words_by_clip(self.words, self.clips)

    def to_json(self) -> dict:
        clips = [[round(start, 4), round(end, 4)] for start, end in self.clips]
        words = [word.to_json() for word in self.words]
        return {"origin": self.origin, "words": words, "clips": clips, "agreement": self.agreement}

    @classmethod
    def from_json(cls, data: dict) -> "Transcript":
        clips = [(start, end) for start, end in data["clips"]]
        return cls(data["origin"], [Word.from_json(word) for word in data["words"]], clips, data["agreement"])


def find_words(
    source: Source,
    samples: Samples,
    clips: Sequence[tuple[float, float]],
    loudness: float,
    config: WordsConfig,
    speller: Speller,
    recogniser: Recogniser | None,
) -> Transcript:
    """The words that are said in a source. `loudness` is in LUFS. Raises SourceRefused.

    `recogniser` transcribes a source without a text; it is None if there is a text.
    """
    speller = speller.reading(config.read_in)
    gain = 10 ** ((speller.audio.level - max(loudness, LOWEST)) / 20)
    spelling = speller.spell(samples, gain)
    origin, found = _given(source, speller, spelling, config.min_agreement)
    if origin:
        agreement = spelling.agreement(found)
        if agreement < config.min_agreement:
            raise SourceRefused(f"its {origin} is of another recording: it explains {agreement:.0%} of what is heard")
    else:
        origin, found = config.recogniser, _recognised(samples, clips, spelling, recogniser, speller)
        if not found:
            raise SourceRefused(f"no text beside it, and {config.recogniser} heard no words")
    found = refine_borders(found, samples)
    clips = move_off_words(clips, found)
    agreement = [
        round(spelling.agreement(own, start, end), 4)
        for own, (start, end) in zip(_words_by_clip(found, clips), clips, strict=True)
    ]
    return Transcript(origin, found, clips, agreement)


def _words_by_clip(words: Sequence[Word], clips: Sequence[tuple[float, float]]) -> list[list[Word]]:
    middles = np.array([word.middle for word in words])
    return [list(words[slice(*np.searchsorted(middles, clip))]) for clip in clips]


def _given(source: Source, speller: Speller, spelling: Spelling, min_agreement: float) -> tuple[str, list[Word]]:
    """The words of the first readable text or transcript beside the source; none if there is nothing beside it."""
    reasons = []
    for path in map(Path, source.beside):
        try:
            if path.suffix.lower() in TRANSCRIPTS:
                return "transcript", _from_cues(read_cues(path), speller, spelling, min_agreement)
            text = document.read(path).text
        except (ValueError, OSError) as error:
            reasons.append(f"{path.name!r}: {error}")
            continue
        if text.strip():
            return "text", align(speller.words(text), spelling, min_agreement)
        reasons.append(f"{path.name!r}: empty")
    if source.text.strip():
        return "text", align(speller.words(source.text), spelling, min_agreement)
    if reasons:
        raise SourceRefused(f"the text beside it cannot be read: {reasons[0]}")
    return "", []


def _from_cues(cues: list[Cue], speller: Speller, spelling: Spelling, min_agreement: float) -> list[Word]:
    """The words of a transcript, near its own times if they agree with the sound there; otherwise wherever they fit."""
    spoken = [TimedWords(cue.start, cue.end, speller.words(cue.text, cue.speaker)) for cue in cues]
    timed = align_cues(spoken, spelling, SLACK)
    if spelling.agreement(timed) >= min_agreement:
        return timed
    return align([word for cue in spoken for word in cue.words], spelling, min_agreement)


def _recognised(
    samples: Samples, clips: Sequence[tuple[float, float]], spelling: Spelling, recogniser: Recogniser, speller: Speller
) -> list[Word]:
    """The words that a recogniser hears in each clip, with times from the codec."""
    out: list[Word] = []
    for start, end in clips:
        words = speller.words(recogniser.transcribe(torch.from_numpy(samples.clip(start, end)), samples.rate))
        low, high = round(start * spelling.rate), min(round(end * spelling.rate), len(spelling))
        out += place_words(words, Piece(0, len(words), low, high, loose=False), spelling) if words else []
    return out


@lru_cache(1)
def load_recogniser(config: WordsConfig, weights: Path) -> SpeechRecogniser:
    """The recogniser of these settings; `weights` is the folder of the nets. Raises ValueError."""
    name = f"{config.recogniser}={config.model}" if config.model else config.recogniser
    return make_recogniser(name, weights, config.read_in)
