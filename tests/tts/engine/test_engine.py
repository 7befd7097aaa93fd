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
from tts.engine.steps import Drawn, OnnxSteps
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


def drawn_by(engine, ids, who, sampling, seed) -> list[Drawn]:
    """Codes of a generation that has no other beside it."""
    begun = engine.gpt.begin(ids, who.acoustic[None], sampling, np.random.default_rng(seed))
    steps = OnnxSteps(engine.nets)
    return list(iter(lambda: steps.advance([begun])[0], None))


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_codes_are_those_of_the_gpt(guidance, speech, engine, voice):
    who = voices.load(voice, fingerprint=engine.fingerprint)
    greedy = nano.sampling(temperature=0.0, guidance=guidance, max_codes_per_id=5.0)
    told = {"sampling": greedy, "generator": torch.Generator()}
    wanted = speech.acoustic.generate(
        torch.tensor([IDS]), torch.tensor([6]), torch.from_numpy(who.acoustic)[None], **told
    )
    drawn = drawn_by(engine, IDS, who, greedy, 0)
    assert [code for code, _ in drawn] == wanted.codes.ids[0].tolist() and len(drawn) > 5
    assert np.allclose(np.stack([latents for _, latents in drawn], axis=1), wanted.latents.numpy(), atol=1e-3)


@pytest.mark.parametrize(("asked", "rows"), [(2.0, 1), (3.0, 2)])
def test_weights_that_hold_guidance_speak_with_one_row(asked, rows, speech, engine, voice, monkeypatch):
    monkeypatch.setattr(speech.acoustic, "guidance", 2.0)
    monkeypatch.setattr(engine.gpt, "known", engine.gpt.known | {"guidance": 2.0})
    who = voices.load(voice, fingerprint=engine.fingerprint)
    given = IDS, who.acoustic[None], nano.sampling(guidance=asked), np.random.default_rng(0)
    assert engine.gpt.begin(*given).rows == rows
    test_codes_are_those_of_the_gpt(asked, speech, engine, voice)


def test_generations_that_join_and_leave_give_what_they_give_alone(engine, voice):
    """Rows lose their places to others in between, and get them back with what was in them."""
    who, texts = voices.load(voice, fingerprint=engine.fingerprint), [IDS, IDS[:3], [*IDS, *IDS], IDS[2:]]
    guided = nano.sampling(guidance=3.0, max_codes_per_id=5.0)
    how = [guided, nano.sampling(max_codes_per_id=9.0), guided, guided]

    def begun(number: int):
        return engine.gpt.begin(texts[number], who.acoustic[None], how[number], np.random.default_rng(number))

    alone = [drawn_by(engine, ids, who, how[number], number) for number, ids in enumerate(texts)]
    steps, together = OnnxSteps(engine.nets), [[] for _ in texts]
    running = dict(enumerate(map(begun, range(4))))
    for turn in range(10**6):
        if not running:
            break
        some = [number for number in running if (turn // 5 + number) % 3]  # who takes part
        for number, spoken in zip(some, steps.advance([running[number] for number in some]), strict=True):
            if spoken is None:
                running.pop(number).over = True
            else:
                together[number].append(spoken)
    for many, few in zip(together, alone, strict=True):
        assert [code for code, _ in many] == [code for code, _ in few] and len(few) > 10
        assert np.allclose([latents for _, latents in many], [latents for _, latents in few], atol=1e-4)


def test_a_generation_that_cannot_go_on_stops_no_other(engine, voice):
    who = voices.load(voice, fingerprint=engine.fingerprint)
    given, steps = (IDS, who.acoustic[None], nano.sampling()), OnnxSteps(engine.nets)
    good, bad = (engine.gpt.begin(*given, np.random.default_rng(0)) for _ in range(2))
    wanted = drawn_by(engine, IDS, who, nano.sampling(), 0)
    spoken = steps.advance([good])
    bad.kept = bad.kept[1:]
    for some in ([good, bad], [bad, good], [bad]):
        with pytest.raises(ValueError):
            steps.advance(some)
    spoken += [steps.advance([good])[0] for _ in range(3)]
    assert [code for code, _ in spoken] == [code for code, _ in wanted[:4]] and bad.codes == []


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


def test_a_decoder_that_was_reflowed_takes_any_number_of_steps(quick, exact, tmp_path):
    weights = nano.stirred(tmp_path, process={"name": "reflow", "steps": 2, "draw": "uniform", "knots": "uniform"})
    speech, engine = TextToSpeech.load(weights, "cpu"), OnnxEngine(TorchNets(weights))
    voice = nano.nobody(tmp_path / "nobody.safetensors", weights)
    check_mels(speech, engine, voice, replace(quick, steps=3, guidance=None))
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


def test_sentences_that_share_steps_are_the_same_bytes(engine, voice, quick):
    text, who = (
        "Hello there, my old friend. And you? So am I. Good day.",
        voices.load(voice, fingerprint=engine.fingerprint),
    )
    sizes = []
    (alone, shared) = (waves_of(engine, text, who, quick, sentences, sizes) for sentences in (1, 3))
    assert all(map(np.array_equal, alone, shared)) and len(alone) == 4


def waves_of(engine, text, who, how, sentences, sizes) -> list[np.ndarray]:
    engine.share_steps(sentences, sizes.append)
    try:
        return [chunk.wave for chunk in engine.say(text, who, settings=how, seed=3)]
    finally:
        engine.share_steps(1)


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
        drawn = drawn_by(engine, ids, who, quick.sampling, (5, number) if number else 5)
        codes.append(engine.gathered(drawn))
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
