"""The population of speakers that the nets were trained on, as a Gaussian from which new voices are drawn.

The Gaussian is over the latents in polar coordinates (`tts.voices.mix`). The latents of both nets form one vector, so
both nets hear a drawn voice as the same speaker. The file holds the mean and the principal directions, each scaled by
the standard deviation along it (Tipping and Bishop 1999).
"""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes
from tqdm import tqdm

from tts.files import whole
from tts.mersenne import Mersenne
from tts.records import SpeakerLatents
from tts.voices.mix import Polar, each

NAME = "crowd.safetensors"  # in the folder of the weights, because it is only valid for them
FORMAT = "triforce-crowd-1"
DIRECTIONS = 32
FEWEST = 3  # speakers


@dataclass(frozen=True, kw_only=True)
class Population:
    """Mean and spread of the speakers, with the source and the licence of their corpora."""

    mean: Polar
    spread: Polar  # K principal directions, each scaled by its standard deviation
    speakers: int
    source: str
    licence: str
    fingerprint: str  # of the weights whose latents these are

    def draw(self, random: Mersenne, start: SpeakerLatents | None, distance: float) -> SpeakerLatents:
        """Draw a voice at a distance from `start`, or from the mean: 0 is `start` itself, 1 does not depend on it.

        x = mean + sqrt(1 - distance^2) (start - mean) + distance * chance. Repeated steps keep the spread of the
        population (preconditioned Crank-Nicolson; Cotter et al. 2013, eq. 4.2).
        """
        chance = random.normal(len(self.spread.acoustic))
        kept = math.sqrt(1 - distance**2)

        def step(mean: np.ndarray, spread: np.ndarray, origin: np.ndarray) -> np.ndarray:
            return mean + kept * (origin - mean) + distance * np.einsum("k,kpd->pd", chance, spread)

        return each(step, self.mean, self.spread, Polar.of(start) if start else self.mean).latents()


def fit(speakers: Sequence[SpeakerLatents], directions: int = DIRECTIONS) -> tuple[Polar, Polar]:
    """The mean of the speakers, and the principal directions times the standard deviation along them."""
    if len(speakers) < FEWEST:
        raise ValueError(f"{len(speakers)} speakers are too few: give recordings of {FEWEST} or more")
    points = [Polar.of(speaker) for speaker in speakers]
    mean = each(lambda *own: np.stack(own).mean(0), *points)
    moved = [each(np.subtract, point, mean) for point in points]
    flat = np.stack([np.concatenate((own.acoustic.ravel(), own.decoder.ravel())) for own in moved])
    _, deviations, axes = np.linalg.svd(flat / math.sqrt(len(flat) - 1), full_matrices=False)
    spread = (deviations[:, None] * axes)[:directions]
    acoustic, decoder = np.split(spread, [mean.acoustic.size], 1)
    return mean, Polar(acoustic.reshape(-1, *mean.acoustic.shape), decoder.reshape(-1, *mean.decoder.shape))


def know(
    speakers: Mapping[str, Sequence[Path]], make: Callable[[Sequence[Path]], SpeakerLatents]
) -> list[SpeakerLatents]:
    """The latents of each speaker. Speakers whose recordings hold no speech are left out."""
    known = []
    for paths in tqdm(speakers.values(), desc="listening", unit="speaker", leave=False):
        try:
            known.append(make(paths))
        except ValueError:
            continue
    return known


def save(path: Path, population: Population) -> None:
    """Write the population in half precision. The file is either complete or absent."""
    tensors = {
        f"{part}.{net}": np.ascontiguousarray(tensor, np.float16)
        for part in ("mean", "spread")
        for net, tensor in vars(getattr(population, part)).items()
    }
    about = {name: getattr(population, name) for name in ("speakers", "source", "licence", "fingerprint")}
    with whole(path) as file:
        file.write(to_bytes(tensors, {"format": FORMAT, "about": json.dumps(about, sort_keys=True)}))


def load(path: str | os.PathLike) -> Population:
    """Read what `save` wrote. Raises ValueError that names the file and the command that makes it again."""
    path = Path(path)
    remake = "make it with `uv run python -m tts.voices population CORPUS...`"
    if not path.is_file():
        raise ValueError(f"no population to draw voices from at {path}: {remake}")
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
        mean, spread = (Polar(tensors[f"{part}.acoustic"], tensors[f"{part}.decoder"]) for part in ("mean", "spread"))
        if header.get("format") != FORMAT:
            raise ValueError(f"its format is {header.get('format')!r}, expected {FORMAT!r}")
        return Population(mean=mean, spread=spread, **json.loads(header["about"]))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a complete population ({error}): {remake}") from None
