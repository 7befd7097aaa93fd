"""Drift that is there is seen, chance is not taken for it, and a click is heard."""

import numpy as np
import torch

from helpers import tone_speech
from tts.evaluate.commands import long
from tts.evaluate.wave_cache import CachedWave

RATE = 24000


def noisy(slope: float, seed: int, count: int = 60) -> list[tuple[float, float]]:
    """Ten minutes of values of which neighbours are alike."""
    rng = np.random.default_rng(seed)
    values, last = [], 0.0
    for _ in range(count):
        last = 0.3 * last + rng.standard_normal()
        values.append(last)
    return [(index / 6, 5 + slope * index / 6 + value) for index, value in enumerate(values)]


def test_a_trend_has_its_size_and_interval():
    found = long.fit_trend(noisy(0.3, 0))
    assert found["figure"].low < 3 < found["figure"].high
    assert found["verdict"] == "trend"


def test_chance_is_seldom_taken_for_a_trend():
    verdicts = [long.fit_trend(noisy(0.0, seed))["verdict"] for seed in range(40)]
    assert verdicts.count("no trend seen") >= 33


def test_a_jump_at_a_join_is_a_click_and_speech_is_not():
    wave = torch.from_numpy(tone_speech.speak_tones("moon over the bay", 120.0)).float()
    assert not any(long.has_click(wave, join, RATE) for join in range(2000, len(wave) - 2000, 997))
    quiet = torch.cat([0.001 * torch.randn(4800), torch.full((4800,), 0.05)])
    assert long.has_click(quiet, 4800, RATE)
    assert not long.has_click(torch.zeros(9600), 4800, RATE)
    assert not long.has_click(torch.zeros(10), 0, RATE)


def test_passages_hold_all_sentences_in_order():
    text = "One is here. Two is there. " * 20
    passages = long.split_passages(text, 200)
    assert " ".join(passages).split() == text.split()
    assert all(len(passage) >= long.PASSAGE for passage in passages[:-1])


def test_a_long_reading_is_kept_passage_by_passage(nano_studio, tmp_path, monkeypatch):
    text, voice = "Hello world, and hello again to all of you. " * 12, nano_studio.conf["voice"]
    options = {"minutes": 1, "seed": 0, "cache": tmp_path}
    passages = long.read_aloud(nano_studio, text, voice, **options)
    assert " ".join(passage.text for passage in passages).split() == text.split()
    for passage in passages:
        assert passage.joins and all(0 <= join <= len(passage.wave) for join in passage.joins)
    monkeypatch.setattr(long, "_read_passage", None)  # nothing is read again
    again = long.read_aloud(nano_studio, text, voice, **options)
    assert all(torch.equal(one.wave, other.wave) for one, other in zip(passages, again, strict=True))
    assert [one.joins for one in passages] == [other.joins for other in again]


def test_a_reading_stops_when_the_minutes_are_full(nano_studio, tmp_path, monkeypatch):
    half = CachedWave(torch.zeros(30 * 24000), [0], 0.0)
    monkeypatch.setattr(long, "_read_passage", lambda *_: half)
    text = "Hello world, and hello again to all of you. " * 40
    passages = long.read_aloud(nano_studio, text, nano_studio.conf["voice"], minutes=1, seed=0, cache=tmp_path)
    assert len(passages) == 2
