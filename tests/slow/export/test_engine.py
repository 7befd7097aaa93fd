"""Exported nets speak without torch."""

import json
import shutil
import subprocess
import sys

import av
import numpy as np
import pytest
import soundfile

from helpers import nano
from helpers.pieces import TorchNets
from tts import settings, voices
from tts.export.about import ABOUT
from tts.settings import ROOT
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings
from tts.voices.clone import make

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from tts.engine.engine import OnnxEngine  # noqa: E402
from tts.engine.nets import OnnxNets  # noqa: E402
from tts.engine.steps import OnnxGeneration, OnnxSteps  # noqa: E402

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


def without(*arguments: str) -> subprocess.CompletedProcess:
    """`infer.py` where torch is not installed."""
    return subprocess.run([sys.executable, "-c", WITHOUT, *arguments], cwd=ROOT, capture_output=True, text=True)


def test_rows_of_a_step_are_written_in_place_and_say_what_the_nets_say(weights, exported, voice):
    """Three sentences, one of which joins late, against each of them alone by torch."""
    files, nets = OnnxEngine(OnnxNets(exported, 1)), OnnxEngine(TorchNets(weights))
    who = voices.load(voice, fingerprint=files.fingerprint)
    greedy = nano.sampling(temperature=0.0, guidance=2.0, max_codes_per_id=12.0)
    texts = [[4, 8, 15, 16, 23, 42], [4, 8, 15], [16, 23, 42, 4, 8]]

    def begun(engine: OnnxEngine) -> list[OnnxGeneration]:
        return [engine.gpt.begin(ids, who.acoustic[None], greedy, np.random.default_rng(0)) for ids in texts]

    running, steps, drawn = begun(files), OnnxSteps(files.nets), [[], [], []]
    for turn in range(100):
        for number, spoken in enumerate(steps.advance(running[: 2 + (turn > 10)])):
            drawn[number] += [spoken] if spoken else []
    for ours, own in zip(drawn, begun(nets), strict=True):
        alone = OnnxSteps(nets.nets)
        theirs = list(iter(lambda own=own, alone=alone: alone.advance([own])[0], None))
        assert [code for code, _ in ours] == [code for code, _ in theirs] and len(ours) > 30
        np.testing.assert_allclose([one for _, one in ours], [one for _, one in theirs], atol=1e-3)


def test_a_book_is_narrated_without_torch_and_gone_on_with(exported, voice, tmp_path):
    book, output = tmp_path / "book.md", tmp_path / "book.m4b"
    book.write_text("# One\n\nHello there. And you?\n\n# Two\n\nGood day.\n")
    given = [str(book), "-o", str(output), "-v", str(voice), "--engine", f"onnx={exported}"]
    settings_given = ["--", "sampling.max_codes_per_id=4", "retries=0"]
    for spoken in ("5 takes were spoken, 0 were there", "0 takes were spoken, 5 were there"):
        done = without(*given, *settings_given)
        assert done.returncode in (0, 3) and spoken in done.stderr, done.stderr  # nano nets say what is doubtful
    with av.open(str(output)) as file:
        assert [chapter["metadata"]["title"] for chapter in file.chapters()] == ["One", "Two"]
    manifest = json.loads((tmp_path / "book.narration" / "manifest.json").read_text())
    assert [len(own["segments"]) for own in manifest["chapters"]] == [3, 2]


def test_a_voice_is_cloned_without_torch_as_with_it(weights, exported, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clip = nano.hum(tmp_path / "hum.wav", seconds=5.0)
    quick = ["--candidates", "2", "--", "sampling.max_codes_per_id=4", "retries=0"]
    done = without("Hello.", "-o", str(tmp_path / "a.wav"), "-v", str(clip), "--engine", f"onnx={exported}", *quick)
    assert done.returncode == 0 and soundfile.info(tmp_path / "a.wav").frames, done.stderr
    (kept,) = (tmp_path / "cache").rglob("*.safetensors")
    speech = TextToSpeech.load(weights, "cpu")
    ours, theirs = voices.load(kept, fingerprint=speech.fingerprint), make([clip], speech)
    np.testing.assert_allclose(ours.acoustic, theirs.acoustic, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ours.decoder, theirs.decoder, rtol=1e-3, atol=1e-4)


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
