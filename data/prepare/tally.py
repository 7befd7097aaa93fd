"""Sums over the sources and clips of a run, for its report.

Everything is added up as clips go by, so a large corpus needs no more memory than a small one.
"""

import heapq
import re
from collections import Counter, defaultdict

from data.prepare.clips import PreparedClip, SourceResult
from data.prepare.config import PrepareConfig
from data.prepare.sources import SkippedFile
from data.prepare.stages import Outcome

SHOWN = 6  # clips with players, of the best and of the worst
BINS = 24  # of a histogram
CORPUS_HOURS = 50_000  # the size of corpus that costs are estimated for
# Scores, with the range of their histograms and their units.
SCORES = {
    "seconds": (0, 20, "s"),
    "agreement": (0, 1, ""),
    "rate": (0, 30, "characters/s"),
    "snr": (0, 60, "dB"),
    "bandwidth": (0, 12000, "Hz"),
    "music": (0, 1, ""),
    "one_speaker": (0.4, 1, "cosine"),
    "mos": (1, 5, "DNSMOS"),
}


class Tally:
    """Sums over sources and clips."""

    def __init__(self, config: PrepareConfig):
        self.format = config.recipe.format
        self.seconds: Counter[str] = Counter()  # in, speech, clips, kept
        self.counts: Counter[str] = Counter()
        self.losses: dict[str, list] = defaultdict(lambda: [0, 0.0])  # reason -> clips, seconds
        self.aside: list[tuple[str, str]] = []  # files: name, reason
        self.stages: Counter[str] = Counter()  # processor seconds
        self.histograms: dict[str, list[int]] = {name: [0] * BINS for name in SCORES}
        self.speakers: dict[str, list] = defaultdict(lambda: [0, 0.0])  # name -> clips, seconds
        self.origins: dict[str, list] = defaultdict(lambda: [0, 0.0])  # origin of words -> sources, sum of confidence
        self.best: list = []
        self.worst: list = []

    def add_skipped(self, files: list[SkippedFile]) -> None:
        self.aside += [(file.name, file.reason) for file in files]
        self.counts["files"] += len(files)

    def add_refused(self, outcome: Outcome, reason: str) -> None:
        self._add(outcome)
        self.aside.append((outcome.source.name, reason))
        self._lose(reason, outcome.audio)

    def add_source(self, outcome: Outcome, result: SourceResult) -> None:
        self._add(outcome)
        self.counts["sources"] += 1
        row = self.origins[result.transcript.origin]
        row[0], row[1] = row[0] + 1, row[1] + result.transcript.confidence
        self.seconds["speech"] += sum(end - start for start, end in result.speech)
        in_clips = sum(end - start for start, end in result.transcript.clips)
        self._lose("pauses between clips", max(0.0, outcome.audio - in_clips))

    def _add(self, outcome: Outcome) -> None:
        self.counts["files"] += 1
        self.seconds["in"] += outcome.audio
        self.stages.update(outcome.seconds or {})

    def add_judged(self, clip: PreparedClip, reason: str) -> None:
        self.counts["clips"] += 1
        self.seconds["clips"] += clip.seconds
        for name, (low, high, _) in SCORES.items():
            value = clip.seconds if name == "seconds" else clip.scores.get(name)
            if value is not None:
                self.histograms[name][min(max(int((value - low) / (high - low) * BINS), 0), BINS - 1)] += 1
        if reason:
            self._lose(reason, clip.seconds)

    def add_unsplit(self, clip: PreparedClip, reason: str) -> None:
        self._lose(reason, clip.seconds)

    def add_kept(self, outcome: Outcome, clip: PreparedClip, description: dict, sound: bytes) -> None:
        self.counts["kept"] += 1
        self.seconds["kept"] += clip.seconds
        row = self.speakers[f"{outcome.source.corpus}/{clip.speaker}"]
        row[0], row[1] = row[0] + 1, row[1] + clip.seconds
        rank = clip.scores["agreement"] + 0.2 * clip.scores.get("mos", 0.0)
        shown = {name: description[name] for name in ("id", "source", "start", "end", "speaker", "text", "scores")}
        for heap, sign in ((self.best, 1), (self.worst, -1)):
            if len(heap) < SHOWN or (sign * rank, clip.id) > heap[0][:2]:
                heapq.heappush(heap, (sign * rank, clip.id, shown, bytes(sound)))
                if len(heap) > SHOWN:
                    heapq.heappop(heap)

    def _lose(self, reason: str, seconds: float) -> None:
        row = self.losses[_general(reason)]
        row[0], row[1] = row[0] + 1, row[1] + seconds

    def summary(self, stats: dict, *, wall: float, workers: int) -> dict:
        """Everything the report says, as plain data. `wall` is the duration of the run in seconds."""
        hours = {name: round(value / 3600, 4) for name, value in sorted(self.seconds.items())}
        total, audio = sum(self.stages.values()), self.seconds["in"]
        stages = {
            name: {
                "processor_seconds": round(value, 2),
                "share": round(value / total, 4) if total else 0.0,
                "hours_per_hour": round(audio / value, 1) if value else None,
            }
            for name, value in self.stages.items()
        }
        speed = round(audio / total, 2) if total else None  # hours of audio per hour of one core
        return {
            "files": self.counts["files"],
            "sources_used": self.counts["sources"],
            "hours": hours,
            "kept_share": round(self.seconds["kept"] / audio, 4) if audio else 0.0,
            "clips": {"judged": self.counts["clips"], "kept": self.counts["kept"]},
            "words_from": {
                name: {"sources": count, "confidence": round(confidence / count, 4)}
                for name, (count, confidence) in self.origins.items()
            },
            "losses": {
                reason: {"count": count, "hours": round(seconds / 3600, 4)}
                for reason, (count, seconds) in sorted(self.losses.items(), key=lambda item: -item[1][1])
            },
            "set_aside": [{"file": name, "reason": reason} for name, reason in self.aside],
            "speakers": {
                name: {"clips": count, "hours": round(seconds / 3600, 4)}
                for name, (count, seconds) in sorted(self.speakers.items(), key=lambda item: -item[1][1])
            },
            "histograms": {
                name: {"low": low, "high": high, "unit": unit, "counts": self.histograms[name]}
                for name, (low, high, unit) in SCORES.items()
            },
            "stages": stages,
            "run": {"wall_seconds": round(wall, 1), "workers": workers},
            "estimate": {
                "hours": CORPUS_HOURS,
                "core_hours": round(CORPUS_HOURS / speed) if speed else None,
                "days_on_64_cores": round(CORPUS_HOURS / speed / 64 / 24, 1) if speed else None,
                "gigabytes_of_shards": round(self._gigabytes_per_hour() * CORPUS_HOURS, 1),
            },
            "splits": stats["corpora"],
        }

    def _gigabytes_per_hour(self) -> float:
        """Gigabytes of shards per hour of input, estimated from the clips that are shown."""
        shown = [(len(sound), clip["end"] - clip["start"]) for _, _, clip, sound in [*self.best, *self.worst]]
        seconds = sum(length for _, length in shown)
        kept = self.seconds["kept"] / self.seconds["in"] if self.seconds["in"] else 0.0
        return sum(size for size, _ in shown) / seconds * 3600 / 1e9 * kept if seconds else 0.0


def _general(reason: str) -> str:
    """A reason without its numbers and names, so that like losses are counted together."""
    reason = re.sub(r"^sounds like .*", "sounds like another clip", reason)
    reason = re.sub(r"^the same bytes as .*", "the same bytes as another file", reason)
    reason = re.sub(r"^same text as .*", "the same text as a held-out clip", reason)
    return re.sub(r"\s*\([^)]*\)$", "", re.sub(r"\d+(\.\d+)?", "#", reason))[:80]
