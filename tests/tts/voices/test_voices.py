"""Voices: files that say whose they are, and clones that are computed once."""

import json
import subprocess
import sys
from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import save_file

from helpers import nano, tone_speech
from tts import checkpoint, settings, vad, voices
from tts.audio import decode
from tts.mersenne import Mersenne
from tts.records import REFERENCE_SECONDS, SpeakerLatents
from tts.synthesis.pipeline import TextToSpeech
from tts.types import AudioConfig
from tts.voices import clone, population
from tts.voices import speech as finder
from tts.voices.__main__ import describe, main
from tts.voices.mix import Polar, mix

CHANCE = np.random.default_rng(0)
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
    return {"speech": speech}


def latents() -> SpeakerLatents:
    return SpeakerLatents(*(CHANCE.standard_normal((2, width), np.float32) for width in (8, 4)))


def equal(a: SpeakerLatents, b: SpeakerLatents) -> bool:
    return np.array_equal(a.acoustic, b.acoustic) and np.array_equal(a.decoder, b.decoder)


def test_a_voice_survives_its_file(shelf):
    made = latents()
    voices.save(shelf / "ann.safetensors", made, CARD)
    assert voices.names() == ["ann"] and voices.about(voices.find("ann")) == CARD
    assert equal(voices.load("ann", fingerprint="f" * 64), made)
    assert equal(voices.load(shelf / "ann.safetensors", fingerprint="f" * 64), made)
    assert [path.name for path in shelf.iterdir()] == ["ann.safetensors"]
    assert "ann" in describe()[0] and "CC0-1.0" in describe()[0]


def test_the_same_voice_has_the_same_bytes(shelf):
    made, paths = latents(), [shelf / f"{number}.safetensors" for number in range(16)]
    for path in paths:  # the library writes metadata in an order that it draws anew each time
        voices.save(path, made, CARD)
    assert len({path.read_bytes() for path in paths}) == 1


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
        bad.acoustic[0, 0] = np.nan
    if damage == "flat":
        bad.decoder = bad.decoder[0]
    voices.save(path, bad, CARD)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("not a voice")
    elif damage == "foreign":
        save_file({"acoustic": np.zeros((1, 1), np.float32)}, path, {"format": json.dumps("triforce-1")})
    with pytest.raises(ValueError, match="ann"):
        voices.load("ann", fingerprint="f" * 64)


def test_a_clone_is_computed_once(parts, tmp_path, monkeypatch):
    clip = nano.hum(tmp_path / "hum.wav")
    first = clone.clone([clip], **parts)
    (kept,) = clone.cache_folder().iterdir()
    assert equal(first, clone.make([clip], **parts))
    monkeypatch.setattr(clone, "make", None)  # a hit computes nothing
    assert equal(first, clone.clone([clip], **parts))
    renamed = clip.rename(tmp_path / "renamed.wav")
    assert equal(first, clone.clone([renamed], **parts))
    other = copy(parts["speech"])
    other.fingerprint = "b" * 64
    with pytest.raises(TypeError):  # other weights, other content: no hit
        clone.clone([renamed], other)
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kept.write_bytes(b"broken")
    assert equal(first, clone.clone([renamed], **parts))


