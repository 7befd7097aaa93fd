"""What it takes to start: from the shell to a finished short sentence, and the size of what is installed."""

import os
import resource
import site
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tts.settings import ROOT

SHORT = "The kettle is on."
TRIES = 3


def from_shell(engine: str, overrides: list[str], weights: Path | None, voice: str | None) -> dict[str, float | str]:
    """Median seconds of `infer.py` with a short sentence, after a run that fills the disk cache."""
    walls, processors = [], []
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(ROOT / "infer.py"), SHORT, "-q", "-o", str(Path(scratch) / "short.wav")]
        command += ["--engine", engine]
        command += ["--weights", str(weights)] * (weights is not None) + ["--voice", str(voice)] * (voice is not None)
        command += ["--", *overrides]
        for _ in range(TRIES + 1):
            start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise ValueError(f"infer.py failed: {done.stderr.strip() or done.returncode}")
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            walls.append(time.perf_counter() - start)
            processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"engine": engine, "wall_seconds": median(walls[1:]), "processor_seconds": median(processors[1:])}


def installed_bytes() -> int:
    """The size of all packages in the environment; a file with several names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for folder in site.getsitepackages():
        for parent, _, names in os.walk(folder):
            for name in names:
                about = os.lstat(os.path.join(parent, name))
                seen[about.st_dev, about.st_ino] = about.st_size
    return sum(seen.values())
