"""Each command of docs/narration.md runs, in their order, with the shipped nets."""

import os
import re
import subprocess
import sys

import pytest

from tts.settings import ROOT

COMMANDS = re.findall(r"(?m)^    ((?:uv run|printf) .*)$", (ROOT / "docs" / "narration.md").read_text("utf-8"))


@pytest.mark.slow
def test_every_command_of_the_walk(tmp_path):
    python = f'"{sys.executable}" -W ignore'
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    assert len(COMMANDS) > 10
    for command in COMMANDS:
        ours = command.replace("uv run python", python).replace("uv run infer.py", f'{python} "{ROOT / "infer.py"}"')
        done = subprocess.run(ours, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode in (0, 3), f"{command}\n{done.stdout}{done.stderr}"  # 3: a take stayed doubtful
    for name in ("fox.m4b", "fox.narration/player.html", "feed.xml", "aligned/player.html", "fox-01.mp3"):
        assert (tmp_path / name).stat().st_size > 0
    assert not os.path.exists("fox.m4b")
