"""What the slow checks of `python -m data prepare` share: running it, and reading its results."""

import hashlib
import json
import resource
import subprocess
import sys
import tarfile
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).parents[3]
FAST = ["--", "judge.mos=0"]
# Thresholds that keep every clip with words.
OPEN = [*FAST, *(f"judge.{name}=0" for name in ("agreement", "word_agreement", "min_rate", "bandwidth"))]
OPEN += ["judge.snr=-20", "judge.max_rate=100", "judge.untranscribed=60", "judge.clipping=1", "judge.music=1"]
OPEN += ["judge.one_speaker=-1"]


def command(sources, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "data", "prepare", *map(str, sources), "-o", str(out), *more]


def run(sources, out: Path, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(sources, out, *more), cwd=ROOT, capture_output=True, text=True, errors="replace")


def shards(out: Path) -> dict[str, str]:
    """The hash of each file of the shards that must be reproducible."""
    files = [*sorted(out.glob("*.tar")), out / "index.json", out / "stats.json", out / "rejected.jsonl"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def clips(out: Path) -> list[dict]:
    found = []
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            found += [json.load(tar.extractfile(member)) for member in tar if member.name.endswith(".json")]
    return sorted(found, key=lambda clip: (clip["source"], clip["start"]))


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text("utf-8"))


def processor_seconds(out: Path) -> float:
    """Processor time of all stages together, without the start of the processes."""
    return sum(row["processor_seconds"] for row in report(out)["stages"].values())


def largest() -> str:
    return f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20:.2f} GB"


def plain(text: str) -> list[str]:
    from tts.judges.wer import normalised_words

    return normalised_words(text)


def in_clips(text: str, found: list[dict]) -> str:
    """How many words of a text are in clips, in their order."""
    said = [word for clip in found for word in clip["text"].split()]
    whole = text.split()
    same = sum(block.size for block in SequenceMatcher(None, whole, said, autojunk=False).get_matching_blocks())
    return f"{same} of {len(whole)} words in clips = {same / len(whole):.2%}"
