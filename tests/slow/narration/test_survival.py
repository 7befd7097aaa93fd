"""A narration with nano nets is killed and interrupted, spread over executors, and made of a long book."""

import multiprocessing
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import narrating
from helpers.narrating import contents, narrate, order
from tts.executors import LocalExecutor, RayExecutor, SlurmExecutor

pytestmark = pytest.mark.slow
KILLS = 30
ROOMY = 60 * 2**10  # KiB of memory that ten times the text may take


def book(chapters: int) -> str:
    return "\n\n".join(
        f"# Chapter {chapter}\n\n" + "\n\n".join(f"It sang {place} times. It stopped {chapter}." for place in range(8))
        for chapter in range(chapters)
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return narrating.home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def undisturbed(home, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    narrate(order(home, folder, book(6)))
    return folder


def test_killed_at_random_moments_and_run_again_is_undisturbed_by_bytes(home, undisturbed, tmp_path):
    chance, asked = random.Random(0), order(home, tmp_path, book(6))
    for _ in range(KILLS):
        child = multiprocessing.get_context("fork").Process(target=narrate, args=(asked,))
        child.start()
        time.sleep(chance.uniform(0.0, 1.0))
        child.kill()
        child.join()
    narrate(asked)
    assert contents(tmp_path) == contents(undisturbed)


def executors(tmp_path: Path) -> dict:
    return {
        "local": lambda: LocalExecutor(2),
        "slurm": lambda: SlurmExecutor(tmp_path / "slurm", "local", 2, {}),
        "ray": lambda: RayExecutor(None, None, 2),
    }


@pytest.mark.parametrize("name, module", [("local", "multiprocessing"), ("slurm", "submitit"), ("ray", "ray")])
def test_every_executor_makes_the_same_bytes(home, undisturbed, tmp_path, name, module):
    pytest.importorskip(module)
    narrate(order(home, tmp_path, book(6)), executor=executors(tmp_path)[name]())
    assert contents(tmp_path) == contents(undisturbed)


def peak(asked, results) -> None:
    narrate(asked)
    results.put(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def test_memory_does_not_grow_with_the_text(home, tmp_path):
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    peaks = []
    for chapters in (4, 40):
        child = context.Process(target=peak, args=(order(home, tmp_path / str(chapters), book(chapters)), results))
        child.start()
        peaks.append(results.get())
        child.join()
    assert peaks[1] - peaks[0] < ROOMY


def test_ctrl_c_ends_with_130_and_leaves_nothing_half_made(home, tmp_path):
    order(home, tmp_path, book(6))
    command = [
        *(sys.executable, "-m", "tts.narration", "make", str(tmp_path / "book.md"), "-o", str(tmp_path / "book.flac")),
        *("--workers", "2", "--weights", str(home / "weights"), "-v", str(home / "someone.safetensors")),
        *("--", *narrating.FAST),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.rglob("*.flac")):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=600)[1]
    assert process.returncode == 130 and said.splitlines()[-1].endswith("run again to go on"), said
    assert not (tmp_path / "book.flac").exists()
