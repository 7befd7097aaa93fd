"""A recording and its text: a talk that the shipped nets speak, in a file with marks of chapters."""

import argparse
from statistics import median

import numpy as np
import pytest
import torch

from helpers.talk import RATE, TEXT, talk
from tts import settings, voices
from tts.encoding import FileChapter, open_wave
from tts.narration import align, manifest
from tts.narration.outputs import EXTRAS
from tts.narration.times import said_words, written_words
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:this tokenizer was made with")]
FIRST, SECOND = TEXT.split(". ")


@pytest.fixture(scope="module")
def wave():
    return talk().astype(np.float32)


def aligned(folder, wave, text, *options):
    """The talk twice, each time as a chapter."""
    length = len(wave) / RATE
    marks = [FileChapter("a", 0, length), FileChapter("b", length, 2 * length)]
    with open_wave(folder / "talk.m4b", RATE, tags={"composer": "A Reader"}, chapters=marks) as file:
        file.write(torch.from_numpy(np.concatenate([wave, wave])))
    (folder / "talk.md").write_text(text, "utf-8")
    parser = argparse.ArgumentParser()
    align.add_arguments(parser)
    told = []
    return align.run(
        parser.parse_args([str(folder / "talk.md"), str(folder / "talk.m4b"), *options]), [], told.append
    ), told


def test_a_recording_and_its_text_give_all_outputs(wave, tmp_path):
    paths, told = aligned(tmp_path, wave, f"# One\n\n{TEXT}\n\n# Two\n\n{TEXT}\n", "--write", "all")
    assert [path.name for path in paths] == list(EXTRAS) and "of 42 words" in told[0]
    assert {path.name for path in (tmp_path / "talk.aligned").iterdir()} == set(EXTRAS)
    timeline = manifest.read(paths[0])
    length = len(wave) / RATE
    assert not timeline.synthetic and timeline.narrator == "A Reader"
    assert [chapter.title for chapter in timeline.chapters] == ["One", "Two"]
    assert timeline.chapters[1].start == pytest.approx(length, abs=0.05)
    one, two = ([own for own in chapter.segments if own.kind != "heading"] for chapter in timeline.chapters)
    assert [own.text for own in one] == [own.text for own in two] == [f"{FIRST}.", SECOND]
    for a, b in zip(one, two, strict=True):
        assert a.start == pytest.approx(b.start, abs=0.1) and len(a.words) == len(b.words) == len(a.text.split())


def test_a_text_of_another_recording_is_refused_in_one_line(wave, tmp_path):
    other = (
        "Printing differs from most of the arts and crafts that are represented in the exhibition of that year. " * 3
    )
    with pytest.raises(ValueError, match="the text is of another recording: it explains"):
        aligned(tmp_path, wave, other)
    assert list((tmp_path / "talk.aligned").iterdir()) == []


def test_the_times_of_a_take_are_those_of_its_sound(tmp_path):
    speech = TextToSpeech.load(settings.ROOT / "tts/weights", "cpu")
    voice = voices.load(voices.find("lj"), fingerprint=speech.fingerprint)
    take = speech.speak(TEXT, voice, settings=Settings.parse(settings.compose([])), seed=0)
    found = written_words(TEXT, said_words(speech, take, TEXT))
    paths, _ = aligned(tmp_path, take.wave, f"# One\n\n{TEXT}\n\n# Two\n\n{TEXT}\n")
    first = manifest.read(paths[0]).chapters[0].segments
    known = [word for segment in first if segment.kind != "heading" for word in segment.words]
    assert len(known) == len(found) == len(TEXT.split())
    apart = [abs(a - b) for own, other in zip(found, known, strict=True)
             for a, b in ((own.start, other.start), (own.stop, other.stop))]  # fmt: skip
    assert median(apart) < 0.06
