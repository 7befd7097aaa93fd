"""One export of nano nets for all tests of this folder."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from helpers import nano
from tts.checkpoint import build, export
from tts.settings import ROOT


@pytest.fixture(scope="session")
def weights(tmp_path_factory, audio) -> Path:
    """Nets in which nothing is zero, and a decoder that starts from no noise."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("gpt", "dvae", "diffusion", "vocoder"):
        spec = nano.conf(f"model/{name}/nano")
        if name == "diffusion":
            spec |= {"latent_width": nano.conf("model/gpt/nano")["width"], "temperature": 0.0}
        net = build(spec, audio)
        torch.manual_seed(1)
        with torch.no_grad():
            for weight in net.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
        extra = {"text": nano.conf("text/english")}
        export(folder / f"{name}.safetensors", net, spec=spec, audio=audio, provenance={}, extra=extra)
    return folder


@pytest.fixture(scope="session")
def exported(weights, tmp_path_factory) -> Path:
    """A process of its own writes them: here annotations are checked, which torch's exporter cannot trace."""
    folder = tmp_path_factory.mktemp("onnx")
    command = [sys.executable, "-m", "tts.export", "--weights", str(weights), "-o", str(folder), "--no-int8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder
