"""What became of the hours: report.json for programs, report.html for people, complete in one file each.

Everything is tallied as clips go by, so the report of a large corpus needs no more memory than that of a small one.
"""

import base64
import heapq
import html
import json
import re
from collections import Counter, defaultdict
from pathlib import Path

SHOWN = 6  # clips with players, of the best and of the worst
TABLE = 200  # rows of a table for people
BINS = 24
CORPUS_HOURS = 50_000
# Scores with their range in the histograms, and units.
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
MEDIA = {"flac": "audio/flac", "opus": "audio/ogg"}


class Tally:
    """Sums over sources and clips."""

    def __init__(self, plan):
        self.plan = plan
        self.seconds: Counter[str] = Counter()  # in, speech, clips, kept
        self.counts: Counter[str] = Counter()
        self.losses: dict[str, list] = defaultdict(lambda: [0, 0.0])  # reason -> clips, seconds
        self.aside: list[tuple[str, str]] = []  # sources: name, reason
        self.stages: Counter[str] = Counter()  # processor seconds
        self.histograms: dict[str, list[int]] = {name: [0] * BINS for name in SCORES}
        self.speakers: dict[str, list] = defaultdict(lambda: [0, 0.0])
        self.origins: dict[str, list] = defaultdict(lambda: [0, 0.0])  # of words -> sources, sum of what is heard
        self.best: list = []
        self.worst: list = []

    def odd(self, files) -> None:
        self.aside += [(file.name, file.reason) for file in files]
        self.counts["files"] += len(files)

    def refused(self, outcome, reason: str) -> None:
        self._add(outcome)
        self.aside.append((outcome.source.name, reason))
        self._lose(kind(reason), outcome.audio)

    def source(self, outcome, ledger) -> None:
        self._add(outcome)
        self.counts["sources"] += 1
        said, parts = (
            ledger.get("words", outcome.keys["words"]).value,
            ledger.get("segment", outcome.keys["segment"]).value,
        )
        row = self.origins[said["origin"]]
        row[0], row[1] = row[0] + 1, row[1] + said["heard"]
        speech = sum(end - start for start, end in parts["speech"])
        self.seconds["speech"] += speech
        self._lose("pauses between clips", max(0.0, outcome.audio - sum(end - start for start, end in said["clips"])))

    def _add(self, outcome) -> None:
        self.counts["files"] += 1
        self.seconds["in"] += outcome.audio
        self.stages.update(outcome.seconds or {})

    def judged(self, clip, reason: str) -> None:
        seconds = clip.end - clip.start
        self.counts["clips"] += 1
        self.seconds["clips"] += seconds
        for name, (low, high, _) in SCORES.items():
            value = seconds if name == "seconds" else clip.scores.get(name)
            if value is not None:
                self.histograms[name][min(max(int((value - low) / (high - low) * BINS), 0), BINS - 1)] += 1
        if reason:
            self._lose(kind(reason), seconds)

    def unsplit(self, clip, reason: str) -> None:
        self._lose(kind(reason), clip.end - clip.start)

    def kept(self, outcome, clip, description: dict, sound) -> None:
        seconds = clip.end - clip.start
        self.counts["kept"] += 1
        self.seconds["kept"] += seconds
        row = self.speakers[f"{outcome.source.corpus}/{clip.speaker}"]
        row[0], row[1] = row[0] + 1, row[1] + seconds
        rank = clip.scores["agreement"] + 0.2 * clip.scores.get("mos", 0.0)
        shown = {name: description[name] for name in ("id", "source", "start", "end", "speaker", "text", "scores")}
        for heap, sign in ((self.best, 1), (self.worst, -1)):
            if len(heap) < SHOWN or (sign * rank, clip.id) > heap[0][:2]:
                heapq.heappush(heap, (sign * rank, clip.id, shown, bytes(sound)))
                if len(heap) > SHOWN:
                    heapq.heappop(heap)

    def _lose(self, reason: str, seconds: float) -> None:
        row = self.losses[reason]
        row[0], row[1] = row[0] + 1, row[1] + seconds


