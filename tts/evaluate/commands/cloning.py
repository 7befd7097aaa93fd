"""Cloning: a few seconds of speakers that training never saw, and how similar the cloned voices are to them."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import corpus, voices
from tts.encoding import open_wave
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, make_panel, make_studio, positive
from tts.evaluate.estimates import Estimate, Ratio, estimate
from tts.evaluate.faults import phone_counter
from tts.evaluate.judging import judge_takes, synthesise_takes
from tts.evaluate.measures import Row
from tts.evaluate.subjects import SUBJECTS, Studio
from tts.evaluate.suites import Suite, SuiteClip, read_suite
from tts.evaluate.wave_cache import WaveCache
from tts.judges.panel import Evidence, Panel

JUDGES = ("heard", "mos", "voice", "prosody")
SUBJECT = "tts-own"
CONVERSION = "resynthesis"
REST = 2.0  # seconds of a speaker beyond the reference, at least
LONGEST_REST = 60.0  # seconds
FEWEST = 2  # speakers; one cannot be told from others


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS", help="recordings that training never saw")
    parser.add_argument("--speakers", nargs="+", metavar="NAME", help="only these (all)")
    parser.add_argument("--seconds", type=positive, default=10, help="of each that are cloned (10)")
    parser.add_argument("--texts", default="clone", metavar="SUITE", help="what is spoken (clone)")
    parser.add_argument("--sentences", type=positive, default=3, help="so many, spread over all (3)")
    parser.add_argument("--seeds", type=positive, default=1, help="takes of each (1)")
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    recordings = corpus.by_speaker(arguments.corpora)
    if unknown := [name for name in arguments.speakers or () if name not in recordings]:
        raise ValueError(f"no speaker {unknown[0]!r} in these corpora: there are {', '.join(list(recordings)[:20])}")
    recordings = {name: recordings[name] for name in arguments.speakers or recordings}
    suite, studio = read_suite(arguments.texts).first(arguments.sentences), make_studio(arguments, overrides)
    speakers, short = cut_references(studio, recordings, arguments.seconds, arguments.output)
    with make_panel(arguments, studio, JUDGES) as panel:
        options = {"seeds": arguments.seeds, "cache": arguments.cache, "out": arguments.output}
        result = clone_speakers(studio, panel, speakers, suite, **options)
    print(cloning_table(result))
    if short:
        print(f"\ntoo short to be cloned and recognised: {', '.join(short)}")


@dataclass(frozen=True)
class ClonedSpeaker:
    """The recordings of a speaker, cut in two: what is cloned, and what the clone is compared with."""

    name: str
    path: Path  # of the reference
    reference: Float[Tensor, " N"]
    rest: Float[Tensor, " K"]


def cut_references(
    studio: Studio, recordings: Mapping[str, Sequence[Path]], seconds: float, out: Path
) -> tuple[list[ClonedSpeaker], list[str]]:
    """The first so many seconds of each speaker, also as files, and the rest; names of speakers with too little."""
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
        path = (
            out / "references" / f"{len(speakers):03}.wav"
        )  # a number, since the name of a speaker may be no file name
        with open_wave(path, rate) as file:
            file.write(wave[:size])
        speakers.append(ClonedSpeaker(name, path, wave[:size], wave[size:]))
    if len(speakers) < FEWEST:
        raise ValueError(
            f"{len(speakers)} of {len(recordings)} speakers have {seconds + REST:g} s: give {FEWEST} or more of them"
        )
    return speakers, short


def clone_speakers(
    studio: Studio, panel: Panel, speakers: Sequence[ClonedSpeaker], suite: Suite, *, seeds: int, cache: Path, out: Path
) -> dict[str, Any]:
    """Clone, speak, judge; write `out`/cloning.json and a wave of each speaker."""
    rate, subject = studio.audio.sample_rate, SUBJECTS[SUBJECT]
    embeddings = _embed(panel, [speaker.rest for speaker in speakers], rate, "the rest: listening")
    truth = panel.ask([Evidence(speaker.reference) for speaker in speakers], rate, "references", only=JUDGES[1:])
    takes = [
        (replace(clip, id=f"{speaker.name}-{clip.id}", speaker=speaker.name, reference=speaker.path), seed)
        for speaker in speakers
        for clip in suite.clips
        for seed in range(seeds)
    ]
    with WaveCache(cache) as waves:
        made = synthesise_takes("cloning", subject, studio, takes, waves)
    known = {speaker.name: {speaker.path: own} for speaker, own in zip(speakers, embeddings, strict=True)}
    rows = judge_takes(SUBJECT, subject, takes, made, studio, panel, known, phone_counter(studio.audio))
    each = len(rows) // len(speakers)  # waves of a speaker
    for speaker, first in zip(speakers, made[::each], strict=True):
        with open_wave(out / "references" / f"{speaker.path.stem}-clone.ogg", rate) as file:
            file.write(first.wave)
    heard = _embed(panel, [take.wave for take in made], rate, "clones: listening").reshape(len(speakers), each, -1)
    clones = identify(heard, embeddings)
    recorded = identify(_embed(panel, [s.reference for s in speakers], rate, "references")[:, None], embeddings)
    same, swapped = (
        _embed(panel, _converted(studio, speakers, step, cache), rate, "converted: listening") for step in (0, 1)
    )
    kept, taken = identify(same[:, None], embeddings), identify(swapped[:, None], embeddings)
    given = np.roll(embeddings, -1, axis=0)  # the speakers whose voices the words were given
    by_speaker = [rows[index * each : (index + 1) * each] for index in range(len(speakers))]
    pitch = np.array([opinion["prosody"]["pitch"] or np.nan for opinion in truth])[:, None]
    found = {
        "similarity": clones["own"],
        "similarity to others": clones["others"],
        "recognised": clones["recognised"],
        "similarity, reference": recorded["own"],
        "similarity to others, reference": recorded["others"],
        "recognised, reference": recorded["recognised"],
        "similarity, own words from codes": kept["own"],
        "similarity, own words in another's voice": taken["own"],
        "similarity to that voice": np.einsum("csd,cd->cs", swapped[:, None], given),
        "DNSMOS": _column(by_speaker, "mos", "overall"),
        "DNSMOS, reference": np.array([[opinion["mos"]["overall"]] for opinion in truth]),
        "F0 error, semitones": 12 * np.abs(np.log2(_column(by_speaker, "prosody", "pitch") / pitch)),
    }
    edits, characters = (_column(by_speaker, "heard", field) for field in ("character_edits", "characters"))
    figures = {name: _estimate(values, np.ones_like(values)) for name, values in found.items()}
    figures["CER"] = _estimate(edits, characters)
    lines = [
        {"speaker": speaker.name, **{name: float(np.nanmean(values[index])) for name, values in found.items()}}
        | {"CER": float(edits[index].sum() / characters[index].sum())}
        for index, speaker in enumerate(speakers)
    ]
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    seconds = round(len(speakers[0].reference) / rate, 3)
    body = {"figures": figures, "speakers": lines, "seconds": seconds, "seeds": seeds, **pinned}
    report.write_report(out / "cloning.json", body, rows=rows)
    return {"figures": figures, "speakers": lines}


def _converted(studio: Studio, speakers: Sequence[ClonedSpeaker], step: int, cache: Path) -> list[Float[Tensor, " N"]]:
    """The words of each speaker's reference, from their codes, in the voice of the speaker who is `step` further on."""
    voiced = [speakers[(index + step) % len(speakers)].path for index in range(len(speakers))]
    takes = [
        (SuiteClip(id=speaker.name, speaker=speaker.name, text="", path=speaker.path, reference=voice), 0)
        for speaker, voice in zip(speakers, voiced, strict=True)
    ]
    with WaveCache(cache) as waves:
        made = synthesise_takes("conversion", SUBJECTS[CONVERSION], studio, takes, waves)
    return [take.wave for take in made]


