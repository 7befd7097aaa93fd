"""Pictures of an evaluation: figures with their intervals, mels side by side, a long reading over time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tts.evaluate.measures import MEASURES
from tts.files import replacing
from tts.pictures import show_mel

SHOWN = ("cer", "wer", "mos", "similarity", "mcd", "f0_error", "voiced", "rate", "faults")


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(picture: Any, path: Path, *, colours: int | None = None) -> Path:
    """Write a PNG whole or not at all; of few colours it is a fraction of the size."""
    from PIL import Image

    with replacing(path) as temporary:
        picture.savefig(temporary, dpi=80, format="png")
        if colours:
            with Image.open(temporary) as image:
                few = image.convert("RGB").quantize(colours)
            few.save(temporary, "png", optimize=True)
    _pyplot().close(picture)
    return path


def figures(path: Path, summary: Mapping[str, Any]) -> Path:
    """Every measure with its interval, a line for each subject."""
    subjects = summary["subjects"]
    shown = [name for name in SHOWN if any(name in own for own in subjects.values())]
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    shape = {"figsize": (4.2 * columns, (0.9 + 0.28 * len(subjects)) * lines), "squeeze": False, "sharey": True}
    picture, axes = _pyplot().subplots(lines, columns, **shape, layout="constrained")
    for axis, name in zip(axes.flat, shown, strict=False):  # the last places may stay empty
        for place, own in enumerate(subjects.values()):
            if found := own.get(name):
                reach = [[max(0.0, found.value - found.low)], [max(0.0, found.high - found.value)]]
                axis.errorbar(found.value, place, xerr=reach, fmt="o", color="C0", capsize=3)
        axis.set_title(MEASURES[name].says, fontsize=9)
        axis.grid(axis="x", alpha=0.3)
    for axis in list(axes.flat)[len(shown) :]:
        axis.set_visible(False)
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(subjects)), list(subjects))
    axes[0, 0].invert_yaxis()  # of all, for they share it
    return _save(picture, path)


def mels(path: Path, mels: Mapping[str, Mapping[str, Float[Tensor, "M T"]]], *, frame_rate: float) -> Path:
    """Standardised log-mels: a row per clip, a column per subject, one scale of time and of colour."""
    columns = list(next(row for row in mels.values() if row))
    longest = max(mel.shape[1] for row in mels.values() for mel in row.values()) / frame_rate
    shape = {"figsize": (4.5 * len(columns), 2.2 * len(mels)), "squeeze": False, "sharex": True, "sharey": True}
    picture, axes = _pyplot().subplots(len(mels), len(columns), **shape, layout="constrained")
    for line, (clip, row) in zip(axes, mels.items(), strict=True):
        for axis, name in zip(line, columns, strict=True):
            if name in row:
                show_mel(axis, row[name], frame_rate=frame_rate)
            axis.set(xlim=(0, longest), title=f"{name} · {clip}")
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    return _save(picture, path)


def portrait(path: Path, mel: Float[Tensor, "M T"], *, frame_rate: float) -> Path:
    """One standardised log-mel, small enough to lie beside a text."""
    picture, axis = _pyplot().subplots(figsize=(6, 1.6), layout="constrained")
    show_mel(axis, mel, frame_rate=frame_rate)
    axis.set(xlabel="seconds", yticks=[])
    return _save(picture, path, colours=64)


def drift(path: Path, windows: Sequence[Mapping[str, float | None]], trends: Mapping[str, Mapping[str, Any]]) -> Path:
    """A long reading: each quantity over time, with its straight line."""
    picture, axes = _pyplot().subplots(
        len(trends), 1, figsize=(9, 1.9 * len(trends)), squeeze=False, sharex=True, layout="constrained"
    )
    for axis, (name, trend) in zip(axes[:, 0], trends.items(), strict=True):
        points = [(window["minute"], window[name]) for window in windows if window[name] is not None]
        minutes, values = np.array(points).T
        axis.plot(minutes, values, ".", alpha=0.6)
        axis.plot(minutes, trend["start"] + trend["per_minute"] * minutes, color="C1")
        axis.set_title(f"{trend['says']}: {trend['figure']} in ten minutes", fontsize=9)
    axes[-1, 0].set_xlabel("minutes")
    return _save(picture, path)
