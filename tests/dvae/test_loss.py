"""Losses by their promises: padding is never scored, CTC agrees with counting paths by hand."""

import pytest
import torch

from dvae import loss
from tts.types import Mel


def test_frames_beyond_the_length_are_not_scored():
    frames, estimate = torch.randn(2, 5, 10), torch.randn(2, 5, 10, requires_grad=True)
    length = torch.tensor([10, 4])
    value = loss.l1(estimate, Mel(frames, length))
    value.backward()
    error = (estimate - frames).detach().abs()
    expected = torch.cat([error[0].flatten(), error[1, :, :4].flatten()]).mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-5)
    assert estimate.grad[1, :, 4:].abs().max() == 0


def test_silent_ids_are_dropped_in_order():
    text = torch.tensor([[5, 1, 6, 2, 7], [1, 8, 9, 9, 9]])
    silent = torch.zeros(10, dtype=torch.bool)
    silent[[0, 1, 2]] = True
    kept, kept_len = loss.sounding(text, torch.tensor([5, 2]), silent)
    assert kept_len.tolist() == [3, 1]
    assert kept[0, :3].tolist() == [5, 6, 7]
    assert kept[1, :1].tolist() == [8]


def test_ctc_is_the_log_of_the_sum_over_paths():
    logits = torch.randn(1, 2, 3)
    p = logits.softmax(-1)[0]
    # One id in two positions: 1 1, 1 blank, blank 1.
    total = p[0, 1] * p[1, 1] + p[0, 1] * p[1, 0] + p[0, 0] * p[1, 1]
    value = loss.ctc(logits, torch.tensor([2]), torch.tensor([[1]]), torch.tensor([1]))
    assert value.item() == pytest.approx(-total.log().item(), rel=1e-5)


def test_ctc_leaves_out_clips_without_text_and_texts_that_cannot_fit():
    logits = torch.randn(3, 4, 6, requires_grad=True)
    text = torch.tensor([[1, 2, 0], [0, 0, 0], [3, 3, 3]])  # 3 3 3 needs five positions
    lengths = torch.tensor([4, 4, 4])
    value = loss.ctc(logits, lengths, text, torch.tensor([2, 0, 3]))
    alone = loss.ctc(logits[:1], lengths[:1], text[:1], torch.tensor([2]))
    assert value.item() == pytest.approx(alone.item(), rel=1e-6)
    value.backward()
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1:].abs().max() == 0
    nothing = loss.ctc(logits[1:2], lengths[1:2], text[1:2], torch.tensor([0]))
    assert nothing == 0
