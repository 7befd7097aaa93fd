"""The index of a folder of shards: what each clip is and where it lies, as columns of one memory-mapped file.

index.json              sample rate, level, corpora, tars with their hashes, and which column file belongs to them
clips-HASH.safetensors  a column for each fact of a clip: 68 bytes a clip, and its texts and times beside them

All processes of a machine share the pages of the column file, and a clip becomes a Python object only when it is asked
for. Folders of the first version kept every clip in index.json; they are read too, into the memory of each process.
"""

import hashlib
import json
import re
import tarfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from data.split import text_key
from tts.files import fingerprint, replacing, whole
from tts.types import AudioConfig

INDEX = "index.json"
FORMAT = "triforce-shards-2"
FIRST_FORMAT = "triforce-shards-1"  # every clip as an object of index.json
SPLITS = ("train", "val", "test")
CODINGS = ("flac", "opus", "txt")  # of a clip that is a text alone, which lies in the tar in place of its sound
SHARD_NAME = re.compile(r"shard-[0-9a-f]{16}\.tar")
COLUMNS_NAME = re.compile(r"clips-[0-9a-f]{16}\.safetensors")
SAFE_CHARACTERS = 60
TICK = 0.005  # seconds: the resolution of times
MAX_TICK = 2**16 - 1  # a longer clip has no times
SECOND = 10_000  # units of the column `seconds`; clips tell their length to four digits
# Type codes of `array` for each fact of a clip.
FACTS = {
    "shard": "I",
    "offset": "Q",  # bytes from the start of the shard to the sound itself
    "size": "I",  # bytes
    "seconds": "I",  # in units of 1 / SECOND
    "corpus": "H",
    "speaker": "I",
    "split": "B",
    "format": "B",
    "text_key": "Q",  # hash of what is said; 0 without a text
    "meaning": "Q",  # hash that a text and its translations share; 0 where there are none
}
# Each clip has its id, text and spoken text in `texts` and its times in `ticks`; `_ends` say where each stops.
LISTS = {"texts": "B", "text_ends": "Q", "ticks": "H", "tick_ends": "Q", "speakers": "B", "speaker_ends": "Q"}
STRINGS = 3  # of a clip
MEANING = "meaning"  # a column that only folders with translations have
DTYPES = {"U8": np.uint8, "U16": np.uint16, "U32": np.uint32, "U64": np.uint64}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One clip of an index."""

    folder: Path
    key: str  # its name in the tar, without suffix
    id: str
    shard: str  # file name
    offset: int  # bytes from the start of the shard to the sound itself
    size: int  # bytes
    format: str  # of `CODINGS`
    seconds: float  # 0 of a text alone
    speaker: str
    text: str  # as written
    spoken: str  # normalised
    corpus: str
    split: str
    times: tuple[float, ...]  # seconds at which the start, each id and the end of `spoken` are heard; empty if unknown


@dataclass(frozen=True)
class Shard:
    """A tar as it was written."""

    name: str
    bytes: int
    sha256: str
    clips: int


class Index(Sequence[Entry]):
    """The clips of one folder. `columns` holds each fact of all clips as an array; `index[n]` is one clip."""

    def __init__(self, folder: Path, head: dict, columns: dict[str, np.ndarray]):
        self.folder = folder
        self.sample_rate: int = head["sample_rate"]  # Hz
        self.level: float = head["level"]  # dBFS, as in AudioConfig
        self.corpora: dict[str, dict] = head["corpora"]  # name -> licence, and the system that spoke if it is synthetic
        self.alignment: dict | None = head.get("alignment")  # where the times come from
        self.shards = [Shard(**shard) for shard in head["shards"]]
        self.columns = columns
        self._names = list(self.corpora)
        _check(self)

    @property
    def clips(self) -> Sequence[Entry]:
        return self

    def __reduce__(self):
        return read_index, (self.folder,)  # a process that is spawned maps the same file instead of copying it

    def __len__(self) -> int:
        return len(self.columns["shard"])

    def __getitem__(self, place: int) -> Entry:
        if not -len(self) <= place < len(self):
            raise IndexError(place)
        place = place % len(self)
        fact = {name: int(self.columns[name][place]) for name in FACTS if name != MEANING}
        id, text, spoken = (self._string("text", STRINGS * place + number).decode() for number in range(STRINGS))
        corpus = self._names[fact["corpus"]]
        start, end = _span(self.columns["tick_ends"], place)
        return Entry(
            folder=self.folder,
            key=clip_key(corpus, id),
            id=id,
            shard=self.shards[fact["shard"]].name,
            offset=fact["offset"],
            size=fact["size"],
            format=CODINGS[fact["format"]],
            seconds=fact["seconds"] / SECOND,
            speaker=self._string("speaker", fact["speaker"]).decode(),
            text=text,
            spoken=spoken,
            corpus=corpus,
            split=SPLITS[fact["split"]],
            times=tuple((self.columns["ticks"][start:end] * TICK).tolist()),
        )

    def key(self, place: int) -> str:
        """The name of a clip in its tar, without reading the rest of it."""
        corpus = self._names[int(self.columns["corpus"][place])]
        return clip_key(corpus, self._string("text", STRINGS * place).decode())

    def _string(self, kind: str, place: int) -> bytes:
        start, end = _span(self.columns[f"{kind}_ends"], place)
        return self.columns[f"{kind}s"][start:end].tobytes()


def spoken_lengths(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Bytes of each clip's normalised text."""
    ends = columns["text_ends"]
    return ends[2::STRINGS] - ends[1::STRINGS]


