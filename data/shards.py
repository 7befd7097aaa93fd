"""What lies in a folder of shards: tars of ID.flac and ID.json, and an index that says where each clip begins.

shard-HASH.tar ...        webdataset layout: CORPUS/ID.flac, CORPUS/ID.json; named by its own SHA-256
rejected.jsonl            what was set aside, and why
stats.json                hours, clips and speakers per corpus and split
report.html, report.json  the same for people, of shards that were prepared from long recordings
clips-HASH.safetensors    every clip: data/index.py
index.json                every tar with its hash; written last: it means that the folder is whole
"""

import json
import os
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import webdataset

from data.index import (
    COLUMNS_NAME,
    FORMAT,
    INDEX,
    SHARD_NAME,
    IndexBuilder,
    Shard,
    by_shard,
    clip_key,
    read_head,
    read_index,
)
from tts.files import fingerprint

BESIDE = (INDEX, "stats.json", "rejected.jsonl", "report.html", "report.json")


def is_ours(name: str) -> bool:
    """Whether a file of this name belongs to a folder of shards."""
    return name in BESIDE or bool(SHARD_NAME.fullmatch(name) or COLUMNS_NAME.fullmatch(name))


class ShardWriter:
    """Tars, each closed when it exceeds `shard_bytes` and only then given its name; equal input gives equal bytes."""

    def __init__(self, folder: Path, shard_bytes: int):
        self.folder = folder
        self.shard_bytes = shard_bytes
        self.shards: list[Shard] = []
        self.clips = IndexBuilder()
        self.tar = None

    def write(self, data: bytes, description: dict, *, format: str, times: Sequence[float] = ()) -> None:
        """Add a clip; `description` is its JSON, from which its entry in the index is taken.

        `times` are those of `data.pack.alignment.Aligner.times`.
        """
        if self.tar is None:
            self.file = open(self.folder / ".shard.partial", "wb")
            self.tar = webdataset.TarWriter(self.file, user="", group="", mtime=0)
            self.first = len(self.clips)
        # Names are ASCII and short, so every member is one header block and its data.
        key = clip_key(description["corpus"], description["id"])
        offset = self.tar.tarstream.offset + tarfile.BLOCKSIZE
        self.tar.write({"__key__": key, format: data})
        self.tar.write({"__key__": key, "json": json.dumps(description, ensure_ascii=False, sort_keys=True)})
        self.clips.add(description, shard=len(self.shards), offset=offset, size=len(data), format=format, times=times)
        if self.tar.tarstream.offset >= self.shard_bytes:
            self.close()

    def close(self) -> None:
        """Finish the tar at hand: flushed to the disk, then named by its content."""
        if self.tar is None:
            return
        self.tar.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        self.abandon()
        path = self.folder / ".shard.partial"
        sha256 = fingerprint(path)
        name = f"shard-{sha256[:16]}.tar"
        path.replace(self.folder / name)
        size = (self.folder / name).stat().st_size
        self.shards.append(Shard(name, size, sha256, len(self.clips) - self.first))

    def abandon(self) -> None:
        """Let go of the tar at hand, whole or not."""
        if self.tar is not None:
            self.tar.tarstream.fileobj.closed = True  # or it would write its last bytes when Python collects it
            self.tar = None
            with suppress(OSError):  # a full disk refuses the last bytes again
                self.file.close()


@contextmanager
def open_shards(folder: Path, shard_bytes: int) -> Iterator[ShardWriter]:
    """A writer whose last tar is closed at the end; after an error, none is under a final name that is not whole."""
    writer = ShardWriter(folder, shard_bytes)
    try:
        yield writer
        writer.close()
    finally:
        writer.abandon()
        (folder / ".shard.partial").unlink(missing_ok=True)


def verify_shards(folder: Path) -> list[str]:
    """What is wrong with a folder of shards: files that are not what the index says, clips that are not in them."""
    head, wrong = read_head(folder), []
    if head["format"] == FORMAT:
        columns = head["columns"]
        path = folder / columns["name"]
        if not path.is_file() or fingerprint(path) != columns["sha256"]:
            return [f"{columns['name']}: missing, or not the bytes that the index names"]
    for shard, own in by_shard(read_index(folder)):
        path = folder / shard.name
        if not path.is_file() or fingerprint(path) != shard.sha256:
            wrong.append(f"{shard.name}: missing, or not the bytes that the index names")
            continue
        with tarfile.open(path) as tar:
            held = {member.name: (member.offset_data, member.size) for member in tar if member.isreg()}
        told = {f"{clip.key}.{clip.format}": (clip.offset, clip.size) for clip in own}
        sounds = {name: where for name, where in held.items() if not name.endswith(".json")}
        if told != sounds or len(held) != 2 * len(own):
            wrong.append(f"{shard.name}: holds other clips than the index names")
    return wrong
