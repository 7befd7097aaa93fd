"""The words of a dictionary, which are looked for in its lines."""

import gzip

import pytest

from tts.text.lexicon import Lexicon

LINES = "b B IY1\nb's B IY1 Z\na AH0\na(2) EY1\na(3) AA1\nab AE1 B\nab(2) AE2 B\nc S IY1"


@pytest.fixture
def lexicon(tmp_path):
    (tmp_path / "small.txt.gz").write_bytes(gzip.compress(LINES.encode()))
    own = {"c": "K", "new": "N UW1"}
    return Lexicon.read(tmp_path / "small.txt.gz", preferred={"a": 3, "ab": 3, "zz": 2}, own=own, derive=lambda *_: [])


def test_words_have_all_their_pronunciations_the_preferred_one_first(lexicon):
    assert dict(lexicon.entries) == {
        **{"b": ["B IY1"], "b's": ["B IY1 Z"], "a": ["AA1", "AH0", "EY1"], "ab": ["AE1 B", "AE2 B"]},
        **{"c": ["K"], "new": ["N UW1"]},
    }
    assert list(lexicon.entries) == ["b", "b's", "a", "ab", "c", "new"]


def test_a_word_is_the_same_however_often_it_is_asked_for(lexicon):
    assert [lexicon.pronunciations("A") for _ in range(2)] == [[["AA1"], ["AH0"], ["EY1"]]] * 2
    assert [lexicon.phones(word) for word in ("ab", "ab", "C", "aba", "", "zz")] == [
        *(["AE1", "B"], ["AE1", "B"], ["K"], None, None, None)
    ]
    assert len(lexicon.entries) == 6
