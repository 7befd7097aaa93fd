"""Voices: files that say whose they are, and clones that are computed once."""

import json

import nano
import pytest
import torch
from safetensors.torch import save_file

from tts import voices
from tts.pipeline import TextToSpeech
from tts.types import SpeakerLatents
from tts.voices import clone
from tts.voices.__main__ import describe, main

CARD = voices.About(
    name="ann", gender="female", description="calm", source="here", licence="CC0-1.0", made="test", fingerprint="f" * 64
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def speech(folder) -> TextToSpeech:
    return TextToSpeech.load(folder, "cpu")


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """An empty folder in place of the shipped voices."""
    monkeypatch.setattr(voices, "FOLDER", tmp_path / "voices")
    (tmp_path / "voices").mkdir()
    return tmp_path / "voices"


@pytest.fixture
def parts(speech, tmp_path, monkeypatch):
    """What cloning asks for; the cache lies in a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return {"acoustic": speech.acoustic, "decoder": speech.decoder, "audio": speech.audio, "device": speech.device}


def latents() -> SpeakerLatents:
    return SpeakerLatents(torch.randn(2, 8), torch.randn(2, 4))


def equal(a: SpeakerLatents, b: SpeakerLatents) -> bool:
    return torch.equal(a.acoustic, b.acoustic) and torch.equal(a.decoder, b.decoder)


def test_a_voice_survives_its_file(shelf):
    made = latents()
    voices.save(shelf / "ann.safetensors", made, CARD)
    assert voices.names() == ["ann"] and voices.about(voices.find("ann")) == CARD
    assert equal(voices.load("ann", fingerprint="f" * 64), made)
    assert equal(voices.load(shelf / "ann.safetensors", fingerprint="f" * 64), made)
    assert [path.name for path in shelf.iterdir()] == ["ann.safetensors"]
    assert "ann" in describe()[0] and "CC0-1.0" in describe()[0]


def test_a_voice_of_other_weights_says_how_to_make_it_again(shelf):
    voices.save(shelf / "ann.safetensors", latents(), CARD)
    with pytest.raises(ValueError, match="'ann' was made for other weights.*tts.voices make"):
        voices.load("ann", fingerprint="0" * 64)


def test_an_unknown_voice_lists_the_known_and_the_nearest(shelf):
    for name in ("kathleen", "lj"):
        voices.save(shelf / f"{name}.safetensors", latents(), CARD)
    with pytest.raises(ValueError, match="did you mean kathleen.*kathleen, lj"):
        voices.find("Katlheen")
    for hostile in ("", "a" * 5000, "nul\0nul", "../../etc/nobody"):
        with pytest.raises(ValueError, match="no voice"):
            voices.find(hostile or "-")


@pytest.mark.parametrize("damage", ["cut", "text", "foreign", "nan", "flat"])
def test_a_broken_voice_is_a_clear_error(shelf, damage):
    path = shelf / "ann.safetensors"
    bad = latents()
    if damage == "nan":
        bad.acoustic[0, 0] = torch.nan
    if damage == "flat":
        bad.decoder = bad.decoder[0]
    voices.save(path, bad, CARD)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("not a voice")
    elif damage == "foreign":
        save_file({"acoustic": torch.zeros(1, 1)}, path, {"format": json.dumps("triforce-1")})
    with pytest.raises(ValueError, match="ann"):
        voices.load("ann", fingerprint="f" * 64)


def test_a_clone_is_computed_once(parts, tmp_path, monkeypatch):
    clip = nano.hum(tmp_path / "hum.wav")
    first = clone.clone([clip], **parts, fingerprint="a" * 64)
    (kept,) = clone.cache_folder().iterdir()
    assert equal(first, clone.make([clip], **parts))
    monkeypatch.setattr(clone, "make", None)  # a hit computes nothing
    assert equal(first, clone.clone([clip], **parts, fingerprint="a" * 64))
    renamed = clip.rename(tmp_path / "renamed.wav")
    assert equal(first, clone.clone([renamed], **parts, fingerprint="a" * 64))
    with pytest.raises(TypeError):  # other weights, other content: no hit
        clone.clone([renamed], **parts, fingerprint="b" * 64)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept.write_bytes(b"broken")
    assert equal(first, clone.clone([renamed], **parts, fingerprint="a" * 64))


def test_a_cache_that_cannot_be_written_does_not_matter(parts, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    clip = nano.hum(tmp_path / "hum.wav")
    assert equal(clone.clone([clip], **parts, fingerprint="a" * 64), clone.make([clip], **parts))


def test_latents_are_averaged_over_windows_and_loudness_does_not_matter(parts, tmp_path):
    low, high = nano.hum(tmp_path / "low.wav", pitch=90.0), nano.hum(tmp_path / "high.wav", pitch=240.0)
    one, other = clone.make([low], **parts), clone.make([high], **parts)
    both = clone.make([low, high], **parts)
    torch.testing.assert_close(both.acoustic, (one.acoustic + other.acoustic) / 2)
    torch.testing.assert_close(both.decoder, (one.decoder + other.decoder) / 2)
    quiet = nano.hum(tmp_path / "quiet.wav", pitch=90.0, gain=0.05)
    torch.testing.assert_close(clone.make([quiet], **parts).acoustic, one.acoustic, atol=2e-2, rtol=2e-2)


def test_clips_that_hold_no_speech(parts, tmp_path):
    silent = nano.hum(tmp_path / "silent.wav", gain=0.0)
    short = nano.hum(tmp_path / "short.wav", seconds=0.2)
    fine = nano.hum(tmp_path / "fine.wav")
    with pytest.raises(ValueError, match="silent"):
        clone.make([silent], **parts)
    with pytest.raises(ValueError, match="0.20 s long"):
        clone.make([short], **parts)
    assert equal(clone.make([silent, short, fine], **parts), clone.make([fine], **parts))


def test_a_folder_means_its_recordings(tmp_path):
    with pytest.raises(ValueError, match="no recordings"):
        voices.clips(tmp_path)
    for name in ("b.wav", "a.FLAC", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in voices.clips(tmp_path)] == ["a.FLAC", "b.wav"]


def test_make_writes_a_shipping_voice(folder, shelf, tmp_path, capsys):
    clip = nano.hum(tmp_path / "hum.wav")
    command = f"make {clip} -o hum --licence CC0-1.0 --description hums --source computed --gender other"
    assert main([*command.split(), "--weights", str(folder)]) == 0
    assert main(["list"]) == 0 and "hums (computed; CC0-1.0)" in capsys.readouterr().out
    assert voices.load("hum", fingerprint=TextToSpeech.load(folder, "cpu").fingerprint).acoustic.ndim == 2
    assert main([*command.replace("-o hum", "-o ../hum").split(), "--weights", str(folder)]) == 1
