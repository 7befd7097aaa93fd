"""What an evaluation leaves behind: report.json with all that is needed to make it again, a table, a picture."""

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts.checkpoint import fingerprint
from tts.evaluate import text
from tts.evaluate.figures import Figure, Ratio, figure
from tts.settings import ROOT

MEASURES = {  # name: (sum, divided by the sum of)
    "wer": ("word_edits", "words"),
    "cer": ("character_edits", "characters"),
    "mos": ("mos", None),
    "rtf": ("compute", "seconds"),
}
DIFFERENCES = (  # (measure, subject, against): what one net costs, or gains
    ("cer", "vocoder", "recording"),
    ("mos", "vocoder", "griffin-lim"),
    ("cer", "resynthesis", "recording"),
    ("cer", "tts", "resynthesis"),
    ("cer", "tts-own", "resynthesis"),
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One wave and what the judges said."""

    subject: str
    clip: str
    seed: int
    text: str
    heard: str
    word_edits: int
    words: int
    character_edits: int
    characters: int
    mos: float  # DNSMOS overall
    seconds: float  # of the wave
    compute: float  # seconds it took to make


def summarise(rows: Iterable[Row]) -> dict[str, Any]:
    """Every measure of every subject, CER above the recordings, and the differences that can be taken."""
    by_subject: dict[str, list[Row]] = {}
    for row in rows:
        by_subject.setdefault(row.subject, []).append(row)
    subjects: dict[str, dict[str, Any]] = {}
    for name, own in by_subject.items():
        figures = {measure: figure(_ratio(own, measure)) for measure in MEASURES}
        if "recording" in by_subject:
            figures["cer_above_recording"] = figure(_ratio(own, "cer"), minus=_ratio(by_subject["recording"], "cer"))
        subjects[name] = {"waves": len(own), **figures}
    differences = [
        {
            "measure": m,
            "subject": s,
            "minus": b,
            "figure": figure(_ratio(by_subject[s], m), minus=_ratio(by_subject[b], m)),
        }
        for m, s, b in DIFFERENCES
        if s in by_subject and b in by_subject
    ]
    return {"subjects": subjects, "differences": differences}


def _ratio(rows: Sequence[Row], measure: str) -> Ratio:
    top, bottom = MEASURES[measure]
    clips = sorted({row.clip for row in rows})
    seeds = sorted({row.seed for row in rows})
    cells = {(row.clip, row.seed): row for row in rows}

    def matrix(field: str | None) -> np.ndarray:
        values = [[float(getattr(cells[clip, seed], field)) if field else 1.0 for seed in seeds] for clip in clips]
        return np.array(values)

    return Ratio(matrix(top), matrix(bottom))


def table(summary: Mapping[str, Any]) -> str:
    """The figures for a terminal, also valid Markdown."""
    columns = {
        "WER": "wer",
        "CER": "cer",
        "CER - recordings": "cer_above_recording",
        "DNSMOS": "mos",
        "RTF": "rtf",
    }
    lines = [["subject", "waves", *columns]]
    for name, own in summary["subjects"].items():
        lines.append([name, str(own["waves"]), *(str(own.get(key, "-")) for key in columns.values())])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    rows = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    extra = [
        f"{entry['measure'].upper()} of {entry['subject']} minus {entry['minus']}: {entry['figure']}"
        for entry in summary["differences"]
    ]
    return "\n".join([*rows, "", *extra])


def write(path: Path, content: Mapping[str, Any], *, rows: Iterable[Any]) -> None:
    """JSON, figures as value and interval, an entry for each wave; the final name appears when all is written."""
    body = {**content, "rows": [asdict(row) for row in rows]}
    temporary = path.with_suffix(".partial")
    temporary.write_text(json.dumps(body, indent=1, default=_plain) + "\n", "utf-8")
    temporary.replace(path)


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        return value.data()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a report")


def circumstances(*, judges: Mapping[str, str], weights: Path, texts: Sequence[str], conf: Mapping) -> dict[str, Any]:
    """All that a figure depends on, and when and on what it was made."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "judges": dict(judges),
        "normaliser": fingerprint(text.__file__),
        "texts": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
        "weights": {file.name: fingerprint(file) for file in sorted(weights.glob("*.safetensors"))},
        "settings": {key: value for key, value in conf.items() if key not in ("limits", "weights")},
        "revision": _revision(),
        "versions": {"python": platform.python_version(), **{p: version(p) for p in ("torch", "numpy", "inflect")}},
        "hardware": hardware(),
    }


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


def _revision() -> str | None:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None  # a copy without its history


def draw(path: Path, mels: Mapping[str, Mapping[str, Float[Tensor, "M T"]]], *, frame_rate: float) -> None:
    """Standardised log-mels as a picture: a row per clip, a column per subject, one scale of time and of colour."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    columns = list(next(iter(mels.values())))
    longest = max(mel.shape[1] for row in mels.values() for mel in row.values()) / frame_rate
    shape = {"figsize": (4.5 * len(columns), 2.2 * len(mels)), "squeeze": False, "sharex": True, "sharey": True}
    picture, axes = plt.subplots(len(mels), len(columns), **shape, layout="constrained")
    for line, (clip, row) in zip(axes, mels.items(), strict=True):
        for axis, name in zip(line, columns, strict=True):
            mel = row[name]
            extent = (0, mel.shape[1] / frame_rate, 0, mel.shape[0])
            axis.imshow(mel.numpy(), origin="lower", aspect="auto", extent=extent, vmin=-2.5, vmax=2.5, cmap="magma")
            axis.set(xlim=(0, longest), title=f"{name} · {clip}")
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    picture.savefig(path, dpi=80)
    plt.close(picture)
