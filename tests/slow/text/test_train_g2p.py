"""The training of the model that reads unknown words: resumed, and on the whole dictionary."""

import numpy as np
import pytest

from tts.text.english.g2p import ALPHABET
from tts.text.english.learning.train_g2p import dictionary
from tts.text.learning.train_g2p import AlignedWords, edits, families, judge, split, train

pytestmark = pytest.mark.slow


def test_a_stopped_training_continues_as_if_it_had_not_stopped(tmp_path):
    words = [[ALPHABET.index(letter) for letter in word] for word in ("ab", "ba", "aab", "bba", "abab")] * 4
    samples = AlignedWords(alphabet=ALPHABET, labels=["", "AH0", "B"], words=words, targets=words)

    def stop(epoch: int) -> None:
        raise KeyboardInterrupt

    epochs = []
    train(samples, 2, tmp_path / "whole.npz", epochs.append)
    with pytest.raises(KeyboardInterrupt):
        train(samples, 2, tmp_path / "stopped.npz", stop)
    train(samples, 2, tmp_path / "stopped.npz", epochs.append)
    assert epochs == [1, 2, 2]
    whole, stopped = np.load(tmp_path / "whole.npz"), np.load(tmp_path / "stopped.npz")
    assert all(np.array_equal(whole[name], stopped[name]) for name in whole.files)
    assert not (tmp_path / "stopped.npz.checkpoint").exists()


def test_held_out_words_and_their_families_are_not_in_the_training():
    parts = split(dictionary())
    training, strict = set(parts.training), set(parts.held_out_families)
    assert not training & {*parts.held_out, *parts.held_out_families, *parts.tuning}
    assert not any(training & set(group) and strict & set(group) for group in families(dictionary()))
    assert "bbc" not in dictionary().words  # said by its letters


def test_errors_are_counted_against_the_nearest_pronunciation():
    assert edits(("AH", "B"), ("B",)) == 1
    word = next(word for word in split(dictionary()).held_out if len(dictionary().words[word]) > 1)
    words = {word: dictionary().words[word]}
    assert judge(lambda _: words[word][1], words)["word error with stress"] == 0
    assert judge(lambda _: [], words)["phone error"] == 1
