"""`python -m data prepare` as a process, on a short talk: kills and worker processes change no byte of the shards."""

import json
import random
import signal
import subprocess
import time

import pytest

from helpers.talk import talk, write_talk
from tests.slow.prepare.common import OPEN, ROOT, clips, command, run, shards
from tests.slow.prepare.runs import hostile_folder

pytestmark = pytest.mark.slow
KILLS = 3


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    """Two recordings of one talk, at different speeds, which makes them different voices."""
    show, wave = tmp_path_factory.mktemp("talks") / "show", talk()
    write_talk(show / "one.wav", wave)
    write_talk(show / "two.wav", wave, rate=21600)
    return show


def tars(hashes):
    return {name: sha256 for name, sha256 in hashes.items() if name.endswith(".tar")}


@pytest.fixture(scope="module")
def undisturbed(show):
    """The shards of one run in one process, and the seconds that it took."""
    start, out = time.monotonic(), show.with_name("undisturbed")
    done = run([show], out, "--workers", "0", *OPEN)
    assert done.returncode == 0, done.stderr
    assert {clip["source"] for clip in clips(out)} == {"one.wav", "two.wav"}
    return shards(out), time.monotonic() - start


def test_a_run_that_is_killed_again_and_again_gives_the_same_shards(show, undisturbed):
    wanted, seconds = undisturbed
    out, rng = show.with_name("killed"), random.Random(0)
    for _ in range(KILLS):
        process = subprocess.Popen(
            command([show], out, "--workers", "0", *OPEN),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(rng.uniform(0.3, 1.0) * seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not out.exists() or shards(out) == wanted
    assert run([show], out, "--workers", "0", *OPEN).returncode == 0
    assert shards(out) == wanted


def test_workers_refuse_broken_files_and_give_the_same_tars(show, undisturbed, tmp_path):
    hostile_folder(tmp_path / "hostile", show / "one.wav")
    out = tmp_path / "out"
    done = run([tmp_path / "hostile", show], out, "--workers", "2", *OPEN)
    assert done.returncode == 0, done.stderr
    assert tars(shards(out)) == tars(undisturbed[0])
    lines = [json.loads(line) for line in (out / "rejected.jsonl").read_text("utf-8").splitlines()]
    refused = {line["id"]: line["reason"] for line in lines}
    names = {path.name for path in (tmp_path / "hostile").iterdir() if path.name.isascii()}
    assert names - refused.keys() - {"other_book.txt"} == set()
    assert "of another recording" in refused["other_book.wav"] and "hours long" in refused["silent30h.flac"]
