"""Self-supervised tokens: what the net may see, what counts, and which centre a token names."""

from functools import partial

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from dvae import loss
from dvae.hubert import Hubert, spans
from dvae.masked_stage import MaskedStage
from dvae.tokens import SpeechTokens
from helpers import nano
from helpers.speechlike import speechlike
from tts.checkpoint import build, export, load
from tts.training.optim import MuonAdamW
from tts.types import Batch, Codec, Mel

SMALL = {"name": "ema_vq", "decay": 0.9, "dead_below": 0.1, "kmeans_steps": 5}


def make_hubert(audio, **changes) -> Hubert:
    net = build(nano.conf("model/hubert/nano")["features"] | {"classes": 7} | changes, audio)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.05 * torch.randn_like(weight))  # no branch is zero
    return net


def make_tokens(audio, features: dict, width: int, size: int = 6) -> SpeechTokens:
    return build({"name": "tokens", "features": features, "quantizer": SMALL | {"size": size, "width": width}}, audio)


def mfcc_tokens(audio, size: int = 6) -> SpeechTokens:
    return make_tokens(audio, {"name": "mfcc", "stride": 2}, 39, size)


def hubert_tokens(audio) -> SpeechTokens:
    net = make_tokens(audio, nano.conf("model/hubert/nano")["features"], 32)
    net.features = make_hubert(audio)
    return net.eval()


def make_stage(audio, **changes) -> MaskedStage:
    conf = OmegaConf.create({name: OmegaConf.load(f"conf/{name}/hubert.yaml") for name in ("stage",)})
    conf = OmegaConf.merge(
        {"trainer": {"max_steps": 100}}, conf, {"model": OmegaConf.load("conf/model/hubert/nano.yaml")}
    )
    conf.stage.schedule.warmup = 1
    conf.model.features.classes = conf.model.quantizer.size = 8
    conf = OmegaConf.to_container(conf, resolve=True)
    stage = instantiate(conf["stage"] | changes, _partial_=True, _convert_="all")
    optimizer = partial(MuonAdamW, lr=1e-2, muon_lr=0.02, betas=(0.9, 0.95), weight_decay=0.0)
    return stage(net=build(conf["model"], audio), audio=audio, optimizer=optimizer)


def make_batch(audio) -> Batch:
    wav = speechlike(audio, clips=3, frames=120)
    wav_len = torch.tensor([120, 120, 80]) * audio.hop
    wav[2, int(wav_len[2]) :] = 0
    text = torch.zeros(3, 0, dtype=torch.long)
    return Batch(list("abc"), list("sst"), text, torch.zeros(3, dtype=torch.long), wav, wav_len, wav, wav_len)


def test_only_counted_positions_make_the_loss():
    logits = torch.randn(2, 5, 4, requires_grad=True)
    target, counted = torch.randint(4, (2, 5)), torch.rand(2, 5) < 0.5
    value = loss.masked_prediction(logits, target, counted)
    value.backward()
    assert (logits.grad[~counted] == 0).all() and (logits.grad[counted] != 0).any(-1).all()
    log_p = logits.detach().log_softmax(-1)
    expected = [-log_p[b, t, target[b, t]] for b, t in counted.nonzero().tolist()]
    assert value.item() == pytest.approx(torch.stack(expected).mean().item())
    assert loss.masked_prediction(logits, target, torch.zeros_like(counted)) == 0


def test_what_is_masked_is_not_seen(audio):
    net, frames = make_hubert(audio), torch.randn(1, 100, 24, requires_grad=True)
    masked = torch.zeros(1, 12, dtype=torch.bool)
    masked[0, 4:7] = True
    net(Mel(frames, torch.tensor([24])), masked)[0].square().sum().backward()
    seen = frames.grad.abs().sum((0, 1)).view(12, 2).sum(1) > 0
    assert torch.equal(seen, ~masked[0])


def test_spans_have_their_length_and_lie_inside_every_clip():
    length = torch.tensor([400, 60, 3])
    masked = spans(length, 400, share=0.02, span=10, generator=torch.Generator().manual_seed(0))
    assert masked.any(1).all()
    assert not masked[1, 60:].any() and not masked[2, 3:].any()
    first = masked[0].int().diff(prepend=torch.zeros(1)).eq(1).nonzero().flatten()
    assert all(masked[0, start : start + 10].all() for start in first.tolist())
    assert 0.1 < masked[0].float().mean() < 0.3  # 1 - .98^10 = .18