def test_a_cache_that_cannot_be_written_does_not_matter(parts, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    clip = nano.hum(tmp_path / "hum.wav")
    assert equal(clone.clone([clip], **parts), clone.make([clip], **parts))


def test_latents_are_averaged_over_windows_and_loudness_does_not_matter(parts, tmp_path):
    low, high = nano.hum(tmp_path / "low.wav", pitch=90.0), nano.hum(tmp_path / "high.wav", pitch=240.0)
    one, other = clone.make([low], **parts), clone.make([high], **parts)
    both = clone.make([low, high], **parts)
    np.testing.assert_allclose(both.acoustic, (one.acoustic + other.acoustic) / 2, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(both.decoder, (one.decoder + other.decoder) / 2, rtol=1e-5, atol=1e-5)
    quiet = nano.hum(tmp_path / "quiet.wav", pitch=90.0, gain=0.05)
    np.testing.assert_allclose(clone.make([quiet], **parts).acoustic, one.acoustic, atol=2e-2, rtol=2e-2)


def test_speech_counts_by_its_length(parts, tmp_path):
    long, short = (
        nano.hum(tmp_path / "long.wav", seconds=3.6),
        nano.hum(tmp_path / "short.wav", seconds=1.2, pitch=240.0),
    )
    one, other, mean = (clone.make(clips, **parts) for clips in ([long], [short], [long, short]))
    for a, b, c in zip(*map(both, (one, other, mean)), strict=True):
        np.testing.assert_allclose(c, (3 * a + b) / 4, rtol=1e-5, atol=1e-5)


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
    for name in ("b.wav", "a.FLAC", "c.m4b", "notes.txt", "._b.wav", ".hidden.wav"):
        (tmp_path / name).touch()
    assert [path.name for path in voices.clips(tmp_path)] == ["a.FLAC", "b.wav", "c.m4b"]


def test_an_empty_folder_is_no_voice_and_that_is_known_without_torch(tmp_path):
    script = f"""
import sys
import infer
code = infer.main(["hello", "-v", {str(tmp_path)!r}])
assert "torch" not in sys.modules
sys.exit(code)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=settings.ROOT, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert f"no recordings in {tmp_path}" in done.stderr and done.stderr.count("\n") == 1


def test_the_command_that_makes_a_voice_again_is_complete(capsys):
    words = voices.REMAKE.strip("`").split("tts.voices ")[1].replace("--gender ...", "--gender other").split()
    assert main(words) == 1
    assert "CLIPS..." in capsys.readouterr().err  # nothing else is missing


def test_recordings_that_cannot_be_read_are_left_out_and_told(parts, tmp_path):
    fine, bad = nano.hum(tmp_path / "a.wav"), tmp_path / "b.wav"
    bad.write_bytes(b"RIFF no audio")
    told = []
    assert voices.resolve(tmp_path, told.append) == [fine]
    assert len(told) == 1 and told[0].startswith("left out") and "b.wav" in told[0]
    assert equal(clone.make([bad, fine], **parts, tell=told.append), clone.make([fine], **parts))
    assert any("b.wav" in notice for notice in told[1:])
    with pytest.raises(ValueError, match="b.wav"):
        voices.resolve(bad, told.append)


def record(path: Path, wave: np.ndarray) -> Path:
    soundfile.write(path, wave, 24000, "FLOAT")
    return path


def likeness(a: SpeakerLatents, b: SpeakerLatents) -> float:
    """The smaller cosine of the two nets' latents."""
    return min(
        float(np.vdot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y))) for x, y in zip(*map(both, (a, b)), strict=True)
    )


def both(voice: SpeakerLatents) -> tuple[np.ndarray, np.ndarray]:
    return voice.acoustic, voice.decoder


@pytest.fixture(scope="module")
def shipped() -> dict:
    """The nets of the voices that ship: what random ones make of a clip says little of a voice."""
    speech = TextToSpeech.load(settings.ROOT / settings.compose([])["weights"], "cpu")
    return {"speech": speech}


@pytest.mark.parametrize("spoilt", ["silence", "room", "offset", "click", "click in silence", "opposite channels"])
def test_what_is_no_speech_changes_no_voice(shipped, tmp_path, spoilt):
    wave = decode(nano.hum(tmp_path / "hum.wav", seconds=6.0), 24000)
    wave = wave * (0.6 + 0.4 * np.sin(np.arange(len(wave)) / 1500)).astype(np.float32)
    clean, quiet = clone.make([record(tmp_path / "clean.wav", wave)], **shipped), np.zeros(24000 * 20, np.float32)
    clicking = wave.copy()
    clicking[::50_000] = 1.0
    other = {
        "silence": np.concatenate((quiet, wave, quiet)),
        "room": np.concatenate((CHANCE.normal(0, 1e-4, 24000 * 20), wave, CHANCE.normal(0, 1e-4, 24000 * 20))),
        "offset": wave + 0.3,
        "click": clicking,
        "click in silence": np.concatenate((quiet[:-1], np.ones(1), quiet, wave)),
        "opposite channels": np.stack((wave, -wave), 1),
    }[spoilt]
    made = clone.make([record(tmp_path / "spoilt.wav", other)], **shipped)
    assert likeness(clean, made) > 0.9


def test_windows_are_as_long_as_in_training_and_nothing_is_lost(audio):
    for seconds in (1.0, 3.9, 4.1, 9.0, 61.0):
        wave = np.arange(round(seconds * audio.sample_rate), dtype=np.float32)
        windows = clone.split_windows(wave, audio)
        assert np.array_equal(np.concatenate(windows), wave)
        assert max(map(len, windows)) <= REFERENCE_SECONDS * audio.sample_rate
        assert max(map(len, windows)) - min(map(len, windows)) < len(windows)


