"""Words in what a codec spells: whole, and with everything that can go wrong with them."""

import pytest
import torch
from torchaudio.functional import forced_align

from tts import checkpoint
from tts.synthesis import listen
from tts.synthesis.listen import Fault, find_faults, name

WORDS = [[3, 4, 5], [6, 7, 8], [9, 3, 6], [4, 8, 5]]
SIZE = 12
NO_LETTERS = frozenset()


def spelled(*sounds: int, sure: float = 0.999):
    """Log-probabilities in which these are the likeliest, each for two steps and parted by one that is silent."""
    best = [label for sound in sounds for label in (sound, sound, 0)]
    spelling = torch.full((len(best), SIZE), (1 - sure) / (SIZE - 1))
    spelling[range(len(best)), best] = sure
    return spelling.log().numpy()


def said(*words: list[int]):
    return spelled(*(sound for word in words for sound in word))


A, B, C, D = WORDS
NOISE = [10, 11, 10, 11, 10, 11]


def test_words_in_their_order_have_no_fault_and_lose_nothing():
    faults, loss = find_faults(said(*WORDS), WORDS, NO_LETTERS)
    assert faults == [] and loss == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("heard", "fault"),
    [
        ([A, C, D], Fault("skips", 1, 2)),
        ([A, D], Fault("skips", 1, 3)),
        ([C, D], Fault("skips", 0, 2)),
        ([A, B, B, C, D], Fault("repeats", 1, 2)),
        ([A, B, C, B, C, D], Fault("repeats", 1, 3)),
        ([A, B, C, D, A, B, C, D], Fault("repeats", 0, 4)),
        ([A, B, C], Fault("stops", 3, 4)),
        ([A], Fault("stops", 1, 4)),
        ([A, B, C, D, NOISE], Fault("after", 4, 4)),
        ([A, B, NOISE, C, D], Fault("besides", 2, 3)),
        ([A, NOISE, C, D], Fault("garbles", 1, 2)),
        ([A, B, C, NOISE], Fault("garbles", 3, 4)),
    ],
    ids=str,
)
def test_what_is_missing_or_too_much_is_found_where_it_is(heard, fault):
    assert find_faults(said(*heard), WORDS, NO_LETTERS)[0] == [fault]


def test_two_faults_are_two():
    assert find_faults(said(A, C, D, NOISE), WORDS, NO_LETTERS)[0] == [Fault("skips", 1, 2), Fault("after", 4, 4)]


def test_a_sound_that_is_heard_wrong_accuses_nobody():
    faults, loss = find_faults(said(A, [6, 10, 8], C, D), WORDS, NO_LETTERS)
    assert faults == [] and loss > 5


def test_a_text_that_says_a_word_twice_does_not_repeat_it():
    text = [A, B, B, C]
    assert find_faults(said(*text), text, NO_LETTERS)[0] == []
    assert find_faults(said(A, B, C), text, NO_LETTERS)[0]


def test_a_pause_is_no_fault():
    assert find_faults(said(A, B, [0] * 20, C, D), WORDS, NO_LETTERS)[0] == []


def test_letters_may_sound_like_anything_but_do_not_hide_what_is_around():
    heard = said(A, NOISE, C, D)
    assert find_faults(heard, WORDS, frozenset(B))[0] == []
    assert find_faults(said(A, NOISE, C), WORDS, frozenset(B))[0] == [Fault("stops", 3, 4)]


def test_of_nothing_no_word_was_said():
    assert find_faults(spelled(), WORDS, NO_LETTERS)[0] == [Fault("stops", 0, 4)]
    assert find_faults(spelled(), [], NO_LETTERS)[0] == []


def test_where_faults_cost_too_much_it_is_a_forced_alignment(monkeypatch):
    monkeypatch.setattr(listen, "FAULT", 1e6)
    spelling = torch.randn(1, 40, SIZE).log_softmax(-1)
    _, scores = forced_align(spelling, torch.tensor([sum(WORDS, [])]), blank=0)
    expected = spelling.amax(-1).sum() - scores.sum()
    assert find_faults(spelling[0].numpy(), WORDS, NO_LETTERS)[1] == pytest.approx(float(expected), rel=1e-4)


def test_words_are_named_as_they_are_written(audio):
    from helpers.nano import conf

    tokenizer = checkpoint.build(conf("text/english"), audio)

    def names(text: str) -> list[str]:
        return name(text, listen.group(tokenizer.encode(text), tokenizer.silent_ids), tokenizer)

    assert names("Don't stop, {HH AH L OW} well-known zorkly.") == [
        "Don't",
        "stop",
        "{HH AH L OW}",
        "well",
        "known",
        "zorkly",
    ]
    assert names("One/two three") == ["{W AH N T UW}", "{TH R IY}"]  # counted otherwise
    assert Fault("skips", 1, 2).describe(names("The kettle is on.")) == "skips 'kettle'"
    assert Fault("after", 4, 4).describe(names("The kettle is on.")) == "ran on past its end"


@pytest.mark.parametrize("heard", [[A], [A, B], [A, B, C], WORDS, [A, [6]], [A, [6, 7]]], ids=str)
def test_a_beginning_may_end_anywhere(heard):
    assert find_faults(said(*heard), WORDS, NO_LETTERS, whole=False)[0] == []


@pytest.mark.parametrize(
    ("heard", "fault"),
    [
        ([B, C], Fault("skips", 0, 1)),
        ([A, C], Fault("skips", 1, 2)),
        ([A, B, A], Fault("repeats", 0, 2)),
        ([A, NOISE, B], Fault("besides", 1, 2)),
        ([A, NOISE], Fault("besides", 1, 2)),
    ],
    ids=str,
)
def test_what_is_wrong_in_a_beginning_is_found(heard, fault):
    assert find_faults(said(*heard), WORDS, NO_LETTERS, whole=False)[0] == [fault]
