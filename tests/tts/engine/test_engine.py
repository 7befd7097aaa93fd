"""The engine without torch says what the nets say, and the same whole and streamed.

Here torch computes the pieces of an export; tests/slow/export has the files.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import nano
from helpers.pieces import TorchNets
from tts import settings, voices
from tts.engine.engine import OnnxEngine
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings

IDS = [4, 8, 15, 16, 23, 42]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return nano.stirred(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def voice(weights, tmp_path_factory):
    return nano.nobody(tmp_path_factory.mktemp("voice") / "nobody.safetensors", weights)


@pytest.fixture(scope="module")
def speech(weights):
    speech = TextToSpeech.load(weights, "cpu")
    speech.acoustic.stepping = torch.float32
    return speech


@pytest.fixture(scope="module")
def engine(weights):
    return OnnxEngine(TorchNets(weights))


@pytest.fixture
def quick() -> Settings:
    """The shipped settings, shortened."""
    conf = settings.compose(["retries=0", "sampling.max_codes_per_id=5", "sampling.temperature=1.0", "steps=2"])
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
def test_mels_are_those_of_the_decoder_in_every_window(guidance, speech, engine, voice, quick, monkeypatch):
    """Without noise, which the two draw differently: the decoder of these tests starts from none."""
    monkeypatch.setattr("tts.synthesis.pipeline.fast_dtype", lambda device: torch.float32)
    given = replace(quick, guidance=guidance)
    ids, latents = torch.randint(0, 50, (70,)), torch.randn(70, 1, speech.acoustic.norm.weight.numel())
    who = voices.load(str(voice), fingerprint=speech.fingerprint)
    with torch.inference_mode():
        wanted = list(speech._mels(zip(ids[:, None], latents, strict=True), who, given, 0))
    spoken = zip(ids.tolist(), latents.numpy(), strict=True)
    ours = list(engine._mels(spoken, engine.voice(voice), given, 0))
    assert [ready for _, ready in ours] == [ready for _, ready in wanted] and len(ours) == 3
    for (mel, _), (other, _) in zip(ours, wanted, strict=True):
        assert np.allclose(mel, other.numpy(), atol=1e-3)


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


@pytest.mark.parametrize("changed", [{"candidates": 2}, {"sampler": "heun"}])
def test_what_exported_nets_cannot_do_is_refused(changed, engine, voice, quick):
    with pytest.raises(ValueError, match="exported nets .* use torch"):
        list(engine.say("Hello there.", engine.voice(voice), settings=replace(quick, **changed), seed=0))