def test_without_silero_loudness_tells_speech_from_silence(tmp_path, monkeypatch):
    wave = decode(nano.hum(tmp_path / "hum.wav", seconds=3.0), 24000)
    padded = record(tmp_path / "padded.wav", np.pad(wave, 24000 * 9))
    monkeypatch.setattr(vad, "find_spec", lambda name: None)  # as if it were not installed
    vad.silero.cache_clear()
    told = []
    found = finder.find_speech(decode(padded, 24000), 24000, "padded.wav", told.append)
    vad.silero.cache_clear()
    assert len(wave) <= len(found) < len(wave) + 24000 * 0.2
    assert len(told) == 1 and "silero-vad is not installed" in told[0]


def test_make_writes_a_shipping_voice(folder, shelf, tmp_path, capsys):
    clip = nano.hum(tmp_path / "hum.wav")
    command = f"make {clip} -o hum --licence CC0-1.0 --description hums --source computed --gender other"
    assert main([*command.split(), "--weights", str(folder)]) == 0
    assert main(["list"]) == 0 and "hums (computed; CC0-1.0)" in capsys.readouterr().out
    assert voices.load("hum", fingerprint=TextToSpeech.load(folder, "cpu").fingerprint).acoustic.ndim == 2
    assert main([*command.replace("-o hum", "-o ../hum").split(), "--weights", str(folder)]) == 1


def turned(length: float, degrees: float) -> np.ndarray:
    """One latent of that length, in that direction of a plane."""
    angle = np.deg2rad(degrees)
    return np.float32([[length * np.cos(angle), length * np.sin(angle), 0]])


def test_a_share_is_a_share_however_long_the_latents_are():
    soft, loud = SpeakerLatents(turned(0.1, 0), turned(1, 0)), SpeakerLatents(turned(10, 90), turned(4, 60))
    half = mix([soft, loud], [1, 1])
    np.testing.assert_allclose(half.acoustic, turned(1, 45), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(half.decoder, turned(2, 30), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(mix([loud, soft], [5, 5]).acoustic, half.acoustic, rtol=1e-5, atol=1e-5)
    angles = [np.arctan2(*mix([soft, loud], [9, share]).acoustic[0, 1::-1]) for share in (0.001, 3, 9, 1000)]
    assert angles[0] < 0.001 and angles == sorted(angles) and angles[-1] > 1.56
    same = mix([soft, soft, soft], [1, 2, 3])
    np.testing.assert_allclose(same.acoustic, soft.acoustic, rtol=1e-5, atol=1e-5)


def test_mix_writes_a_voice_that_names_its_parents_and_their_terms(shelf, capsys):
    voices.save(shelf / "ann.safetensors", latents(), CARD)
    voices.save(shelf / "bob.safetensors", latents(), replace(CARD, name="bob", gender="male", licence="CC BY 4.0"))
    assert main("mix ann bob --shares 3 1 -o both".split()) == 0
    card = voices.about(voices.find("both"))
    assert (card.gender, card.source, card.licence) == ("other", "here", "CC0-1.0; CC BY 4.0")
    assert "75% ann" in card.made and "25% bob" in card.made and card.fingerprint == CARD.fingerprint
    parents = [voices.load(name, fingerprint=CARD.fingerprint) for name in ("ann", "bob")]
    assert equal(voices.load("both", fingerprint=CARD.fingerprint), mix(parents, [3, 1]))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("mix ann -o x", "1 voices"),
        ("mix ann nobody -o x", "no voice, clip or folder 'nobody'"),
        ("mix ann old -o x", "'old' was made for other weights"),
        ("mix ann ann --shares 1 -o x", "2 voices and 1 shares"),
        ("mix ann ann --shares 1 0 -o x", "a share is 0"),
        ("mix ann ann --shares 1 -2 -o x", "a share is -2"),
        ("mix ann ann --shares nan 1 -o x", "a share is nan"),
        ("mix ann ann --shares half 1 -o x", "invalid float value: 'half'"),
        ("mix ann hum.wav -o x", "first make one from the recordings"),
        ("mix ann ann -o some/where", "neither a plain name nor a path"),
        ("random --seed -1 -o x", "seed is -1"),
        ("random --seed 9223372036854775808 -o x", "seed is 9223372036854775808"),
        ("random --seed x -o x", "invalid int value: 'x'"),
        ("random --seed 1 --distance 1.5 -o x", "distance is 1.5"),
        ("random --seed 1 --near nobody -o x", "no voice, clip or folder 'nobody'"),
        ("random --seed 1 --weights . -o x", "no population to draw voices from at crowd.safetensors"),
        ("population nowhere --licence x", "no nowhere/metadata.csv"),
        ("remake nowhere", "no nowhere/metadata.csv"),
        ("mend ann", "invalid choice: 'mend'"),
    ],
)
def test_a_wrong_command_is_one_clear_line(shelf, tmp_path, monkeypatch, capsys, command, reason):
    monkeypatch.chdir(tmp_path)
    nano.hum(tmp_path / "hum.wav")
    voices.save(shelf / "ann.safetensors", latents(), CARD)
    voices.save(shelf / "old.safetensors", latents(), replace(CARD, name="old", fingerprint="0" * 64))
    assert main(command.split()) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
    assert voices.names() == ["ann", "old"]


