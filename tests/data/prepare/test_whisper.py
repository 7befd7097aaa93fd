"""faster-whisper writes words: run by `uv run --group whisper pytest tests/data/prepare/test_whisper.py`."""

import numpy as np
import pytest
import torch

from data.prepare.words import WordsConfig, load_recogniser
from helpers.fake_whisper import fake_whisper

pytest.importorskip("faster_whisper", reason="the group `whisper` is not installed")
SENTENCE = "The ship came into harbour late"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fake_whisper(tmp_path_factory.mktemp("whisper"), SENTENCE)


def load(folder):
    return load_recogniser(
        WordsConfig(recogniser="whisper", model=str(folder), min_agreement=0.3, language="en"), folder
    )


def test_a_model_in_a_folder_writes_the_words(folder):
    recogniser = load(folder)
    wave = 0.1 * torch.from_numpy(np.random.default_rng(0).standard_normal(24000 * 3)).float()
    assert recogniser.transcribe(wave, 24000) == SENTENCE
    assert recogniser.identity().startswith("faster-whisper") and recogniser.identity() == load(folder).identity()


def test_a_folder_without_all_of_a_model_is_refused(folder, tmp_path):
    (tmp_path / "model.bin").write_bytes((folder / "model.bin").read_bytes())
    with pytest.raises(ValueError, match="model.bin and tokenizer.json"):
        load(tmp_path).identity()
