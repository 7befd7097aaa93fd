"""Pieces of speakers, and the error rate of telling them apart."""

import json

import numpy as np
import pytest
import soundfile
import torch

from helpers import nano
from helpers.fake_judges import FakeEncoder, marked_wave
from tts.checkpoint import build, export, load
from tts.evaluate.commands import verification
from tts.evaluate.commands.verification import VoiceSample, cut_excerpts, error_rate
from tts.judges.panel import Panel


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict:
    """Ada has clips of 1, 2 and 1.5 s, Bo one of 5 s, and Cy one of 1 s."""
    folder, speakers = tmp_path_factory.mktemp("clips"), {"ada": (1.0, 2.0, 1.5), "bo": (5.0,), "cy": (1.0,)}
    return {
        name: [nano.hum(folder / f"{name}{n}.wav", seconds=each, pitch=100 + 50 * n) for n, each in enumerate(lengths)]
        for name, lengths in speakers.items()
    }


def test_excerpts_of_several_clips_share_none(clips, bare_studio):
    excerpts = cut_excerpts(bare_studio, {"ada": clips["ada"]}, 1.5, 20)
    assert [len(excerpt.wave) for excerpt in excerpts] == [
        36000,
        36000,
    ]  # the first and half of the second clip; the third
    third = bare_studio.recording(clips["ada"][2])
    assert torch.equal(excerpts[1].wave, third[:36000])


def test_an_only_clip_is_cut_into_several(clips, bare_studio):
    excerpts = cut_excerpts(bare_studio, {"bo": clips["bo"]}, 1.5, 20)
    whole = bare_studio.recording(clips["bo"][0])
    assert torch.equal(torch.cat([excerpt.wave for excerpt in excerpts]), whole[: 3 * 36000])
    assert len(cut_excerpts(bare_studio, {"bo": clips["bo"]}, 1.5, 2)) == 2


def test_speakers_with_one_piece_are_left_out(clips, bare_studio):
    assert cut_excerpts(bare_studio, {"cy": clips["cy"]}, 1.0, 20) == []


def test_the_rate_counts_each_pair_once_and_its_interval_holds_it():
    cosine = np.array([[1, 0.9, 0.1, 0.2], [0.9, 1, 0.3, 0.95], [0.1, 0.3, 1, 0.8], [0.2, 0.95, 0.8, 1]])
    speakers = np.array(["a", "a", "b", "b"])
    rate = error_rate(cosine, speakers)  # same: .9, .8; strangers: .1, .2, .3, .95
    assert rate.value == pytest.approx(0.25)
    assert rate.low <= rate.value <= rate.high
    assert error_rate(np.kron(np.eye(2), np.ones((2, 2))), speakers).value == 0


def test_both_encoders_judge_the_same_pieces(audio, tmp_path):
    """By the fake one, excerpts are their speaker; a random net is some net."""
    spec = nano.conf("model/speaker/nano")
    export(tmp_path / "net.safetensors", build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
    excerpts = [VoiceSample(name, marked_wave(n, 24000)) for n, name in enumerate(["a", "a", "b", "b"])]
    encoder = FakeEncoder(opinions={0: (1.0, 0.0), 1: (1.0, 0.0), 2: (0.0, 1.0), 3: (0.0, 1.0)})
    with Panel({"voice": encoder}, cache=tmp_path / "cache", workers=1) as panel:
        row = verification.verify(excerpts, load(tmp_path / "net.safetensors"), panel)
    assert row["speakers"] == 2 and row["pairs"] == {"same": 2, "other": 4}
    assert row["rates"]["fake encoder"].value == 0
    assert 0 <= row["rates"]["speaker net"].value <= 1


def test_the_table_says_corpus_length_and_both_rates(monkeypatch, audio, tmp_path, capsys, clips):
    spec = nano.conf("model/speaker/nano")
    export(tmp_path / "net.safetensors", build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
    corpus = tmp_path / "two"
    (corpus / "audio").mkdir(parents=True)
    lines = ["id|speaker|text|seconds"]
    for n in range(4):
        soundfile.write(corpus / "audio" / f"c{n}.wav", marked_wave(n, 24000).numpy(), 24000)
        lines.append(f"c{n}|{'ab'[n // 2]}||1.5")
    (corpus / "metadata.csv").write_text("\n".join(lines) + "\n")
    panel = Panel({"voice": FakeEncoder(opinions={2: (0.0, 1.0), 3: (0.0, 1.0)})}, cache=tmp_path / "cache", workers=1)
    monkeypatch.setattr(verification, "make_panel", lambda *_: panel)
    from tts.evaluate.__main__ import main

    options = ["--net", str(tmp_path / "net.safetensors"), "--seconds", "1", "9", "-o", str(tmp_path / "out")]
    assert main(["verification", str(corpus), *options]) == 0
    assert "two" in (table := capsys.readouterr().out) and "2, 4" in table and "fake encoder" in table
    (row,) = json.loads((tmp_path / "out/verification.json").read_text())["figures"]  # nobody has excerpts of 9 s
    assert row["seconds"] == 1 and row["rates"]["fake encoder"]["value"] == 0
