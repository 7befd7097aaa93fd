"""librosa, and what rests on it, imported by one process at a time.

numba keeps what it compiles for librosa's ufuncs beside them, each in two files that name each other. Processes that
import librosa for the first time at once mix theirs, and pitch is a segmentation fault from then on.
"""

import importlib
import os
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

UFUNCS = ("librosa.util.utils", "librosa.core.audio", "librosa.core.pitch")  # compiled as they are imported


@cache
def librosa() -> ModuleType:
    """The library, once no other process of this user is compiling it. Raises ImportError where it is not installed."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    path = Path(tempfile.gettempdir()) / f"triforce-librosa-{user}.lock"
    handle = os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        try:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        except ImportError:  # not on Windows
            pass
        for name in UFUNCS:
            importlib.import_module(name)
        return importlib.import_module("librosa")
    finally:
        os.close(handle)


def resemblyzer() -> ModuleType:
    """The library. Raises ImportError where it is not installed."""
    librosa()
    return importlib.import_module("resemblyzer")
