"""A marked-up text as sound while it is spoken: it is what a narration of it is."""

import numpy as np
import pytest
import soundfile
import torch

from helpers import narrating
from tts import document, voices
from tts.narration.aloud import LONGEST, aloud
from tts.narration.mix import LEAD_IN
from tts.narration.script import NARRATOR, script_of
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings

RATE = 24000
KNOWN = {NARRATOR: "someone", "other": "other"}  # the voice of each role
SSML = """<speak>The kettle sang. <break time="700ms"/>
<prosody rate="fast">Nobody cried.</prosody> <voice name="other">It sang, it sang.</voice>
<prosody volume="soft">That was</prosody> <prosody pitch="+3st" volume="+4dB">all of it.</prosody></speak>"""
MARKED = "The kettle sang. [pause 1.3] It [voice other] was {HH AO1 T}. [/voice] And so?\n\n[pause 0.4] That was all."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = narrating.home(tmp_path_factory.mktemp("home"))
    narrating.voice(folder, "other", seed=2)
    return folder


@pytest.fixture(scope="module")
def speech(home) -> TextToSpeech:
    return TextToSpeech.load(home / "weights", "cpu")


def chunks(home, speech, text: str) -> list:
    settings = Settings.parse(narrating.order(home, home / "unused").conf)
    latents = {
        role: voices.load(home / f"{name}.safetensors", fingerprint=speech.fingerprint) for role, name in KNOWN.items()
    }
    script = script_of(document.marked_up(text), language=speech.language, settings=settings)
    return list(aloud(script, latents, speech=speech, settings=settings, seed=0))


@pytest.mark.parametrize("text, suffix", [(SSML, ".ssml"), (MARKED, ".txt")], ids=["ssml", "marks"])
def test_it_sounds_as_narrated(home, speech, tmp_path, text, suffix):
    cast = tuple(f"{role}={home / name}.safetensors" for role, name in KNOWN.items())
    book = tmp_path / f"book{suffix}"
    book.write_text(text)
    narrating.narrate(narrating.order(home, tmp_path, book=str(book), cast=cast))
    (chapter,) = (tmp_path / "book.narration" / "chapters").glob("*.flac")
    expected = soundfile.read(chapter, dtype="float32")[0][round(LEAD_IN * RATE) :]
    found = torch.cat([chunk.wave for chunk in chunks(home, speech, text)]).numpy().clip(-1, 1)  # as files are
    assert np.abs(found - expected[: len(found)]).max() < 3 / 32768  # a store rounds to 16 bits, twice
    assert np.abs(expected[len(found) :]).max() == 0  # the end of a chapter is silent


def test_a_segment_comes_in_pieces_unless_its_pitch_or_its_peak_is_to_be_known(home, speech):
    found = chunks(home, speech, SSML)
    counts = [sum(bool(len(own.wave)) for own in found if own.portion.index == index) for index in range(5)]
    assert all(own.portion.words for own in found)
    takes = [own.take for own in found if own.take]
    assert len(takes) == 5 and [own.portion.index for own in found if own.take] == list(range(5))
    first = next(own for own in found if len(own.wave))
    assert first.take is None and len(first.wave) < len(takes[0].wave)
    assert counts[4] == 1


def test_a_long_pause_comes_in_short_pieces(home, speech):
    found = chunks(home, speech, "One. [pause 60] Two.")
    assert max(len(own.wave) for own in found if not own.wave.any()) == round(LONGEST * RATE)
    assert sum(len(own.wave) for own in found if not own.wave.any()) == 60 * RATE


def test_words_without_marks_are_no_markup():
    assert document.marked_up("He said [sic] so.\n\n# And <b>that</b> was all.") is None
