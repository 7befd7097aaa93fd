from pathlib import Path

import numpy as np
import pytest
import torch

from tts.alignment.recording import Samples, unpacked
from tts.alignment.spell import Speller
from tts.encoding import FileChapter, open_wave

RATE = 24000  # Hz
LIMITS = {"max_hours": 0.01, "max_channels": 2, "max_gb": 1.0, "max_missing": 0.05}


@pytest.fixture
def wave():
    return 0.1 * torch.sin(2 * torch.pi * 440 / RATE * torch.arange(4 * RATE))


def test_the_marks_of_chapters_are_read(wave, tmp_path):
    marks = [FileChapter("One", 0.0, 1.5), FileChapter("Two", 1.5, 4.0)]
    with open_wave(tmp_path / "a.m4b", RATE, chapters=marks, tags={"composer": "A Reader"}) as file:
        file.write(wave)
    found = unpacked(tmp_path / "a.m4b", RATE, tmp_path / "samples", **LIMITS)
    assert found["chapters"] == [[0.0, "One"], [1.5, "Two"]] and found["tags"]["composer"] == "A Reader"
    assert len(Samples(tmp_path / "samples", RATE)) / RATE == pytest.approx(4.0, abs=0.1)


def test_a_recording_without_marks_has_none(wave, tmp_path):
    with open_wave(tmp_path / "a.mp3", RATE) as file:
        file.write(wave)
    assert unpacked(tmp_path / "a.mp3", RATE, tmp_path / "samples", **LIMITS)["chapters"] == []


def test_what_is_no_recording_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.m4b").write_bytes(b"no recording" * 99)
    with pytest.raises(ValueError, match="cannot be decoded"):
        unpacked(tmp_path / "a.m4b", RATE, tmp_path / "samples", **LIMITS)
    assert [path.name for path in tmp_path.iterdir()] == ["a.m4b"]


@pytest.mark.filterwarnings("ignore:this tokenizer was made with")
def test_what_is_heard_is_the_same_in_a_file_as_in_memory(wave, tmp_path):
    (wave.numpy() * 32767).astype("<i2").tofile(tmp_path / "samples")
    speller, samples = Speller(Path("tts/weights/dvae.safetensors")), Samples(tmp_path / "samples", RATE)
    kept = speller.spell(samples, 1.0, tmp_path / "spelling")
    assert np.array_equal(kept.likely, speller.spell(samples, 1.0).likely) and (tmp_path / "spelling").is_file()
