"""Codes in windows: each is rendered once, as soon as it can be."""

from fractions import Fraction

import pytest

from tts.synthesis.grid import AFTER, BEFORE, HOPS, first_window, windows


def spoken(count):
    return ((k, f"latents {k}") for k in range(count))


@pytest.mark.parametrize("grain", [1, 3])
@pytest.mark.parametrize("count", [1, 5, HOPS[0] + AFTER, HOPS[0] + AFTER + 1, 200, 531])
def test_every_code_is_rendered_once_and_seen_with_those_around_it(count, grain):
    rendered = []
    for window in windows(spoken(count), grain):
        ids = [code for code, _ in window.spoken]
        assert ids == list(range(window.first, window.first + len(ids)))
        assert [latents for _, latents in window.spoken] == [f"latents {code}" for code in ids]
        assert window.first % grain == 0 and window.start <= BEFORE * grain
        assert window.start == BEFORE * grain or window.first == 0
        assert window.stop == len(ids) or len(ids) - window.stop == AFTER * grain
        rendered += ids[window.start : window.stop]
    assert rendered == list(range(count)) and window.stop == len(ids)


def test_a_window_comes_as_soon_as_its_codes_are_there():
    taken = []
    codes = (taken.append(code) or code for code in spoken(400))
    first = next(windows(codes, 1))
    assert len(taken) == first_window(1) == len(first.spoken)


@pytest.mark.parametrize("rate", [Fraction(4), Fraction(5, 4)])
@pytest.mark.parametrize("count", [5, 40, 200])
def test_every_frame_is_rendered_once(count, rate):
    done = 0
    for window in windows(spoken(count), 4):
        frames = int(len(window.spoken) * rate)
        stretch = window.stretch(rate, frames)
        assert stretch.number == done and 0 <= stretch.start <= stretch.start + stretch.ready <= frames
        done += stretch.ready
    assert done == int(count * rate)


def test_nothing_spoken_has_no_window():
    assert not list(windows(spoken(0), 1))
