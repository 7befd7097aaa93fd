"""Files that are written whole or not at all, and files known by their content."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

PARTIAL = ".partial"
LONGEST_NAME = 255  # bytes, on every common file system


@contextmanager
def replacing(path: str | os.PathLike, *, shared: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to; when the block ends without an error, the new file takes the place of the old.

    A symbolic link stays where it is: the file that it points to is replaced. A process that is killed leaves
    `.NAME.partial`, which the next writer of the same file overwrites. `shared` says that several processes may write
    the same file at once: each then writes under a name of its own, `.NAME.TOKEN.partial`, which stays if it is killed,
    and the last one to finish wins.

    Raises ValueError if something other than a file stands at `path`, and OSError as writing does.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ValueError(f"{path} is no regular file: give another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(_temporary_name(target.name, secrets.token_hex(4) if shared else ""))
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, target)
    except OSError as error:
        if error.filename == os.fspath(temporary):  # a name that the caller knows nothing of
            error.filename = os.fspath(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    with suppress(OSError):  # the file is in its place; not every folder can be flushed
        _flush(target.parent)  # or a power cut could still undo the renaming


@contextmanager
def whole(path: str | os.PathLike, *, shared: bool = False) -> Iterator[BinaryIO]:
    """A binary file that is at `path` whole or not at all; see `replacing`."""
    with replacing(path, shared=shared) as temporary, open(temporary, "wb") as file:
        yield file


@contextmanager
def locked(path: str | os.PathLike, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock that a file stands for, which one process at a time has; others call `waiting` and wait."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        try:
            import fcntl
        except ImportError:  # not on Windows
            yield
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def fingerprint(path: str | os.PathLike) -> str:
    """SHA-256 of a file, hexadecimal."""
    with open(path, "rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _temporary_name(name: str, token: str) -> str:
    end = f".{token}{PARTIAL}" if token else PARTIAL
    if len(os.fsencode(name)) + len(end) >= LONGEST_NAME:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return f".{name}{end}"


def _flush(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
