"""Words and edits against cases worked by hand."""

import hashlib
import json
from pathlib import Path

import pytest

from tts.judges import wer
from tts.judges.wer import character_edits, edit_distance, normalised_words, word_edits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", "hello world"),
        ("It's 3 o\u2019clock.", "it's three o'clock"),
        ("the 'quoted' word", "the quoted word"),
        ("Mr. Dombey & Son, etc.", "mister dombey and son et cetera"),
        ("a before-mentioned ca\u00e9fe\u0301", "a before mentioned caefe"),
        ("1,250 men, the 21st", "one thousand two hundred and fifty men the twenty first"),
        ("", ""),
        ("?!", ""),
        ("{HH AH L OW} {W ER L D}.", "{HH_AH_L_OW} {W_ER_L_D}"),
    ],
)
def test_words(text, expected):
    assert normalised_words(text) == [word.replace("_", " ") for word in expected.split()]


def test_words_of_words_are_themselves():
    once = normalised_words("Dr. Who's 42nd -- and last -- caf\u00e9")
    assert normalised_words(" ".join(once)) == once


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("flaw", "lawn", 2), ("ab", "ba", 2)],
)
def test_edit_distance(reference, hypothesis, edits):
    assert edit_distance(reference, hypothesis) == edits == edit_distance(hypothesis, reference)


def test_error_rates_by_hand():
    # the -> a, "on" lost, "now" added: three edits over six words.
    assert word_edits("The cat sat on the mat.", "a cat sat the mat now") == (3, 6)
    # h, e -> a one deletion and two... "the" -> "a": 3 characters become 1, one of them changed.
    assert character_edits("the cat", "a cat") == (3, 7)
    assert character_edits("Don't!", "dont") == (1, 5)
    assert word_edits("{HH AH L OW} {W ER L D}", "{HH AH L OW} {W AA L D}") == (1, 2)
    assert character_edits("{HH AH L OW} {W ER L D}", "{HH AH L OW} {W AA L D}") == (1, 9)


def test_german_keeps_its_letters_and_reads_its_numbers():
    assert normalised_words("Grüße am 3. Mai!", "german") == ["grüße", "am", "dritten", "mai"]
    assert word_edits("Zwanzig Äpfel kosten 5 Euro.", "20 Apfel kosten fünf euro", "german") == (1, 5)
    assert character_edits("Äpfel", "Apfel", "german") == (1, 5)


def test_the_version_tells_the_rules():
    """Reports of one version are compared. If results change, change the version and the hash here."""
    suite = (Path(wer.__file__).parents[1] / "evaluate" / "suites" / "hard.yaml").read_text("utf-8")
    lines = suite.splitlines()
    edits = [word_edits(*pair) + character_edits(*pair) for pair in zip(lines, lines[1:], strict=False)]
    told = json.dumps([[normalised_words(line) for line in lines], edits])
    assert (wer.VERSION, hashlib.sha256(told.encode()).hexdigest()[:16]) == ("words and edits 1", "0a5e9f8546011b9e")