def _span(ends: np.ndarray, place: int) -> tuple[int, int]:
    return (int(ends[place - 1]) if place else 0), int(ends[place])


def safe_name(name: str) -> str:
    """A name for tars and file systems: plain characters, no dots; two different names never become one."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:SAFE_CHARACTERS]
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return plain if plain == name else f"{plain}-{digest}"


def clip_key(corpus: str, id: str) -> str:
    """The name of a clip in tars."""
    return f"{safe_name(corpus)}/{safe_name(id)}"


class IndexBuilder:
    """Columns that grow clip by clip."""

    def __init__(self):
        self.columns = {name: array(code) for name, code in (FACTS | LISTS).items()}
        self.corpora: dict[str, int] = {}
        self.speakers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.columns["shard"])

    def add(self, about: dict, *, shard: int, offset: int, size: int, format: str, times: Sequence[float]) -> None:
        """Add a clip; `about` is its JSON in the tar."""
        facts = {
            "shard": shard,
            "offset": offset,
            "size": size,
            "seconds": round(about["seconds"] * SECOND),
            "corpus": self.corpora.setdefault(about["corpus"], len(self.corpora)),
            "speaker": self._speaker(about["speaker"]),
            "split": SPLITS.index(about["split"]),
            "format": CODINGS.index(format),
            "text_key": _hash(text_key(about["text"])),
            "meaning": _hash(about.get("meaning", "")),
        }
        for name, value in facts.items():
            self.columns[name].append(value)
        for name in ("id", "text", "spoken"):
            self._append("text", about[name])
        if len(times) and times[-1] <= MAX_TICK * TICK:
            self.columns["ticks"].extend(round(time / TICK) for time in times)
        self.columns["tick_ends"].append(len(self.columns["ticks"]))

    def _speaker(self, name: str) -> int:
        if name not in self.speakers:
            self.speakers[name] = len(self.speakers)
            self._append("speaker", name)
        return self.speakers[name]

    def _append(self, kind: str, string: str) -> None:
        self.columns[f"{kind}s"].frombytes(string.encode())
        self.columns[f"{kind}_ends"].append(len(self.columns[f"{kind}s"]))

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: np.frombuffer(values, values.typecode) for name, values in self.columns.items()}

    def index(self, folder: Path, head: dict) -> Index:
        """The index of what was added; corpora are numbered as they came."""
        order = [*self.corpora, *(name for name in head["corpora"] if name not in self.corpora)]
        return Index(folder, head | {"corpora": {name: head["corpora"][name] for name in order}}, self.arrays())


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") if text else 0


def write_index(
    folder: Path,
    *,
    audio: AudioConfig,
    corpora: dict[str, dict],
    shards: list[Shard],
    clips: IndexBuilder,
    alignment: dict | None,
) -> Index:
    """Write the column file, then index.json, which means that the folder is whole."""
    head = {
        "format": FORMAT,
        "sample_rate": audio.sample_rate,
        "level": audio.level,
        "corpora": corpora,
        "shards": [asdict(shard) for shard in shards],
        "alignment": alignment,
    }
    index = clips.index(folder, head)
    unnamed = folder / "clips.safetensors"
    with replacing(unnamed) as partial:
        save_file({name: own for name, own in index.columns.items() if name != MEANING or own.any()}, partial)
    sha256 = fingerprint(unnamed)
    columns = {"name": f"clips-{sha256[:16]}.safetensors", "bytes": unnamed.stat().st_size, "sha256": sha256}
    unnamed.replace(folder / columns["name"])
    with whole(folder / INDEX) as file:
        head |= {"corpora": index.corpora, "columns": columns}
        file.write(json.dumps(head, ensure_ascii=False, indent=0).encode())
    return index


def read_head(folder: Path) -> dict:
    """What index.json says; its column file is not opened."""
    path = Path(folder) / INDEX
    if not path.is_file():
        raise ValueError(f"no {INDEX} in {folder}: make shards with `uv run python -m data pack SOURCE... -o {folder}`")
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        if head["format"] not in (FORMAT, FIRST_FORMAT):
            raise ValueError(f"format {head['format']!r}, expected {FORMAT!r}")
        if head["format"] == FORMAT and not COLUMNS_NAME.fullmatch(head["columns"]["name"]):
            raise ValueError(f"column file {head['columns']['name']!r}")
        return head
    except (ValueError, TypeError, KeyError) as error:
        raise _refused(path, error) from None


def read_index(folder: Path) -> Index:
    """Open and check an index: nothing in it can point outside its folder."""
    folder = Path(folder)
    head = read_head(folder)
    try:
        if head["format"] == FIRST_FORMAT:
            return _read_first_format(folder, head)
        return Index(folder, head, _map(folder / head["columns"]["name"], head["columns"]["bytes"]))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise _refused(folder / INDEX, error) from None


def _refused(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path} is no index of this version ({error}); pack the shards again")


def _map(path: Path, size: int) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file without reading them."""
    if not path.is_file() or path.stat().st_size != size:
        raise ValueError(f"{path.name} is missing or cut short")
    content = np.memmap(path, np.uint8, "r").view(np.ndarray)
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")
    if start > size:
        raise ValueError(f"{path.name} has no header")
    columns = {}
    for name, about in json.loads(content[8:start].tobytes()).items():
        if name == "__metadata__":
            continue
        first, last = about["data_offsets"]
        if not 0 <= first <= last <= size - start:
            raise ValueError(f"column {name} lies outside of {path.name}")
        columns[name] = content[start + first : start + last].view(DTYPES[about["dtype"]])
    return columns