def kind(reason: str) -> str:
    """A reason without its figures and names, so that like losses are counted together."""
    reason = re.sub(r"^sounds like .*", "sounds like another clip", reason)
    reason = re.sub(r"^the same bytes as .*", "the same bytes as another file", reason)
    reason = re.sub(r"^same text as .*", "the same text as a held-out clip", reason)
    return re.sub(r"\s*\([^)]*\)$", "", re.sub(r"\d+(\.\d+)?", "#", reason))[:80]


def summary(tally: Tally, stats: dict, *, wall: float, workers: int) -> dict:
    """Everything the report says, as plain data."""
    hours = {name: round(value / 3600, 4) for name, value in sorted(tally.seconds.items())}
    busy, heard = sum(tally.stages.values()), tally.seconds["in"]
    stages = {
        name: {
            "processor_seconds": round(value, 2),
            "share": round(value / busy, 4) if busy else 0.0,
            "hours_per_hour": round(heard / value, 1) if value else None,
        }
        for name, value in tally.stages.items()
    }
    whole = round(heard / busy, 2) if busy else None
    return {
        "files": tally.counts["files"],
        "sources_used": tally.counts["sources"],
        "hours": hours,
        "kept_share": round(tally.seconds["kept"] / heard, 4) if heard else 0.0,
        "clips": {"judged": tally.counts["clips"], "kept": tally.counts["kept"]},
        "words_from": {
            name: {"sources": count, "heard": round(heard / count, 4)} for name, (count, heard) in tally.origins.items()
        },
        "losses": {
            reason: {"count": count, "hours": round(seconds / 3600, 4)}
            for reason, (count, seconds) in sorted(tally.losses.items(), key=lambda item: -item[1][1])
        },
        "set_aside": [{"file": name, "reason": reason} for name, reason in tally.aside],
        "speakers": {
            name: {"clips": count, "hours": round(seconds / 3600, 4)}
            for name, (count, seconds) in sorted(tally.speakers.items(), key=lambda item: -item[1][1])
        },
        "histograms": {
            name: {"low": low, "high": high, "unit": unit, "counts": tally.histograms[name]}
            for name, (low, high, unit) in SCORES.items()
        },
        "stages": stages,
        "run": {"wall_seconds": round(wall, 1), "workers": workers},
        "estimate": {
            "hours": CORPUS_HOURS,
            "core_hours": round(CORPUS_HOURS / whole) if whole else None,
            "days_on_64_cores": round(CORPUS_HOURS / whole / 64 / 24, 1) if whole else None,
            "gigabytes_of_shards": round(tally_bytes(tally) * CORPUS_HOURS, 1),
        },
        "splits": stats["corpora"],
    }


def tally_bytes(tally: Tally) -> float:
    """Gigabytes of sound per hour of input, by the clips that are shown."""
    shown = [(len(sound), clip["end"] - clip["start"]) for _, _, clip, sound in [*tally.best, *tally.worst]]
    seconds = sum(length for _, length in shown)
    kept = tally.seconds["kept"] / tally.seconds["in"] if tally.seconds["in"] else 0.0
    return sum(size for size, _ in shown) / seconds * 3600 / 1e9 * kept if seconds else 0.0


def write(folder: Path, tally: Tally, stats: dict, *, wall: float, workers: int) -> None:
    """report.json and report.html in the folder."""
    content = summary(tally, stats, wall=wall, workers=workers)
    (folder / "report.json").write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    (folder / "report.html").write_text(_page(content, tally), encoding="utf-8")


PAGE = """<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Shards: report</title><style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}}
table{{border-collapse:collapse}}td,th{{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top}}
td.n{{text-align:right;font-variant-numeric:tabular-nums}}
figure{{display:inline-block;margin:.5rem 1.2rem .5rem 0}}figcaption{{font-size:13px;color:#555}}
.clip{{margin:.8rem 0;padding:.6rem;background:#f4f4f2;border-radius:6px}}.clip small{{color:#555}}
@media(prefers-color-scheme:dark){{body{{background:#181818;color:#ddd}}.clip{{background:#242424}}}}
</style><h1>From recordings to shards</h1>{body}</html>
"""


