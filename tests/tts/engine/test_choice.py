"""Which engine speaks, and that torch is nowhere on the way to speaking without it."""

import json
import subprocess
import sys

import pytest

from helpers import nano
from tts import settings
from tts.engine import choice
from tts.engine.choice import Nets, chosen_export
from tts.export.about import ABOUT, FORMAT, NEEDED, family_in
from tts.settings import ROOT

# What the group `speak` does not install.
HEAVY = ("torch", "torchaudio", "lightning", "einops", "hydra", "scipy", "librosa", "matplotlib", "fastapi")
WITHOUT = f"""
import contextlib, io, json, sys
for name in {HEAVY}:
    sys.modules[name] = None  # as if it were not installed
import infer, tts.encoding, tts.engine.engine, tts.narration.narrate, tts.narration.mark, tts.narration.aloud
import tts.voices.clone, tts.voices.population, tts.server.library, tts.server.speaking
done = []
for command in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = infer.main(command)
    done.append([code, out.getvalue(), errors.getvalue()])
print(json.dumps(done))
"""


def export(folder, **about):
    """A folder that says that it is an export."""
    folder.mkdir()
    spec = {"text": nano.conf("text/english"), "audio": nano.conf("audio/24khz"), "eight_bits": [], "pieces": []}
    whole = dict.fromkeys(NEEDED, "none") | {"format": FORMAT} | spec
    (folder / ABOUT).write_text(json.dumps(whole | about))
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


def test_torch_speaks_unless_another_engine_is_asked_for_or_an_export_is_there(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "FOLDER", tmp_path / "onnx")
    assert chosen_export("auto", weights, False) is None and chosen_export("torch", weights, True) is None
    other = export(tmp_path / "other")
    assert chosen_export(f"onnx={other}", weights, False) == other
    same = export(tmp_path / "same", weights=family_in(weights))
    assert chosen_export(f"onnx={same}", weights, True) == same


def test_an_export_of_other_weights_than_those_that_are_given_is_refused(weights, tmp_path):
    with pytest.raises(ValueError, match="is of other weights than"):
        chosen_export(f"onnx={export(tmp_path / 'other')}", weights, True)
    (export(tmp_path / "part") / ABOUT).write_text(json.dumps({"format": FORMAT, "weights": "none"}))
    with pytest.raises(ValueError, match="does not say its .*fingerprint"):
        chosen_export(f"onnx={tmp_path / 'part'}", weights, False)
    with pytest.raises(ValueError, match="has format 'old'"):
        chosen_export(f"onnx={export(tmp_path / 'old', format='old')}", weights, False)


@pytest.fixture
def conf(weights):
    return settings.compose([f"weights={weights}"])


def test_an_export_of_these_weights_speaks_on_a_processor_where_it_can(weights, conf, tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "has_gpu", lambda: False)
    monkeypatch.setattr(choice, "FOLDER", tmp_path / "onnx")
    assert Nets.chosen(conf).engine == "torch"
    folder = export(tmp_path / "onnx", weights=family_in(weights))
    assert Nets.chosen(conf).export == folder and Nets.chosen(conf, given=True).advice is None
    assert Nets.chosen(conf | {"engine": "torch"}).engine == "torch"
    for asked in ({"sampler": "heun"}, {"device": "mps"}):
        assert Nets.chosen(conf | asked).engine == "torch"
    assert Nets.chosen(conf, tuned=True).engine == "torch"
    monkeypatch.setattr(choice, "has_gpu", lambda: True)
    assert Nets.chosen(conf).engine == "torch" and Nets.chosen(conf).advice is None
    assert Nets.chosen(conf | {"device": "cpu"}).export == folder


def test_advice_says_what_to_run_and_what_is_wrong_with_the_export_that_is_there(conf, tmp_path, monkeypatch):
    monkeypatch.setattr(choice, "has_gpu", lambda: False)
    monkeypatch.setattr(choice, "FOLDER", tmp_path / "onnx")
    assert f"python -m tts.export --weights {conf['weights']}`" in Nets.chosen(conf).advice
    export(tmp_path / "onnx", weights="others")
    nets = Nets.chosen(conf)
    assert nets.engine == "torch" and nets.advice.startswith(f"{tmp_path / 'onnx'} is of other weights than ")
    assert Nets.chosen(conf | {"engine": "torch"}).advice is None


@pytest.mark.parametrize("name", ["", "jax", "torch=x", "auto=x"])
def test_an_engine_that_is_none_is_refused(weights, name):
    with pytest.raises(ValueError, match="no engine"):
        chosen_export(name, weights, False)


def test_what_works_without_torch_and_what_does_not_says_so_in_one_line(tmp_path):
    book, hum, whole = tmp_path / "book.epub", tmp_path / "hum.wav", export(tmp_path / "export")
    book.write_bytes(b"")
    hum.write_bytes(b"")
    cases = [
        (["--explain", "Dr. No read 12 pages."], 0, "twelve"),
        (["--list-voices"], 0, "kathleen"),
        (["Hello.", "--engine", "torch"], 1, "torch is not installed"),
        (["Hello.", "--engine", f"onnx={tmp_path}"], 1, "is no export"),
        (["Hello.", "--engine", f"onnx={whole}", "--device", "cuda"], 2, "leave --device cuda out"),
        (["Hello.", "--engine", f"onnx={whole}", "-v", str(hum)], 1, "cannot read audio"),
        ([str(book), "--engine", f"onnx={whole}", "-o", f"{tmp_path}/book.m4b"], 1, "book.epub"),
        (["serve"], 1, "is missing: run it with `uv run --group server`"),
    ]
    command = [sys.executable, "-c", WITHOUT, json.dumps([command for command, _, _ in cases])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for (words, code, says), (ended, out, errors) in zip(cases, json.loads(done.stdout), strict=True):
        assert ended == code and says in out + errors, (words, errors)
        assert errors.count("\n") == (code > 0), errors
