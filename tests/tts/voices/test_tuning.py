"""Tuned voices: what they are learned from, that a run which is stopped goes on, and their files."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file, save_file

from helpers import nano, tone_speech
from helpers.fake_whisper import fake_whisper
from tts import settings, voices
from tts.adapters import adaptable
from tts.judges.similarity import TorchScriptEncoder
from tts.judges.whisper import Whisper
from tts.narration.project import Project
from tts.records import Change, Changes, SpeakerLatents, TunedSpeaker
from tts.synthesis.pipeline import TextToSpeech
from tts.voices.__main__ import main
from tts.voices.tuning import material
from tts.voices.tuning import tune as rounds
from tts.voices.tuning.command import split
from tts.voices.tuning.learner import Learner, stage_of
from tts.voices.tuning.score import Score
from tts.voices.tuning.tune import Clock, Tuning

TEXTS = [f"a fine day for {word} and more of {word}" for word in "tones bells rain stones birds hills".split()]
CARD = voices.About(
    name="ann", gender="female", description="calm", source="here", licence="CC0-1.0", made="test", fingerprint="f" * 64
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"), refines=True)


@pytest.fixture(scope="module")
def speech(folder) -> TextToSpeech:
    return TextToSpeech.load(folder, "cpu")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two speakers, who read the same texts."""
    return tone_speech.write_corpus(tmp_path_factory.mktemp("corpora") / "both", TEXTS)


@pytest.fixture(scope="module")
def ann(tmp_path_factory, both):
    """One of them, with a text beside each recording."""
    folder = tmp_path_factory.mktemp("ann")
    for number, text in enumerate(TEXTS):
        (folder / f"ann{number}.flac").write_bytes((both / f"audio/ann{number}.flac").read_bytes())
        (folder / f"ann{number}.txt").write_text(text)
    return folder


