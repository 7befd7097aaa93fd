import math

import pytest
import torch

from gpt.loss import accuracy, cross_entropy, gap_error


def test_losses_are_means_over_what_is_scored():
    logits = torch.tensor([[0.0, math.log(3.0)], [math.log(4.0), 0.0], [0.0, 0.0]], requires_grad=True)
    target = torch.tensor([1, 1, 0])
    assert cross_entropy(logits, target).item() == pytest.approx(-math.log(3 / 4 * 1 / 5 * 1 / 2) / 3)
    assert accuracy(logits, target).item() == pytest.approx(2 / 3)


def test_nothing_scored_costs_nothing_and_still_has_a_gradient():
    logits = torch.zeros(0, 5, requires_grad=True)
    nothing = torch.zeros(0, dtype=torch.long)
    loss = cross_entropy(logits, nothing)
    loss.backward()
    assert loss == 0 and accuracy(logits, nothing) == 0


def test_gaps_count_up_to_the_end_of_texts_that_have_ids():
    times = torch.tensor([[0.0, 2.0, 3.0, 3.0], [0.0, 9.0, 9.0, 9.0]])
    log_gaps = torch.tensor([[0.0, 0.5, 7.0], [7.0, 7.0, 7.0]])
    expected = ((1.0 - 2.0 * 0.0) + (math.exp(0.5) - 1.0 * 0.5)) / 2
    assert gap_error(log_gaps, times, torch.tensor([1, 0])).item() == pytest.approx(expected)
    assert gap_error(log_gaps, times, torch.tensor([0, 0])) == 0
