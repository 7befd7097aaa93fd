"""Makes one show, in a process of its own: `python -m tts.server.showmaker FOLDER`, see `tts.server.worker`."""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tts.files import whole
from tts.narration import manifest
from tts.server.worker import ORDER, PROJECT, Say, reporter, teller, work
from tts.shows.calls import Budget, Calls
from tts.shows.models.open import DEFAULTS
from tts.shows.order import ShowOrder
from tts.shows.records import STATE
from tts.shows.run import BEGUN, Models, ShowRun
from tts.shows.stage import read_yaml

MANIFEST = "episode.narration/manifest.json"
ABOUT = "about.yaml"


@dataclass(frozen=True, kw_only=True)
class Commission:
    """What the service asks its process for."""

    show: str  # a name or a YAML file of the operator's
    input: str  # a file in the folder of the job
    order: ShowOrder
    until: str | None = None
    tokens: int  # of models that are paid for, at most
    images: int

    def save(self, folder: Path) -> None:
        with whole(folder / ORDER) as file:
            file.write(json.dumps(asdict(self)).encode())

    @classmethod
    def read(cls, folder: Path) -> "Commission":
        found = json.loads((folder / ORDER).read_text("utf-8"))
        return cls(**found | {"order": ShowOrder(**found["order"])})


def make(folder: Path, say: Say) -> dict[str, Any]:
    """Make, or go on with, the show that a folder's order asks for."""
    asked, project = Commission.read(folder), folder / PROJECT
    show = asked.order.show(asked.show)
    calls = Calls(project / STATE / "calls", Budget(asked.tokens, asked.images))
    models = Models(DEFAULTS | asked.order.models, calls)
    run = ShowRun(show, project, models, asked.order.seed or 0, teller(folder, say), reporter(say))

    def reached(name: str, what: str) -> None:
        say(stage=name, what=what, **({"title": _title(project)} if what != BEGUN else {}))

    run.run(str(folder / asked.input), until=asked.until, reached=reached)
    seconds, doubtful = _heard(project)
    return {"files": show.files(project), "seconds": seconds, "doubtful": doubtful}


def _title(project: Path) -> str:
    """The title that the show has given itself; empty before that."""
    found = read_yaml(project / ABOUT) if (project / ABOUT).is_file() else None
    return str(found.get("title") or "")[:200] if isinstance(found, dict) else ""


def _heard(project: Path) -> tuple[float, int]:
    """How many seconds the episode has, and how many of its sentences may have a fault."""
    if not (project / MANIFEST).is_file():
        return 0.0, 0
    timeline = manifest.read(project / MANIFEST)
    segments = [segment for chapter in timeline.chapters for segment in chapter.segments]
    return timeline.seconds, sum(bool(segment.faults) for segment in segments)


if __name__ == "__main__":
    sys.exit(work(make))
