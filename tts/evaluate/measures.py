"""One row for each wave, and the measures that are taken over rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tts.evaluate.estimates import Estimate, Ratio, estimate, wilson
from tts.evaluate.faults import KINDS, LONG, SHORT
from tts.judges.judge import Count, Measure
from tts.judges.table import JUDGES

FEWEST = 2  # clips; with one, nothing is known of how clips differ, so there is no interval


@dataclass(frozen=True, kw_only=True)
class Row:
    """One wave, and what the judges said of it."""

    subject: str
    clip: str
    speaker: str
    kind: str
    seed: int
    text: str  # what should be heard
    opinions: Mapping[str, Mapping[str, Any] | None]  # by judge: its figures, None if it had nothing to say
    phones: int  # of the text
    length: float | None  # times the expected seconds
    fault: str | None  # of `faults.KINDS`
    judged: bool  # whether a fault could be found
    codes: int  # that the wave was made of; 0 for none
    seconds: float  # of the wave
    compute: float  # seconds it took to make

    def opinion(self, judge: str) -> Mapping[str, Any]:
        """The figures of a judge; empty if there are none."""
        return self.opinions.get(judge) or {}


@dataclass(frozen=True)
class RowMeasure:
    """A measure over rows, of the opinions of one judge, or of the rows themselves if `judge` is empty."""

    judge: str
    measure: Measure

    def counts(self, row: Row) -> tuple[float | None, float | None]:
        """What a row adds to the sums above and below; None if it has nothing to count."""
        figures = row.opinions.get(self.judge) if self.judge else vars(row)
        return (None, None) if figures is None else (self.measure.top(figures), self.measure.bottom(figures))

    def ratio(self, rows: Sequence[Row]) -> Ratio | None:
        """Over clips and seeds, or None if no row has anything to count."""
        clips, seeds = (_places(getattr(row, field) for row in rows) for field in ("clip", "seed"))
        top, bottom = np.zeros((2, len(clips), len(seeds)))
        for row in rows:
            counts = self.counts(row)
            if None not in counts:
                at = clips[row.clip], seeds[row.seed]
                top[at], bottom[at] = counts
        kept = bottom.sum(1) > 0
        return Ratio(top[kept], bottom[kept]) if kept.any() else None

    def estimate(self, rows: Sequence[Row], minus: Sequence[Row] | None = None) -> Estimate | None:
        """The measure, or its difference from other rows, paired by clip; None if there are too few clips."""
        if minus is not None:
            shared = self.clips(rows) & self.clips(minus)
            rows, minus = ([row for row in own if row.clip in shared] for own in (rows, minus))
        ratio, other = self.ratio(rows), self.ratio(minus) if minus is not None else None
        if ratio is None or (minus is not None and other is None) or len(ratio.top) < FEWEST:
            return None
        if self.measure.rare and minus is None and ratio.top.sum() in (0, ratio.bottom.sum()):
            return wilson(round(ratio.value * len(ratio.top)), len(ratio.top))  # takes of one clip count once
        return estimate(ratio, minus=other)

    def clips(self, rows: Sequence[Row]) -> set[str]:
        """The clips that have anything to count."""
        counted = ((row.clip, self.counts(row)) for row in rows)
        return {clip for clip, counts in counted if None not in counts and counts[1] > 0}


def _places(values: Iterable) -> dict:
    return {value: place for place, value in enumerate(sorted(set(values)))}


def _span(row: Mapping[str, Any]) -> float | None:
    return (row["opinions"].get("prosody") or {}).get("span")


def _fault(kind: str | None) -> tuple[Count, Count]:
    def count(row: Mapping[str, Any]) -> float | None:
        return float(row["fault"] is not None and kind in (None, row["fault"])) if row["judged"] else None

    return count, lambda row: 1.0


_OF_ROWS = {
    "rate": Measure(
        "phones per second", lambda row: None if _span(row) is None else row["phones"], _span, 0, column="phones/s"
    ),
    "outliers": Measure(
        f"lengths outside {SHORT:g} to {LONG:g} times the expected one",
        lambda row: None if row["length"] is None else float(not SHORT <= row["length"] <= LONG),
        lambda row: 1.0,
        -1,
        rare=True,
    ),
    "faults": Measure("run-ons, cut-offs, skips and repeats", *_fault(None), -1, rare=True, column="faults"),
    **{kind: Measure(kind, *_fault(kind), -1, rare=True) for kind in KINDS},
    "rtf": Measure(
        "seconds of computing per second of speech",
        lambda row: row["compute"],
        lambda row: row["seconds"],
        -1,
        column="RTF",
    ),
}
MEASURES: dict[str, RowMeasure] = {
    name: RowMeasure(judge, measure)
    for judge, measures in [*((name, kind.measures) for name, kind in JUDGES.items()), ("", _OF_ROWS)]
    for name, measure in measures.items()
}

# Reports before opinions had names held these fields in the row itself: judge -> field of its figures -> field there.
_FLAT = {
    "heard": {
        "text": "heard",
        **{name: name for name in ("word_edits", "words", "character_edits", "characters")},
    },
    "mos": {"overall": "mos"},
    "voice": {"similarity": "similarity"},
    "likeness": {"mcd": "mcd", "f0_error": "f0_error"},
    "prosody": {name: name for name in ("span", "speech", "voiced", "pitch", "pauses", "pause_seconds")},
}


def row_from_json(data: Mapping[str, Any]) -> Row:
    """A row of a report, also of an old one. Raises TypeError or KeyError for what is none."""
    if "opinions" in data:
        return Row(**data)
    values = dict(data)
    flat = {judge: {new: values.pop(old) for new, old in names.items()} for judge, names in _FLAT.items()}
    present = {  # each judge by a field that it always gives; a judge that was not asked left them all empty
        judge: figures if figures[next(iter(figures))] is not None else None for judge, figures in flat.items()
    }
    phones = values.pop("sounds")
    return Row(**values, phones=phones, opinions=present)


def perplexity(codes: Sequence[int], size: int) -> dict[str, float]:
    """Share of a codebook of `size` in use, and the perplexity of its use, exp of the entropy."""
    counts = np.bincount(np.asarray(codes, int), minlength=size)
    p = counts[counts > 0] / counts.sum()
    return {
        "codes": int(counts.sum()),
        "used": float((counts > 0).mean()),
        "perplexity": float(np.exp(-(p * np.log(p)).sum())),
    }
