"""Tests how well the pipeline notices faults: recordings as codes, whole, and with words cut out, said twice or added.

The pipeline checks codes (`tts/synthesis/listen.py`), so codes are damaged: at borders of words, which the codec's own
alignment gives.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor
from tqdm import tqdm

from tts import align
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, make_studio, positive
from tts.evaluate.estimates import Estimate, wilson
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Suite, SuiteClip, read_clips
from tts.synthesis.portions import closed
from tts.types import Codes

FEWEST = 5  # words; a shorter text cannot be damaged in every way
SEED = 20_261_121
DAMAGES = ("whole", "a word cut out", "a word twice", "three words twice", "the last word cut off", "words added")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="a folder of recordings with their texts")
    parser.add_argument("--limit", type=positive, help="at most so many clips, spread over all")
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    clips = read_clips(arguments.clips, arguments.limit)
    print(describe_damages(try_damages(make_studio(arguments, overrides), clips, out=arguments.output)))


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The codes of a recording, whole or damaged, and the faults that the pipeline finds in them."""

    clip: str
    damage: str  # of `DAMAGES`
    text: str
    faults: list[str]


def try_damages(studio: Studio, clips: Sequence[SuiteClip], *, out: Path) -> dict[str, Estimate]:
    """Damage the clips, write `out`/hearing.json, and return the share in which a fault is found, by damage."""
    said = [closed(studio.speech.language.normalise(clip.text).text) for clip in clips]
    spoken = [_borders(studio, clip, text) for clip, text in zip(clips, said, strict=True)]
    trials, settings = [], replace(studio.settings, listen=True)
    for index, clip in enumerate(tqdm(clips, desc="listening", unit="clip", leave=False)):
        codes, borders = spoken[index]
        if len(borders) <= FEWEST:
            continue
        other, others = spoken[index - 1]
        added, chance = other[: others[min(3, len(others) - 1)]], random.Random(f"{SEED} {clip.id}")
        for damage, damaged in damages(codes, borders, added, chance).items():
            item = Codes(damaged[None], torch.tensor([len(damaged)], device=damaged.device))
            (heard,) = studio.speech.hear(item, said[index], settings)
            trials.append(Trial(clip=clip.id, damage=damage, text=said[index], faults=heard.faults))
    if not trials:
        raise ValueError(f"no clip has {FEWEST} words or more: give other recordings")
    found = {damage: [bool(trial.faults) for trial in trials if trial.damage == damage] for damage in DAMAGES}
    figures = {damage: wilson(sum(heard), len(heard)) for damage, heard in found.items() if heard}
    suite = Suite("hearing", "recordings, whole and damaged", "", list(clips))
    pinned = report.circumstances(judges={}, weights=studio.weights, suite=suite, conf=studio.conf)
    out.mkdir(parents=True, exist_ok=True)
    report.write_report(out / "hearing.json", {"figures": figures} | pinned, rows=trials)
    return figures


def _borders(studio: Studio, clip: SuiteClip, text: str) -> tuple[Int[Tensor, " L"], list[int]]:
    """Codes of a clip, and the borders before, between and after its words."""
    codes, tokenizer = studio.codes(clip.path), studio.speech.tokenizer
    ids, lengths = studio.speech.batch(text, 1)
    times = align.spoken(studio.codec.spell(codes), codes, ids, lengths, tokenizer)[0].tolist()
    silent = [True, *(id in tokenizer.silent_ids for id in ids[0].tolist()), True]
    first = [place for place in range(1, len(silent)) if silent[place - 1] and not silent[place]]
    last = [place for place in range(1, len(silent)) if silent[place] and not silent[place - 1]]
    between = [round((times[end - 1] + times[start]) / 2) for end, start in zip(last[:-1], first[1:], strict=True)]
    return codes.ids[0], [0, *between, codes.ids.shape[1]]


def damages(
    codes: Int[Tensor, " L"], borders: Sequence[int], added: Int[Tensor, " K"], chance: random.Random
) -> dict[str, Int[Tensor, " _"]]:
    """The codes with each damage. A damage that changes nothing, since a word has no code of its own, is left out."""
    words = len(borders) - 1
    one, three = chance.randrange(1, words - 1), chance.randrange(words - 2)

    def joined(stop: int, start: int) -> Tensor:
        return torch.cat((codes[: borders[stop]], codes[borders[start] :]))

    states = {
        "a word cut out": joined(one, one + 1),
        "a word twice": joined(one + 1, one),
        "three words twice": joined(three + 3, three),
        "the last word cut off": codes[: borders[-2]],
        "words added": torch.cat((codes, added)),
    }
    return {"whole": codes} | {damage: state for damage, state in states.items() if len(state) != len(codes)}


def describe_damages(figures: dict[str, Estimate]) -> str:
    """The figures for a terminal."""
    return "\n".join(
        f"{damage:<22} {100 * figure.value:5.1f} % [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"
        for damage, figure in figures.items()
    )
