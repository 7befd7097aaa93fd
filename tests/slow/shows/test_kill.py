"""A show is killed at 20 moments, and ends as if nothing had happened; no answer that it had is asked for again."""

import json
import multiprocessing
import random
import shutil
import time
from pathlib import Path

import pytest

from helpers import narrating
from helpers.answering import Server, serving
from tts.shows.__main__ import main
from tts.shows.records import STATE

pytestmark = pytest.mark.slow
pytest.importorskip("openai")
KILLS = 20
PASSING = ("lock", ".partial")  # files that say nothing of the result


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return narrating.home(tmp_path_factory.mktemp("home"))


def command(home: Path, folder: Path, server: Server) -> list[str]:
    """bedtime, with a writer and a painter behind an address, and nano nets that speak."""
    speaking = json.dumps([*narrating.FAST, f"weights={home / 'weights'}"])
    own = [
        "--writer",
        f"{server.address}#w",
        "--painter",
        f"{server.address}#p",
        "-v",
        str(home / "someone.safetensors"),
    ]
    settings = [f"narrate.speaking={speaking}", "minutes=0.3", "cover.side=200", "date='2026-11-30'"]
    return ["bedtime", "It is raining heavily today.", "-o", str(folder), *own, "-q", "--", *settings]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file by its name, without where the folder lies."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(PASSING)]
    here = str(folder).encode()
    return {str(path.relative_to(folder)): path.read_bytes().replace(here, b"FOLDER") for path in paths}


def result(folder: Path) -> dict[str, bytes]:
    """What the show made. Addresses of servers, which stand in keys, differ."""
    kept = contents(folder)
    return {name: data for name, data in kept.items() if not name.startswith(STATE) and name != "credits.md"}


def stored(folder: Path) -> set[str]:
    """The requests whose answers are on the disk."""
    found = set()
    for path in (folder / STATE / "calls").glob("*/*.json"):
        request = json.loads(path.read_text())["request"]
        found.add(json.dumps(request.get("messages") or request.get("scene"), sort_keys=True) + str(request["seed"]))
    return found


def asked(body: dict) -> str:
    """The same of what came to the server."""
    seed = body.get("seed", 0)
    return json.dumps(body.get("messages") or body.get("prompt"), sort_keys=True) + str(seed)


def test_a_show_that_is_killed_twenty_times_ends_the_same_and_pays_for_nothing_twice(home, tmp_path):
    with serving() as server:
        assert main(command(home, tmp_path / "first", server)) == 0  # which also imports everything
        server.requests.clear()
        start = time.monotonic()
        assert main(command(home, tmp_path / "whole", server)) == 0
        whole, calls = result(tmp_path / "whole"), len(server.requests)
        server.requests.clear()
        folder, chance, kills = tmp_path / "killed", random.Random(0), 0
        lasts = time.monotonic() - start
        context = multiprocessing.get_context("fork")
        while kills < KILLS:
            had, before = stored(folder), len(server.requests)
            child = context.Process(target=main, args=(command(home, folder, server),))
            child.start()
            child.join(chance.uniform(0.0, lasts))
            if child.is_alive():
                child.kill()
                child.join()
                kills += 1
                print("killed", kills)
            else:  # it is done: everything but the answers goes, so that there is something to kill
                for path in [*folder.glob("episode*"), folder / "story.md", folder / STATE / "stages.json"]:
                    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            assert not had & {asked(body) for body in server.requests[before:]}
        assert main(command(home, folder, server)) == 0
        assert result(folder) == whole
        assert calls <= len(server.requests) <= calls + kills
        assert kills == KILLS
