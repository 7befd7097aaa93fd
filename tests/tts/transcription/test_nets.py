"""Our own nets as a listener: the search for words, and what they cannot do."""

import numpy as np
import pytest

from tts.settings import ROOT
from tts.text.language import language
from tts.transcription.learning import arpa
from tts.transcription.listener import Asked, check
from tts.transcription.nets import NetListener

pytest.importorskip("flashlight.lib.text.decoder", reason="the group `listen` is not installed")
WORDS = ["i", "kettle", "mettle", "sang", "the"]


@pytest.fixture(scope="module")
def listener() -> NetListener:
    own = NetListener(ROOT / "tts/weights/dvae.safetensors")
    own.__dict__["_words"] = WORDS  # the whole lexicon takes seconds
    return own


def spelled(listener, words: list[str]) -> np.ndarray:
    """Log-probabilities as clear as they can be: three steps a sound, and a blank after each."""
    steps = []
    for word in words:
        for sound in listener._sounds(word)[0]:
            steps += [sound, sound, sound, 0]
    spelling = np.full((len(steps) + 4, listener.speller.codec.ctc_vocab), -12.0, np.float32)
    spelling[np.arange(len(steps)) + 2, steps] = -0.01
    spelling[[0, 1, -2, -1], 0] = -0.01
    return spelling


def test_words_are_found_with_their_times(listener):
    spelling = spelled(listener, ["the", "kettle", "sang"])
    (best, *_) = listener._search.decode(spelling.ctypes.data, *spelling.shape)
    words = listener._timed(best, spelling)
    assert [word.text for word in words] == ["the", "kettle", "sang"]
    steps = [len(listener._sounds(word)[0]) * 4 for word in ("the", "kettle", "sang")]
    starts = 2 + np.cumsum([0, *steps[:2]])
    assert np.allclose([word.start for word in words], starts / listener.speller.rate, atol=1.5 / listener.speller.rate)
    assert all(word.stop > word.start for word in words)


def test_they_hear_english_and_german_and_translate_nothing(listener):
    check(listener, Asked(language="en"))
    check(listener, Asked(language="de"))
    with pytest.raises(ValueError, match="no language 'fr' is known here, but de, en; Whisper hears others"):
        check(listener, Asked(language="fr"))
    with pytest.raises(ValueError, match="only Whisper translates"):
        check(listener, Asked(translate=True))


def test_german_words_are_found_by_the_nearest_phones(listener):
    german = listener._reading("de")
    german.__dict__["_words"] = ["grüße", "hüte", "schöne", "und"]
    spelling = spelled(german, ["schöne", "hüte"])
    (best, *_) = german._search.decode(spelling.ctypes.data, *spelling.shape)
    assert [word.text for word in german._timed(best, spelling)] == ["schöne", "hüte"]
    assert listener.hear(np.zeros(24000, np.float32), Asked(language="de")).language == "de"


def test_pairs_that_follow_each_other_are_likelier():
    lines = arpa([["the", "kettle", "sang"], ["the", "kettle", "sang"], ["the", "door"]], language()).splitlines()
    pairs = {line.split("\t")[1]: float(line.split("\t")[0]) for line in lines if line.count("\t") == 1}
    assert pairs["the kettle"] > pairs["the door"]
    assert 10 ** pairs["kettle sang"] < 1.0


def test_silence_has_no_words(listener):
    heard = listener.hear(np.zeros(24000, np.float32), Asked())
    assert heard.language == "en" and heard.segments == []
