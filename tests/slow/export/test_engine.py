"""The engine without torch says what the nets say."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

from helpers import nano
from tts import settings, voices
from tts.checkpoint import load
from tts.export.about import ABOUT
from tts.records import NETS
from tts.settings import ROOT
from tts.synthesis.pipeline import TextToSpeech, speaker_fingerprint
from tts.synthesis.speaking import Settings
from tts.types import SpeakerLatents

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from tts.engine.engine import OnnxEngine  # noqa: E402

pytestmark = pytest.mark.slow
IDS = [4, 8, 15, 16, 23, 42]
WITHOUT = """
import sys
sys.modules["torch"] = None  # as if it were not installed
import infer
sys.exit(infer.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def voice(weights, tmp_path_factory):
    loaded = {name: load(weights / f"{name}.safetensors") for name in NETS}
    gpt, decoder = loaded["gpt"].spec, loaded["diffusion"].spec["speaker"]
    latents = SpeakerLatents(
        torch.randn(gpt["speaker"]["latents"], gpt["width"]), torch.randn(decoder["latents"], decoder["out_width"])
    )
    card = dict.fromkeys(voices.About.__dataclass_fields__, "")
    card["fingerprint"] = speaker_fingerprint({name: net.fingerprint for name, net in loaded.items()})
    path = tmp_path_factory.mktemp("voice") / "nobody.safetensors"
    voices.save(path, latents, voices.About(**card))
    return path


@pytest.fixture(scope="module")
def speech(weights):
    return TextToSpeech.load(weights, "cpu")


@pytest.fixture(scope="module")
def engine(exported):
    return OnnxEngine(exported, threads=1)


@pytest.fixture
def quick() -> Settings:
    """The shipped settings, shortened."""
    conf = settings.compose(["retries=1", "sampling.max_codes_per_id=5", "sampling.temperature=1.0", "steps=2"])
    return Settings.parse(conf)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_codes_are_those_of_the_gpt(guidance, speech, engine, voice):
    who = engine.voice(voice)
    greedy = nano.sampling(temperature=0.0, guidance=guidance, max_codes_per_id=5.0)
    told = {"sampling": greedy, "generator": torch.Generator()}
    wanted = speech.acoustic.generate(torch.tensor([IDS]), torch.tensor([6]), torch.from_numpy(who.acoustic), **told)
    drawn = list(engine.gpt.draw_codes(IDS, who.acoustic, greedy, np.random.default_rng(0)))
    assert [code for code, _ in drawn] == wanted.codes.ids[0].tolist() and len(drawn) > 5
    assert np.allclose(np.stack([latents for _, latents in drawn], axis=1), wanted.latents.numpy(), atol=1e-3)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_mels_are_those_of_the_decoder_in_every_window(guidance, speech, engine, voice, quick):
    """Without noise, which the two draw differently: the decoder of these tests starts from none."""
    given = replace(quick, guidance=guidance)
    ids, latents = torch.randint(0, 50, (70,)), torch.randn(70, 1, speech.acoustic.norm.weight.numel())
    who = voices.load(str(voice), fingerprint=speech.fingerprint)
    with torch.inference_mode():
        wanted = list(speech._mels(zip(ids[:, None], latents, strict=True), who, given, 0))
    spoken = zip(ids.tolist(), latents.numpy(), strict=True)
    ours = list(engine._mels(spoken, engine.voice(voice), given, 0))
    assert [ready for _, ready in ours] == [ready for _, ready in wanted] and len(ours) == 3
    for (mel, _), (other, _) in zip(ours, wanted, strict=True):
        assert np.allclose(mel, other.numpy(), atol=1e-2)


def test_sound_is_that_of_the_vocoder_in_every_window(speech, engine):
    mel, past, our_past = torch.randn(1, 100, 90), None, None
    for start, stop, ready in ((0, 48, 32), (32, 72, 40), (72, 90, 18)):
        wanted, past = speech.vocoder.extend(past, mel[..., start:stop], ready)
        ours, our_past = engine.vocoder.extend(our_past, mel[..., start:stop].numpy(), ready)
        difference = ours - wanted[0].numpy()
        assert np.square(difference).mean() < 1e-3 * wanted.square().mean()


@pytest.mark.parametrize("speed", [0.8, 1.0])
def test_streamed_speech_is_the_same_bytes_as_whole_speech(speed, engine, voice, quick):
    text, how = "Hello there, my old friend. And you?", replace(quick, speed=speed)
    whole, streamed = (
        list(speak(text, engine.voice(voice), settings=how, seed=3)) for speak in (engine.say, engine.stream)
    )
    assert len(streamed) > len(whole) == 2
    joined = [np.concatenate([chunk.wave for chunk in chunks]) for chunks in (whole, streamed)]
    assert np.array_equal(*joined) and np.abs(joined[0]).max() > 0


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


@pytest.mark.parametrize("changed", [{"candidates": 2}, {"sampler": "heun"}])
def test_what_exported_nets_cannot_do_is_refused(changed, engine, voice, quick):
    with pytest.raises(ValueError, match="exported nets .* use torch"):
        list(engine.say("Hello there.", engine.voice(voice), settings=replace(quick, **changed), seed=0))


def test_what_does_not_belong_together_is_refused(exported, engine, voice, quick, tmp_path):
    with pytest.raises(ValueError, match="is no export"):
        OnnxEngine(tmp_path, threads=1)
    with pytest.raises(ValueError, match="made for other weights"):
        engine.voice(voices.find("kathleen"))
    mixed = tmp_path / "mixed"
    shutil.copytree(exported, mixed)
    about = json.loads((mixed / ABOUT).read_text())
    (mixed / ABOUT).write_text(json.dumps(about | {"weights": "other"}))
    other = OnnxEngine(mixed, threads=1)
    with pytest.raises(ValueError, match="of other weights"):
        other.speak("Hello.", other.voice(voice), settings=quick, seed=0)
    (mixed / "gpt_gaps.onnx").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be read"):
        other.speak("Hello.", other.voice(voice), settings=quick, seed=0)
