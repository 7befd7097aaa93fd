"""Pictures of an evaluation: estimates with their intervals, mels side by side, a long reading over time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from tts.evaluate.measures import MEASURES
from tts.files import replacing
from tts.pictures import show_mel


def _save(picture: Figure, path: Path, *, colours: int | None = None) -> Path:
    """Write a PNG whole or not at all; with few colours it is much smaller."""
    with replacing(path) as temporary:
        picture.savefig(temporary, dpi=80, format="png")
        if colours:
            with Image.open(temporary) as image:
                few = image.convert("RGB").quantize(colours)
            few.save(temporary, "png", optimize=True)
    return path


def plot_estimates(path: Path, summary: Mapping[str, Any]) -> Path:
    """Every measure of the tables with its interval, a line for each subject."""
    subjects = summary["subjects"]
    columns = [name for name, own in MEASURES.items() if own.measure.column]
    shown = [name for name in columns if any(name in own for own in subjects.values())]
    width = min(3, len(shown))
    lines = -(-len(shown) // width)
    picture = Figure(figsize=(4.2 * width, (0.9 + 0.28 * len(subjects)) * lines), layout="constrained")
    axes = picture.subplots(lines, width, squeeze=False, sharey=True)
    for axis, name in zip(axes.flat, shown, strict=False):  # the last places may stay empty
        for place, own in enumerate(subjects.values()):
            if found := own.get(name):
                reach = [[max(0.0, found.value - found.low)], [max(0.0, found.high - found.value)]]
                axis.errorbar(found.value, place, xerr=reach, fmt="o", color="C0", capsize=3)
        axis.set_title(MEASURES[name].measure.says, fontsize=9)
        axis.grid(axis="x", alpha=0.3)
    for axis in list(axes.flat)[len(shown) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(subjects)), list(subjects))
    axes[0, 0].invert_yaxis()  # shared by all
    return _save(picture, path)


def plot_mel_grid(path: Path, mels: Mapping[str, Mapping[str, Float[Tensor, "M T"]]], *, frame_rate: float) -> Path:
    """Standardised log-mels: a row per clip, a column per subject, one scale of time and one of colour."""
    columns = list(next(row for row in mels.values() if row))
    longest = max(mel.shape[1] for row in mels.values() for mel in row.values()) / frame_rate
    picture = Figure(figsize=(4.5 * len(columns), 2.2 * len(mels)), layout="constrained")
    axes = picture.subplots(len(mels), len(columns), squeeze=False, sharex=True, sharey=True)
    for line, (clip, row) in zip(axes, mels.items(), strict=True):
        for axis, name in zip(line, columns, strict=True):
            if name in row:
                show_mel(axis, row[name], frame_rate=frame_rate)
            axis.set(xlim=(0, longest), title=f"{name} · {clip}")
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    return _save(picture, path)


def plot_small_mel(path: Path, mel: Float[Tensor, "M T"], *, frame_rate: float) -> Path:
    """One standardised log-mel, small enough to stand beside a text."""
    picture = Figure(figsize=(6, 1.6), layout="constrained")
    axis = picture.subplots()
    show_mel(axis, mel, frame_rate=frame_rate)
    axis.set(xlabel="seconds", yticks=[])
    return _save(picture, path, colours=64)


def plot_drift(
    path: Path, windows: Sequence[Mapping[str, float | None]], trends: Mapping[str, Mapping[str, Any]]
) -> Path:
    """A long reading: each quantity over time, with its straight line."""
    picture = Figure(figsize=(9, 1.9 * len(trends)), layout="constrained")
    axes = picture.subplots(len(trends), 1, squeeze=False, sharex=True)
    for axis, (name, trend) in zip(axes[:, 0], trends.items(), strict=True):
        points = [(window["minute"], window[name]) for window in windows if window[name] is not None]
        minutes, values = np.array(points).T
        axis.plot(minutes, values, ".", alpha=0.6)
        axis.plot(minutes, trend["start"] + trend["per_minute"] * minutes, color="C1")
        axis.set_title(f"{trend['says']}: {trend['figure']} in ten minutes", fontsize=9)
    axes[-1, 0].set_xlabel("minutes")
    return _save(picture, path)
