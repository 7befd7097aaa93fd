"""What the slow checks of `python -m data prepare` have in common: a run of it, and what it leaves behind."""

import hashlib
import json
import resource
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIET = ["--", "judge.mos=0"]
# Every clip with words is kept, to see all that was found.
OPEN = [*QUIET, *(f"judge.{name}=0" for name in ("agreement", "word_agreement", "min_rate", "bandwidth"))]
OPEN += ["judge.snr=-20", "judge.max_rate=100", "judge.untold=60", "judge.clipping=1", "judge.music=1"]
OPEN += ["judge.one_speaker=-1"]


def command(sources, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "data", "prepare", *map(str, sources), "-o", str(out), *more]


def run(sources, out: Path, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(sources, out, *more), cwd=ROOT, capture_output=True, text=True, errors="replace")


def shards(out: Path) -> dict[str, str]:
    """Everything of a folder that must not change, by hash."""
    files = [*sorted(out.glob("*.tar")), out / "index.json", out / "stats.json", out / "rejected.jsonl"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def clips(out: Path) -> list[dict]:
    found = []
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            found += [json.load(tar.extractfile(member)) for member in tar if member.name.endswith(".json")]
    return sorted(found, key=lambda clip: (clip["source"], clip["start"]))


@dataclass(frozen=True)
class Row:
    """A recording of a corpus."""

    path: Path
    speaker: str
    text: str


def table(corpus: Path) -> list[Row]:
    lines = (corpus / "metadata.csv").read_text("utf-8").split("\n")[1:]
    rows = [line.split("|") for line in lines if line]
    return [Row(next((corpus / "audio").glob(f"{id}.*")), speaker, text) for id, speaker, text, _ in rows]


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text("utf-8"))


def processor_seconds(out: Path) -> float:
    """What all stages took together, without the start of the processes."""
    return sum(row["processor_seconds"] for row in report(out)["stages"].values())


def largest() -> str:
    return f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20:.2f} GB"


def plain(text: str) -> list[str]:
    from tts.judges.wer import normalised_words

    return normalised_words(text)


def in_clips(text: str, found: list[dict]) -> str:
    """Words of a text that clips hold, in their order."""
    said = [word for clip in found for word in clip["text"].split()]
    whole = text.split()
    same = sum(block.size for block in SequenceMatcher(None, whole, said, autojunk=False).get_matching_blocks())
    return f"{same} of {len(whole)} words in clips = {same / len(whole):.2%}"
