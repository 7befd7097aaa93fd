"""Which engine speaks, and that torch is nowhere on the way to speaking without it."""

import json
import subprocess
import sys

import pytest

from helpers import nano
from tts.engine.choice import chosen_export
from tts.export.about import ABOUT, FORMAT, family_in
from tts.settings import ROOT

# What the group `speak` does not install.
HEAVY = ("torch", "torchaudio", "lightning", "einops", "hydra", "scipy", "soundfile", "matplotlib", "fastapi")
WITHOUT = f"""
import sys
for name in {HEAVY}:
    sys.modules[name] = None  # as if it were not installed
import infer, tts.encoding, tts.engine.engine, tts.synthesis.mark
sys.exit(infer.main(sys.argv[1:]))
"""


def export(folder, **about):
    """A folder that says that it is an export."""
    folder.mkdir()
    (folder / ABOUT).write_text(json.dumps({"format": FORMAT, "weights": "none"} | about))
    return folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"))


def test_torch_speaks_unless_another_engine_is_asked_for(weights, tmp_path):
    assert chosen_export("auto", weights, False) is None and chosen_export("torch", weights, True) is None
    other = export(tmp_path / "other")
    assert chosen_export(f"onnx={other}", weights, False) == other
    same = export(tmp_path / "same", weights=family_in(weights))
    assert chosen_export(f"onnx={same}", weights, True) == same


def test_an_export_of_other_weights_than_those_that_are_given_is_refused(weights, tmp_path):
    with pytest.raises(ValueError, match="is of other weights than"):
        chosen_export(f"onnx={export(tmp_path / 'other')}", weights, True)
    with pytest.raises(ValueError, match="has format 'old'"):
        chosen_export(f"onnx={export(tmp_path / 'old', format='old')}", weights, False)


@pytest.mark.parametrize("name", ["", "jax", "torch=x", "auto=x"])
def test_an_engine_that_is_none_is_refused(weights, name):
    with pytest.raises(ValueError, match="no engine"):
        chosen_export(name, weights, False)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        (["--explain", "Dr. No read 12 pages."], 0, "twelve"),
        (["Hello.", "--engine", "torch"], 1, "torch is not installed"),
        (["Hello.", "--engine", "onnx={folder}/none"], 1, "is no export"),
        (["Hello.", "--engine", "onnx={export}", "--device", "cuda"], 2, "leave --device cuda out"),
        (["Hello.", "--engine", "onnx={export}", "-v", "{folder}/hum.wav"], 1, "is cloned from recordings"),
        (["{folder}/book.epub", "--engine", "onnx={export}", "-o", "{folder}/book.m4b"], 1, "is narrated by torch"),
        (["serve"], 1, "not installed"),
    ],
)
def test_what_works_without_torch_and_what_does_not_says_so_in_one_line(command, code, says, tmp_path):
    (tmp_path / "book.epub").write_bytes(b"")
    (tmp_path / "hum.wav").write_bytes(b"")
    names = {"folder": tmp_path, "export": export(tmp_path / "export")}
    command = [word.format(**names) for word in command]
    done = subprocess.run([sys.executable, "-c", WITHOUT, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == code and says in done.stdout + done.stderr, done.stderr
    assert done.stderr.count("\n") == (code > 0)
