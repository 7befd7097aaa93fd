"""Cloning on nano nets, what cards compute, and errors, with recordings whose speakers differ in pitch."""

import numpy as np
import pytest
import torch

from helpers import tone_speech
from tts import corpus
from tts.evaluate.__main__ import main
from tts.evaluate.commands import cards, cloning


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    return tone_speech.write_repeated(tmp_path_factory.mktemp("corpus") / "tones")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    return tone_speech.studio(tmp_path_factory.mktemp("weights"))


@pytest.fixture
def panel(tmp_path):
    with tone_speech.panel(tmp_path) as panel:
        yield panel


def test_halves_agree_as_much_as_the_recordings_do():
    one, other = np.eye(4)[:2]
    assert cards.halves_agree(np.stack([one] * 6)) == pytest.approx(1)
    assert cards.halves_agree(np.stack([one, other] * 3)) == pytest.approx(0)  # the halves are two speakers
    mixed = np.stack([one, one, other, other] * 2)
    assert cards.halves_agree(mixed) == pytest.approx(0.5**0.5)


def test_references_are_cut_to_the_sample_and_speakers_with_too_little_are_named(studio, recordings, tmp_path):
    known = corpus.by_speaker([recordings])
    known["cat"] = known["ann"][:1]
    speakers, short = cloning.cut_references(studio, known, 5, tmp_path)
    assert [speaker.name for speaker in speakers] == ["ann", "bob"] and short == ["cat"]
    for speaker in speakers:
        wave = torch.cat([studio.recording(path) for path in known[speaker.name]])
        assert len(speaker.reference) == 5 * studio.audio.sample_rate
        assert torch.equal(torch.cat((speaker.reference, speaker.rest)), wave)
        written = studio.recording(speaker.path)
        assert len(written) == len(speaker.reference)
    with pytest.raises(ValueError, match="1 of 1 speakers have 7 s"):
        cloning.cut_references(studio, {"ann": known["ann"]}, 5, tmp_path)
    with pytest.raises(ValueError, match="kathleen ships as a voice"):
        cloning.cut_references(studio, {"kathleen": known["ann"]}, 5, tmp_path)


def test_the_most_similar_speaker_is_recognised():
    embeddings = np.eye(3)
    heard = np.array([[[1, 0, 0]], [[0.6, 0.8, 0]], [[0.8, 0, 0.6]]], float)
    found = cloning.identify(heard, embeddings)
    assert found["recognised"].ravel().tolist() == [1, 1, 0]
    np.testing.assert_allclose(found["own"].ravel(), [1, 0.8, 0.6])
    np.testing.assert_allclose(found["others"].ravel(), [0, 0.3, 0.4])


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["cards", "nowhere"], "no nowhere/metadata.csv"),
        (["cards", "--voices", "nobody"], "no voice, clip or folder 'nobody'"),
        (["cloning", "nowhere"], "no nowhere/metadata.csv"),
        (["cloning", "CORPUS", "--speakers", "eve"], "no speaker 'eve' in these corpora: there are ann, bob"),
        (["cloning", "CORPUS", "--seconds", "3600"], "0 of 2 speakers have 3602 s"),
    ],
)
def test_errors_are_one_line(argv, reason, recordings, capsys, tmp_path):
    argv = [str(recordings) if part == "CORPUS" else part for part in argv]
    assert main([*argv, "-o", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 1
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1
