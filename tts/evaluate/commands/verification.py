"""Verification: how well the speaker net, and another encoder, tell excerpts of one speaker from those of strangers."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import checkpoint, corpus
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, make_panel, make_studio, positive
from tts.evaluate.estimates import SEED, Estimate
from tts.evaluate.subjects import Studio
from tts.judges.panel import Evidence, Panel
from tts.mel import LogMel
from tts.verification import equal_error_rate

RESAMPLES = 500  # of the bootstrap, each of which sorts all pairs
OURS = "speaker net"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS", help="recordings that training never saw")
    parser.add_argument("--speakers", nargs="+", metavar="NAME", help="only these (all)")
    parser.add_argument("--net", type=Path, metavar="FILE", help="the speaker net (speaker.safetensors of --weights)")
    parser.add_argument("--seconds", nargs="+", type=float, default=[1.5, 3, 6, 10], help="of an excerpt (1.5 3 6 10)")
    parser.add_argument("--excerpts", type=positive, default=20, help="of each speaker at most (20)")
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    studio = make_studio(arguments, overrides)
    net = checkpoint.load(arguments.net or studio.weights / "speaker.safetensors")
    rows = []
    with make_panel(arguments, studio, ("voice",)) as panel:
        for folder in arguments.corpora:
            recordings = corpus.by_speaker([folder])
            chosen = {name: recordings[name] for name in arguments.speakers or recordings if name in recordings}
            for seconds in arguments.seconds:
                excerpts = cut_excerpts(studio, chosen, seconds, arguments.excerpts)
                if len({excerpt.speaker for excerpt in excerpts}) > 1:
                    rows.append({"corpus": folder.name, "seconds": seconds} | verify(excerpts, net, panel))
    if not rows:
        raise ValueError("no two of these speakers have enough speech: give more recordings, or shorter --seconds")
    arguments.output.mkdir(parents=True, exist_ok=True)
    about = {"net": net.fingerprint, "judges": panel.identities}
    report.write_report(arguments.output / "verification.json", {"figures": rows, **about}, rows=[])
    print(verification_table(rows))


@dataclass(frozen=True)
class VoiceSample:
    """So many seconds of a speaker."""

    speaker: str
    wave: Float[Tensor, " N"]


def cut_excerpts(
    studio: Studio, recordings: Mapping[str, Sequence[Path]], seconds: float, most: int
) -> list[VoiceSample]:
    """At most so many excerpts of each speaker, who has two or more.

    An excerpt is made of whole clips and cut to length, so no two excerpts share a clip. The only clip of a speaker is
    cut into several, which is easier: the recording is the same too.
    """
    size, found = round(seconds * studio.audio.sample_rate), []
    for name, paths in recordings.items():
        excerpts, parts = [], []
        for path in paths:
            parts.append(studio.recording(path))
            while sum(map(len, parts)) >= size and len(excerpts) < most:
                wave = torch.cat(parts)
                excerpts.append(VoiceSample(name, wave[:size]))
                parts = [wave[size:]] if len(paths) == 1 else []
        found += excerpts if len(excerpts) > 1 else []
    return found


def verify(excerpts: Sequence[VoiceSample], net: checkpoint.Loaded, panel: Panel) -> dict[str, Any]:
    """The equal error rate of both encoders on all pairs of excerpts."""
    speakers = np.array([excerpt.speaker for excerpt in excerpts])
    opinions = panel.ask([Evidence(excerpt.wave) for excerpt in excerpts], net.audio.sample_rate, "excerpts")
    width = max(len(opinion["voice"] or ()) for opinion in opinions)
    judged = np.array([opinion["voice"] or [0.0] * width for opinion in opinions])
    vectors = {OURS: embed(excerpts, net), panel.identities["voice"]: judged}
    same = speakers[:, None] == speakers
    return {
        "speakers": len(set(speakers)),
        "pairs": {"same": int(np.triu(same, 1).sum()), "other": int(np.triu(~same, 1).sum())},
        "rates": {name: error_rate(cosines(own), speakers) for name, own in vectors.items()},
    }


@torch.inference_mode()
def embed(excerpts: Sequence[VoiceSample], net: checkpoint.Loaded) -> Float[np.ndarray, "K D"]:
    """Each excerpt by the speaker net."""
    log_mel = LogMel(net.audio)
    mels = [log_mel.measure(excerpt.wave[None], torch.tensor([len(excerpt.wave)])) for excerpt in excerpts]
    return np.concatenate([net.net(mel).numpy() for mel in mels])


def cosines(vectors: Float[np.ndarray, "K D"]) -> Float[np.ndarray, "K K"]:
    """Of all vectors with each other; 0 where one has no length."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit @ unit.T


def error_rate(cosine: Float[np.ndarray, "K K"], speakers: np.ndarray) -> Estimate:
    """The equal error rate over all pairs, with an interval by drawing speakers."""
    places = [np.flatnonzero(speakers == name) for name in sorted(set(speakers))]
    count = len(places)
    own = [cosine[np.ix_(place, place)][np.triu_indices(len(place), 1)] for place in places]
    other = {(a, b): cosine[np.ix_(places[a], places[b])].ravel() for a in range(count) for b in range(a)}

    def rate(drawn: Sequence[int]) -> float:
        strangers = [other[max(a, b), min(a, b)] for i, a in enumerate(drawn) for b in drawn[:i] if a != b]
        return equal_error_rate(np.concatenate([own[a] for a in drawn]), np.concatenate([*strangers, np.zeros(0)]))

    generator = np.random.default_rng(SEED)
    replicates = [rate(generator.integers(count, size=count).tolist()) for _ in range(RESAMPLES)]
    low, high = np.nanpercentile(replicates, [2.5, 97.5])
    return Estimate(rate(range(count)), float(low), float(high))


def verification_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A line for each corpus and length, as Markdown."""
    names = list(rows[0]["rates"])
    head = ["corpus", "seconds", "speakers", "pairs of one, of two", *names]
    lines = [
        [
            row["corpus"],
            f"{row['seconds']:g}",
            str(row["speakers"]),
            f"{row['pairs']['same']}, {row['pairs']['other']}",
            *(str(row["rates"][name]) for name in names),
        ]
        for row in rows
    ]
    return report.markdown_table([head, *lines])