def _page(content: dict, tally: Tally) -> str:
    hours, run, estimate = content["hours"], content["run"], content["estimate"]
    body = [
        f"<p><b>{hours.get('kept', 0):.3f} of {hours.get('in', 0):.3f} hours</b> kept "
        f"({content['kept_share']:.0%}), {content['clips']['kept']} of {content['clips']['judged']} clips, from "
        f"{content['sources_used']} of {content['files']} files, in {run['wall_seconds']:.0f} s "
        f"with {run['workers']} workers.</p>",
        "<h2>Where the words come from</h2>",
        _rows(
            ("from", "sources", "how surely the codec hears their sounds, 0 to 1"),
            [(k, v["sources"], v["heard"]) for k, v in content["words_from"].items()],
        ),
        "<h2>Losses</h2>",
        _rows(("reason", "count", "hours"), [(k, v["count"], v["hours"]) for k, v in content["losses"].items()]),
        "<h2>Files set aside</h2>",
        _rows(("file", "reason"), [(row["file"], row["reason"]) for row in content["set_aside"]]),
        "<h2>Scores of all clips</h2>",
        *(_histogram(name, row) for name, row in content["histograms"].items()),
        "<h2>Speakers</h2>",
        _rows(("speaker", "clips", "hours"), [(k, v["clips"], v["hours"]) for k, v in content["speakers"].items()]),
        "<h2>Stages, on one core</h2>",
        _rows(
            ("stage", "processor s", "share", "audio-hours per hour"),
            [
                (k, v["processor_seconds"], f"{v['share']:.1%}", v["hours_per_hour"] or "")
                for k, v in content["stages"].items()
            ],
        ),
        f"<p>{estimate['hours']:,} hours like these: {estimate['core_hours'] or 0:,} core-hours, "
        f"{estimate['days_on_64_cores'] or 0} days on 64 cores, {estimate['gigabytes_of_shards']:,.0f} GB of shards."
        "</p>",
    ]
    for title, heap in (("Best clips", tally.best), ("Worst clips that were kept", tally.worst)):
        body.append(f"<h2>{title}</h2>")
        body += [_clip(clip, sound, tally.plan.recipe.format) for _, _, clip, sound in sorted(heap, reverse=True)]
    return PAGE.format(body="\n".join(body))


def _rows(head: tuple, rows: list[tuple]) -> str:
    if not rows:
        return "<p>none</p>"
    cells = "".join(
        "<tr>"
        + "".join(f'<td class="{"n" if not isinstance(x, str) else ""}">{html.escape(str(x))}</td>' for x in row)
        + "</tr>"
        for row in rows[:TABLE]
    )
    more = f"<p>and {len(rows) - TABLE} more, in report.json</p>" if len(rows) > TABLE else ""
    return "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + f"</tr>{cells}</table>{more}"


def _histogram(name: str, row: dict) -> str:
    top = max(row["counts"]) or 1
    bars = "".join(
        f'<rect x="{index * 8}" y="{60 - 58 * count / top:.1f}" width="7" height="{58 * count / top:.1f}"/>'
        for index, count in enumerate(row["counts"])
    )
    caption = f"{name.replace('_', ' ')}, {row['low']} to {row['high']} {row['unit']}"
    return (
        f'<figure><svg width="{BINS * 8}" height="60" fill="#3a6ea5" role="img" aria-label="{caption}">{bars}</svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _clip(clip: dict, sound: bytes, format: str) -> str:
    scores = ", ".join(f"{name.replace('_', ' ')} {round(value, 2):g}" for name, value in clip["scores"].items())
    data = base64.b64encode(sound).decode("ascii")
    return (
        f'<div class="clip"><audio controls preload="none" src="data:{MEDIA[format]};base64,{data}"></audio>'
        f"<br>{html.escape(clip['text'])}<br><small>{html.escape(clip['source'])}, {clip['start']:.2f} to "
        f"{clip['end']:.2f} s, {html.escape(clip['speaker'])}: {scores}</small></div>"
    )
