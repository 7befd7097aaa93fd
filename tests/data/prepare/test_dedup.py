import io

import numpy as np
import pytest
import soundfile
import torch

from data.prepare.dedup import Dedup, Seen, difference, fingerprint
from helpers.corpus import speak

RATE = 24000
SETTINGS = Dedup(different=0.32, alike=2)


def wave(text: str, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(speak(text, 150.0, np.random.default_rng(seed))).float()


def opus(sound: torch.Tensor) -> torch.Tensor:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound.numpy(), RATE, format="OGG", subtype="OPUS")
    buffer.seek(0)
    return torch.from_numpy(soundfile.read(buffer, dtype="float32")[0])


@pytest.fixture
def seen(tmp_path):
    with Seen(tmp_path / "seen.sqlite", SETTINGS) as seen:
        yield seen


TEXT = "the lamp stood on the old stone hill by the pine and nobody saw it"


def test_a_copy_is_found_however_it_was_made(seen):
    sound = wave(TEXT)
    assert seen.twin("first", "a", fingerprint(sound, RATE)) == ""
    assert seen.twin("bytes", "a", fingerprint(wave("something else"), RATE)) == "first"
    copies = {"quiet": 0.2 * sound, "coded": opus(sound), "later": torch.cat([torch.zeros(7000), sound])}
    copies["noisy"] = sound + 0.003 * torch.randn(len(sound))
    for name, copy in copies.items():
        assert seen.twin(name, name, fingerprint(copy, RATE)) == "first", name


def test_other_words_are_no_copy(seen):
    texts = [TEXT, TEXT[::-1], "a quill and a kite and a moon and a dune and a bee were there again and again"]
    for number, text in enumerate(texts):
        assert seen.twin(str(number), str(number), fingerprint(wave(text, number), RATE)) == ""


def test_silence_and_moments_have_fingerprints_too():
    assert fingerprint(torch.zeros(RATE), RATE).marks == fingerprint(torch.zeros(100), RATE).marks[:0]
    assert difference(fingerprint(wave("ab"), RATE).bits, fingerprint(wave(TEXT), RATE).bits) == 1.0
