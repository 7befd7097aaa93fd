"""Everything that decides what the shards hold, but the sources: settings, and the codec that spells."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.pack.recording import Recipe
from data.prepare.dedup import Dedup
from data.prepare.ingest import Ingest
from data.prepare.judge import Judge
from data.prepare.segment import Segment
from data.prepare.words import Words
from tts.settings import ROOT


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Settings of every stage."""

    recipe: Recipe
    weights: str  # of the codec that spells
    ingest: Ingest
    segment: Segment
    words: Words
    judge: Judge
    dedup: Dedup
    val_share: float
    speaker_split: str
    shard_mb: float

    def __post_init__(self):
        if self.recipe.audio.sample_rate * 512 % 16_000:
            raise ValueError(
                f"prepare needs a rate of whole 32 ms, such as 24000 Hz; got {self.recipe.audio.sample_rate}"
            )


def plan(conf: dict, *, recipe: Recipe, args: Any) -> Plan:
    """A plan from conf/prepare.yaml as plain data, and from what the command line says of packing."""
    weights = Path(conf["weights"]).expanduser()
    return Plan(
        recipe=recipe,
        weights=str(weights if weights.is_absolute() else ROOT / weights),
        ingest=Ingest(**conf["ingest"]),
        segment=Segment(**conf["segment"]),
        words=Words(**conf["words"]),
        judge=Judge(**conf["judge"]),
        dedup=Dedup(**conf["dedup"]),
        val_share=args.val_share,
        speaker_split=args.speaker_split,
        shard_mb=args.shard_mb,
    )
