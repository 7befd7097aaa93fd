"""faster-whisper writes words: run by `uv run --group whisper pytest tests/data/prepare/test_whisper.py`."""

import numpy as np
import pytest
import torch

from data.prepare.words import WordsConfig, load_recogniser
from helpers.parrot import parrot

pytest.importorskip("faster_whisper", reason="the group `whisper` is not installed")
SENTENCE = "The ship came into harbour late"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parrot(tmp_path_factory.mktemp("whisper"), SENTENCE)


def test_a_model_in_a_folder_writes_the_words(folder):
    recogniser = load_recogniser(str(folder))
    wave = 0.1 * torch.from_numpy(np.random.default_rng(0).standard_normal(24000 * 3)).float()
    assert recogniser.transcribe(wave, 24000) == SENTENCE
    assert (
        recogniser.identity().startswith("faster-whisper")
        and recogniser.identity() == load_recogniser(str(folder)).identity()
    )


def test_a_folder_without_all_of_a_model_is_refused(folder, tmp_path):
    (tmp_path / "model.bin").write_bytes((folder / "model.bin").read_bytes())
    with pytest.raises(ValueError, match="holds model.bin and tokenizer.json"):
        WordsConfig(recogniser=str(tmp_path), min_agreement=0.3)
