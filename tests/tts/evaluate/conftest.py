"""Recordings of hums, and nano nets that speak."""

from pathlib import Path

import pytest

from helpers import nano
from tts import settings
from tts.evaluate.subjects import Studio


@pytest.fixture(scope="session")
def hums(tmp_path_factory) -> Path:
    """Two clips of one speaker and one of another."""
    folder = tmp_path_factory.mktemp("hums")
    (folder / "audio").mkdir()
    lines = ["id|speaker|text|seconds"]
    for index, (speaker, text) in enumerate([("ada", "Hello world."), ("ada", "Hello there."), ("bo", "Hello world.")]):
        nano.hum(folder / "audio" / f"c{index}.wav", seconds=1.5, pitch=100 + 20 * index)
        lines.append(f"c{index}|{speaker}|{text}|1.5")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def nano_studio(tmp_path_factory, hums) -> Studio:
    overrides = [f"voice={hums / 'audio' / 'c0.wav'}", "device=cpu", "steps=1", "retries=0"]
    conf = settings.compose([*overrides, "sampling.max_codes_per_id=2.0"])
    return Studio(weights=nano.weights(tmp_path_factory.mktemp("weights")), conf=conf)


@pytest.fixture(scope="session")
def bare_studio(tmp_path_factory) -> Studio:
    """One without nets, for recordings and made-up subjects."""
    return Studio(weights=tmp_path_factory.mktemp("no-weights"), conf=settings.compose(["device=cpu"]))
