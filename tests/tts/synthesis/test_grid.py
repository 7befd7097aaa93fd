"""Codes in windows: each is rendered once, as soon as it can be."""

import pytest
import torch

from tts.synthesis.grid import AFTER, BEFORE, HOPS, first_window, windows


def spoken(count, latents=True):
    return ((torch.tensor([k]), torch.full((1, 2), float(k)) if latents else None) for k in range(count))


@pytest.mark.parametrize("grain", [1, 3])
@pytest.mark.parametrize("count", [1, 5, HOPS[0] + AFTER, HOPS[0] + AFTER + 1, 200, 531])
def test_every_code_is_rendered_once_and_seen_with_those_around_it(count, grain):
    rendered = []
    for window in windows(spoken(count), grain):
        ids = window.ids[0].tolist()
        assert ids == list(range(window.first, window.first + len(ids)))
        assert torch.equal(window.latents[0, :, 0].long(), window.ids[0])
        assert window.first % grain == 0 and window.start <= BEFORE * grain
        assert window.start == BEFORE * grain or window.first == 0
        assert window.stop == len(ids) or len(ids) - window.stop == AFTER * grain
        rendered += ids[window.start : window.stop]
    assert rendered == list(range(count)) and window.stop == len(ids)


def test_a_window_comes_as_soon_as_its_codes_are_there():
    taken = []
    codes = (taken.append(code) or code for code in spoken(400))
    (first, *_), size = [next(windows(codes, 1))], len(taken)
    assert size == first_window(1) == first.ids.shape[1]


def test_a_codec_without_latents_has_none():
    assert all(window.latents is None for window in windows(spoken(30, latents=False), 1))
    assert not list(windows(spoken(0), 1))
