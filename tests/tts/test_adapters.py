"""Low-rank changes: on the fly or merged they are the same, and of zeros they are nothing."""

import numpy as np
import pytest
import torch

from helpers import nano
from helpers.gpt_stage import GREEDY
from tts import checkpoint, settings
from tts.adapters import adapt, adaptable, changes_of, merged
from tts.records import Change, Changes, SpeakerLatents, TunedSpeaker
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings
from tts.types import Codes, Condition, Mel


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return nano.weights(tmp_path_factory.mktemp("weights"), refines=True)


@pytest.fixture(scope="module")
def speech(folder) -> TextToSpeech:
    return TextToSpeech.load(folder, "cpu")


CHANCE = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return CHANCE.standard_normal(shape, np.float32)


def changes(net: torch.nn.Module, size: float) -> dict[str, Change]:
    """Random changes of every layer that may change."""
    return {
        name: Change(size * normal(2, layer.weight[0].numel()), normal(len(layer.weight), 2))
        for name, layer in adaptable(net).items()
    }


def voice(speech: TextToSpeech) -> SpeakerLatents:
    return speech.speaker(0.1 * normal(20_480))


def speak(speech: TextToSpeech, voice: SpeakerLatents) -> np.ndarray:
    overrides = ["retries=0", "sampling.max_codes_per_id=2.0", "steps=1"]
    own = Settings.parse(settings.compose(overrides))
    return np.concatenate([chunk.wave for chunk in speech.say("A fine day.", voice, settings=own, seed=1)])


def outputs(gpt, decoder) -> list[torch.Tensor]:
    """What both nets give for one text and one mel."""
    torch.manual_seed(1)
    text, lengths, codes = (
        torch.tensor([[5, 6, 7]]),
        torch.tensor([3]),
        Codes(torch.tensor([[1, 2, 3, 4]]), torch.tensor([4])),
    )
    hidden = gpt.latents(text, lengths, torch.randn(1, gpt.latents_per_speaker, 32), codes)
    said = gpt.generate(text, lengths, torch.randn(1, 2, 32), sampling=GREEDY, generator=torch.Generator())
    coarse = Mel(torch.randn(1, 100, 16), torch.tensor([16]))
    options = {"steps": 2, "guidance": 2.0, "sampler": "euler", "generator": torch.Generator()}
    mel = decoder.decode(Condition(codes, coarse), torch.randn(1, 2, 16), **options)
    return [hidden, said.latents, mel.frames]


def test_merged_changes_give_what_changes_on_the_fly_give_and_the_net_stays(folder):
    gpt, decoder = (checkpoint.load(folder / f"{name}.safetensors").net for name in ("gpt", "diffusion"))
    plain = outputs(gpt, decoder)
    factors = {}
    merged_nets = []
    for name, net in (("gpt", gpt), ("diffusion", decoder)):
        own = changes(net, 0.1)
        merged_nets.append(merged(net, own))
        learning = checkpoint.load(folder / f"{name}.safetensors").net
        for layer, module in adapt(learning, rank=2, seed=0).items():
            module.A.data, module.B.data = map(torch.from_numpy, (own[layer].A, own[layer].B))
        factors[name] = learning
    made = outputs(*merged_nets)
    for one, other, before in zip(made, outputs(factors["gpt"], factors["diffusion"]), plain, strict=True):
        assert torch.equal(one, other) and not torch.equal(one, before)
    for one, before in zip(outputs(gpt, decoder), plain, strict=True):
        assert torch.equal(one, before)
    assert merged_nets[0].embed.rows.weight is gpt.embed.rows.weight  # what is not changed is shared


def test_what_may_change_are_repeated_blocks_and_never_the_speaker_encoder(speech):
    for net in (speech.acoustic, speech.decoder):
        names = adaptable(net)
        assert names and not any(name.startswith("speaker.") for name in names)
    assert {"blocks.0.attention.qkv", "blocks.1.mlp.down"} <= adaptable(speech.acoustic).keys()


def test_new_factors_change_nothing_and_learn(folder):
    net = checkpoint.load(folder / "gpt.safetensors").net
    factors = adapt(net, rank=4, seed=3)
    zero = changes_of(factors)
    assert all(not change.B.any() and change.A.any() for change in zero.values())
    learning = {name for name, parameter in net.named_parameters() if parameter.requires_grad}
    assert learning and all("parametrizations" in name and name[-1] in "AB" for name in learning)


def test_a_voice_of_zero_changes_speaks_the_bytes_of_the_plain_one(speech):
    plain = voice(speech)
    zero = [
        {name: Change(change.A, np.zeros_like(change.B)) for name, change in changes(net, 1.0).items()}
        for net in (speech.acoustic, speech.decoder)
    ]
    assert np.array_equal(speak(speech, TunedSpeaker(**vars(plain), changes=Changes(*zero))), speak(speech, plain))


def test_tuned_voices_speak_in_turn_and_leave_the_plain_one_alone(speech):
    plain = voice(speech)
    before = speak(speech, plain)
    tuned = [
        TunedSpeaker(**vars(plain), changes=Changes(changes(speech.acoustic, 0.1), changes(speech.decoder, 0.1)))
        for _ in range(2)
    ]
    first = [speak(speech, one) for one in tuned]
    again = [speak(speech, one) for one in tuned]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0][:2000], first[1][:2000])
    assert not np.array_equal(first[0][:2000], before[:2000])
    assert np.array_equal(speak(speech, plain), before)
    assert speech.nets(tuned[0]) is speech.nets(tuned[0])  # kept


@pytest.mark.parametrize(
    "name, shape, fault",
    [
        ("speaker.blocks.0.inner", (2, 16, 16), "does not have or keeps"),
        ("no.such.layer", (2, 4, 4), "does not have or keeps"),
        ("blocks.0.mlp.down", (2, 9, 32), "does not fit its weight"),
    ],
)
def test_changes_that_fit_no_layer_are_refused(speech, name, shape, fault):
    rank, width, rows = shape
    with pytest.raises(ValueError, match=fault):
        merged(speech.acoustic, {name: Change(normal(rank, width), normal(rows, rank))})