def gathered(count: int) -> list[SpeakerLatents]:
    """Speakers who differ most in one way, which both nets hear, and a little in others."""
    size = CHANCE.standard_normal((count, 1, 1))
    acoustic, decoder = np.zeros((count, 2, 8), np.float32), np.zeros((count, 2, 4), np.float32)
    acoustic[..., :1], decoder[..., :1] = 5.0, 3.0
    acoustic[..., 1:2], decoder[..., 1:2] = size, size
    acoustic += 0.01 * CHANCE.standard_normal(acoustic.shape, np.float32)
    return [SpeakerLatents(*own) for own in zip(acoustic, decoder, strict=True)]


def about_population(people: list[SpeakerLatents]) -> population.Population:
    mean, spread = population.fit(people)
    return population.Population(
        mean=mean, spread=spread, speakers=len(people), source="here", licence="CC0-1.0", fingerprint="f" * 64
    )


def bend(voice: SpeakerLatents) -> np.ndarray:
    """How far a gathered speaker's two latents are turned."""
    point = Polar.of(voice)
    return np.stack((point.acoustic[0, 1], point.decoder[0, 1]))


def test_drawn_voices_are_spread_as_the_population_is_and_both_nets_hear_one_stranger():
    people = gathered(300)
    heard, chance = about_population(people), Mersenne(1)
    populations = {
        "speakers": people,
        "drawn": [heard.draw(chance, None, 1.0) for _ in range(300)],
        "walked": [heard.draw(chance, person, 0.6) for person in people],
    }
    bends = {name: np.stack([bend(voice) for voice in own]) for name, own in populations.items()}
    for own in bends.values():
        np.testing.assert_allclose(own.std(0), bends["speakers"].std(0), rtol=0.15, atol=0)
        assert np.corrcoef(own.T)[0, 1] > 0.98
    steps = np.corrcoef(bends["speakers"][:, 0], bends["walked"][:, 0])[0, 1]
    assert 0.7 < steps < 0.9  # sqrt(1 - 0.6^2) = 0.8


