"""What lies in a folder of shards: tars of ID.flac and ID.json, and an index that says where each clip begins.

shard-HASH.tar ...        webdataset layout: CORPUS/ID.flac, CORPUS/ID.json; named by its own SHA-256
rejected.jsonl            what was set aside, and why
stats.json                hours, clips and speakers per corpus and split
report.html, report.json  the same for people, of shards that were prepared from long recordings
index.json                every clip and every tar with its hash; written last: it means that the folder is whole
"""

import hashlib
import json
import os
import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import webdataset

from tts.files import fingerprint
from tts.types import AudioConfig

FORMAT = "triforce-shards-1"
INDEX = "index.json"
OURS = (INDEX, "stats.json", "rejected.jsonl", "report.html", "report.json")
SPLITS = ("train", "val", "test")
SHARD_NAME = re.compile(r"shard-[0-9a-f]{16}\.tar")
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


@dataclass(frozen=True)
class Shard:
    """A tar as it was written."""

    name: str
    bytes: int
    sha256: str
    clips: int


class ShardWriter:
    """Tars, each closed when it exceeds `shard_bytes` and only then given its name; equal input gives equal bytes."""

    def __init__(self, folder: Path, shard_bytes: int):
        self.folder = folder
        self.shard_bytes = shard_bytes
        self.shards: list[Shard] = []
        self.entries: list[Entry] = []
        self.tar = None

    def write(self, data: bytes, description: dict, *, key: str, format: str, times: Sequence[float] = ()) -> None:
        """Add a clip; `description` is its JSON, from which its entry in the index is taken.

        `times` are those of `data.pack.alignment.Aligner.times`.
        """
        if self.tar is None:
            self.file = open(self.folder / ".shard.partial", "wb")
            self.tar = webdataset.TarWriter(self.file, user="", group="", mtime=0)
            self.first = len(self.entries)
        # Names are ASCII and short, so every member is one header block and its data.
        offset = self.tar.tarstream.offset + tarfile.BLOCKSIZE
        self.tar.write({"__key__": key, format: data})
        self.tar.write({"__key__": key, "json": json.dumps(description, ensure_ascii=False, sort_keys=True)})
        placed = {field.name: description[field.name] for field in fields(Entry) if field.name in description}
        self.entries.append(Entry(key=key, shard="", offset=offset, size=len(data), format=format, **placed))
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
        own = self.entries[self.first :]
        self.shards.append(Shard(name, (self.folder / name).stat().st_size, sha256, len(own)))
        self.entries[self.first :] = [replace(entry, shard=name) for entry in own]

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


def write_index(folder: Path, *, audio: AudioConfig, corpora: dict[str, dict], writer: ShardWriter) -> None:
    content = {
        "format": FORMAT,
        "sample_rate": audio.sample_rate,
        "level": audio.level,
        "corpora": corpora,
        "shards": [asdict(shard) for shard in writer.shards],
        "clips": [asdict(clip) for clip in writer.entries],
    }
    (folder / INDEX).write_text(json.dumps(content, ensure_ascii=False, indent=0), encoding="utf-8")


def verify(folder: Path) -> list[str]:
    """What is wrong with a folder of shards: tars that are not what the index says, clips that are not in them."""
    index = read_index(folder)
    content = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    wrong = []
    for shard in content.get("shards", []):
        path = folder / shard["name"]
        if not SHARD_NAME.fullmatch(shard["name"]) or not path.is_file() or fingerprint(path) != shard["sha256"]:
            wrong.append(f"{shard['name']}: missing, or not the bytes that the index names")
            continue
        with tarfile.open(path) as tar:
            held = {member.name: (member.offset_data, member.size) for member in tar if member.isreg()}
        own = [clip for clip in index.clips if clip.shard == shard["name"]]
        told = {f"{clip.key}.{clip.format}": (clip.offset, clip.size) for clip in own}
        if told != {name: where for name, where in held.items() if not name.endswith(".json")} or len(held) != 2 * len(
            own
        ):
            wrong.append(f"{shard['name']}: holds other clips than the index names")
    return wrong


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
