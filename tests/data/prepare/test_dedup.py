import io

import numpy as np
import pytest
import soundfile
import torch

from data.prepare.dedup import ClipIndex, DedupConfig, acoustic_fingerprint, bit_error_rate
from helpers.corpus import speak

RATE = 24000
CONFIG = DedupConfig(max_bit_error=0.32, min_landmarks=2)


def wave(text: str, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(speak(text, 150.0, np.random.default_rng(seed))).float()


def opus(sound: torch.Tensor) -> torch.Tensor:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.numpy(), RATE, format="OGG", subtype="OPUS")
    buffer.seek(0)
    return torch.from_numpy(soundfile.read(buffer, dtype="float32")[0])


@pytest.fixture
def index(tmp_path):
    with ClipIndex(tmp_path / "clips.sqlite", CONFIG) as index:
        yield index


TEXT = "the lamp stood on the old stone hill by the pine and nobody saw it"


def test_a_copy_is_found_however_it_was_made(index):
    sound = wave(TEXT)
    assert index.add("first", "a", acoustic_fingerprint(sound, RATE)) == ""
    assert index.add("bytes", "a", acoustic_fingerprint(wave("something else"), RATE)) == "first"
    copies = {"quiet": 0.2 * sound, "coded": opus(sound), "later": torch.cat([torch.zeros(7000), sound])}
    copies["noisy"] = sound + 0.003 * torch.randn(len(sound))
    for name, copy in copies.items():
        assert index.add(name, name, acoustic_fingerprint(copy, RATE)) == "first", name


def test_other_words_are_no_copy(index):
    texts = [TEXT, TEXT[::-1], "a quill and a kite and a moon and a dune and a bee were there again and again"]
    for number, text in enumerate(texts):
        assert index.add(str(number), str(number), acoustic_fingerprint(wave(text, number), RATE)) == ""


def test_silence_and_moments_have_fingerprints_too():
    assert acoustic_fingerprint(torch.zeros(RATE), RATE).marks == acoustic_fingerprint(torch.zeros(100), RATE).marks[:0]
    assert (
        bit_error_rate(acoustic_fingerprint(wave("ab"), RATE).bits, acoustic_fingerprint(wave(TEXT), RATE).bits) == 1.0
    )
