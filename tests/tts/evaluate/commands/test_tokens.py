"""Judging tokens from the command line: every kind beside the codec, and refusals of one line."""

import json

import pytest
import torch

from helpers import nano
from helpers.corpus import make_corpus, make_shards
from tts.checkpoint import build, export
from tts.evaluate.__main__ import main


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


def tokens(folder, audio):
    spec = nano.conf("model/hubert/nano")
    net = build(spec, audio)
    net.quantizer.codebook.copy_(torch.nn.functional.normalize(torch.randn(100, 32)) * 32**0.5)
    export(folder / "tokens.safetensors", net, spec=spec, audio=audio, provenance={}, extra={})
    return folder / "tokens.safetensors"


def test_every_kind_of_tokens_has_its_figures(weights, audio, tmp_path, capsys):
    corpus = make_corpus(tmp_path / "corpus", clips=6)
    shards = make_shards(tmp_path / "shards", audio, corpus, codec=weights / "dvae.safetensors")
    own = tokens(tmp_path, audio)
    given = [str(shards), "--tokens", f"ours={own}", "--mfcc", "8", "--weights", str(weights)]
    assert main(["tokens", *given, "--hours", "0.005", "-o", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out/tokens.json").read_text())
    rows = {row["name"]: row for row in told["figures"]}
    assert list(rows) == ["codec", "codec, CTC", "ours", "MFCC, k-means 8"]
    assert told["clips"] >= 2 and told["steps"] > 50
    for row in rows.values():
        assert 0 < row["purity"]["value"] <= 1 and 0 <= row["pnmi"]["value"] <= 1
        assert row["pnmi_taught"]["value"] < 1 and 0 <= row["phone_error"]["value"] <= 1
        assert ("linear_phone_error" in row) == (row["name"] != "codec")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(rows) and "| ours " in lines[4]


def test_bad_input_is_one_line(weights, shards, tmp_path, capsys):
    def said(*given: str) -> str:
        assert main(["tokens", str(shards), "--weights", str(weights), "-o", str(tmp_path / "out"), *given]) == 1
        return capsys.readouterr().err

    assert "pack it with --codec" in said("--mfcc")
    assert "give NAME=FILE" in said("--tokens", "nothing")
    assert "no checkpoint at" in said("--tokens", "ours=none.safetensors")
    assert "makes no tokens" in said("--tokens", f"ours={weights / 'vocoder.safetensors'}")
    assert not (tmp_path / "out").exists()
