"""The decoder in training, over a real (untrained) codec from a file."""

import pytest
import torch
from matplotlib.figure import Figure

from helpers.decoder_stage import conf, export_codec, make_batch, make_stage
from tts.checkpoint import build, export
from tts.types import AudioConfig


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return export_codec(tmp_path_factory.mktemp("codec") / "dvae.safetensors")


@pytest.fixture
def batch():
    return make_batch()


def test_one_batch_is_learned(codec, batch):
    stage = make_stage(codec, drop_content=0.0, corrupt=0.0).train()
    optimizer = torch.optim.AdamW(stage.net.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        loss = stage.total(stage.losses(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


def test_the_codec_is_used_but_neither_trained_nor_saved(codec, batch):
    stage = make_stage(codec).train()
    stage.total(stage.losses(batch)).backward()
    assert all(parameter.grad is None for parameter in stage.codec.net.parameters())
    assert not any("codec" in name for name in stage.state_dict())


def test_validation_losses_repeat_and_do_not_depend_on_the_company(codec, batch):
    stage = make_stage(codec).eval()
    with torch.no_grad():
        first, again = stage.losses(batch)["denoise"], stage.losses(batch)["denoise"]
        condition, truth = stage.question(batch)
        noise, uniform = stage.fixed_draws(batch, truth)
        turned = batch.select([1, 0])
        noise_turned, uniform_turned = stage.fixed_draws(turned, stage.question(turned)[1])
    assert torch.equal(first, again)
    assert torch.equal(noise, noise_turned.flip(0)) and torch.equal(uniform, uniform_turned.flip(0))
    assert condition.coarse.frames.shape == truth.frames.shape and truth.length.tolist() == [79, 59]


def test_whole_clips_are_shifted_in_training_only(codec, batch):
    stage = make_stage(codec, shift=1.0, corrupt=0.0)
    clean, truth = stage.eval().question(batch)
    late, later = stage.train().question(batch)
    assert torch.equal(stage.eval().question(batch)[0].codes.ids, clean.codes.ids)
    assert not torch.equal(clean.codes.ids, late.codes.ids[:, : clean.codes.ids.shape[1]])
    assert not torch.allclose(truth.frames, later.frames[..., : truth.frames.shape[-1]])  # as its codes, so the truth


def test_times_that_a_batch_brings_are_told_to_the_gpt(codec, batch, tmp_path):
    audio, spec = AudioConfig(**conf("audio/24khz")), conf("model/gpt/nano")
    export(tmp_path / "gpt.safetensors", build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
    net = build({**conf("model/diffusion/nano"), "latent_width": spec["width"]}, audio)
    stage = make_stage(codec, net=net, acoustic=str(tmp_path / "gpt.safetensors")).eval()
    for weight in stage.acoustic.net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    batch.text, batch.text_len = torch.tensor([[40, 41, 1, 50], [60, 61, 62, 0]]), torch.tensor([4, 3])
    codes = stage.question(batch)[0].codes
    aligned = stage.latents(batch, codes)
    batch.times = torch.full((2, 6), torch.nan)
    assert torch.equal(stage.latents(batch, codes), aligned)
    batch.times[0] = torch.tensor([0.0, 0.1, 0.2, 0.3, 0.4, 0.83])
    told = stage.latents(batch, codes)
    assert not torch.allclose(told[0], aligned[0])
    assert torch.allclose(told[1], aligned[1], atol=1e-5)


def test_corruption_reaches_codes_and_coarse_mel_in_training_only(codec, batch):
    stage = make_stage(codec, corrupt=0.5)
    clean = stage.eval().question(batch)[0]
    wrong = stage.train().question(batch)[0]
    assert torch.equal(clean.codes.ids, stage.eval().question(batch)[0].codes.ids)
    assert not torch.equal(clean.codes.ids, wrong.codes.ids)
    assert not torch.allclose(clean.coarse.frames, wrong.coarse.frames)


def test_a_disguised_speaker_is_heard_by_the_codec_alone_and_in_training_only(codec, batch):
    """Codes change; the recording's own mel, which is to be given back, does not."""
    still, moved = make_stage(codec, corrupt=0.0), make_stage(codec, corrupt=0.0, disguise_share=1.0)
    (condition, truth), (other, same) = still.train().question(batch), moved.train().question(batch)
    assert not torch.equal(condition.codes.ids, other.codes.ids) and torch.equal(truth.frames, same.frames)
    assert torch.equal(moved.eval().question(batch)[0].codes.ids, condition.codes.ids)
    assert {"disguised_l1", "stranger_l1"} < set(moved.metrics(batch))


def test_the_identity_term_teaches_the_speaker_encoder_alone(codec, batch):
    stage = make_stage(codec).train()
    stage.losses(batch)["identity"].backward()
    taught = {name.partition(".")[0] for name, parameter in stage.net.named_parameters() if parameter.grad is not None}
    assert taught == {"speaker"}


def test_validation_measures_and_shows_samples(codec, batch):
    stage = make_stage(codec, steps=2).eval()
    with torch.no_grad():
        metrics, shown = stage.metrics(batch), stage.showcase(batch)
    assert set(metrics) == {"sample_l1", "coarse_l1"} and all(value > 0 for value in metrics.values())
    assert set(shown) == {"mel_0", "mel_1"} and all(isinstance(figure, Figure) for figure in shown.values())


def test_a_codec_of_another_size_is_refused(codec):
    audio = AudioConfig(**conf("audio/24khz"))
    net = build({**conf("model/diffusion/nano"), "codebook_size": 7}, audio)
    with pytest.raises(ValueError, match="codebook_size"):
        make_stage(codec, net=net)


@pytest.mark.parametrize(("drop", "heard"), [(0.0, True), (1.0, False)])
def test_the_latents_of_a_gpt_are_heard_where_they_are_not_dropped(codec, batch, tmp_path, drop, heard):
    audio, spec = AudioConfig(**conf("audio/24khz")), conf("model/gpt/nano")
    export(tmp_path / "gpt.safetensors", build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
    net = build({**conf("model/diffusion/nano"), "latent_width": spec["width"]}, audio)
    stage = make_stage(codec, net=net, acoustic=str(tmp_path / "gpt.safetensors"), drop_latents=drop).train()
    batch.text, batch.text_len = torch.tensor([[40, 41, 1, 50], [60, 61, 62, 0]]), torch.tensor([4, 3])
    stage.losses(batch)["denoise"].backward()
    assert (net.condition.latent.weight.grad is not None) == heard


def test_an_unknown_sampler_is_refused_before_training(codec):
    with pytest.raises(ValueError, match="leapfrog"):
        make_stage(codec, sampler="leapfrog")


def test_latents_need_a_decoder_that_hears_them(codec):
    with pytest.raises(ValueError, match="latent_width"):
        make_stage(codec, acoustic=str(codec))
