"""Training: overfits one batch, runs both optimisers, resumes, and keeps the two nets' gradients apart."""

import copy
from functools import partial

import lightning as L
import pytest
import torch
from hydra.utils import instantiate
from matplotlib import pyplot
from omegaconf import OmegaConf
from torch.utils.data import DataLoader

from helpers import nano
from helpers.speechlike import speechlike
from helpers.trainers import quiet_trainer
from tts.checkpoint import build
from tts.mel import LogMel
from tts.training.adversarial import discriminator_loss, feature_loss
from tts.training.optim import MuonAdamW
from tts.types import Batch


@pytest.fixture
def batch(audio) -> Batch:
    wav = speechlike(audio, clips=2, frames=32)
    none = torch.zeros(2, dtype=torch.long)
    length = torch.full((2,), wav.shape[-1])
    return Batch(["a", "b"], ["x", "y"], torch.zeros(2, 1, dtype=torch.long), none, wav, length, wav, length)


@pytest.fixture
def make_stage(audio):
    def make(steps: int, adversarial_start: int, **upstream):
        conf = OmegaConf.create({"stage": OmegaConf.load("conf/stage/vocoder.yaml"), "trainer": {"max_steps": steps}})
        conf.stage.update(adversarial_start=adversarial_start, adversarial_every=1, **upstream)
        conf.stage.discriminator.update(filters=2, sizes=[512, 256], periods=[2, 3], subbands=[256])
        conf.stage.schedule.warmup = conf.stage.discriminator_schedule.warmup = 2
        optimizer = partial(MuonAdamW, lr=3e-3, muon_lr=0.01, betas=(0.8, 0.99), weight_decay=0.0)
        net = build(OmegaConf.to_container(OmegaConf.load("conf/model/vocoder/nano.yaml")), audio)
        return instantiate(conf.stage, _partial_=True, _convert_="all")(net=net, audio=audio, optimizer=optimizer)

    return make


def same(batches: list[Batch]) -> Batch:
    return batches[0]


@pytest.fixture
def fit(tmp_path, batch):
    def run(stage, *, steps: int, ckpt_path=None) -> L.Trainer:
        trainer = quiet_trainer(tmp_path, max_steps=steps, limit_val_batches=1)
        loader = partial(DataLoader, [batch] * steps, batch_size=1, collate_fn=same)
        trainer.fit(stage, loader(), loader(), ckpt_path=ckpt_path, weights_only=True)
        return trainer

    return run


def changed(before: dict, module: torch.nn.Module) -> bool:
    return any(not torch.equal(before[name], value) for name, value in module.state_dict().items())


def test_overfits_one_batch(make_stage, fit, batch):
    """Both halves of the net: `first_half` is of the first alone, `phase` of the second."""
    stage = make_stage(80, 1000)
    with torch.no_grad():
        before = stage.losses(batch)
    fit(stage, steps=80)
    with torch.no_grad():
        after = stage.losses(batch)
    assert stage.total(after) < 0.8 * stage.total(before)
    assert after["mel"] < 0.7 * before["mel"]
    assert after["first_half"] < 0.8 * before["first_half"]
    assert after["phase"] < 0.85 * before["phase"]


def test_the_critic_waits_for_its_step(make_stage, fit):
    stage = make_stage(2, 2)
    net, critic = copy.deepcopy(stage.net.state_dict()), copy.deepcopy(stage.discriminator.state_dict())
    fit(stage, steps=2)
    assert changed(net, stage.net) and not changed(critic, stage.discriminator)


def test_adversarial_steps_train_both_nets_and_count_batches(make_stage, fit):
    stage = make_stage(2, 0)
    net, critic = copy.deepcopy(stage.net.state_dict()), copy.deepcopy(stage.discriminator.state_dict())
    trainer = fit(stage, steps=2)
    assert trainer.global_step == 2
    assert changed(net, stage.net) and changed(critic, stage.discriminator)
    assert trainer.callback_metrics["val/mel_error"] > 0


