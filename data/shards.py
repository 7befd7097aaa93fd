"""What lies in a folder of shards: tars of ID.flac and ID.json, and an index that says where each clip begins.

shard-000000.tar ...   webdataset layout: CORPUS/ID.flac, CORPUS/ID.json
rejected.jsonl         what was set aside, and why
stats.json             hours, clips and speakers per corpus and split
index.json             written last: its presence means that the folder is whole
"""

import hashlib
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import webdataset

from tts.audio import AudioConfig

FORMAT = "triforce-shards-1"
INDEX = "index.json"
OURS = (INDEX, "stats.json", "rejected.jsonl")
SPLITS = ("train", "val", "test")
SHARD_NAME = re.compile(r"shard-\d{6}\.tar")
SAFE_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One clip of the index."""

    key: str  # its name in the tar, without suffix
    id: str
    shard: str  # file name
    offset: int  # bytes from the start of the shard to the sound itself
    size: int  # bytes
    format: str  # flac or opus
    seconds: float
    speaker: str
    text: str  # as written
    spoken: str  # normalised
    corpus: str
    split: str


@dataclass(frozen=True, kw_only=True)
class Index:
    """The index of one folder."""

    sample_rate: int  # Hz
    level: float  # dBFS, as in AudioConfig
    corpora: dict[str, dict]  # name -> licence
    clips: list[Entry]


def safe_name(name: str) -> str:
    """A name for tars and file systems: plain characters, no dots; two different names never become one."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:SAFE_CHARACTERS]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return plain if plain == name else f"{plain}-{digest}"


class ShardWriter:
    """Numbered tars, each closed when it exceeds `shard_bytes`; equal input gives equal bytes."""

    def __init__(self, folder: Path, shard_bytes: int):
        self.folder = folder
        self.shard_bytes = shard_bytes
        self.count = 0
        self.tar = None

    def write(self, key: str, format: str, data: bytes, description: dict) -> tuple[str, int]:
        """Add a clip and say where its sound lies: shard name and byte offset."""
        if self.tar is None:
            self.name = f"shard-{self.count:06d}.tar"
            self.file = open(self.folder / self.name, "wb")
            self.tar = webdataset.TarWriter(self.file, user="", group="", mtime=0)
            self.count += 1
        # Names are ASCII and short, so every member is one header block and its data.
        offset = self.tar.tarstream.offset + tarfile.BLOCKSIZE
        name = self.name
        self.tar.write({"__key__": key, format: data})
        self.tar.write({"__key__": key, "json": json.dumps(description, ensure_ascii=False, sort_keys=True)})
        if self.tar.tarstream.offset >= self.shard_bytes:
            self.close()
        return name, offset

    def close(self) -> None:
        if self.tar is not None:
            self.tar.close()
            self.file.close()
            self.tar = None


@contextmanager
def open_shards(folder: Path, shard_bytes: int) -> Iterator[ShardWriter]:
    writer = ShardWriter(folder, shard_bytes)
    try:
        yield writer
    finally:
        writer.close()


def write_index(folder: Path, *, audio: AudioConfig, corpora: dict[str, dict], clips: list[Entry]) -> None:
    content = {
        "format": FORMAT,
        "sample_rate": audio.sample_rate,
        "level": audio.level,
        "corpora": corpora,
        "clips": [asdict(clip) for clip in clips],
    }
    (folder / INDEX).write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")


def read_index(folder: Path) -> Index:
    """Read and check an index: nothing in it can point outside its folder."""
    path = Path(folder) / INDEX
    if not path.is_file():
        raise ValueError(f"no {INDEX} in {folder}: make shards with `uv run python -m data pack SOURCE... -o {folder}`")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT!r}")
        clips = [Entry(**clip) for clip in content["clips"]]
        for clip in clips:
            _check(clip)
        return Index(
            sample_rate=content["sample_rate"], level=content["level"], corpora=content["corpora"], clips=clips
        )
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is no index of this version ({error}); pack the shards again") from None


def _check(clip: Entry) -> None:
    for field in fields(Entry):
        value = getattr(clip, field.name)
        allowed = (int, float) if field.type is float else field.type
        if not isinstance(value, allowed):
            raise ValueError(f"{field.name} of clip {clip.key!r} is {value!r}")
    if not SHARD_NAME.fullmatch(clip.shard):
        raise ValueError(f"shard {clip.shard!r} of clip {clip.key!r}")
    if clip.split not in SPLITS or clip.offset < tarfile.BLOCKSIZE or clip.size <= 0 or clip.seconds <= 0:
        raise ValueError(f"clip {clip.key!r} at {clip.offset} + {clip.size} of split {clip.split!r}")
