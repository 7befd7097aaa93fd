"""What an evaluation leaves behind: report.json with all that is needed to make it again, and a table."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

import torch

from tts.evaluate.figures import Figure
from tts.evaluate.measures import MEASURES, Row
from tts.evaluate.suites import Suite
from tts.files import fingerprint, whole
from tts.judges import wer as text
from tts.provenance import revision

DIFFERENCES = (  # (measure, subject, against): what one net costs, or gains
    ("cer", "vocoder", "recording"),
    ("mos", "vocoder", "recording"),
    ("mos", "vocoder", "griffin-lim"),
    ("cer", "resynthesis", "recording"),
    ("cer", "latents", "resynthesis"),
    ("cer", "tts", "resynthesis"),
    ("cer", "tts-own", "resynthesis"),
)
JUDGING = ("pocketsphinx", "speechmos", "resemblyzer", "librosa", "faster-whisper")
BY_KIND = ("wer", "cer", "faults", "outliers")  # of each kind of text
COLUMNS = {  # of the table
    "WER": "wer",
    "CER": "cer",
    "CER - recordings": "cer_above_recording",
    "DNSMOS": "mos",
    "similarity": "similarity",
    "MCD dB": "mcd",
    "F0 st": "f0_error",
    "voiced": "voiced",
    "phones/s": "rate",
    "faults": "faults",
    "RTF": "rtf",
}


def summarise(rows: Iterable[Row]) -> dict[str, Any]:
    """Every measure of every subject, the same above the recordings, by kind of text, and what each net costs."""
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    truth = by_subject.get("recording")
    subjects: dict[str, dict[str, Any]] = {}
    for name, own in by_subject.items():
        figures = {measure: MEASURES[measure].figure(own) for measure in MEASURES}
        if truth:
            above = {f"{measure}_above_recording": MEASURES[measure].figure(own, minus=truth) for measure in MEASURES}
            figures |= above
        subjects[name] = {"waves": len(own)} | {measure: value for measure, value in figures.items() if value}
    differences = [
        {"measure": measure, "subject": subject, "minus": base, "figure": difference}
        for measure, subject, base in DIFFERENCES
        if subject in by_subject and base in by_subject
        if (difference := MEASURES[measure].figure(by_subject[subject], minus=by_subject[base]))
    ]
    return {"subjects": subjects, "differences": differences, "kinds": _by_kind(by_subject)}


def _by_kind(by_subject: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, dict[str, Figure]]]:
    kinds: dict[str, dict[str, dict[str, Figure]]] = {}
    for name, own in by_subject.items():
        for kind in sorted({row.kind for row in own} - {""}):
            rows = [row for row in own if row.kind == kind]
            found = {measure: MEASURES[measure].figure(rows) for measure in BY_KIND}
            kinds.setdefault(name, {})[kind] = {measure: value for measure, value in found.items() if value}
    return kinds


def table(summary: Mapping[str, Any]) -> str:
    """The figures for a terminal, also valid Markdown."""
    named = {title: name for title, name in COLUMNS.items() if any(name in own for own in summary["subjects"].values())}
    lines = [["subject", "waves", *named]]
    for name, own in summary["subjects"].items():
        lines.append([name, str(own["waves"]), *(str(own.get(key, "-")) for key in named.values())])
    extra = [
        f"{entry['measure'].upper()} of {entry['subject']} minus {entry['minus']}: {entry['figure']}"
        for entry in summary["differences"]
    ]
    extra += [
        f"codes of {name}: {100 * book['used']:.1f} % of the codebook, perplexity {book['perplexity']:.0f}"
        f" over {book['codes']} codes"
        for name, book in summary.get("codebooks", {}).items()
    ]
    parts = [grid(lines)]
    if summary["kinds"]:
        parts.append(grid(_kind_lines(summary["kinds"])))
    return "\n".join(["\n\n".join(parts), "", *extra])


def _kind_lines(kinds: Mapping[str, Mapping[str, Mapping[str, Figure]]]) -> list[list[str]]:
    lines = [["subject", "kind", "CER", "faults"]]
    for name, own in kinds.items():
        lines += [[name, kind, *(str(found.get(key, "-")) for key in ("cer", "faults"))] for kind, found in own.items()]
    return lines


def grid(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first line is its head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def write(path: Path, content: Mapping[str, Any], *, rows: Iterable[Any]) -> None:
    """JSON, figures as value and interval, an entry for each wave; the final name appears when all is written."""
    body = {**content, "rows": [asdict(row) for row in rows]}
    with whole(path) as file:
        file.write((json.dumps(body, indent=1, default=_plain) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        return value.data()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a report")


def circumstances(*, judges: Mapping[str, str], weights: Path, suite: Suite, conf: Mapping) -> dict[str, Any]:
    """All that a figure depends on, and when and on what it was made."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "judges": dict(judges),
        "judge_packages": {package: found for package in JUDGING if (found := _contents(package))},
        "normaliser": fingerprint(text.__file__),
        "texts": suite.fingerprint,
        "weights": {file.name: fingerprint(file) for file in sorted(weights.glob("*.safetensors"))},
        "settings": {key: value for key, value in conf.items() if key not in ("limits", "weights")},
        "revision": revision(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in ("torch", "numpy", "inflect")}},
        "hardware": hardware(),
    }


def _contents(package: str) -> str | None:
    """Hash of a package as it is installed, models and all, by the list of hashes that its wheel carries."""
    try:
        record = distribution(package).read_text("RECORD") or ""
    except PackageNotFoundError:
        return None
    kept = sorted(line for line in record.splitlines() if "sha256=" in line and ".dist-info/" not in line)
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def hardware() -> dict[str, Any]:
    """The machine, and how busy it was: an RTF of a busy machine says little."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = models[0] if models else cpu
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
    }
