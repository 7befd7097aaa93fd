"""Records what is needed to repeat a run: a folder `starts/NUMBER` for each time that it was started or resumed.

config.yaml     the whole configuration, resolved: `uv run train.py -cd runs/gpt/x/starts/0001 -cn config dir=again`
run.json        code revision, packages, platform, seed, SHA-256 of every data manifest
changes.patch   uncommitted changes to that revision, if there were any
"""

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path

from tts.files import whole
from tts.provenance import revision


def record(folder: Path, *, config: str, seed: int, data: Mapping[str, str]) -> Path:
    """Add a start to the run in `folder` and return its path. `config` is YAML, `data` maps manifests to hashes."""
    starts = folder / "starts"
    number = 1 + max((int(path.name) for path in starts.glob("[0-9]*")), default=0)
    start = starts / f"{number:04d}"
    start.mkdir(parents=True)
    with whole(start / "config.yaml") as file:  # other ranks read it at this time (tts.training.assembly.adapt)
        file.write(config.encode())
    about = {
        "revision": revision(),
        "seed": seed,
        "data": dict(data),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {package.name: package.version for package in sorted(distributions(), key=lambda p: p.name)},
    }
    start.joinpath("run.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    if changes := _changes():
        start.joinpath("changes.patch").write_bytes(changes)
    return start


def _changes() -> bytes:
    """`git diff` of the checkout against its revision. Empty outside a checkout."""
    try:
        here = Path(__file__).parent
        return subprocess.run(["git", "-C", str(here), "diff", "HEAD"], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return b""
