"""Purity, mutual information and probes of tokens, on counts whose answers are known."""

import numpy as np
import pytest

from tts.evaluate.tokens import (
    LinearProbe,
    at_steps,
    jackknife,
    joint_counts,
    nats_of_phones,
    phone_classes,
    phone_purity,
    pnmi,
)

RATE = 16000


def test_tokens_that_are_the_phones_tell_all_and_those_beside_them_nothing():
    same, apart = np.diag([4, 2, 2]), np.outer([1, 2, 3], [4, 4])
    assert phone_purity(same) == 1 and pnmi(same) == pytest.approx(1)
    assert phone_purity(apart) == 0.5 and pnmi(apart) == pytest.approx(0)
    # Two of three phones share a token: H(phone) = 1.5 bits, of which 1 is told.
    shared = np.array([[4, 0, 0], [0, 2, 2]])
    assert phone_purity(shared) == 0.75 and pnmi(shared) == pytest.approx(1 / 1.5)


def test_counts_are_of_pairs():
    counts = joint_counts(np.array([0, 2, 2]), np.array([1, 0, 0]), (3, 2))
    assert counts.tolist() == [[0, 1], [0, 0], [2, 0]]


def test_an_interval_by_leaving_out_holds_the_value_and_narrows_with_clips():
    generator = np.random.default_rng(0)
    clips = [generator.multinomial(50, [0.3, 0.1, 0.1, 0.5]).reshape(2, 2) for _ in range(80)]
    few, many = jackknife(clips[:8], phone_purity), jackknife(clips, phone_purity)
    assert many.value == phone_purity(sum(clips)) and many.low < 0.8 < many.high
    assert many.high - many.low < 0.6 * (few.high - few.low)


def test_what_was_taught_is_a_distribution_that_a_large_codebook_cannot_inflate():
    generator = np.random.default_rng(0)
    tokens, phones = generator.integers(500, size=4000), generator.integers(4, size=4000)  # independent
    counts = [joint_counts(tokens[half::2], phones[half::2], (500, 4)) for half in (0, 1)]
    nats = nats_of_phones(counts[0])
    assert np.allclose(np.exp(-nats).sum(1), 1)
    assert pnmi(counts[1]) > 0.1  # by chance alone
    assert 1 - (counts[1] * nats).sum() / counts[1].sum() / np.log(4) <= 0


def test_a_probe_finds_what_is_linear():
    x = np.random.default_rng(0).normal(size=(600, 3)) * [1, 100, 1] + 7
    y = np.stack([x[:, 0] - 7, (x[:, 1] - 7) / 100, np.zeros(600)]).argmax(0)
    probe = LinearProbe(x[:400], y[:400], 3)
    assert (probe(x[400:]) == y[400:]).mean() > 0.9


def test_steps_take_the_value_that_covers_their_middle():
    assert at_steps(np.arange(3), 25, 7).tolist() == [0, 0, 1, 1, 2, 2, 2]  # the last one goes on


def test_phones_reach_to_the_middle_between_them_and_pauses_are_silence():
    wav = np.random.default_rng(0).normal(size=RATE) * 0.1
    wav[int(0.5 * RATE) :] *= 1e-3
    found = phone_classes(wav, RATE, [0.05, 0.15, 0.2, 0.45], [3, 0, 4, 5])  # the second id makes no sound
    assert found[:6].tolist() == [3] * 6  # up to .125 s
    assert set(found[7:16]) == {4} and set(found[17:26]) == {5}  # border at .325; quiet, but within reach to .53 s
    assert set(found[28:]) == {0}
    assert phone_classes(wav, RATE, [0.2], [0]).tolist() == [0] * 50