def test_distance_0_is_the_voice_itself_and_1_forgets_it():
    people = gathered(40)
    heard = about_population(people)
    same = heard.draw(Mersenne(3), people[7], 0.0)
    np.testing.assert_allclose(same.acoustic, people[7].acoustic, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(same.decoder, people[7].decoder, rtol=1e-5, atol=1e-5)
    strangers = [heard.draw(Mersenne(3), start, 1.0) for start in (people[7], None)]
    assert equal(*strangers)


def test_a_population_survives_its_file_and_a_broken_one_says_so(tmp_path):
    heard = about_population(gathered(40))
    population.save(tmp_path / population.NAME, heard)
    kept = population.load(tmp_path / population.NAME)
    assert (kept.speakers, kept.licence, kept.fingerprint) == (40, "CC0-1.0", "f" * 64)
    for net in ("acoustic", "decoder"):
        np.testing.assert_allclose(getattr(kept.spread, net), getattr(heard.spread, net), atol=2e-3, rtol=1e-3)
    (tmp_path / population.NAME).write_bytes((tmp_path / population.NAME).read_bytes()[:-40])
    with pytest.raises(ValueError, match="is not a complete population.*tts.voices population"):
        population.load(tmp_path / population.NAME)
    voices.save(tmp_path / population.NAME, latents(), CARD)
    with pytest.raises(ValueError, match="is not a complete population"):
        population.load(tmp_path / population.NAME)
    with pytest.raises(ValueError, match="2 speakers are too few"):
        population.fit(gathered(2))


def test_a_population_is_heard_and_voices_are_drawn_and_made_again(shelf, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(tone_speech, "PITCHES", {"ann": 190.0, "bob": 115.0, "cat": 240.0, "dan": 90.0})
    folder, corpus = (
        nano.weights(tmp_path / "weights"),
        tone_speech.write_corpus(tmp_path / "corpus", ["a fine day for babble"]),
    )
    weights = ["--weights", str(folder)]
    assert main(["population", str(corpus), "--licence", "CC0-1.0", *weights]) == 0
    assert main(["random", "--seed", "7", "-o", "chance", *weights]) == 0
    card, fingerprint = voices.about(voices.find("chance")), TextToSpeech.load(folder, "cpu").fingerprint
    assert card.source == "drawn from 4 speakers of corpus" and card.licence == "CC0-1.0"
    drawn = voices.load("chance", fingerprint=fingerprint)
    again, other = tmp_path / "again.safetensors", tmp_path / "other.safetensors"
    assert main(["random", "--seed", "7", "-o", str(again), *weights]) == 0
    assert main(["random", "--seed", "8", "-o", str(other), *weights]) == 0
    assert equal(voices.load(again, fingerprint=fingerprint), drawn)
    assert not equal(voices.load(other, fingerprint=fingerprint), drawn)

    voices.save(shelf / "ann.safetensors", latents(), replace(CARD, fingerprint="0" * 64))
    assert main(["random", "--seed", "7", "--near", "ann", "-o", "near", *weights]) == 1  # of other weights
    assert main(["remake", str(corpus), *weights]) == 0
    assert "chance: no recordings in these corpora" in capsys.readouterr().out
    card = voices.about(voices.find("ann"))
    assert (card.licence, card.description, card.fingerprint) == (CARD.licence, CARD.description, fingerprint)
    assert population.load(folder / population.NAME).licence == "CC0-1.0"
    assert main(["random", "--seed", "7", "--near", "ann", "--distance", "0.3", "-o", "near", *weights]) == 0
    card = voices.about(voices.find("near"))
    assert card.source == "here; drawn from 4 speakers of corpus" and "0.3 from ann" in card.description
    near, ann = (voices.load(name, fingerprint=fingerprint) for name in ("near", "ann"))
    far = np.linalg.norm(drawn.acoustic - ann.acoustic)
    assert 0 < np.linalg.norm(near.acoustic - ann.acoustic) < far


def test_voices_are_taken_over_only_where_speakers_are_heard_alike(shelf, folder, tmp_path, capsys):
    old = TextToSpeech.load(folder, "cpu").fingerprint
    card, people = replace(CARD, fingerprint=old), replace(about_population(gathered(4)), fingerprint=old)

    def changed(name: str) -> Path:
        """The same weights, but for one tensor of the GPT."""
        new = nano.weights(tmp_path / name)
        header, tensors = checkpoint.read(new / "gpt.safetensors")
        net = checkpoint.build(header["spec"], AudioConfig(**header["audio"]))
        net.load_state_dict(tensors | {name: tensors[name] + 1})
        given = {key: header[key] for key in ("spec", "provenance", "extra")}
        checkpoint.export(new / "gpt.safetensors", net, audio=AudioConfig(**header["audio"]), **given)
        population.save(new / population.NAME, people)
        return new

    own = latents()
    voices.save(shelf / "ann.safetensors", own, card)
    deaf, tuned = changed("speaker.stem.weight"), changed("norm.weight")
    assert main(["renew", str(folder), "--weights", str(deaf)]) == 1
    assert "hears speakers otherwise" in capsys.readouterr().err
    assert voices.about(voices.find("ann")) == card
    assert main(["renew", str(folder), "--weights", str(tuned)]) == 0
    new = TextToSpeech.load(tuned, "cpu").fingerprint
    assert new != old and population.load(tuned / population.NAME).fingerprint == new
    assert equal(voices.load("ann", fingerprint=new), own)
    assert voices.about(voices.find("ann")) == replace(card, fingerprint=new)
    assert main(["renew", str(folder), "--weights", str(tuned)]) == 1  # they belong to the new ones now
    assert "was made for other weights" in capsys.readouterr().err


def test_what_ships_belongs_together():
    weights = settings.ROOT / settings.compose([])["weights"]
    heard = population.load(weights / population.NAME)
    cards = [voices.about(voices.find(name)) for name in voices.names()]
    assert len(cards) >= 4 and {card.gender for card in cards} >= {"female", "male"}
    speech = TextToSpeech.load(weights, "cpu")
    assert {card.fingerprint for card in cards} == {heard.fingerprint} == {speech.fingerprint}
    nets = [weights / f"{net}.safetensors" for net in ("dvae", "gpt", "diffusion", "vocoder")]
    assert sum(path.stat().st_size for path in nets) < 64e6
