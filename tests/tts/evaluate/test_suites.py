"""Suites that ship can be read, say what they are and on what terms, and differ by their hashes."""

from argparse import Namespace

import pytest

from tts.evaluate import suites
from tts.evaluate.arguments import make_studio
from tts.judges.wer import normalised_words


@pytest.mark.parametrize("name", suites.suite_names())
def test_what_ships_is_whole(name):
    suite = suites.read_suite(name)
    assert suite.says
    assert suite.licence.startswith(("CC0-1.0", "Public domain"))
    assert len({clip.id for clip in suite.clips}) == len(suite.clips)
    assert all(normalised_words(clip.expected) for clip in suite.clips)
    assert not any(character.isdigit() for clip in suite.clips for character in clip.spoken)


def test_the_hard_suite_has_every_kind():
    suite = suites.read_suite("hard")
    kinds = {clip.kind for clip in suite.clips}
    assert {"numbers", "names", "homographs", "quotes", "lists", "one word", "tongue twisters"} <= kinds
    assert all(len(normalised_words(clip.text)) == 1 for clip in suite.clips if clip.kind == "one word")
    assert max(len(normalised_words(clip.text)) for clip in suite.clips) >= 300
    assert len(suite.clips) + len(suites.read_suite("ordinary").clips) >= 480


def test_ten_minutes_of_reading_ship():
    assert sum(len(normalised_words(clip.text)) for clip in suites.read_suite("reading").clips) > 10 * 180


def test_what_should_be_heard_may_differ_from_what_is_written(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        "says: a\nlicence: b\ntexts:\n  prices: |\n    It is $5. | It is five dollars.\n    Free: no charge.\n"
    )
    first, second = suites.read_suite(str(path)).clips
    assert (first.text, first.expected) == ("It is $5.", "It is five dollars.")
    assert second.expected == second.text == "Free: no charge."


def test_another_text_is_another_hash(tmp_path):
    path = tmp_path / "own.txt"
    hashes = set()
    for text in ("one\ntwo\n", "two\none\n", "one\ntwo | three\n"):
        path.write_text(text)
        hashes.add(suites.read_suite(str(path)).fingerprint)
    assert len(hashes) == 3


@pytest.mark.parametrize("content", ["", "just words", "says: x\ntexts: [", "says: x\nlicence: y\ntexts: {}\n"])
def test_what_is_no_suite_is_named(tmp_path, content):
    path = tmp_path / "own.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match="own.yaml"):
        suites.read_suite(str(path))


def test_the_reference_is_another_clip_of_the_speaker(hums):
    first, second, lone = suites.read_clips(hums, None)
    assert (first.reference, second.reference) == (second.path, first.path)
    assert lone.reference == lone.path
    assert [clip.id for clip in suites.read_clips(hums, 2)] == ["c0", "c1"]


def test_a_limit_is_spread_over_all_clips():
    suite = suites.read_suite("ordinary")
    assert [clip.id for clip in suite.first(3).clips] == ["ordinary-000", "ordinary-100", "ordinary-200"]
    assert suite.first(None) == suite.first(10_000) == suite


def test_voices_take_turns(hums):
    voices = suites.read_clips(hums, None)
    clips = suites.read_suite("clone").spoken_by(voices).clips
    assert [clip.speaker for clip in clips[:4]] == ["ada", "ada", "bo", "ada"]
    assert [clip.reference for clip in clips[:3]] == [voice.path for voice in voices]
    assert all(clip.path is None for clip in clips)


def test_a_suite_is_spoken_and_judged_in_its_own_language():
    german, english = (suites.read_suite(name).clips for name in ("german", "ordinary"))
    asked = Namespace(weights=None, voice=None)
    assert make_studio(asked, [], [clip.text for clip in german]).language == "german"
    assert make_studio(asked, [], [clip.text for clip in english]).language == "english"
    assert make_studio(asked, ["language=de"], ["Yes."]).language == "german"
    assert len(german) == 100
