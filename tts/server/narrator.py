"""Makes one narration, in a process of its own: `python -m tts.server.narrator FOLDER`, see `tts.server.worker`."""

import json
import sys
from pathlib import Path

from tts.executors import LocalExecutor
from tts.narration.narrate import make
from tts.narration.plan import Order
from tts.narration.project import Project
from tts.server.worker import ORDER, PROJECT, Say, reporter, teller, work


def narrate(folder: Path, say: Say) -> dict:
    """Make, or go on with, what a folder's order asks for."""
    found = json.loads((folder / ORDER).read_text("utf-8"))
    order = Order(**found | {name: tuple(found[name]) for name in ("include", "cast", "outputs")})
    made = make(order, Project(folder / PROJECT), LocalExecutor(0), teller(folder, say), reporter(say))
    names = [path.name for path in (*made.recordings, *made.others)]
    return {"files": names, "seconds": made.seconds, "doubtful": len(made.doubtful)}


if __name__ == "__main__":
    sys.exit(work(narrate))
