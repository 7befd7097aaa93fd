"""The detector of faults on made-up transcripts and lengths."""

import pytest

from tts.evaluate.faults import (
    SpokenSentence,
    classify_fault,
    classify_faults,
    end_edits,
    expected_length,
    longest_gap,
    relative_lengths,
)
from tts.evaluate.suites import SENTENCES, read_sentences
from tts.judges.wer import normalised_words

TEXT = "The farmer counted his sheep and frowned."
HEARD = "the farmer counted his sheep and frown"


def letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


def utter(text: str, heard: str, seconds: float = 1.0) -> SpokenSentence:
    """Every word found, nothing besides."""
    return SpokenSentence(text=text, seconds=seconds, heard=heard, whole=True, stray=0.0, fault=None, attempts=1)


@pytest.mark.parametrize(
    ("heard", "ratio", "expected"),
    [
        (HEARD, 1.0, None),
        (HEARD, 1.6, None),  # slow is no fault
        ("a former county his cheap and round", 1.0, None),  # nor is being misheard
        ("the farmer counted his sheep", 1.0, None),  # nor two short words drowned at the usual length
        (HEARD, 2.3, "ran on"),
        (f"{HEARD} and so on and on", 1.4, "ran on"),
        (HEARD, 0.4, "stopped early"),
        ("the farmer counted his sheep", 0.7, "stopped early"),
        ("the farmer counted", 1.0, "stopped early"),
        ("", 0.2, "stopped early"),
        ("", 1.0, "stopped early"),
        ("the farmer and frown", 0.8, "skips"),
        ("the farmer and frown", 1.0, None),  # three words drowned at the usual length
        ("the farmer counted the farmer counted his sheep and frown", 1.25, "repeats"),
        ("the farmer counted his sheep his sheep and frown", 1.2, "repeats"),
    ],
)
def test_fault(heard, ratio, expected):
    assert classify_fault(utter(TEXT, heard), ratio) == expected


def test_a_text_that_repeats_itself_is_no_repeat_however_it_is_spelled():
    text, heard = "Red lorry, yellow lorry, red lorry, yellow lorry.", "read lorry yellow laurie"
    assert classify_fault(utter(text, f"{heard} {heard}"), 1.0) is None
    assert classify_fault(utter(text, f"{heard} {heard} {heard}"), 1.4) == "repeats"


@pytest.mark.parametrize(
    ("changes", "ratio", "expected"),
    [
        ({"whole": False}, 1.0, None),  # every word was heard and the length is right: the aligner lost its way
        ({"whole": False}, 0.8, "stopped early"),
        ({"whole": False, "heard": "the farmer counted his sheep and"}, 1.0, "stopped early"),
        ({"stray": 0.6}, 1.0, None),
        ({"stray": 0.2}, 1.3, None),
        ({"stray": 0.6}, 1.3, "ran on"),
    ],
)
def test_what_the_aligner_misses_counts_with_a_second_sign(changes, ratio, expected):
    assert classify_fault(SpokenSentence(**vars(utter(TEXT, HEARD)) | changes), ratio) == expected


def test_what_is_written_twice_may_be_said_twice():
    assert (
        classify_fault(utter("Far away, far away, far away it was.", "far away far away far away it was"), 1.0) is None
    )


def test_end_edits_by_hand():
    assert end_edits(normalised_words("a b c d"), normalised_words("a b")) == (2, 0)
    assert end_edits(normalised_words("a b"), normalised_words("a b c")) == (0, 1)
    assert end_edits(normalised_words("a b c"), normalised_words("a b x")) == (0, 0)
    assert end_edits(normalised_words("a b c"), []) == (3, 0)


def test_the_longest_gap_by_hand():
    assert longest_gap(normalised_words("a b c d e"), normalised_words("a e")) == 3
    assert longest_gap(normalised_words("a b c d e"), normalised_words("a b c d e")) == 0
    assert longest_gap(normalised_words("a b c d e"), normalised_words("d e")) == 3  # the beginning counts
    assert longest_gap(normalised_words("a b c d e"), normalised_words("a b")) == 0  # the end is a cut-off
    assert longest_gap(normalised_words("a b c d e"), normalised_words("a x y z e")) == 0  # misheard is not skipped
    assert longest_gap(normalised_words("a b c d e f g"), normalised_words("a c d g")) == 2
    assert longest_gap([], []) == 0


def test_six_words_lost_are_a_skip_however_long_it_took():
    text = "One two three four five six seven eight nine ten."
    assert classify_fault(utter(text, "one two nine ten"), 1.0) == "skips"


def test_a_loop_and_a_cut_stand_out_from_the_voices_own_pace():
    texts = read_sentences([SENTENCES], 30, 200)
    said = [utter(text, text, 0.08 * expected_length(text, letters)) for text in texts]
    assert classify_faults(said, letters) == [None] * 30
    looped, cut = said[3], said[4]
    said[3] = SpokenSentence(**vars(looped) | {"seconds": 2 * looped.seconds, "heard": f"{looped.text} {looped.text}"})
    said[4] = SpokenSentence(**vars(cut) | {"seconds": 0.5 * cut.seconds, "heard": cut.text[: len(cut.text) // 2]})
    said[5] = SpokenSentence(**vars(said[5]) | {"fault": "ran on"})  # the pipeline's own word counts
    found = classify_faults(said, letters)
    assert found[3] in ("ran on", "repeats")
    assert found[4:6] == ["stopped early", "ran on"]
    assert found.count(None) == 27


def test_three_hundred_sentences_ship_and_differ():
    sentences = read_sentences([SENTENCES], 1000, 200)
    assert len(sentences) == 300 == len({" ".join(normalised_words(sentence)) for sentence in sentences})


def test_expected_and_relative_lengths_by_hand():
    assert expected_length("One, two: three.", letters) == 11 + 4 + 2 * 3  # the last mark is no pause inside
    said = [
        utter("abcd", "", seconds) for seconds in (0.8, 1.6, 8.0)
    ]  # each eight phones long: the median is .2 a phone
    assert relative_lengths(said, letters) == pytest.approx([0.5, 1.0, 5.0])
    with pytest.raises(ValueError, match="most sentences are silent"):
        relative_lengths([utter("abcd", "", 0.0)], letters)
