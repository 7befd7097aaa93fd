"""Everything besides the sources that decides what the shards hold: the settings, and the codec that aligns words."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.pack.recording import Recipe
from data.prepare.dedup import DedupConfig
from data.prepare.ingest import IngestConfig
from data.prepare.judge import JudgeConfig
from data.prepare.words import WordsConfig, load_recogniser
from tts.alignment.segment import SegmentConfig
from tts.judges.recogniser import SpeechRecogniser
from tts.settings import ROOT


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """The settings of every stage."""

    recipe: Recipe
    weights: str  # path of the codec; the other nets are in the same folder
    ingest: IngestConfig
    segment: SegmentConfig
    words: WordsConfig
    judge: JudgeConfig
    dedup: DedupConfig
    val_share: float
    speaker_split: str
    shard_mb: float

    def __post_init__(self):
        self.recogniser()  # raises if there is none of this name
        if self.recipe.audio.sample_rate * 512 % 16_000:
            raise ValueError(
                f"the sample rate must give a whole number of samples per 32 ms, as 24000 Hz does; "
                f"got {self.recipe.audio.sample_rate} Hz"
            )

    def recogniser(self) -> SpeechRecogniser:
        """What transcribes sources without a text. Raises ValueError if there is none of this name."""
        return load_recogniser(self.words, Path(self.weights).parent)


def read_config(conf: dict, *, recipe: Recipe, args: Any) -> PrepareConfig:
    """The configuration from conf/prepare.yaml, given as plain data, and from the packing options in `args`."""
    weights = Path(conf["weights"]).expanduser()
    return PrepareConfig(
        recipe=recipe,
        weights=str(weights if weights.is_absolute() else ROOT / weights),
        ingest=IngestConfig(**conf["ingest"]),
        segment=SegmentConfig(**conf["segment"]),
        words=WordsConfig(**conf["words"]),
        judge=JudgeConfig(**conf["judge"]),
        dedup=DedupConfig(**conf["dedup"]),
        val_share=args.val_share,
        speaker_split=args.speaker_split,
        shard_mb=args.shard_mb,
    )