def test_resuming_goes_on_with_both_optimisers(make_stage, fit, tmp_path):
    straight, first, second = (make_stage(4, 0) for _ in range(3))
    for stage in (first, second):
        stage.load_state_dict(straight.state_dict())
    fit(straight, steps=4)
    fit(first, steps=2).save_checkpoint(tmp_path / "half.ckpt")
    fit(second, steps=4, ckpt_path=tmp_path / "half.ckpt")
    for name, value in straight.state_dict().items():
        assert torch.allclose(value, second.state_dict()[name], atol=1e-5), name


def test_generator_terms_leave_no_gradient_in_the_critic(make_stage, batch):
    stage = make_stage(2, 0)
    stage.total(stage.losses(batch)).backward()
    assert all(parameter.grad is None for parameter in stage.discriminator.parameters())
    assert all(parameter.requires_grad for parameter in stage.discriminator.parameters())
    assert stage.net.phase_half.head.weight.grad.abs().sum() > 0


def test_the_critic_learns_from_waves_without_the_generator(make_stage, batch):
    stage = make_stage(2, 0)
    made = stage.net(LogMel(stage.audio)(batch.wav)).detach()
    loss = discriminator_loss(stage.discriminator(batch.wav)[0], stage.discriminator(made)[0])
    loss.backward()
    assert all(parameter.grad is None for parameter in stage.net.parameters())


def test_a_perfect_wave_costs_nothing_but_the_critics_opinion(make_stage, batch):
    stage = make_stage(2, 0)
    terms = stage.spectral(batch.wav, batch.wav)
    _, features = stage.discriminator(batch.wav)
    assert all(value == 0 for value in terms.values())
    assert feature_loss(features, features) == 0


def test_showcase_sets_recording_and_vocoder_side_by_side(make_stage, batch):
    with torch.no_grad():
        shown = make_stage(2, 0).showcase(batch)
    assert set(shown) == {"mel", "recording", "vocoder", "start"}
    assert shown["vocoder"].shape == shown["recording"].shape
    assert [axes.get_title() for axes in shown["mel"].axes] == ["recording", "vocoder", "start"]
    assert pyplot.get_fignums() == []  # a figure that pyplot holds is never freed


def test_the_stage_can_be_averaged(make_stage, batch):
    stage = make_stage(2, 0)
    stage.total(stage.losses(batch)).backward()
    assert torch.equal(copy.deepcopy(stage).discriminator(batch.wav)[0][0], stage.discriminator(batch.wav)[0][0])


def test_generated_mels_are_those_of_the_decoder_as_long_as_the_recording(make_stage, batch, tmp_path):
    folder = nano.weights(tmp_path)
    paths = {"codec": str(folder / "dvae.safetensors"), "decoder": str(folder / "diffusion.safetensors")}
    true = LogMel(make_stage(2, 0).audio)(batch.wav)
    for share in (0.0, 1.0):
        heard = make_stage(2, 0, **paths, generated=share).heard(batch, batch.wav)
        assert heard.shape == true.shape and heard.isfinite().all()
        assert torch.equal(heard, true) == (share == 0.0)


def test_learns_from_generated_mels_and_leaves_their_makers_alone(make_stage, fit, tmp_path):
    folder = nano.weights(tmp_path)
    paths = {"codec": str(folder / "dvae.safetensors"), "decoder": str(folder / "diffusion.safetensors")}
    stage = make_stage(2, 0, **paths, generated=1.0)
    net, decoder = copy.deepcopy(stage.net.state_dict()), copy.deepcopy(stage.decoder.net.state_dict())
    fit(stage, steps=2)
    assert changed(net, stage.net) and not changed(decoder, stage.decoder.net)
    assert not any("decoder" in name for name in stage.state_dict())


def test_a_codec_without_a_decoder_is_refused(make_stage):
    with pytest.raises(ValueError, match=r"set both stage\.codec and stage\.decoder"):
        make_stage(2, 0, codec="dvae.safetensors")
