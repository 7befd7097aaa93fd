"""Writes, reads and adds up `accounting.jsonl`, the record that each run keeps of itself.

A `start` line is written whenever a run starts or resumes, a `train` line covers the training since the line before it,
and a `val` line holds the results of a validation. The sums of `train` lines are what was paid for: steps that were
lost in a kill and done again count twice.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

NAME = "accounting.jsonl"
FORMER = "ledger.jsonl"  # its name in older runs


def append(path: Path, line: Mapping) -> None:
    """Append a line in a single write. If a kill or a full disk left half a line, a line break is put after it.

    Numbers that are not finite become null, as JSON cannot express them.
    """
    finite = {key: None if isinstance(value, float) and not isfinite(value) else value for key, value in line.items()}
    text = json.dumps(finite) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+") as file:
        if file.tell() and not _ends_whole(file):
            text = "\n" + text
        os.write(file.fileno(), text.encode())


def _ends_whole(file) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def read(path: Path) -> list[dict]:
    """The complete lines of one file, or of the files in a run's folder. Raises ValueError if there is none."""
    files = [path / name for name in (FORMER, NAME)] if path.is_dir() else [path]
    files = [file for file in files if file.is_file()]
    if not files:
        raise ValueError(f"no {NAME} in {path.parent if path.name == NAME else path}: give folders of runs")
    lines = []
    for text in "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files).splitlines():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if isinstance(line, dict) and "kind" in line:
            lines.append(line)
    return lines


@dataclass(frozen=True, kw_only=True)
class Account:
    """What one run did and cost. A value is None if its rate is not configured or nothing was measured yet."""

    name: str
    starts: int
    device: str
    parameters: int
    step: int
    hours: float  # training and validation, of one device
    device_hours: float
    audio_hours: float
    audio_hours_per_hour: float
    frames_per_second: float
    codes_per_second: float | None
    padding: float  # share of the audio that went through the net
    flops_per_second: float
    peak_share: float  # of the matmul peak measured at start
    waiting_share: float
    memory_gb: float
    loss: float | None  # of the last validation
    kwh: float | None
    price: float | None


def account(name: str, lines: list[dict]) -> Account:
    """Add up the lines of a run. Raises ValueError if training has not begun."""
    starts = [line for line in lines if line["kind"] == "start"]
    train = [line for line in lines if line["kind"] == "train"]
    if not starts or not train:
        raise ValueError(f"{NAME} of {name} holds no training yet")
    losses = [line["val/loss"] for line in lines if line["kind"] == "val" and line.get("val/loss")]
    seconds = waiting = audio = padded = flops = possible = device_seconds = joules = price = frames = codes = 0.0
    for line in lines:
        if line["kind"] == "start":
            start = line
            continue
        device_seconds += line["seconds"] * start["devices"]
        joules += line["seconds"] * start["devices"] * (start["watts"] or 0)
        price += line["seconds"] / 3600 * start["devices"] * (start["price_per_hour"] or 0)
        if line["kind"] == "train":
            seconds += line["seconds"]
            waiting += line["waiting"]
            audio += line["audio_seconds"]
            padded += line["padded_seconds"]
            flops += line["flops"]
            possible += line["seconds"] * start["peak"]
            frames += line["audio_seconds"] * start["frame_rate"]
            codes += line["audio_seconds"] * (start["code_rate"] or 0)
    return Account(
        name=name,
        starts=len(starts),
        device=f"{start['devices']} x {start['device']}" if start["devices"] > 1 else start["device"],
        parameters=start["parameters"],
        step=train[-1]["step"],
        hours=sum(line.get("seconds", 0) for line in lines) / 3600,
        device_hours=device_seconds / 3600,
        audio_hours=audio / 3600,
        audio_hours_per_hour=audio / seconds,
        frames_per_second=frames / seconds,
        codes_per_second=codes / seconds or None,
        padding=1 - audio / padded,
        flops_per_second=flops / seconds,
        peak_share=flops / possible,
        waiting_share=waiting / seconds,
        memory_gb=max(line["memory_gb"] for line in train),
        loss=losses[-1] if losses else None,
        kwh=joules / 3.6e6 or None,
        price=price or None,
    )
