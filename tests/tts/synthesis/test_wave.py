"""Tempo and edges do not depend on the pieces in which sound comes."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tts.synthesis.wave import FADE, HOLD, MARGIN, Edges, stretched, trim

RATE = 24000


def tone(seconds, gain=0.1):
    return (gain * np.sin(np.arange(round(seconds * RATE)) / 3.0)).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def in_pieces(wave, sizes, audio):
    edges, given = Edges(audio), []
    for start in range(0, max(1, len(wave)), sizes):
        given.append(edges.push(wave[start : start + sizes]))
    return np.concatenate((*given, edges.finish())), edges


def in_hops(mel, hops, foreseen):
    """The mel in stretches, each with the frames after it that are foreseen."""
    start, size = 0, mel.shape[-1]
    for hop in hops:
        stop = min(size, start + hop)
        yield mel[..., start : min(size, stop + foreseen) if stop < size else size], stop - start
        start = stop


@pytest.mark.parametrize("speed", [0.5, 0.93, 1.0, 1.27, 2.0])
def test_tempo_is_the_same_in_pieces_and_at_once(speed):
    mel = np.random.default_rng(0).standard_normal((1, 4, 200), np.float32).cumsum(-1)
    ((whole, ready),) = stretched([(mel, 200)], speed)
    assert whole.shape == (1, 4, round(200 / speed)) and ready == whole.shape[-1]
    for hops in ((32, 24, 100, 44), (4, 4, 192), (199, 1)):
        pieces = list(stretched(in_hops(mel, hops, 24), speed))
        assert np.array_equal(np.concatenate([frames[..., :own] for frames, own in pieces], axis=-1), whole)
        assert all(frames.shape[-1] > own for frames, own in pieces[:-1])


def test_tempo_interpolates_frames():
    mel = torch.randn(1, 4, 80)
    ((slow, _),) = stretched([(mel.numpy(), 80)], 0.5)
    torch.testing.assert_close(torch.from_numpy(slow), F.interpolate(mel, size=160, mode="linear"))
    ((back, _),) = stretched([(slow, 160)], 2.0)
    torch.testing.assert_close(torch.from_numpy(back), F.avg_pool1d(torch.from_numpy(slow), 2))


def test_edges_are_trimmed_to_a_margin_and_fade_from_zero(audio):
    wave = trim(np.concatenate((silence(1.0), tone(0.1), silence(0.25))), audio)
    assert 0 <= len(wave) - round((0.1 + 2 * MARGIN) * RATE) <= RATE // 50
    assert wave[0] == 0 and wave[-1] == 0 and abs(wave).max() == abs(tone(0.1)).max()


@pytest.mark.parametrize(
    "parts",
    [
        (silence(0.4), tone(0.5), silence(0.1), tone(0.2), silence(0.2)),
        (tone(0.3), silence(0.5), tone(0.1)),
        (silence(0.05), tone(0.5), silence(1.0)),
        (tone(0.005),),
        (silence(0.7),),
        (silence(0),),
    ],
    ids=range(6),
)
def test_edges_are_the_same_in_any_pieces(parts, audio):
    wave = np.concatenate(parts)
    whole, edges = in_pieces(wave, max(1, len(wave)), audio)
    for sizes in (4000, 777, 240, 13):
        pieces, other = in_pieces(wave, sizes, audio)
        assert np.array_equal(pieces, whole) and other.start == edges.start


def test_a_pause_inside_stays_and_a_long_silent_end_is_cut_by_what_may_be_held(audio):
    inner = np.concatenate((tone(0.3), silence(0.8), tone(0.3)))
    assert len(trim(inner, audio)) == len(inner)
    ended = trim(np.concatenate((tone(0.3), silence(0.9))), audio)
    assert len(ended) == round((0.3 + 0.9 - HOLD) * RATE)


def test_sound_is_not_held_back(audio):
    """What sounds is given at once, but for the little that would be faded out if it were the end."""
    edges = Edges(audio)
    given = edges.push(np.concatenate((silence(0.2), tone(0.5))))
    assert len(given) == round((0.5 + MARGIN - FADE) * RATE) and edges.start == round((0.2 - MARGIN) * RATE)
    quiet = edges.push(silence(2.0))
    assert len(given) + len(quiet) == round((0.5 + MARGIN + 2.0 - HOLD - FADE) * RATE)


def test_what_never_sounds_is_a_margin_of_silence(audio):
    assert 0 < len(trim(silence(3.0), audio)) <= round((MARGIN + 0.01) * RATE)
