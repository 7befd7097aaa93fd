"""The speakers that the nets have heard, as a Gaussian in polar coordinates of their latents, to draw voices from.

Both nets' latents of a speaker are one point, so a drawn voice is the same stranger to both. The file holds the mean
and the principal directions, each as long as the speakers' standard deviation along it (Tipping and Bishop 1999).
"""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor
from tqdm import tqdm

from tts.files import whole
from tts.types import SpeakerLatents
from tts.voices.mix import Polar, each

NAME = "crowd.safetensors"  # beside the weights, for it is theirs
FORMAT = "triforce-crowd-1"
DIRECTIONS = 32
FEWEST = 3  # speakers


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Mean and spread of the speakers, and the words of their corpora's cards."""

    mean: Polar
    spread: Polar  # K principal directions
    speakers: int
    source: str
    licence: str
    fingerprint: str  # of the weights whose latents these are

    def draw(self, generator: torch.Generator, start: SpeakerLatents | None, distance: float) -> SpeakerLatents:
        """A step from `start`, or from the mean: 0 stays there, 1 ends anywhere among the speakers.

        x = mean + sqrt(1 - distance^2) (start - mean) + distance * chance, which keeps the spread of the crowd
        however often it is done (preconditioned Crank-Nicolson; Cotter et al. 2013, eq. 4.2).
        """
        chance = torch.randn(len(self.spread.acoustic), generator=generator)
        kept = math.sqrt(1 - distance**2)

        def step(mean: Tensor, spread: Tensor, origin: Tensor) -> Tensor:
            return mean + kept * (origin - mean) + distance * torch.einsum("k,kpd->pd", chance, spread)

        return each(step, self.mean, self.spread, Polar.of(start) if start else self.mean).latents()


def fit(speakers: Sequence[SpeakerLatents], directions: int = DIRECTIONS) -> tuple[Polar, Polar]:
    """Mean of a crowd, and principal directions times the standard deviation along them."""
    if len(speakers) < FEWEST:
        raise ValueError(f"{len(speakers)} speakers are no crowd: give recordings of {FEWEST} or more")
    points = [Polar.of(speaker) for speaker in speakers]
    mean = each(lambda *own: torch.stack(own).mean(0), *points)
    moved = [each(torch.sub, point, mean) for point in points]
    flat = torch.stack([torch.cat((own.acoustic.flatten(), own.decoder.flatten())) for own in moved])
    _, deviations, axes = torch.linalg.svd(flat / math.sqrt(len(flat) - 1), full_matrices=False)
    spread = (deviations[:, None] * axes)[:directions]
    acoustic, decoder = spread.split((mean.acoustic.numel(), mean.decoder.numel()), 1)
    return mean, Polar(acoustic.view(-1, *mean.acoustic.shape), decoder.view(-1, *mean.decoder.shape))


def know(
    speakers: Mapping[str, Sequence[Path]], make: Callable[[Sequence[Path]], SpeakerLatents]
) -> list[SpeakerLatents]:
    """Latents of each speaker who can be heard; one whose recordings hold no speech is left out."""
    known = []
    for paths in tqdm(speakers.values(), desc="listening", unit="speaker", leave=False):
        try:
            known.append(make(paths))
        except ValueError:
            continue
    return known


def save(path: Path, crowd: Crowd) -> None:
    """Write a crowd whole or not at all, in half precision."""
    tensors = {
        f"{part}.{net}": tensor.half().contiguous()
        for part in ("mean", "spread")
        for net, tensor in vars(getattr(crowd, part)).items()
    }
    about = {name: getattr(crowd, name) for name in ("speakers", "source", "licence", "fingerprint")}
    with whole(path) as file:
        file.write(to_bytes(tensors, {"format": FORMAT, "about": json.dumps(about, sort_keys=True)}))


def load(path: str | os.PathLike) -> Crowd:
    """Read what `save` wrote. Raises ValueError naming the file and how to make it again."""
    path = Path(path)
    remake = "make it with `uv run python -m tts.voices crowd CORPUS...`"
    if not path.is_file():
        raise ValueError(f"no crowd to draw voices from at {path}: {remake}")
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        mean, spread = (Polar(tensors[f"{part}.acoustic"], tensors[f"{part}.decoder"]) for part in ("mean", "spread"))
        if header.get("format") != FORMAT:
            raise ValueError(f"its format is {header.get('format')!r}, expected {FORMAT!r}")
        return Crowd(mean=mean, spread=spread, **json.loads(header["about"]))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no whole crowd ({error}): {remake}") from None
