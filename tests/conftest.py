"""Shape annotations are checked in every test; in training they cost nothing."""

import os

os.environ["WANDB_MODE"] = "disabled"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of each worker: pytest runs one on every core

import jaxtyping
import pytest
import torch

# Before anything of ours is imported: from here on a wrong shape is a TypeError that names the argument.
jaxtyping.install_import_hook(["tts", "dvae", "gpt", "diffusion", "vocoder"], "shapes.check")

from tts.audio import AudioConfig  # noqa: E402


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def audio() -> AudioConfig:
    """The shipped configuration, read from conf."""
    from omegaconf import OmegaConf

    return AudioConfig(**OmegaConf.load("conf/audio/24khz.yaml"))
