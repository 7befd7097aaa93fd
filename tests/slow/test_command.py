"""The front door as a process: a full disk, interruptions, pipes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers import nano
from tts import settings
from tts.cli import UNREAD
from tts.formats import OUTPUTS

pytestmark = pytest.mark.slow
FAST = ["steps=1", "retries=0", "sampling.max_codes_per_id=1", "guidance=1", "sampling.guidance=1"]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return nano.home(tmp_path_factory.mktemp("home"))


def command(home: Path, *argv: str) -> list[str]:
    base = [sys.executable, str(settings.ROOT / "infer.py"), "--weights", str(home / "weights")]
    return [*base, "-v", str(home / "hum.wav"), *argv]


def test_a_full_disk_is_named_and_nothing_stays(home, tmp_path):
    """A limit on the size of files stands in for the disk."""
    script = (
        "import resource, sys, infer; resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))\n"
        "for suffix in infer.OUTPUTS: print(infer.main([f'{word}{suffix}' if word.endswith('/x') else word "
        "for word in sys.argv[1:]]))"
    )
    argv = command(home, "Hello there. " * 2, "-q", "-o", str(tmp_path / "x"))[2:]
    done = subprocess.run(
        [sys.executable, "-B", "-c", script, *argv, "--", *FAST],
        cwd=settings.ROOT,
        capture_output=True,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    assert done.stdout.split() == ["1"] * len(OUTPUTS), done.stderr
    for suffix, line in zip(OUTPUTS, done.stderr.splitlines(), strict=True):
        assert line.startswith("infer.py: error: no space left") and f"x{suffix}" in line and "free some" in line
    assert [name for name in os.listdir(tmp_path) if name != "cache"] == []


def test_interrupted_leaves_nothing_behind(home, tmp_path):
    """Ctrl-C and `kill` alike, once the temporary file is being written."""
    (tmp_path / "long.txt").write_text("Again and again and again. " * 20000)
    running = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        argv = command(home, str(tmp_path / "long.txt"), "-q", "-o", str(tmp_path / f"x{number}.wav"))
        running[number] = subprocess.Popen(
            argv, stderr=subprocess.PIPE, text=True, env=os.environ | {"XDG_CACHE_HOME": str(home / "cache")}
        )
    for number, process in running.items():
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob(f".x{number}.*")):
            assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
            time.sleep(0.05)
        process.send_signal(number)
        _, said = process.communicate(timeout=300)
        assert process.returncode == 130 and said == "infer.py: error: interrupted; nothing was written\n"
    assert os.listdir(tmp_path) == ["long.txt"]


def test_sound_on_standard_output_is_lean(home):
    """The path imports neither Lightning, Hydra, wandb nor matplotlib, and says nothing else on standard output."""
    script = (
        "import sys, infer; code = infer.main(sys.argv[1:])\n"
        "heavy = {'lightning', 'hydra', 'wandb', 'matplotlib', 'librosa', 'encodec'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else code)"
    )
    argv = command(home, "Hello.", "-o", "-")[2:]
    done = subprocess.run([sys.executable, "-c", script, *argv, "--", *FAST], cwd=settings.ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout[:4] == b"RIFF" and len(done.stdout) > 1000


def test_a_reader_that_leaves_ends_it_quietly(home):
    process = subprocess.Popen(
        [*command(home, "Hello there. " * 50, "--stream", "-q"), "--", *FAST],
        cwd=settings.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.read(100)
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait() == UNREAD
