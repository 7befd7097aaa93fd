"""Recordings with what is known of each: a folder with metadata.csv (`id|speaker|text|seconds`) and audio/ID.*."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")

HELDOUT = "heldout_ids.txt"  # in a folder: clips that training never sees, an id in each line


@dataclass(frozen=True)
class Recording:
    """A sound file and what its corpus says of it; nothing has been opened yet."""

    id: str
    speaker: str
    text: str  # as written; empty where there is no transcript
    path: Path


def read_recordings(folder: Path) -> list[Recording]:
    """The recordings of a folder, in their order. Raises ValueError naming what is missing."""
    table = folder / "metadata.csv"
    if not table.is_file():
        raise ValueError(f"no {table}: give a folder with metadata.csv (id|speaker|text|seconds) and audio/ID.*")
    files = {path.stem: path for path in sorted((folder / "audio").glob("*"))}
    header, *lines = table.read_text("utf-8-sig").splitlines() or [""]
    if header.split("|")[:3] != ["id", "speaker", "text"]:
        raise ValueError(f"{table} starts with {header[:60]!r}: expected the header id|speaker|text|seconds")
    rows = [fields for fields in (line.split("|") for line in lines) if len(fields) > 2]
    if missing := [id for id, *_ in rows if id not in files]:
        raise ValueError(f"{folder}: no audio file for {missing[0]!r}")
    return [Recording(id, speaker, text, files[id]) for id, speaker, text, *_ in rows]


def by_speaker(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """The recordings of each speaker of these folders, held-out ones left aside; one name is one speaker."""
    speakers: dict[str, list[Path]] = {}
    for folder in folders:
        table = folder / HELDOUT
        heldout = set(table.read_text("utf-8-sig").split()) if table.is_file() else set()
        for recording in read_recordings(folder):
            if recording.id not in heldout:
                speakers.setdefault(recording.speaker, []).append(recording.path)
    return speakers


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """At most `count` of the items, at even distances from the first on."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]
