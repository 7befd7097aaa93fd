"""Shape annotations are checked in every test; in training they cost nothing."""

import gc
import os
import signal
from pathlib import Path

os.environ["WANDB_MODE"] = "disabled"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of each worker: pytest runs one on every core
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of a hundred processes compiles torch and the rest again

import jaxtyping
import pytest
import torch

import helpers.shapes  # noqa: F401  (jaxtyping finds the checker by its name, in a module that is there)

# Before anything of ours is imported: from here on a wrong shape is a TypeError that names the argument. Rooms of text
# have no shapes; checking their many small calls took a tenth of the suite's time.
TEXT_ROOMS = {"text", "document", "shows"}
ROOMS = [f"tts.{path.stem}" for path in Path("tts").iterdir() if path.stem not in TEXT_ROOMS]
jaxtyping.install_import_hook([*ROOMS, "dvae", "gpt", "diffusion", "vocoder", "speaker"], "helpers.shapes.check")

from tts.types import AudioConfig  # noqa: E402


def pytest_collection_finish():
    """What was imported stays until the end: the collector of garbage need not go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _interruptible():
    """A shell makes jobs in the background ignore Ctrl-C; so would the processes that tests start and interrupt."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def audio() -> AudioConfig:
    """The shipped configuration, read from conf."""
    from omegaconf import OmegaConf

    return AudioConfig(**OmegaConf.load("conf/audio/24khz.yaml"))


@pytest.fixture(scope="session")
def shards(tmp_path_factory, audio) -> Path:
    """A corpus that is computed here, packed."""
    from helpers import corpus

    return corpus.make_shards(tmp_path_factory.mktemp("shards") / "computed", audio)


@pytest.fixture(scope="session")
def codec(tmp_path_factory) -> Path:
    """Weights of a nano codec."""
    from helpers import nano

    return nano.weights(tmp_path_factory.mktemp("weights")) / "dvae.safetensors"