def _read_first_format(folder: Path, head: dict) -> Index:
    names = {shard["name"]: number for number, shard in enumerate(head["shards"])}
    fields = {"key": str, "offset": int, "size": int, "seconds": float | int, "speaker": str, "text": str}
    fields |= {"spoken": str, "id": str, "shard": str, "format": str, "corpus": str, "split": str}
    builder = IndexBuilder()
    for clip in head["clips"]:
        if clip.keys() != fields.keys() or not all(isinstance(clip[name], kind) for name, kind in fields.items()):
            raise ValueError(f"clip {clip}")
        if clip["shard"] not in names or clip["key"] != clip_key(clip["corpus"], clip["id"]):
            raise ValueError(f"clip {clip['key']!r} of shard {clip['shard']!r}")
        where = {name: clip[name] for name in ("offset", "size", "format")}
        builder.add(clip, shard=names[clip["shard"]], times=(), **where)
    return builder.index(folder, head)


def _check(index: Index) -> None:
    """Raises ValueError if a column says what cannot be."""
    columns, count = index.columns, len(index.columns["shard"])
    told = {name: code for name, code in FACTS.items() if name != MEANING or name in columns}
    for name, code in (told | LISTS).items():
        if columns[name].dtype != np.dtype(code):
            raise ValueError(f"column {name} is {columns[name].dtype}")
    lengths = dict.fromkeys(told, count) | {"text_ends": STRINGS * count, "tick_ends": count}
    for name, length in lengths.items():
        if len(columns[name]) != length:
            raise ValueError(f"column {name} has {len(columns[name])} rows, expected {length}")
    for kind in ("text", "tick", "speaker"):
        ends = columns[f"{kind}_ends"]
        if (ends[1:] < ends[:-1]).any() or (int(ends[-1]) if len(ends) else 0) != len(columns[f"{kind}s"]):
            raise ValueError(f"column {kind}_ends")
    for shard in index.shards:
        if not SHARD_NAME.fullmatch(shard.name):
            raise ValueError(f"shard {shard.name!r}")
    limits = {
        "shard": len(index.shards),
        "corpus": len(index.corpora),
        "speaker": len(columns["speaker_ends"]),
        "split": len(SPLITS),
        "format": len(CODINGS),
        "offset": 2**62,
    }
    lowest = {"offset": tarfile.BLOCKSIZE, "size": 1}
    for name in told if count else ():
        low, high = columns[name].min(), columns[name].max()
        if low < lowest.get(name, 0) or high >= limits.get(name, 2**64):
            raise ValueError(f"column {name} holds {low} to {high}")


def by_shard(index: Index) -> Iterator[tuple[Shard, list[Entry]]]:
    """Each tar with its clips."""
    order = np.argsort(index.columns["shard"], kind="stable")
    borders = np.searchsorted(index.columns["shard"][order], np.arange(len(index.shards) + 1))
    for shard, start, stop in zip(index.shards, borders[:-1], borders[1:], strict=True):
        yield shard, [index[place] for place in order[start:stop].tolist()]
