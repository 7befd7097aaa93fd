"""One export of nano nets for all tests of this folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from helpers import nano
from tts.settings import ROOT


@pytest.fixture(scope="session")
def weights(tmp_path_factory) -> Path:
    return nano.stirred(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def exported(weights, tmp_path_factory) -> Path:
    """A process of its own writes them: here annotations are checked, which torch's exporter cannot trace."""
    folder = tmp_path_factory.mktemp("onnx")
    command = [sys.executable, "-m", "tts.export", "--weights", str(weights), "-o", str(folder), "--no-int8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder
