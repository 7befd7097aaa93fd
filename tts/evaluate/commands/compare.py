"""Two evaluations of the same texts by the same judges: what differs, and only where the interval says so."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.evaluate.figures import Figure
from tts.evaluate.measures import MEASURES, Row
from tts.evaluate.report import grid

FEWEST = 8  # clips; the bootstrap of fewer is too sure of itself
PINNED = ("judges", "normaliser", "texts")


@dataclass(frozen=True)
class Difference:
    """One measure of one subject: the second evaluation minus the first, on the clips that both have."""

    subject: str
    measure: str
    first: Figure
    second: Figure
    difference: Figure
    clips: int  # that both have
    verdict: str  # better, worse, differs; or open, where the interval holds 0 or rests on too few clips


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """A report.json and its rows. Raises ValueError naming the file and what it lacks."""
    if path.is_dir():
        path = path / "report.json"
    if not path.is_file():
        raise ValueError(f"no {path}: give report.json of an evaluation, or its folder")
    try:
        body = json.loads(path.read_text("utf-8"))
        rows = [Row(**row) for row in body["rows"]]
        {key: body[key] for key in PINNED}
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no report of this version ({error}): judge again") from None
    return body, rows


def check(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    """Raise ValueError if figures of the two mean different things."""
    for key in PINNED:
        if first[key] != second[key]:
            raise ValueError(f"these two differ in {key}, so nothing can be compared: {first[key]} / {second[key]}")


def differences(first: Sequence[Row], second: Sequence[Row]) -> list[Difference]:
    """Every measure of every subject that both have."""
    found = []
    for subject in dict.fromkeys(row.subject for row in first):
        ours, theirs = ([row for row in rows if row.subject == subject] for rows in (first, second))
        for name, measure in MEASURES.items():
            difference = measure.figure(theirs, minus=ours) if theirs else None
            if difference:
                own = measure.figure(ours), measure.figure(theirs)
                count = len(measure.clips(ours) & measure.clips(theirs))
                word = verdict(difference, measure.better) if count >= FEWEST else "open"
                found.append(Difference(subject, name, *own, difference, count, word))
    return found


def verdict(difference: Figure, better: int) -> str:
    """In a word, and only if the whole interval lies on one side of 0."""
    if difference.low <= 0 <= difference.high:
        return "open"
    if not better:
        return "differs"
    return "better" if (difference.value > 0) == (better > 0) else "worse"


def table(found: Sequence[Difference]) -> str:
    """For a terminal; also valid Markdown."""
    head = ["subject", "measure", "first", "second", "second - first", "verdict"]
    return grid(
        [head, *([d.subject, d.measure, *map(str, (d.first, d.second, d.difference)), d.verdict] for d in found)]
    )
