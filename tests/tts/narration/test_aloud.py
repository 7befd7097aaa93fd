"""A marked-up text as sound while it is spoken: it is what a narration of it is."""

import numpy as np
import pytest
import soundfile

from helpers import nano, narrating
from tts import document, voices
from tts.narration.aloud import LONGEST, aloud
from tts.narration.mix import LEAD_IN
from tts.narration.script import NARRATOR, script_of
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings

RATE = 24000
KNOWN = {NARRATOR: "someone", "other": "other"}  # the voice of each role
SSML = """<speak>The old kettle sang. <break time="700ms"/>
<prosody rate="fast">Good.</prosody> <voice name="other">It sang.</voice>
<prosody volume="soft">That</prosody> <prosody pitch="+3st" volume="+4dB">was it.</prosody></speak>"""
MARKED = "It sang. [pause 1.3] [voice other] {HH AO1 T}! [/voice]\n\n[pause 0.4] Good."


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Nets that speak differently in each of two voices."""
    folder = tmp_path_factory.mktemp("home")
    nano.stirred(folder / "weights")
    for seed, name in enumerate(KNOWN.values()):
        narrating.voice(folder, name, seed=seed)
    return folder


@pytest.fixture(scope="module")
def speech(home) -> TextToSpeech:
    return TextToSpeech.load(home / "weights", "cpu")


@pytest.fixture(scope="module")
def spoken(home, speech) -> list:
    """What is given of SSML."""
    return chunks(home, speech, SSML)


def chunks(home, speech, text: str, known: dict[str, str] = KNOWN) -> list:
    settings = Settings.parse(narrating.order(home, home / "unused").conf)
    latents = {
        role: voices.load(home / f"{name}.safetensors", fingerprint=speech.fingerprint) for role, name in known.items()
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
    found = np.concatenate([chunk.wave for chunk in chunks(home, speech, text)]).clip(-1, 1)  # as files are
    assert np.abs(found - expected[: len(found)]).max() < 3 / 32768  # a store rounds to 16 bits, twice
    assert np.abs(expected[len(found) :]).max() == 0  # the end of a chapter is silent


def test_each_role_has_its_own_voice(home, speech, spoken):
    alone = chunks(home, speech, SSML, KNOWN | {"other": "someone"})
    right, other = ([own.take.wave for own in found if own.take] for found in (spoken, alone))
    alike = [np.array_equal(a, b) for a, b in zip(right, other, strict=True)]
    assert alike == [True, True, False, True, True]


def test_a_segment_comes_in_pieces_unless_its_pitch_or_its_peak_is_to_be_known(spoken):
    takes = [own.take for own in spoken if own.take]
    assert [own.portion.index for own in spoken if own.take] == list(range(5))
    first = next(own for own in spoken if len(own.wave))
    assert first.take is None and len(first.wave) < len(takes[0].wave)
    assert sum(bool(len(own.wave)) for own in spoken if own.portion.index == 4) == 1


def test_a_long_pause_comes_in_short_pieces(home, speech):
    found = chunks(home, speech, "One. [pause 60] Two.")
    assert max(len(own.wave) for own in found if not own.wave.any()) == round(LONGEST * RATE)
    assert sum(len(own.wave) for own in found if not own.wave.any()) == 60 * RATE


def test_words_without_marks_are_no_markup():
    assert document.marked_up("He said [sic] so.\n\n# And <b>that</b> was all.") is None