@pytest.mark.parametrize("make", [mfcc_tokens, hubert_tokens])
def test_tokens_are_the_nearest_centres_whatever_the_padding(make, audio):
    net, batch = make(audio), make_batch(audio)
    assert isinstance(net, Codec)
    net.learn(batch.wav, batch.wav_len)
    codes = net.encode(batch.wav, batch.wav_len)
    assert codes.length.tolist() == [60, 60, 40]
    vectors, _ = net.features.hear(batch.wav, batch.wav_len)
    nearest = torch.cdist(vectors[2, :40], net.quantizer.codebook).argmin(1)
    assert torch.equal(codes.ids[2, :40], nearest) and (codes.ids[2, 40:] == 0).all()
    alone = net.encode(batch.wav[2:, : int(batch.wav_len[2])], batch.wav_len[2:])
    assert torch.equal(alone.ids[0], codes.ids[2, :40])
    assert len(codes.ids[0].unique()) > 2


def test_an_empty_wave_in_a_batch_harms_no_other(audio):
    net, batch = hubert_tokens(audio), make_batch(audio)
    batch.wav_len[1] = 0
    vectors, length = net.features.hear(batch.wav, batch.wav_len)
    assert length.tolist() == [60, 0, 40] and vectors.isfinite().all()


def test_learning_averages_the_mels_of_each_token(audio):
    net, batch = mfcc_tokens(audio, size=3), make_batch(audio)
    codes = net.learn(batch.wav, batch.wav_len)
    mel = net.log_mel.measure(batch.wav, batch.wav_len)
    spread = codes.ids.repeat_interleave(2, dim=1)
    inside = torch.arange(120) < mel.length[:, None]
    for token in codes.ids[0].unique().tolist():
        expected = mel.frames.mT[(spread == token) & inside].mean(0)
        assert torch.allclose(net.mels[token], expected, atol=0.2)  # the edges of clips are padded otherwise
    out = net.decode(codes)
    assert out.length.tolist() == [120, 120, 80]
    assert torch.equal(out.frames[0, :, 7], net.mels[codes.ids[0, 3]])
    assert (out.frames[2, :, 80:] == net.log_mel.silence).all()


def test_a_batch_is_learned_and_tokens_come_back_from_a_file(audio, tmp_path):
    stage, batch = make_stage(audio, warp_share=0.0, gain_jitter=0.0, shift=0.0), make_batch(audio)
    optimizer = stage.configure_optimizers()["optimizer"]
    first = stage.losses(batch)["masked"].item()
    for _ in range(15):
        terms = stage.losses(batch)
        stage.total(terms).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert terms["masked"].item() < 0.7 * first
    spec = nano.conf("model/hubert/nano")
    spec["features"]["classes"] = spec["quantizer"]["size"] = 8
    export(tmp_path / "tokens.safetensors", stage.net, spec=spec, audio=audio, provenance={}, extra={})
    again = load(tmp_path / "tokens.safetensors").net
    assert torch.equal(
        again.encode(batch.wav, batch.wav_len).ids, stage.net.eval().encode(batch.wav, batch.wav_len).ids
    )


def test_targets_are_those_of_the_clip_that_is_heard_changed(audio):
    """In training the net hears another voice, and is asked for the clusters of the real one."""
    stage, batch = make_stage(audio, warp_share=1.0), make_batch(audio)
    stage.losses(batch)  # centres begin
    mel = stage.log_mel.measure(batch.wav, batch.wav_len)
    stage.eval()
    plain = stage.targets(batch, mel)
    assert torch.equal(plain.ids, stage.first.encode(batch.wav, batch.wav_len).ids)
    assert not torch.allclose(stage.vary(mel).frames, mel.frames, atol=0.1)


def test_validation_asks_the_same_every_time(audio):
    stage, batch = make_stage(audio), make_batch(audio)
    stage.losses(batch)
    stage.eval()
    before = {name: value.clone() for name, value in stage.state_dict().items()}
    one, other = stage.losses(batch), stage.losses(batch)
    assert one == other
    assert all(torch.equal(value, before[name]) for name, value in stage.state_dict().items())


def test_sizes_that_do_not_fit_are_errors(audio, tmp_path):
    def saved(size: int, stride: int) -> str:
        spec = {"name": "tokens", "features": {"name": "mfcc", "stride": stride}}
        spec |= {"quantizer": SMALL | {"size": size, "width": 39}}
        path = tmp_path / f"{size}-{stride}.safetensors"
        export(path, build(spec, audio), spec=spec, audio=audio, provenance={}, extra={})
        return str(path)

    with pytest.raises(ValueError, match=r"set model.features.classes=9"):
        make_stage(audio, targets=saved(9, 2))
    with pytest.raises(ValueError, match="31.25 positions a second, the net 46.875"):
        make_stage(audio, targets=saved(8, 3))
    with pytest.raises(ValueError, match=r"model.quantizer.width=39"):
        make_tokens(audio, {"name": "mfcc", "stride": 2}, 32)
    with pytest.raises(ValueError, match="layer=3 is not among the 2 layers"):
        make_hubert(audio, layer=3)
    make_stage(audio, targets=saved(8, 2)).losses(make_batch(audio))