def _embed(panel: Panel, waves: Sequence[Tensor], rate: int, label: str) -> Float[np.ndarray, "K D"]:
    """Embeddings; zeros, which are similar to nobody, for a wave in which nobody speaks."""
    opinions = [opinion["voice"] for opinion in panel.ask([Evidence(w) for w in waves], rate, label, only=("voice",))]
    width = max((len(opinion) for opinion in opinions if opinion), default=1)
    return np.array([opinion or [0.0] * width for opinion in opinions])


def identify(
    heard: Float[np.ndarray, "C S D"], embeddings: Float[np.ndarray, "C D"]
) -> dict[str, Float[np.ndarray, "C S"]]:
    """Cosine to the speaker, the mean cosine to the others, and whether the speaker is the most similar of all."""
    cosine = np.einsum("csd,kd->csk", heard, embeddings)
    self = np.arange(len(embeddings))
    own = cosine[self, :, self]
    others = (cosine.sum(-1) - own) / (len(embeddings) - 1)
    return {"own": own, "others": others, "recognised": (cosine.argmax(-1) == self[:, None]).astype(float)}


def _column(by_speaker: Sequence[Sequence[Row]], judge: str, field: str) -> Float[np.ndarray, "C S"]:
    return np.array([[row.opinion(judge)[field] for row in own] for own in by_speaker], float)


def _estimate(top: Float[np.ndarray, "C S"], bottom: Float[np.ndarray, "C S"]) -> Estimate:
    """A ratio whose interval comes from drawing speakers; values that are no number are not counted."""
    kept = np.isfinite(top)
    return estimate(Ratio(np.where(kept, top, 0.0), np.where(kept, bottom, 0.0)))


def cloning_table(result: Mapping[str, Any]) -> str:
    """A line for each speaker, and the figures over all, as Markdown."""
    figures = result["figures"]
    head = ["speaker", "similarity", "to others", "recognised", "CER", "DNSMOS", "F0 error"]
    names = ["similarity", "similarity to others", "recognised", "CER", "DNSMOS", "F0 error, semitones"]
    lines = [[line["speaker"], *(f"{line[name]:.2f}" for name in names)] for line in result["speakers"]]
    totals = [[name, str(found)] for name, found in figures.items()]
    chance = ["recognised, by chance", f"{1 / len(lines):.3f}"]
    return (
        report.markdown_table([head, *lines])
        + "\n\n"
        + report.markdown_table([["over all speakers", "95 %"], *totals, chance])
    )
