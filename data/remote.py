"""Shards that lie elsewhere: a URL that fsspec knows (https://, s3://, gs://) in the place of a folder.

The index is fetched once, into a local folder that then stands for the URL. Of the shards only the clips that are asked
for are fetched, and kept in a cache that never grows far beyond its bound. The environment says where the cache is and
how large, because that differs between machines and not between runs: TRIFORCE_CACHE (~/.cache/triforce) and
TRIFORCE_CACHE_GB (20).
"""

import hashlib
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import fsspec
from fsspec.asyn import AsyncFileSystem, sync

from data.index import INDEX, read_head
from tts.files import fingerprint, whole

ORIGIN = "origin.txt"  # beside a fetched index: the URL that it came from
TRIES = 6
WAIT = 0.5  # seconds before the second try, twice as long before each one after it
PATIENCE = 30.0  # seconds for one try
PIECE = 2**26  # bytes of a column file that are asked for at once
CHECKS = 32  # times that the cache is measured while it fills from empty
Result = TypeVar("Result")


def cache_folder() -> Path:
    return Path(os.environ.get("TRIFORCE_CACHE", "~/.cache/triforce")).expanduser()


def cache_bound() -> int:
    """Bytes that the clips may take."""
    return int(float(os.environ.get("TRIFORCE_CACHE_GB", "20")) * 1e9)


@lru_cache
def local_folder(folder: str) -> Path:
    """The folder itself, or for a URL a local folder with its index; `origin` says where the shards of that one are."""
    if "://" not in folder:
        return Path(folder)
    url = folder.rstrip("/")
    mirror = cache_folder() / "indexes" / hashlib.sha256(url.encode()).hexdigest()[:16]
    for name, data in ((INDEX, _fetch(f"{url}/{INDEX}")), (ORIGIN, url.encode())):
        with whole(mirror / name, shared=True) as file:
            file.write(data)
    if columns := read_head(mirror).get("columns"):
        _fetch_columns(url, mirror, columns)
    return mirror


def _fetch_columns(url: str, mirror: Path, columns: dict) -> None:
    """The column file, unless it is there: its name says what is in it, so all processes use the same one."""
    path, size = mirror / columns["name"], columns["bytes"]
    if path.is_file() and path.stat().st_size == size:
        return
    with whole(path, shared=True) as file:
        for start in range(0, size, PIECE):
            file.write(_fetch(f"{url}/{columns['name']}", start, min(start + PIECE, size)))
    if fingerprint(path) != columns["sha256"]:
        path.unlink()
        raise ValueError(f"{url}/{columns['name']} is not the file that {INDEX} names: copy the shards there again")


@lru_cache
def origin(folder: Path) -> str | None:
    """The URL that a folder stands for; only folders that `local_folder` made are believed."""
    return (folder / ORIGIN).read_text() if folder.parent == cache_folder() / "indexes" else None


def manifest(folders: str | Sequence[str]) -> dict[str, str]:
    """SHA-256 of the index of each folder, by its name: together they say which data it was."""
    names = [folders] if isinstance(folders, str) else folders
    return {str(name): fingerprint(local_folder(str(name)) / INDEX) for name in names}


def read_range(url: str, start: int, stop: int) -> bytes:
    """Bytes start to stop of a shard, from the cache if they are there. Raises ValueError naming the shard."""
    name = hashlib.sha256(f"{url} {start} {stop}".encode()).hexdigest()
    path = cache_folder() / "clips" / name[:2] / name[2:]
    with suppress(OSError):
        data = path.read_bytes()
        if len(data) == stop - start:
            os.utime(path)  # used just now
            return data
    data = _fetch(url, start, stop)
    if len(data) == stop - start:
        with whole(path, shared=True) as file:
            file.write(data)
        _filled(len(data))
    return data


def _fetch(url: str, start: int | None = None, stop: int | None = None) -> bytes:
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise ValueError(f"{url}: {error}; `uv run --group remote` has what s3:// needs") from None

    def get() -> bytes:
        if isinstance(filesystem, AsyncFileSystem):
            data = sync(filesystem.loop, filesystem._cat_file, path, start=start, end=stop, timeout=PATIENCE)
        else:
            data = filesystem.cat_file(path, start=start, end=stop)
        whole = start is not None and len(data) > stop - start  # from a server that knows no ranges
        return data[start:stop] if whole else data

    return _insist(get, url)


def _insist(get: Callable[[], Result], url: str) -> Result:
    """Try again after a failure, later each time; what does not exist is not asked for twice."""
    began = time.monotonic()
    for attempt in range(TRIES):
        try:
            return get()
        except FileNotFoundError:
            raise ValueError(f"{url} does not exist; give the URL of a folder with {INDEX} in it") from None
        except Exception as error:  # every backend has errors of its own
            last = f"{type(error).__name__}: {error}".strip(": ")
        if attempt + 1 < TRIES:
            # The system's own chance: the draws of a training stay as they are.
            time.sleep(WAIT * 2**attempt * random.SystemRandom().uniform(0.75, 1.25))
    raise ValueError(f"{url} could not be read in {TRIES} tries over {time.monotonic() - began:.0f} s ({last})")


_written = 0  # bytes by this process since it measured the cache


def _filled(size: int) -> None:
    global _written
    _written += size
    if _written * CHECKS > cache_bound():
        _written = 0
        _shrink()


def _shrink() -> None:
    """Drop what was not used for longest, until a tenth of the room is free."""
    files = []
    for path in (cache_folder() / "clips").glob("*/*"):
        with suppress(OSError):  # another process may have been here
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files) if total > cache_bound() else ():
        if total <= 0.9 * cache_bound():
            break
        with suppress(OSError):
            path.unlink()
        total -= size
