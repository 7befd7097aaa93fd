"""The summary of an evaluation, as report.json with all that its figures depend on, and as a table."""

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

from tts.evaluate.estimates import Estimate
from tts.evaluate.measures import MEASURES, Row
from tts.evaluate.suites import Suite
from tts.evaluate.wave_cache import hash_nets, speech_settings
from tts.files import whole
from tts.judges import wer
from tts.judges.table import JUDGES, RECOGNISERS
from tts.provenance import revision

DIFFERENCES = (  # (measure, subject, against): what one net loses or gains
    ("cer", "vocoder", "recording"),
    ("mos", "vocoder", "recording"),
    ("mos", "vocoder", "griffin-lim"),
    ("cer", "resynthesis", "recording"),
    ("cer", "latents", "resynthesis"),
    ("cer", "tts", "resynthesis"),
    ("cer", "tts-own", "resynthesis"),
)
PACKAGES = sorted({name for kind in (*JUDGES.values(), *RECOGNISERS.values()) for name in kind.packages})
BY_KIND = ("wer", "cer", "faults", "outliers")  # of each kind of text


def shown_columns(subjects: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Headings of the table and their measures, of those that any subject has."""
    columns = {}
    for name, own in MEASURES.items():
        columns |= {own.measure.column: name} if own.measure.column else {}
        columns |= {"CER - recordings": "cer_above_recording"} if name == "cer" else {}
    return {heading: name for heading, name in columns.items() if any(name in own for own in subjects.values())}


def summarise(rows: Iterable[Row]) -> dict[str, Any]:
    """Every measure of every subject, also above the recordings and by kind of text, and what each net loses."""
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    truth = by_subject.get("recording")
    subjects: dict[str, dict[str, Any]] = {}
    for name, own in by_subject.items():
        figures = {measure: MEASURES[measure].estimate(own) for measure in MEASURES}
        if truth:
            above = {f"{measure}_above_recording": MEASURES[measure].estimate(own, minus=truth) for measure in MEASURES}
            figures |= above
        subjects[name] = {"waves": len(own)} | {measure: value for measure, value in figures.items() if value}
    differences = [
        {"measure": measure, "subject": subject, "minus": base, "figure": difference}
        for measure, subject, base in DIFFERENCES
        if subject in by_subject and base in by_subject
        if (difference := MEASURES[measure].estimate(by_subject[subject], minus=by_subject[base]))
    ]
    return {"subjects": subjects, "differences": differences, "kinds": _by_kind(by_subject)}


def _by_kind(by_subject: Mapping[str, Sequence[Row]]) -> dict[str, dict[str, dict[str, Estimate]]]:
    kinds: dict[str, dict[str, dict[str, Estimate]]] = {}
    for name, own in by_subject.items():
        for kind in sorted({row.kind for row in own} - {""}):
            rows = [row for row in own if row.kind == kind]
            found = {measure: MEASURES[measure].estimate(rows) for measure in BY_KIND}
            kinds.setdefault(name, {})[kind] = {measure: value for measure, value in found.items() if value}
    return kinds


def summary_table(summary: Mapping[str, Any]) -> str:
    """The figures for a terminal, also valid Markdown."""
    named = shown_columns(summary["subjects"])
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
    parts = [markdown_table(lines)]
    if summary["kinds"]:
        parts.append(markdown_table(_kind_lines(summary["kinds"])))
    return "\n".join(["\n\n".join(parts), "", *extra])


def _kind_lines(kinds: Mapping[str, Mapping[str, Mapping[str, Estimate]]]) -> list[list[str]]:
    lines = [["subject", "kind", "CER", "faults"]]
    for name, own in kinds.items():
        lines += [[name, kind, *(str(found.get(key, "-")) for key in ("cer", "faults"))] for kind, found in own.items()]
    return lines


def markdown_table(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first line is its head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    )


def write_report(path: Path, content: Mapping[str, Any], *, rows: Iterable[Any]) -> None:
    """JSON, with estimates as value and interval and an entry for each wave; the file appears when it is whole."""
    body = {**content, "rows": [asdict(row) for row in rows]}
    with whole(path) as file:
        file.write((json.dumps(body, indent=1, default=_plain) + "\n").encode())


def _plain(value: Any) -> Any:
    if isinstance(value, Estimate):
        return value.data()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot stand in a report")


def circumstances(*, judges: Mapping[str, str], weights: Path, suite: Suite, conf: Mapping) -> dict[str, Any]:
    """All that figures depend on, and when and on which machine they were made."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "judges": dict(judges),
        "judge_packages": {package: found for package in PACKAGES if (found := _contents(package))},
        "normaliser": wer.VERSION,
        "texts": suite.fingerprint,
        "weights": hash_nets(weights),
        "settings": speech_settings(conf),
        "revision": revision(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in ("torch", "numpy", "inflect")}},
        "hardware": hardware(),
    }


def _contents(package: str) -> str | None:
    """Hash of an installed package with its models, from the list of hashes in its wheel."""
    try:
        record = distribution(package).read_text("RECORD") or ""
    except PackageNotFoundError:
        return None
    kept = sorted(line for line in record.splitlines() if "sha256=" in line and ".dist-info/" not in line)
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def hardware() -> dict[str, Any]:
    """The machine and its load: an RTF measured under load says little."""
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
