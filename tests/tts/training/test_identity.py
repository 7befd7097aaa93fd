"""The identity loss, against cases worked out by hand."""

import math

import pytest
import torch

from tts.training.identity import identity


def test_one_pair_among_strangers_by_hand():
    """Four unit vectors at right angles but for partners, which are equal: each finds 1 at cosine 1 and 2 at 0."""
    vectors = torch.eye(2)
    value = identity(vectors, 5 * vectors, torch.eye(2).bool(), scale=3.0, margin=0.2)
    right = math.exp(3 * 0.8)
    assert value.item() == pytest.approx(-math.log(right / (right + 2)), rel=1e-5)


def test_clips_of_one_speaker_are_no_strangers():
    """Two pairs of one speaker beside one of another: only that one is a stranger to them."""
    vectors = torch.eye(3)
    number = torch.tensor([0, 0, 1])
    value = identity(vectors, vectors, number[:, None] == number, scale=3.0, margin=0.0)
    e = math.exp(3)
    known = (4 * -math.log(e / (e + 2)) + 2 * -math.log(e / (e + 4))) / 6
    assert value.item() == pytest.approx(known, rel=1e-5)


def test_neither_lengths_of_vectors_nor_swapped_partners_matter():
    one, other = torch.randn(5, 8), torch.randn(5, 8)
    options = {"same": torch.eye(5).bool(), "scale": 20.0, "margin": 0.1}
    value = identity(one, other, **options)
    assert identity(3 * one, 0.2 * other, **options).item() == pytest.approx(value.item(), rel=1e-4)
    assert identity(other, one, **options).item() == pytest.approx(value.item(), rel=1e-5)
