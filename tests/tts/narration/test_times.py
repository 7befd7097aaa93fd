"""When words are heard, and which written words they are."""

from copy import copy

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from helpers import nano
from tts.narration.times import SaidWord, median_error, said_words, written_words
from tts.synthesis.listen import group
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Take
from tts.types import Codes

RATE, STEPS = 24000, 2  # Hz; of a spelling, to a code


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> TextToSpeech:
    return TextToSpeech.load(nano.weights(tmp_path_factory.mktemp("weights")), "cpu")


def spelled(speech, words: str, starts: list[int], steps: int):
    """A codec that hears each word from a given step on, its sounds in consecutive steps; and the take of that."""
    sounds = group(speech.tokenizer.encode(words), speech.tokenizer.silent_ids)
    best = torch.zeros(steps, dtype=torch.long)
    for start, word in zip(starts, sounds, strict=True):
        best[start : start + 2 * len(word) : 2] = torch.tensor(word)
    own = copy(speech)
    own.codec = copy(speech.codec)
    own.codec.spell = lambda codes: (10 * F.one_hot(best, 80).float()).log_softmax(-1)[None]
    codes = Codes(torch.zeros(1, steps // STEPS, dtype=torch.long), torch.tensor([steps // STEPS]))
    wave = np.zeros(round(steps / STEPS / float(own.codec.code_rate) * RATE), np.float32)
    return own, Take(wave=wave, codes=codes, start=0, attempts=1, faults=[], loss=0.0, rejected=[], speed=1.0), sounds


def test_words_are_heard_where_the_codec_spells_them(speech):
    own, take, sounds = spelled(speech, "good day to you", [10, 30, 80, 84 + 4], 120)
    step = 1 / STEPS / float(own.codec.code_rate)
    found = said_words(own, take, "good day to you")
    assert [word.text for word in found] == ["good", "day", "to", "you"]
    for word, start, own_sounds in zip(found, (10, 30, 80, 88), sounds, strict=True):
        assert abs(word.start - start * step) <= 0.1 and abs(word.stop - (start + 2 * len(own_sounds)) * step) <= 0.1
    assert found[2].stop == found[3].start  # no pause between them
    assert found[2].start - found[1].stop > 0.3


def test_what_was_cut_off_and_the_speed_are_reckoned_with(speech):
    own, take, _ = spelled(speech, "good day", [20, 40], 80)
    plain = said_words(own, take, "good day")
    take.start = 2400
    assert [word.start for word in said_words(own, take, "good day")] == pytest.approx(
        [word.start - 0.1 for word in plain]
    )
    take.start, take.speed, take.wave = 0, 2.0, take.wave[: len(take.wave) // 2]
    fast = said_words(own, take, "good day")
    assert fast[0].start == pytest.approx(plain[0].start / 2, abs=0.05)
    assert all(0 <= word.start <= word.stop <= len(take.wave) / RATE for word in fast)


def test_words_are_spread_evenly_where_nothing_can_be_aligned(speech):
    own, take, _ = spelled(speech, "good day", [2, 10], 20)
    take.codes = Codes(torch.zeros(1, 1, dtype=torch.long), torch.tensor([1]))
    own.codec.spell = lambda codes: torch.zeros(1, 2, 80).log_softmax(-1)
    good, day = said_words(own, take, "good day")
    assert good.start == 0 and good.stop == day.start and day.stop == pytest.approx(len(take.wave) / RATE)
    own.codec.spell = lambda codes: None
    assert said_words(own, take, "good day") == [good, day]


def timed(said: str) -> list[SaidWord]:
    """A word a second."""
    return [SaidWord(word, float(number), number + 1.0) for number, word in enumerate(said.split())]


def heard(text: str, said: str) -> list[tuple[str, float, float]]:
    return [(text[word.first : word.last], word.start, word.stop) for word in written_words(text, timed(said))]


@pytest.mark.parametrize(
    "text, said, expected",
    [
        ("Dr. No came.", "doctor No came", [("Dr", 0, 1), ("No", 1, 2), ("came", 2, 3)]),
        ("In 1914, he", "In nineteen fourteen he", [("In", 0, 1), ("1914", 1, 3), ("he", 3, 4)]),
        ("“Well-known,” she—he", "Well known she he", [("Well-known", 0, 2), ("she", 2, 3), ("he", 3, 4)]),
        (
            "He paid $5 (or so).",
            "He paid five dollars or so",
            [("He", 0, 1), ("paid", 1, 2), ("$5", 2, 4), ("or", 4, 5), ("so", 5, 6)],
        ),  # fmt: skip
        ("yes ☃ no", "yes no", [("yes", 0, 1), ("no", 1, 2)]),
        ("no no NO", "no no no", [("no", 0, 1), ("no", 1, 2), ("NO", 2, 3)]),
        ("aa bb, 7", "x y z w", [("aa", 0, 1.6), ("bb", 1.6, 3.2), ("7", 3.2, 4)]),
        ("…", "dot", []),
        ("", "", []),
    ],
)
def test_said_words_are_found_in_the_written_text(text, said, expected):
    found = heard(text, said)
    assert [word for word, *_ in found] == [word for word, *_ in expected]
    for (_, *own), (_, *other) in zip(found, expected, strict=True):
        assert own == pytest.approx(other)


def test_times_go_forward():
    text = "On Jan. 5th, 1914, Dr. & Mrs. Smith-Jones paid £3.50 — no more — for it."
    said = "On January fifth nineteen fourteen doctor and missus Smith Jones paid three pounds fifty no more for it"
    found = written_words(text, timed(said))
    assert all(a.last <= b.first and a.stop <= b.start + 1e-9 for a, b in zip(found, found[1:], strict=False))
    assert {text[word.first : word.last] for word in found} >= {"Jan", "5th", "1914", "£3.50", "Smith-Jones", "it"}


def test_the_error_is_the_median_over_words_that_match():
    known = timed("one two three")
    late = [word._replace(start=word.start + 0.03, stop=word.stop + 0.05) for word in known]
    assert median_error(late, known) == pytest.approx(0.04)
    assert median_error([*late[:1], SaidWord("more", 0, 9), *late[1:]], known) == pytest.approx(0.04)
    with pytest.raises(ValueError, match="no word"):
        median_error(late, timed("1 2 3 4"))
