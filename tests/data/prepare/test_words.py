"""Words on their way to the cache and back."""

import json

from data.prepare.words import Transcript
from tts.alignment.spell import Word


def test_a_transcript_survives_the_cache():
    words = [Word("Good", (3, 4), "Ada", 0.12345, 0.5, 0.98765), Word("day.", (5,), "Ada", 0.5, 1.25, 0.5)]
    transcript = Transcript("text", words, [(0.0, 0.4), (0.4, 2.00001)], [0.9, 0.8])
    read = Transcript.from_json(json.loads(json.dumps(transcript.to_json())))
    assert read.words == [Word("Good", (), "Ada", 0.123, 0.5, 0.988), Word("day.", (), "Ada", 0.5, 1.25, 0.5)]
    assert read.clips == [(0.0, 0.4), (0.4, 2.0)] and (read.origin, read.agreement) == ("text", [0.9, 0.8])
    assert Transcript.from_json(read.to_json()) == read


def test_a_word_belongs_to_the_clip_that_holds_its_middle():
    words = [Word("one", start=0.2, end=0.9), Word("two", start=0.9, end=1.3), Word("three", start=2.0, end=2.4)]
    transcript = Transcript("text", words, [(0.0, 1.0), (1.0, 1.8), (1.8, 3.0)], [1.0, 1.0, 1.0])
    assert [[word.text for word in own] for own in transcript.words_by_clip()] == [["one"], ["two"], ["three"]]