@pytest.fixture(autouse=True)
def _loud_is_speech(monkeypatch, tmp_path):
    """As if silero-vad were not installed: it takes tones for no speech. Caches lie in a folder of this test."""
    from tts import vad

    vad.silero.cache_clear()
    monkeypatch.setattr(vad, "find_spec", lambda name: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield
    vad.silero.cache_clear()


@pytest.fixture(scope="module")
def net(tmp_path_factory) -> str:
    return str(tone_speech.write_pitch_net(tmp_path_factory.mktemp("judge") / "net.pt"))


@pytest.fixture
def tune(folder, net, tmp_path, capsys):
    """`tune` with nano nets and judges of tones; gives the exit code and what was printed."""

    def run(*given: str) -> tuple[int, str]:
        own = ["least_seconds=5", "most_cer=1000", f"embedding={net}", "recogniser=ctc", "steps=1", "rounds=3"]
        cut = given.index("--") if "--" in given else len(given)
        line = ["tune", *given[:cut], "-o", str(tmp_path / "own.safetensors"), "--weights", str(folder)]
        code = main([*line, "--", *own, "threads=1", "batch_seconds=5", *given[cut + 1 :]])
        printed = capsys.readouterr()
        return code, printed.out + printed.err.splitlines()[-1] if printed.err else printed.out

    return run


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def tuned(speech: TextToSpeech) -> TunedSpeaker:
    def changes(net) -> dict[str, Change]:
        layers = adaptable(net).items()
        return {name: Change(normal(2, own.weight[0].numel()), normal(len(own.weight), 2)) for name, own in layers}

    latents = SpeakerLatents(normal(2, 32), normal(2, 16))
    return TunedSpeaker(**vars(latents), changes=Changes(changes(speech.acoustic), changes(speech.decoder)))


def test_a_tuned_voice_survives_its_file_and_its_project(speech, tmp_path):
    made, path = tuned(speech), tmp_path / "ann.safetensors"
    voices.save(path, made, CARD)
    assert voices.is_tuned(path) and voices.about(path) == CARD
    kept = Project(tmp_path / "project").keep_voice("ann", made, CARD.fingerprint)
    for one in (path, kept):
        again = voices.load(one, fingerprint=CARD.fingerprint)
        assert isinstance(again, TunedSpeaker)
        before, after = voices.arrays(made), voices.arrays(again)
        assert before.keys() == after.keys() and all(np.array_equal(before[name], after[name]) for name in before)
    plain = SpeakerLatents(made.acoustic, made.decoder)
    voices.save(tmp_path / "plain.safetensors", plain, CARD)
    assert not voices.is_tuned(tmp_path / "plain.safetensors")
    assert type(voices.load(tmp_path / "plain.safetensors", fingerprint=CARD.fingerprint)) is SpeakerLatents
    assert Project(tmp_path / "project").keep_voice("ann", plain, CARD.fingerprint) != kept
    with pytest.raises(ValueError, match="made for other weights"):
        voices.load(path, fingerprint="0" * 64)


@pytest.mark.parametrize("spoilt", ["one factor", "another net", "rank", "no number", "plain header"])
def test_a_file_whose_changes_are_broken_is_refused(speech, tmp_path, spoilt):
    path = tmp_path / "ann.safetensors"
    voices.save(path, tuned(speech), CARD)
    tensors, name = load_file(path), "acoustic.blocks.0.mlp.down"
    form = voices.FORMAT if spoilt == "plain header" else voices.TUNED_FORMAT
    if spoilt == "one factor":
        del tensors[f"{name}.A"]
    elif spoilt == "another net":
        tensors |= {"vocoder.layer.A": torch.zeros(2, 2), "vocoder.layer.B": torch.zeros(2, 2)}
    elif spoilt == "rank":
        tensors[f"{name}.A"] = torch.zeros(3, 64)
    elif spoilt == "no number":
        tensors[f"{name}.A"][0, 0] = torch.nan
    save_file(tensors, path, {"format": form, "about": json.dumps(vars(CARD))})
    with pytest.raises(ValueError, match="voice file|are broken"):
        voices.load(path, fingerprint=CARD.fingerprint)


def test_a_tuned_voice_is_not_mixed_or_moved(speech, tmp_path, capsys):
    path = tmp_path / "ann.safetensors"
    voices.save(path, tuned(speech), CARD)
    assert main(["mix", str(path), str(path), "-o", str(tmp_path / "both.safetensors")]) == 1
    assert f"{path} is tuned" in capsys.readouterr().err


def test_recordings_that_will_not_do_are_refused_in_one_line(tune, ann, both, tmp_path):
    silence, music, empty = tmp_path / "silence", tmp_path / "music", tmp_path / "empty"
    for folder in (silence, music, empty):
        folder.mkdir()
    soundfile.write(silence / "a.wav", np.zeros(48000), 24000)
    (music / "a.wav").write_bytes(b"RIFF nothing at all")
    for number in range(3):
        (empty / f"ann{number}.flac").write_bytes((ann / f"ann{number}.flac").read_bytes())
        (empty / f"ann{number}.txt").write_text("...")
    pair = tmp_path / "pair"
    pair.mkdir()
    for speaker in ("ann", "bob"):
        for number in range(3):
            (pair / f"{speaker}{number}.flac").write_bytes((both / f"audio/{speaker}{number}.flac").read_bytes())
            (pair / f"{speaker}{number}.txt").write_text(TEXTS[number])
    bare = tmp_path / "bare.flac"
    bare.write_bytes((ann / "ann0.flac").read_bytes())
    for given, fault in {
        (str(silence),): "a.wav holds no 1 s of speech",
        (str(music),): "cannot read audio from",
        (str(empty),): "no text has anything to say",
        (str(both),): "has 2 speakers, such as ann and bob",
        (str(pair),): "more than one person speaks",
        (str(bare),): "put what is said into NAME.txt beside each recording of a few seconds, or let Whisper hear it",
        (str(tmp_path / "missing.wav"),): "no such recording",
        (str(ann), "--", "least_seconds=60"): "s of speech are too few: tuning needs 60 s of one person",
        (str(ann), "--", "rank=0"): "rank is 0; it must be",
        (str(ann), "--", "minutes=0.1", "rounds=0"): "rounds is 0",
    }.items():
        code, printed = tune(*given)
        assert code == 1 and fault in printed and not (tmp_path / "own.safetensors").exists(), printed


def test_what_is_heard_must_be_the_text(ann):
    clips = material.cut(material.sources([ann]), 24000, longest=12.0, most=600.0, tell=lambda notice: None)
    assert [clip.text for clip in clips] == TEXTS
    ear = tone_speech.ToneRecogniser()
    material.check_texts(clips, ear, 24000, 0.2)
    swapped = [replace(clip, text="nobody hears the same word twice") for clip in clips]
    with pytest.raises(ValueError, match="something else is heard than the texts of .*ann0.flac, .*ann1.flac"):
        material.check_texts(swapped, ear, 24000, 0.5)


def test_a_long_recording_is_cut_at_pauses_and_its_text_belongs_to_no_piece(both, tmp_path):
    parts = [soundfile.read(both / f"audio/ann{number}.flac")[0] for number in range(6)]
    wave = np.concatenate([part for one in parts for part in (one, np.zeros(12000))])
    soundfile.write(tmp_path / "long.wav", wave, 24000)
    (tmp_path / "long.txt").write_text("this text belongs to the whole and to none of the pieces")
    clips = material.cut(material.sources([tmp_path]), 24000, longest=8.0, most=600.0, tell=lambda notice: None)
    seconds = [len(clip.wave) / 24000 for clip in clips]
    assert len(clips) > 2 and max(seconds) <= 8.0 and sum(seconds) > 0.7 * len(wave) / 24000
    assert not any(clip.text for clip in clips)


def test_whisper_hears_what_has_no_text(both, tmp_path):
    pytest.importorskip("faster_whisper")
    shutil.copy(both / "audio/ann0.flac", tmp_path)
    clips = material.cut(material.sources([tmp_path]), 24000, longest=8.0, most=600.0, tell=lambda notice: None)
    whisper = Whisper(fake_whisper(tmp_path / "whisper", "so it goes"))
    assert {clip.text for clip in material.with_texts(clips, whisper, 24000)} == {"so it goes"}


def test_one_person_is_told_from_two():
    chance = np.random.default_rng(0)

    def person(count: int, near: np.ndarray | None = None) -> np.ndarray:
        """Embeddings that are alike by about .8."""
        middle = chance.standard_normal(64) if near is None else near
        rows = middle / np.linalg.norm(middle) + 0.06 * chance.standard_normal((count, 64))
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    assert material.two_kinds(person(30))[0] > 0.85
    for other in (15, 5):
        cosine, side = material.two_kinds(np.concatenate((person(15), person(other))))
        assert cosine < 0.6 and set(side[:15]) != set(side[15:]) and len(set(side[:15])) == 1


@pytest.fixture(scope="module")
def clips(speech, ann, net):
    found = material.cut(material.sources([ann]), 24000, longest=12.0, most=600.0, tell=lambda notice: None)
    found = material.readable(found, speech, lambda notice: None)
    return split(material.identified(found, TorchScriptEncoder(Path(net)), 24000), 1)


def begin(folder, speech, clips, tmp_path, watch=lambda doing: None, **conf) -> Tuning:
    """A run of three rounds that finds each better than the one before."""
    conf = settings.compose([f"{key}={value}" for key, value in conf.items()], "tune")
    learned, heldout = clips
    given = {"rank": 2, "seed": 0, "seconds": 5.0}
    nets = {"acoustic": "gpt", "decoder": "diffusion"}
    learners = {
        net: Learner(stage_of(file, folder, speech.tokenizer, conf), learned, heldout, **given)
        for net, file in nets.items()
    }

    def moved(voice: TunedSpeaker) -> Score:
        return Score(sum(float(np.abs(change.B).sum()) for change in voice.changes.acoustic.values()), 0.0)

    latents = SpeakerLatents(np.zeros((2, 32), np.float32), np.zeros((2, 16), np.float32))
    common = {"conf": conf, "folder": tmp_path, "clock": Clock(3600.0), "tell": lambda notice: None, "watch": watch}
    return Tuning(learners, latents, speech.acoustic, moved, **common)


# after every step, or only after each round
@pytest.mark.parametrize("kept", [0.0, pytest.param(3600.0, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_ends_as_one_that_is_not(folder, speech, clips, tmp_path, monkeypatch, kept):
    monkeypatch.setattr(rounds, "KEEP", kept)
    conf = {"steps": 2, "rounds": 2}
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    whole = begin(folder, speech, clips, tmp_path / "whole", **conf)
    expected = voices.arrays(whole.run())

    def kill(doing: str) -> None:
        if doing.startswith("round 2, decoder 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin(folder, speech, clips, tmp_path / "killed", kill, **conf).run()
    resumed = begin(folder, speech, clips, tmp_path / "killed", **conf)
    found = voices.arrays(resumed.run())
    assert found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in found)
    assert resumed.progress.scores == whole.progress.scores and resumed.progress.losses == whole.progress.losses
    assert [learner.done for learner in resumed.learners.values()] == [4, 4]
    assert any(found[name].any() for name in found if name.startswith("decoder.") and name.endswith(".B"))


def test_a_run_ends_with_its_time_and_without_gain(folder, speech, clips, tmp_path):
    late = begin(folder, speech, clips, tmp_path, steps=2, rounds=3)
    late.clock = Clock(10.0, now=iter(range(1000)).__next__)  # a second passes between any two looks
    late.run()
    assert 1 <= late.progress.round < 3 and late.clock.limit <= 10
    (tmp_path / "state.safetensors").unlink()
    idle = begin(folder, speech, clips, tmp_path, steps=1, rounds=9, patience=2, rate=1e-6)
    idle.examine = lambda voice: Score(0.5, 0.1)
    with pytest.raises(ValueError, match="after 2 rounds no voice was better than the untuned one .similarity 0.50"):
        idle.run()


def test_tune_writes_a_voice_that_speaks(tune, ann, speech, tmp_path):
    code, printed = tune(str(ann), "--licence", "CC0-1.0", "--", "rate=0.05", "rounds=4", "patience=4", "heldout=1")
    assert code == 0, printed
    path = tmp_path / "own.safetensors"
    assert f"{path}: round " in printed and voices.is_tuned(path) and voices.about(path).licence == "CC0-1.0"
    assert isinstance(voices.load(path, fingerprint=speech.fingerprint), TunedSpeaker)
    assert not list((tmp_path / "cache").rglob("state.safetensors"))
