"""The clips of one source, with everything that its stages found out about them."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.pack.recording import Recipe
from data.prepare.cache import CachedResult, ResultCache
from data.prepare.config import PrepareConfig
from data.prepare.judge import cluster_speakers, rejection
from data.prepare.sources import Source
from data.prepare.words import Transcript
from tts.alignment.spell import Word
from tts.text.language import language

# A speaker called so in a transcript is somebody else in the next recording.
NUMBERED = re.compile(r"(?i)(speaker|spk|voice)?[ _-]?\d+")


@dataclass(frozen=True)
class PreparedClip:
    """A clip of a source, with its words, scores and speaker."""

    id: str
    start: float  # seconds
    end: float
    words: list[Word]
    scores: dict[str, float]
    speaker: str
    reason: str  # why it is rejected; empty if it is not
    language: str  # by name

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def spoken(self) -> str:
        """The normalised text."""
        return language(self.language).normalise(self.text).text

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class SourceResult:
    """The clips of a source, and the file that holds their encoded sound."""

    speech: list[tuple[float, float]]  # spans in seconds
    transcript: Transcript
    clips: list[PreparedClip]
    sounds: list[dict]  # of each clip: offset, size, sha256, the times of its phonemes, and an acoustic fingerprint
    file: Path

    def read(self, sound: dict) -> bytes:
        with open(self.file, "rb") as file:
            file.seek(sound["offset"])
            return file.read(sound["size"])


def load_result(cache: ResultCache, source: Source, sha256: str, keys: dict, config: PrepareConfig) -> SourceResult:
    """The result of a source that went through all stages; `keys` are those of its records, by stage."""
    stages = ("segment", "words", "score", "rate", "cut")
    segments, words, scored, rated, cut = (cache.get(stage, keys[stage]) for stage in stages)
    transcript = Transcript.from_json(words.value)
    ratings = rated.value if rated and config.judge.mos else {}
    clips = judge_clips(source, sha256, config, transcript, scored.value, ratings)
    file = cache.binary("cut", cut_inputs(words, config.recipe))
    return SourceResult(segments.value["speech"], transcript, clips, cut.value["clips"], file)


def cut_inputs(words: CachedResult, recipe: Recipe) -> list:
    """What the encoded clips of a source depend on."""
    return [words.key, recipe.format, asdict(recipe.audio)]


def judge_clips(
    source: Source, sha256: str, config: PrepareConfig, transcript: Transcript, scored: dict, ratings: dict[str, float]
) -> list[PreparedClip]:
    """The clips of a source with their speakers, and with the reason for each that is rejected.

    `ratings` are the DNSMOS ratings by clip id, as far as there are any.
    """
    voices = _voices(scored, config)
    several = len(set(voices.values())) > 1
    out = []
    for index, ((start, end), words) in enumerate(zip(transcript.clips, transcript.words_by_clip(), strict=True)):
        id, scores = f"{sha256[:12]}-{round(start * 1000):08d}", scored["scores"][index]
        reason = rejection(scores, end - start, config.judge, config.segment.min_seconds, config.segment.max_seconds)
        names = {word.speaker for word in words}
        if len(names) > 1 and not reason:
            reason = "more than one speaker by its transcript"
        if id in ratings:
            scores = scores | {"mos": ratings[id]}
            if not reason and ratings[id] < config.judge.mos:
                reason = f"DNSMOS {ratings[id]:.2f}"
        name = names.pop() if len(names) == 1 else ""
        speaker = _speaker(name, voices.get(index, 0) if several else None, source, sha256[:12])
        out.append(PreparedClip(id, start, end, words, scores, speaker, reason, config.words.read_in))
    return out


def _voices(scored: dict, config: PrepareConfig) -> dict[int, int]:
    """The number of the voice in each clip that has scores."""
    known = [index for index, scores in enumerate(scored["scores"]) if scores]
    embeddings = np.array([scored["voices"][index] for index in known])
    return dict(zip(known, cluster_speakers(embeddings, config.judge.same_speaker), strict=True))


def _speaker(name: str, voice: int | None, source: Source, short_hash: str) -> str:
    """The speaker of a clip, from its name in the transcript, or from its voice if the source has several."""
    if NUMBERED.fullmatch(name):
        return f"{short_hash}-{name}"
    if not name and voice is not None:
        return "-".join(filter(None, (source.speaker, short_hash, str(voice))))
    return name or source.speaker or short_hash
