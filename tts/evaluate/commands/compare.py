"""Compares two evaluations of the same texts by the same judges, and reports differences beyond chance."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.evaluate.estimates import Estimate
from tts.evaluate.measures import MEASURES, Row, row_from_json
from tts.evaluate.report import markdown_table, write_report
from tts.judges import wer

FEWEST = 8  # clips; with fewer, the bootstrap's intervals are too narrow
PINNED = ("judges", "normaliser", "texts")
# Older reports carry the hash of the file instead of its version. The rules of this one are those of today.
NORMALISERS = {"181b5ec7601fb39ade2bb8886f5f775f2ce0279c900df52487f3ce9eb7bc0f09": wer.VERSION}


@dataclass(frozen=True)
class Difference:
    """One measure of one subject: the second evaluation minus the first, on the clips that both have."""

    subject: str
    measure: str
    first: Estimate
    second: Estimate
    difference: Estimate
    clips: int  # that both have
    verdict: str  # better, worse or differs; open if the interval holds 0 or rests on too few clips


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", type=Path, metavar="A", help="report.json of an evaluation, or its folder")
    parser.add_argument("second", type=Path, metavar="B", help="another one, of the same texts by the same judges")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="also write the differences as JSON")


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    if overrides:
        raise ValueError("compare takes no settings: both evaluations have been made")
    (first, ours), (second, theirs) = read_report(arguments.first), read_report(arguments.second)
    check_comparable(first, second)
    found = find_differences(ours, theirs)
    if not found:
        raise ValueError("the two have no subject in common")
    if arguments.output:
        write_report(arguments.output, {"first": str(arguments.first), "second": str(arguments.second)}, rows=found)
    print(difference_table(found))
    print(f"\n{len(found)} comparisons at 95 %: expect {len(found) / 20:.1f} verdicts by chance if nothing differs")


def read_report(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """A report.json, new or old, and its rows. Raises ValueError that names the file and what it lacks."""
    if path.is_dir():
        path = path / "report.json"
    if not path.is_file():
        raise ValueError(f"no {path}: give report.json of an evaluation, or its folder")
    try:
        body = json.loads(path.read_text("utf-8"))
        rows = [row_from_json(row) for row in body["rows"]]
        pinned = {key: body[key] for key in PINNED}
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no report that can be read ({error}): judge again") from None
    pinned["normaliser"] = NORMALISERS.get(pinned["normaliser"], pinned["normaliser"])
    return body | pinned, rows


def check_comparable(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    """Raise ValueError if the figures of the two have different meanings."""
    for key in PINNED:
        if first[key] != second[key]:
            raise ValueError(f"the two differ in {key} and cannot be compared: {first[key]} / {second[key]}")


def find_differences(first: Sequence[Row], second: Sequence[Row]) -> list[Difference]:
    """Every measure of every subject that both have."""
    found = []
    for subject in dict.fromkeys(row.subject for row in first):
        ours, theirs = ([row for row in rows if row.subject == subject] for rows in (first, second))
        for name, measure in MEASURES.items():
            difference = measure.estimate(theirs, minus=ours) if theirs else None
            if difference:
                own = measure.estimate(ours), measure.estimate(theirs)
                count = len(measure.clips(ours) & measure.clips(theirs))
                word = difference_verdict(difference, measure.measure.better) if count >= FEWEST else "open"
                found.append(Difference(subject, name, *own, difference, count, word))
    return found


def difference_verdict(difference: Estimate, better: int) -> str:
    """One word; `open` unless the whole interval lies on one side of 0."""
    if difference.low <= 0 <= difference.high:
        return "open"
    if not better:
        return "differs"
    return "better" if (difference.value > 0) == (better > 0) else "worse"


def difference_table(found: Sequence[Difference]) -> str:
    """For a terminal; also valid Markdown."""
    head = ["subject", "measure", "first", "second", "second - first", "verdict"]
    return markdown_table(
        [head, *([d.subject, d.measure, *map(str, (d.first, d.second, d.difference)), d.verdict] for d in found)]
    )
