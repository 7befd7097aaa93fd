"""Cloning as it is used: a few seconds of a speaker whom training never heard, and how like the voice becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import voices
from tts.audio import open_wave
from tts.evaluate import report
from tts.evaluate.archive import Archive
from tts.evaluate.commands.run import judge, synthesise
from tts.evaluate.commands.survey import phone_counter
from tts.evaluate.figures import Ratio, figure
from tts.evaluate.subjects import SUBJECTS, Studio
from tts.evaluate.suites import Suite
from tts.judges.panel import Evidence, Panel

JUDGES = ("heard", "mos", "voice", "prosody")
SUBJECT = "tts-own"
REST = 2.0  # seconds; a speaker needs so many beyond the reference, to be known by
LONGEST_REST = 60.0  # seconds
FEWEST = 2  # speakers; one cannot be told from others


@dataclass(frozen=True)
class Speaker:
    """What is cloned, and by what the clone is known: recordings cut in two."""

    name: str
    path: Path  # of the reference
    reference: Float[Tensor, " N"]
    rest: Float[Tensor, " K"]


def cut(
    studio: Studio, recordings: Mapping[str, Sequence[Path]], seconds: float, out: Path
) -> tuple[list[Speaker], list[str]]:
    """The first so many seconds of each speaker, also as files, and the rest; names of those who have too few."""
    (out / "references").mkdir(parents=True, exist_ok=True)
    rate, speakers, short = studio.audio.sample_rate, [], []
    size = round(seconds * rate)
    for name, paths in recordings.items():
        if name in voices.names():
            raise ValueError(f"{name} ships as a voice: clone speakers whom training never heard")
        parts, samples = [], 0
        for path in paths:
            if samples >= size + round(LONGEST_REST * rate):
                break
            parts.append(studio.recording(path))
            samples += len(parts[-1])
        if samples < size + round(REST * rate):
            short.append(name)
            continue
        wave = torch.cat(parts)
        path = out / "references" / f"{len(speakers):03}.wav"  # a name out of a file is no file name
        with open_wave(path, rate) as file:
            file.write(wave[:size])
        speakers.append(Speaker(name, path, wave[:size], wave[size:]))
    if len(speakers) < FEWEST:
        raise ValueError(
            f"{len(speakers)} of {len(recordings)} speakers have {seconds + REST:g} s: give {FEWEST} or more of them"
        )
    return speakers, short


def survey(
    studio: Studio, panel: Panel, speakers: Sequence[Speaker], suite: Suite, *, seeds: int, cache: Path, out: Path
) -> dict[str, Any]:
    """Clone, speak, judge; write `out`/cloning.json and a wave of each speaker."""
    rate, subject, store = studio.audio.sample_rate, SUBJECTS[SUBJECT], Archive(cache)
    timbres = _timbres(panel, [speaker.rest for speaker in speakers], rate, "the rest: listening")
    truth = panel.ask([Evidence(speaker.reference) for speaker in speakers], rate, "references", only=JUDGES[1:])
    takes = [
        (replace(clip, id=f"{speaker.name}-{clip.id}", speaker=speaker.name, reference=speaker.path), seed)
        for speaker in speakers
        for clip in suite.clips
        for seed in range(seeds)
    ]
    try:
        made = synthesise("cloning", subject, studio, takes, store)
    finally:
        store.close()
    targets = {speaker.name: {speaker.path: timbre} for speaker, timbre in zip(speakers, timbres, strict=True)}
    rows = judge(SUBJECT, subject, takes, made, studio, panel, targets, phone_counter(studio.audio))
    each = len(rows) // len(speakers)  # waves of a speaker
    for speaker, first in zip(speakers, made[::each], strict=True):
        with open_wave(out / "references" / f"{speaker.path.stem}-clone.ogg", rate) as file:
            file.write(first.wave)
    heard = _timbres(panel, [take.wave for take in made], rate, "clones: listening").reshape(len(speakers), each, -1)
    clones = recognised(heard, timbres)
    recorded = recognised(_timbres(panel, [s.reference for s in speakers], rate, "references")[:, None], timbres)
    by_speaker = [rows[index * each : (index + 1) * each] for index in range(len(speakers))]
    pitch = np.array([opinion["prosody"]["pitch"] or np.nan for opinion in truth])[:, None]
    found = {
        "similarity": clones["own"],
        "similarity to others": clones["others"],
        "recognised": clones["recognised"],
        "similarity, reference": recorded["own"],
        "similarity to others, reference": recorded["others"],
        "recognised, reference": recorded["recognised"],
        "DNSMOS": _column(by_speaker, "mos"),
        "DNSMOS, reference": np.array([[opinion["mos"]["overall"]] for opinion in truth]),
        "F0 error, semitones": 12 * np.abs(np.log2(_column(by_speaker, "pitch") / pitch)),
    }
    edits, characters = _column(by_speaker, "character_edits"), _column(by_speaker, "characters")
    figures = {name: _figure(values, np.ones_like(values)) for name, values in found.items()}
    figures["CER"] = _figure(edits, characters)
    lines = [
        {"speaker": speaker.name, **{name: float(np.nanmean(values[index])) for name, values in found.items()}}
        | {"CER": float(edits[index].sum() / characters[index].sum())}
        for index, speaker in enumerate(speakers)
    ]
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    seconds = round(len(speakers[0].reference) / rate, 3)
    body = {"figures": figures, "speakers": lines, "seconds": seconds, "seeds": seeds, **pinned}
    report.write(out / "cloning.json", body, rows=rows)
    return {"figures": figures, "speakers": lines}


def _timbres(panel: Panel, waves: Sequence[Tensor], rate: int, label: str) -> Float[np.ndarray, "K D"]:
    """Embeddings; of a wave in which nobody speaks, zeros, which are like nobody."""
    opinions = [opinion["voice"] for opinion in panel.ask([Evidence(w) for w in waves], rate, label, only=("voice",))]
    width = max((len(opinion) for opinion in opinions if opinion), default=1)
    return np.array([opinion or [0.0] * width for opinion in opinions])


def recognised(
    heard: Float[np.ndarray, "C S D"], timbres: Float[np.ndarray, "C D"]
) -> dict[str, Float[np.ndarray, "C S"]]:
    """Cosine to the speaker, the mean of those to the others, and whether the speaker is the likest of all."""
    cosine = np.einsum("csd,kd->csk", heard, timbres)
    self = np.arange(len(timbres))
    own = cosine[self, :, self]
    others = (cosine.sum(-1) - own) / (len(timbres) - 1)
    return {"own": own, "others": others, "recognised": (cosine.argmax(-1) == self[:, None]).astype(float)}


def _column(by_speaker: Sequence[Sequence[Any]], field: str) -> Float[np.ndarray, "C S"]:
    return np.array([[getattr(row, field) for row in own] for own in by_speaker], float)


def _figure(top: Float[np.ndarray, "C S"], bottom: Float[np.ndarray, "C S"]) -> Any:
    """A ratio with its interval, speakers drawn anew; what is not a number is not counted."""
    kept = np.isfinite(top)
    return figure(Ratio(np.where(kept, top, 0.0), np.where(kept, bottom, 0.0)))


def table(result: Mapping[str, Any]) -> str:
    """A line for each speaker, and the figures over all, as Markdown."""
    figures = result["figures"]
    head = ["speaker", "similarity", "to others", "recognised", "CER", "DNSMOS", "F0 error"]
    names = ["similarity", "similarity to others", "recognised", "CER", "DNSMOS", "F0 error, semitones"]
    lines = [[line["speaker"], *(f"{line[name]:.2f}" for name in names)] for line in result["speakers"]]
    totals = [[name, str(found)] for name, found in figures.items()]
    chance = ["recognised, by chance", f"{1 / len(lines):.3f}"]
    return report.grid([head, *lines]) + "\n\n" + report.grid([["over all speakers", "95 %"], *totals, chance])
