"""The report of a run: report.json for programs, and report.html for people, one self-contained page."""

import base64
import html
import json
from pathlib import Path

from data.prepare.tally import BINS, Tally

ROWS = 200  # shown of a table in the page
MEDIA = {"flac": "audio/flac", "opus": "audio/ogg"}


def write_run_report(folder: Path, tally: Tally, stats: dict, *, wall: float, workers: int) -> None:
    """Write report.json and report.html into the folder."""
    content = tally.summary(stats, wall=wall, workers=workers)
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
            ("origin", "sources", "confidence of the alignment, 0 to 1"),
            [(k, v["sources"], v["confidence"]) for k, v in content["words_from"].items()],
        ),
        "<h2>Lost audio</h2>",
        _rows(("reason", "count", "hours"), [(k, v["count"], v["hours"]) for k, v in content["losses"].items()]),
        "<h2>Unused files</h2>",
        _rows(("file", "reason"), [(row["file"], row["reason"]) for row in content["set_aside"]]),
        "<h2>Scores of all clips</h2>",
        *(_histogram(name, row) for name, row in content["histograms"].items()),
        "<h2>Speakers</h2>",
        _rows(("speaker", "clips", "hours"), [(k, v["clips"], v["hours"]) for k, v in content["speakers"].items()]),
        "<h2>Processor time by stage</h2>",
        _rows(
            ("stage", "seconds of one core", "share", "hours of audio per hour"),
            [
                (k, v["processor_seconds"], f"{v['share']:.1%}", v["hours_per_hour"] or "")
                for k, v in content["stages"].items()
            ],
        ),
        f"<p>Estimate for {estimate['hours']:,} hours of such recordings: {estimate['core_hours'] or 0:,} core-hours, "
        f"{estimate['days_on_64_cores'] or 0} days on 64 cores, {estimate['gigabytes_of_shards']:,.0f} GB of shards."
        "</p>",
    ]
    for title, heap in (("Best clips", tally.best), ("Worst kept clips", tally.worst)):
        body.append(f"<h2>{title}</h2>")
        body += [_clip(clip, sound, tally.format) for _, _, clip, sound in sorted(heap, reverse=True)]
    return PAGE.format(body="\n".join(body))


def _rows(head: tuple, rows: list[tuple]) -> str:
    if not rows:
        return "<p>none</p>"
    cells = "".join(
        "<tr>"
        + "".join(f'<td class="{"n" if not isinstance(x, str) else ""}">{html.escape(str(x))}</td>' for x in row)
        + "</tr>"
        for row in rows[:ROWS]
    )
    more = f"<p>and {len(rows) - ROWS} more, in report.json</p>" if len(rows) > ROWS else ""
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
