"""The training of the model that reads unknown words, on a few words."""

import random

import numpy as np
import pytest
import torch

from tts.cli import UsageError
from tts.text.english.g2p import ALPHABET
from tts.text.english.learning.train_g2p import main
from tts.text.g2p import HISTORY, Reader
from tts.text.learning.align_g2p import align
from tts.text.learning.ngram_g2p import estimate, packed
from tts.text.learning.train_g2p import AlignedWords, Net, batches, export, ngram


def test_letters_say_the_phones_that_go_with_them():
    words = {"box": "B AA K S", "bob": "B AA B", "sob": "S AA B", "phi": "F AY", "six": "S IH K S", "oh": "OW"}
    cuts = align([(word, tuple(phones.split())) for word, phones in words.items()] * 5, ALPHABET)
    assert cuts[0] == [("B",), ("AA",), ("K", "S")]
    assert cuts[4] == [("S",), ("IH",), ("K", "S")]


def test_a_word_with_too_many_phones_is_not_aligned():
    assert align([("a", ("B", "IY", "S")), ("be", ("B", "IY"))], ALPHABET)[0] is None


def test_an_n_gram_is_a_distribution_after_every_context():
    rng = random.Random(0)
    sequences = [[0, *rng.choices(range(1, 6), weights=[5, 4, 3, 2, 1], k=rng.randint(2, 7)), 0] for _ in range(300)]
    probs, backoffs = estimate(sequences, 3)

    def prob(context, last):
        if (*context, last) in probs:
            return np.exp(probs[(*context, last)])
        return np.exp(backoffs.get(context, 0.0)) * prob(context[1:], last) if context else 0.0

    for context in [(), *backoffs]:
        assert sum(prob(context, last) for last in range(6)) == pytest.approx(1, abs=1e-6)
    assert packed(probs, backoffs)["ngram.children"].sum() == len(probs.keys() | backoffs.keys())


@pytest.fixture(scope="module")
def samples() -> AlignedWords:
    words = [[ALPHABET.index(letter) for letter in word] for word in ("ab", "ba", "aab", "bba", "abab")] * 4
    return AlignedWords(alphabet=ALPHABET, labels=["", "AH0", "B"], words=words, targets=words)


@pytest.fixture(scope="module")
def net() -> Net:
    torch.manual_seed(0)
    return Net(len(ALPHABET), 3).eval().half().float()  # as the file rounds it


def test_what_is_exported_computes_what_the_net_computes(samples, net, tmp_path):
    any_letter_says_any_label = {"graphones": np.ones((len(ALPHABET), 3), np.uint8)}
    export(net, samples.labels, ngram(samples) | any_letter_says_any_label, tmp_path / "g2p.npz")
    reader = Reader(tmp_path / "g2p.npz", ALPHABET)
    letters = np.array([ALPHABET.index(letter) for letter in "abbabababb"])
    labels = torch.tensor([[1, 2, 2, 1, 2, 1, 2, 1, 2, 2]])
    with torch.no_grad():
        expected = net(torch.from_numpy(letters)[None], labels)[0, :, 1:].log_softmax(-1)
    before = np.pad(labels[0].numpy(), (HISTORY, 0))
    encoded = reader._encode(letters).T
    found = [reader._decode(letters[i], encoded[i], before[None, i : i + HISTORY])[:, 0] for i in range(len(letters))]
    np.testing.assert_allclose(np.stack(found), expected.numpy(), atol=1e-4)


def test_the_packed_n_gram_scores_as_estimated(samples, net, tmp_path):
    export(net, samples.labels, ngram(samples), tmp_path / "g2p.npz")
    reader = Reader(tmp_path / "g2p.npz", ALPHABET)
    sequences = [[0, *word, 0] for word in samples.words]  # letter and label are one, so pairs are 1 and 2
    probs, backoffs = estimate(sequences, 6)
    word = (0, 1, 2, 1, 2, 0)
    expected = 0.0
    for end in range(2, len(word) + 1):
        context = word[max(0, end - 6) : end - 1]
        while (*context, word[end - 1]) not in probs:
            expected, context = expected + backoffs.get(context, 0.0), context[1:]
        expected += probs[(*context, word[end - 1])]
    assert reader.ngram.score(np.array([word[1:-1]]))[0] == pytest.approx(expected, abs=0.03 * len(word) * 2)


def test_every_word_is_in_one_batch_of_words_of_its_length(samples):
    found = list(batches(samples.words, random.Random(0)))
    assert sorted(number for batch in found for number in batch) == list(range(len(samples.words)))
    assert all(len({len(samples.words[number]) for number in batch}) == 1 for batch in found)


def test_a_letter_says_only_what_it_said_in_training(samples, net, tmp_path):
    export(net, samples.labels, ngram(samples), tmp_path / "g2p.npz")
    assert Reader(tmp_path / "g2p.npz", ALPHABET).phones("abba") == ["AH0", "B", "B", "AH0"]


def test_the_command_says_in_one_line_what_it_lacks():
    with pytest.raises(UsageError, match="nothing to do: give --out or --judge; see python -m .*train_g2p --help"):
        main([])
