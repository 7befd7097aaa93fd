"""The engine without torch says what the nets say."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from helpers import nano
from tts import voices
from tts.checkpoint import load
from tts.settings import ROOT, compose
from tts.synthesis.pipeline import NETS, speaker_fingerprint
from tts.types import Codes, Condition, SpeakerLatents

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

from tts.engine.engine import OnnxEngine  # noqa: E402

pytestmark = pytest.mark.slow
IDS = [4, 8, 15, 16, 23, 42]
SPEAKS = """
import sys
from pathlib import Path
from tts.engine.engine import OnnxEngine
from tts.settings import compose
engine = OnnxEngine(Path(sys.argv[1]), threads=1)
conf = compose(["retries=0", "sampling.max_codes_per_id=1", "steps=1"])
waves = list(engine.say("Hello there. And you?", engine.voice(Path(sys.argv[2])), conf=conf, seed=0))
print(len(waves), all(len(wave) for wave in waves), "torch" in sys.modules)
"""


@pytest.fixture(scope="module")
def loaded(weights):
    return {name: load(weights / f"{name}.safetensors") for name in NETS}


@pytest.fixture(scope="module")
def voice(loaded, tmp_path_factory):
    gpt, decoder = loaded["gpt"].spec, loaded["diffusion"].spec["speaker"]
    latents = SpeakerLatents(
        torch.randn(gpt["speaker"]["latents"], gpt["width"]), torch.randn(decoder["latents"], decoder["out_width"])
    )
    card = dict.fromkeys(voices.About.__dataclass_fields__, "")
    card["fingerprint"] = speaker_fingerprint({name: net.fingerprint for name, net in loaded.items()})
    path = tmp_path_factory.mktemp("voice") / "nobody.safetensors"
    voices.save(path, latents, voices.About(**card))
    return path


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_the_sound_is_that_of_the_nets(guidance, loaded, exported, voice):
    nets = {name: one.net for name, one in loaded.items()}
    engine = OnnxEngine(exported, threads=1)
    who, random = engine.voice(voice), np.random.default_rng(0)
    greedy = nano.sampling(temperature=0.0, guidance=guidance, max_codes_per_id=5.0)
    codes, latents = engine.draw_codes(IDS, who, vars(greedy), random)
    told = {"sampling": greedy, "generator": torch.Generator()}
    speech = nets["gpt"].generate(torch.tensor([IDS]), torch.tensor([6]), torch.from_numpy(who.acoustic), **told)
    assert codes.tolist() == speech.codes.ids.tolist() and codes.shape[1] > 5
    assert np.allclose(latents, speech.latents.numpy(), atol=1e-3)

    conf = compose([f"guidance={guidance}", "steps=3"])
    condition = Condition(Codes(*speech.codes.__dict__.values()), nets["dvae"].decode(speech.codes), speech.latents)
    mel = (
        nets["diffusion"]
        .decode(
            condition,
            torch.from_numpy(who.decoder),
            steps=3,
            guidance=guidance,
            sampler="euler",
            generator=torch.Generator(),
        )
        .frames
    )
    ours = engine.mel(codes, latents, who, conf=conf, random=random)
    assert np.allclose(ours, mel.numpy(), atol=1e-2)
    wave = nets["vocoder"](mel)[0].numpy()
    assert np.square(engine.wave(mel.numpy()) - wave).mean() < 1e-3 * np.square(wave).mean()


def test_it_speaks_without_torch(exported, voice):
    done = subprocess.run(
        [sys.executable, "-c", SPEAKS, str(exported), str(voice)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["2", "True", "False"], done.stderr


def test_what_does_not_belong_together_is_refused(exported, voice, tmp_path):
    with pytest.raises(ValueError, match="is no export"):
        OnnxEngine(tmp_path, threads=1)
    with pytest.raises(ValueError, match="made for other weights"):
        OnnxEngine(exported, threads=1).voice(voices.find("kathleen"))
    mixed = tmp_path / "mixed"
    shutil.copytree(exported, mixed)
    about = mixed / "about.json"
    about.write_text(about.read_text().replace('"weights": "', '"weights": "0'))
    engine = OnnxEngine(mixed, threads=1)
    with pytest.raises(ValueError, match="of other weights"):
        engine.draw_codes(IDS, engine.voice(voice), vars(nano.sampling()), np.random.default_rng(0))
    (mixed / "gpt_gaps.onnx").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be read"):
        engine.draw_codes(IDS, engine.voice(voice), vars(nano.sampling()), np.random.default_rng(0))
