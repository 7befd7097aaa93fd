"""What is counted: one row for each wave, and the measures as sums over rows to divide."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tts.evaluate.figures import Figure, Ratio, figure, share
from tts.evaluate.stops import KINDS, LONG, SHORT


@dataclass(frozen=True, kw_only=True)
class Row:
    """One wave and what the judges said; None where nobody was asked, or there was nothing to say."""

    subject: str
    clip: str
    speaker: str
    kind: str
    seed: int
    text: str  # what should be heard
    heard: str | None
    word_edits: int | None
    words: int
    character_edits: int | None
    characters: int
    mos: float | None  # DNSMOS overall
    similarity: float | None  # cosine to the speaker's other recordings
    mcd: float | None  # dB
    f0_error: float | None  # semitones
    span: float | None  # seconds from the first sound to the last
    speech: float | None  # seconds of it without pauses
    voiced: float | None  # seconds of that
    pitch: float | None  # Hz, median
    pauses: int | None
    pause_seconds: float | None
    sounds: int  # phones of the text
    length: float | None  # times the expected seconds
    fault: str | None  # of `stops.KINDS`
    judged: bool  # whether `fault` could be found
    codes: int  # that the wave was made of; 0 for none
    seconds: float  # of the wave
    compute: float  # seconds it took to make


FEWEST = 2  # clips; one says nothing of how clips differ, so no interval could be given

Count = Callable[[Row], float | None]


@dataclass(frozen=True)
class Measure:
    """A ratio of sums over rows. `better` is -1, 1, or 0 where neither more nor less is better by itself."""

    says: str
    top: Count
    bottom: Count
    better: int
    rare: bool = False  # a share of events: none at all needs Wilson's interval

    def ratio(self, rows: Sequence[Row]) -> Ratio | None:
        """Over clips and seeds, or None if no row has anything to count."""
        clips, seeds = (_places(getattr(row, field) for row in rows) for field in ("clip", "seed"))
        top, bottom = np.zeros((2, len(clips), len(seeds)))
        for row in rows:
            counts = self.top(row), self.bottom(row)
            if None not in counts:
                at = clips[row.clip], seeds[row.seed]
                top[at], bottom[at] = counts
        kept = bottom.sum(1) > 0
        return Ratio(top[kept], bottom[kept]) if kept.any() else None

    def figure(self, rows: Sequence[Row], minus: Sequence[Row] | None = None) -> Figure | None:
        """The measure with its interval, or its difference from other rows, paired by clip; None of too few clips."""
        if minus is not None:
            shared = self.clips(rows) & self.clips(minus)
            rows, minus = ([row for row in own if row.clip in shared] for own in (rows, minus))
        ratio, other = self.ratio(rows), self.ratio(minus) if minus is not None else None
        if ratio is None or (minus is not None and other is None) or len(ratio.top) < FEWEST:
            return None
        if self.rare and minus is None and ratio.top.sum() in (0, ratio.bottom.sum()):
            return share(round(ratio.value * len(ratio.top)), len(ratio.top))  # takes of a clip are no clips
        return figure(ratio, minus=other)

    def clips(self, rows: Sequence[Row]) -> set[str]:
        """Those of which there is anything to count."""
        return {row.clip for row in rows if None not in (self.top(row), self.bottom(row)) and self.bottom(row) > 0}


def _places(values: Iterable) -> dict:
    return {value: place for place, value in enumerate(sorted(set(values)))}


def _mean(field: str) -> tuple[Count, Count]:
    return (lambda row: getattr(row, field)), (lambda row: 1.0)


def _fault(kind: str | None) -> tuple[Count, Count]:
    def count(row: Row) -> float | None:
        return float(row.fault is not None and kind in (None, row.fault)) if row.judged else None

    return count, lambda row: 1.0


MEASURES = {
    "wer": Measure("word error rate", lambda r: r.word_edits, lambda r: r.words, -1),
    "cer": Measure("character error rate", lambda r: r.character_edits, lambda r: r.characters, -1),
    "mos": Measure("DNSMOS overall, 1 to 5", *_mean("mos"), 1),
    "similarity": Measure("cosine to the speaker's other recordings", *_mean("similarity"), 1),
    "mcd": Measure("mel-cepstral distance, dB", *_mean("mcd"), -1),
    "f0_error": Measure("F0 error, semitones RMS", *_mean("f0_error"), -1),
    "voiced": Measure("voiced share of speech", lambda r: r.voiced, lambda r: r.speech, 0),
    "rate": Measure("phones per second", lambda r: None if r.span is None else r.sounds, lambda r: r.span, 0),
    "pauses": Measure("pauses per second", lambda r: r.pauses, lambda r: r.span, 0),
    "pause_length": Measure("seconds per pause", lambda r: r.pause_seconds, lambda r: r.pauses, 0),
    "outliers": Measure(
        f"lengths outside {SHORT:g} to {LONG:g} times the expected one",
        lambda r: None if r.length is None else float(not SHORT <= r.length <= LONG),
        lambda r: 1.0,
        -1,
        rare=True,
    ),
    "faults": Measure("run-ons, cut-offs, skips and repeats", *_fault(None), -1, rare=True),
    **{kind: Measure(kind, *_fault(kind), -1, rare=True) for kind in KINDS},
    "rtf": Measure("seconds of computing per second of speech", lambda r: r.compute, lambda r: r.seconds, -1),
}


def perplexity(codes: Sequence[int], size: int) -> dict[str, float]:
    """Share of a codebook of `size` in use, and the perplexity of its use, exp of the entropy."""
    counts = np.bincount(np.asarray(codes, int), minlength=size)
    p = counts[counts > 0] / counts.sum()
    return {
        "codes": int(counts.sum()),
        "used": float((counts > 0).mean()),
        "perplexity": float(np.exp(-(p * np.log(p)).sum())),
    }
