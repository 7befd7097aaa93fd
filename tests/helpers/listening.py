"""Recordings to listen to, and a model that says one sentence of each."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from helpers.fake_whisper import fake_whisper
from helpers.shared import SHARED

SENTENCE = "The ship came into harbour late"


def model(folder: Path) -> str:
    """As --model and `listener` take it."""
    pytest.importorskip("faster_whisper", reason="the group `whisper` is not installed")
    return f"whisper={fake_whisper(folder, SENTENCE)}"


def speech() -> Path:
    """Somebody speaks for nine seconds."""
    path = SHARED / "corpora/heldout_flac/audio/LJ002-0170.flac"
    if not path.is_file():
        pytest.skip("needs the shared corpora")
    return path


def silence(path: Path, seconds: float = 1.0) -> Path:
    soundfile.write(path, np.zeros(round(24000 * seconds)), 24000)
    return path


def silent_film(path: Path) -> Path:
    """A video without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for _ in range(5):
            for packet in stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path
