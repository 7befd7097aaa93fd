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
from tts.records import Changes, TunedSpeaker
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings
from tts.types import Codes

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
    who = voices.load(voice, fingerprint=engine.fingerprint)
    greedy = nano.sampling(temperature=0.0, guidance=guidance, max_codes_per_id=5.0)
    told = {"sampling": greedy, "generator": torch.Generator()}
    wanted = speech.acoustic.generate(
        torch.tensor([IDS]), torch.tensor([6]), torch.from_numpy(who.acoustic)[None], **told
    )
    drawn = list(engine.gpt.draw_codes(IDS, who.acoustic[None], greedy, np.random.default_rng(0)))
    assert [code for code, _ in drawn] == wanted.codes.ids[0].tolist() and len(drawn) > 5
    assert np.allclose(np.stack([latents for _, latents in drawn], axis=1), wanted.latents.numpy(), atol=1e-3)


@pytest.mark.parametrize(("asked", "rows"), [(2.0, 1), (3.0, 2)])
def test_weights_that_hold_guidance_speak_with_one_row(asked, rows, speech, engine, voice, monkeypatch):
    monkeypatch.setattr(speech.acoustic, "guidance", 2.0)
    monkeypatch.setattr(engine.gpt, "known", engine.gpt.known | {"guidance": 2.0})
    nets, read = engine.gpt.nets, []

    class Watched:
        has = nets.has

        def __call__(self, name, **inputs):
            read.append(len(inputs["code"])) if name == "gpt_step" else None
            return nets(name, **inputs)

    monkeypatch.setattr(engine.gpt, "nets", Watched())
    test_codes_are_those_of_the_gpt(asked, speech, engine, voice)
    assert set(read) == {rows}


@pytest.fixture
def exact(monkeypatch):
    """Torch computes in 32 bits."""
    monkeypatch.setattr("tts.synthesis.pipeline.fast_dtype", lambda device: torch.float32)


def check_mels(speech, engine, voice, given) -> None:
    """Without noise, which the two draw differently: the decoder of these tests starts from none."""
    ids, latents = torch.randint(0, 50, (70,)), torch.randn(70, 1, speech.acoustic.norm.weight.numel())
    who = voices.load(str(voice), fingerprint=speech.fingerprint)
    with torch.inference_mode():
        wanted = list(speech._mels(zip(ids[:, None], latents, strict=True), who, given, 0))
    spoken = zip(ids.tolist(), latents.numpy(), strict=True)
    ours = list(engine._mels(spoken, who, given, 0))
    assert [ready for _, ready in ours] == [ready for _, ready in wanted] and len(ours) == 3
    for (mel, _), (other, _) in zip(ours, wanted, strict=True):
        assert np.allclose(mel, other.numpy(), atol=1e-3)


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_mels_are_those_of_the_decoder_in_every_window(guidance, speech, engine, voice, quick, exact):
    check_mels(speech, engine, voice, replace(quick, guidance=guidance))


def test_a_decoder_that_jumps_is_sampled_as_it_was_distilled(quick, exact, tmp_path):
    weights = nano.stirred(tmp_path, process={"name": "jumps", "count": 2, "knots": "cosine"})
    speech, engine = TextToSpeech.load(weights, "cpu"), OnnxEngine(TorchNets(weights))
    voice = nano.nobody(tmp_path / "nobody.safetensors", weights)
    check_mels(speech, engine, voice, replace(quick, steps=None, guidance=None))
    with pytest.raises(ValueError, match="was distilled to 2 steps: leave guidance out"):
        who = voices.load(voice, fingerprint=engine.fingerprint)
        list(engine.say("Hello.", who, settings=replace(quick, guidance=2.0), seed=0))


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
    who = voices.load(voice, fingerprint=engine.fingerprint)
    whole, streamed = (list(speak(text, who, settings=how, seed=3)) for speak in (engine.say, engine.stream))
    assert len(streamed) > len(whole) == 2
    joined = [np.concatenate([chunk.wave for chunk in chunks]) for chunks in (whole, streamed)]
    assert np.array_equal(*joined) and np.abs(joined[0]).max() > 0


def test_of_several_candidates_the_gpt_keeps_what_it_understands_best(speech, engine, voice, quick):
    who, text = voices.load(voice, fingerprint=engine.fingerprint), "Hello there."
    ids, kept = engine.tokenizer.encode(text), replace(quick, listen=False)
    scores, codes = [], []
    for number in range(3):
        random = np.random.default_rng((5, number) if number else 5)
        drawn = engine.gpt.draw_codes(ids, who.acoustic[None], quick.sampling, random)
        codes.append(engine.gathered(list(drawn)))
        scores.append(engine.gpt.understood(codes[-1], ids))
        spoken = Codes(torch.from_numpy(codes[-1]), torch.tensor([codes[-1].shape[1]]))
        wanted = speech.acoustic.text_score(spoken, torch.tensor([ids]), torch.tensor([len(ids)]))
        assert scores[-1] == pytest.approx(float(wanted), abs=1e-3)
    best = engine.utter(text, who, settings=replace(kept, candidates=3), seed=5)
    assert len(set(scores)) == 3 and np.array_equal(best.speech.codes, codes[int(np.argmax(scores))])


def test_a_speaker_is_heard_as_by_the_nets(speech, engine):
    wave = 0.1 * np.random.default_rng(0).standard_normal(50_001).astype(np.float32)
    for ours, theirs in zip(vars(engine.speaker(wave)).values(), vars(speech.speaker(wave)).values(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)


def test_words_are_spelled_as_by_the_codec(speech, engine):
    codes = np.array([[5, 9, 3000, 17]])
    theirs = Codes(torch.from_numpy(codes), torch.tensor([4]))
    np.testing.assert_allclose(engine.spell(codes), speech.spell(theirs), rtol=1e-4, atol=1e-4)
    assert engine.count(codes) == speech.count(theirs) == 4 and engine.code_rate == speech.code_rate


def test_what_exported_nets_cannot_do_is_refused(engine, voice, quick):
    who = voices.load(voice, fingerprint=engine.fingerprint)
    tuned = TunedSpeaker(**vars(who), changes=Changes({}, {}))
    for other, how in ((who, replace(quick, sampler="heun")), (tuned, quick)):
        with pytest.raises(ValueError, match="use torch|is tuned, .* give --engine torch"):
            list(engine.say("Hello there.", other, settings=how, seed=0))
