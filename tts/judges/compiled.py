"""librosa, and packages that use it, imported by one process at a time.

numba stores what it compiles for librosa's ufuncs beside them, each in two files that refer to each other. If several
processes import librosa for the first time at once, these files get mixed up, and from then on librosa's pitch tracker
ends in a segmentation fault.
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
    """The library, as soon as no other process of this user compiles it. Raises ImportError if it is not installed."""
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
    """The library. Raises ImportError if it is not installed."""
    librosa()
    return importlib.import_module("resemblyzer")
