"""Exported nets speak without torch."""

import json
import shutil
import subprocess
import sys

import pytest
import soundfile

from helpers import nano
from tts import settings, voices
from tts.export.about import ABOUT
from tts.settings import ROOT
from tts.synthesis.speaking import Settings

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from tts.engine.engine import OnnxEngine  # noqa: E402
from tts.engine.nets import OnnxNets  # noqa: E402

pytestmark = pytest.mark.slow
WITHOUT = """
import sys
sys.modules["torch"] = None  # as if it were not installed
import infer
sys.exit(infer.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def voice(weights, tmp_path_factory):
    return nano.nobody(tmp_path_factory.mktemp("voice") / "nobody.safetensors", weights)


def test_infer_speaks_without_torch(exported, voice, tmp_path):
    common = [sys.executable, "-c", WITHOUT, "Hello there. And you?", "-v", str(voice), "--engine", f"onnx={exported}"]
    quick = ["--", "sampling.max_codes_per_id=4", "retries=0"]
    written = [*common, "-o", str(tmp_path / "a.wav"), *quick]
    streamed = [*common, "--stream", "--raw", *quick]
    for command in (written, streamed):
        done = subprocess.run(command, cwd=ROOT, capture_output=True)
        assert done.returncode == 0, done.stderr
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate == 24000 and samples.astype("<i2").tobytes() == done.stdout


def test_what_does_not_belong_together_is_refused(exported, voice, tmp_path):
    with pytest.raises(ValueError, match="is no export"):
        OnnxNets(tmp_path, 1)
    with pytest.raises(ValueError, match="made for other weights"):
        voices.load("kathleen", fingerprint=OnnxEngine(OnnxNets(exported, 1)).fingerprint)
    mixed = tmp_path / "mixed"
    shutil.copytree(exported, mixed)
    about = json.loads((mixed / ABOUT).read_text())
    (mixed / ABOUT).write_text(json.dumps(about | {"weights": "other"}))
    how, other = Settings.parse(settings.compose([])), OnnxEngine(OnnxNets(mixed, 1))
    who = voices.load(voice, fingerprint=other.fingerprint)
    with pytest.raises(ValueError, match="of other weights"):
        other.speak("Hello.", who, settings=how, seed=0)
    (mixed / "gpt_gaps.onnx").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be read"):
        other.speak("Hello.", who, settings=how, seed=0)
