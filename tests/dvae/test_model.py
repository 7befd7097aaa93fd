"""The codec by its promises: exact rates, padding that changes nothing, every size builds, nets that survive a file."""

from fractions import Fraction

import pytest
import torch
from omegaconf import OmegaConf

from dvae.model import Dvae
from tts.checkpoint import build, export, load
from tts.types import Codes, Mel

GUMBEL = {"name": "gumbel", "size": 64, "width": 8, "temperature": 1.0, "hard": True}
EMA_VQ = {"name": "ema_vq", "size": 64, "width": 8, "decay": 0.9, "dead_below": 0.1, "kmeans_steps": 3}
RESIDUAL = {"name": "residual_vq", "stages": 2, "size": 32, "width": 8, "decay": 0.9, "dead_below": 0.1}
TURNS = {"stride": 8, "ctc_steps": 4, "quantizer": {**RESIDUAL, "kmeans_steps": 3}}


def spec(size: str = "nano", **changes) -> dict:
    return {**OmegaConf.to_container(OmegaConf.load(f"conf/model/dvae/{size}.yaml")), **changes}


def awake(net: Dvae) -> Dvae:
    """Residual branches start at zero: give them weights, so that a leak through them would show."""
    for parameter in net.parameters():
        if parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net.eval()


def test_rates_are_exact(audio):
    net = build(spec(), audio)
    assert net.code_rate == Fraction(24000, 1024)
    assert net.codebook_size == 3125
    codes = net.encode(torch.randn(1, 24000) * 0.1, torch.tensor([24000]))
    assert codes.length.tolist() == [24]  # 94 frames
    assert net.decode(codes).frames.shape == (1, 100, 96)


@pytest.mark.parametrize("changes", [{}, TURNS], ids=["one code a position", "two"])
def test_a_padded_batch_gives_the_codes_and_mels_of_single_clips(audio, changes):
    net = awake(build(spec(**changes), audio))
    wav_len = torch.tensor([12000, 7013, 300])
    wav = torch.randn(3, 12000) * 0.1  # rubbish behind the shorter ones: a length is a length
    together = net.encode(wav, wav_len)
    mels = net.decode(together)
    for k, samples in enumerate(wav_len.tolist()):
        alone = net.encode(wav[k : k + 1, :samples], wav_len[k : k + 1])
        length = int(alone.length)
        assert together.length[k] == length
        assert torch.equal(together.ids[k, :length], alone.ids[0])
        mel = net.decode(alone)
        assert torch.allclose(mels.frames[k, :, : 4 * length], mel.frames[0], atol=1e-4)
        assert (mels.frames[k, :, 4 * length :] == net.log_mel.silence).all()


@pytest.mark.parametrize("changes", [{}, TURNS], ids=["one code a position", "two"])
def test_decoding_the_codes_is_what_training_saw(audio, changes):
    net = awake(build(spec(**changes), audio))
    wav = torch.randn(2, 8192) * 0.1
    wav_len = torch.tensor([8192, 8192])
    codes = net.encode(wav, wav_len)
    out = net(net.log_mel.measure(torch.nn.functional.pad(wav, (0, 1024)), wav_len).crop(0, 32))
    assert torch.equal(out.codes.ids, codes.ids)
    assert torch.allclose(out.mel.frames, net.decode(codes).frames, atol=1e-4)
    assert torch.allclose(out.ctc.log_softmax(-1), net.spell(codes), atol=1e-4)


def test_codes_that_take_turns_keep_the_rates_exact(audio):
    net = awake(build(spec(**TURNS), audio))
    assert net.code_rate == Fraction(24000, 1024)
    codes = net.encode(torch.randn(1, 24000) * 0.1, torch.tensor([24000]))
    assert codes.length.tolist() == [24]  # 94 frames: 12 positions
    assert net.spell(codes).shape == (1, 48, 76)  # a whole number of steps to a code, as alignment asks
    cut = net.decode(Codes(codes.ids[:, :23], torch.tensor([23])))  # the last position lacks a code
    assert cut.length.tolist() == [88]
    assert torch.allclose(cut.frames[..., :60], net.decode(codes).frames[..., :60], atol=1e-4)
    with pytest.raises(ValueError, match="1 codes are less than one position of 2"):
        net.decode(Codes(codes.ids[:, :1], torch.tensor([1])))
    with pytest.raises(ValueError, match="ctc_steps=3 cannot"):
        build(spec(**{**TURNS, "ctc_steps": 3}), audio)


@pytest.mark.parametrize("frames", [1, 3, 8])
def test_any_number_of_frames_comes_back(audio, frames):
    out = build(spec(), audio)(Mel(torch.randn(1, 100, frames), torch.tensor([frames])))
    assert out.mel.frames.shape == (1, 100, frames)
    assert out.ctc.shape == (1, 2 * -(-frames // 4), 76)


def test_without_a_ctc_head_there_is_none(audio):
    net = build(spec(ctc_vocab=0), audio)
    assert net(Mel(torch.randn(1, 100, 8), torch.tensor([8]))).ctc is None
    assert not any("ctc" in name for name in net.state_dict())
    assert net.spell(Codes(torch.zeros(1, 2, dtype=torch.long), torch.tensor([2]))) is None


@pytest.mark.parametrize("quantizer", [EMA_VQ, GUMBEL], ids=lambda q: q["name"])
def test_other_quantizers_plug_in(audio, quantizer):
    net = build(spec(quantizer=quantizer), audio)
    out = net(Mel(torch.randn(2, 100, 64), torch.tensor([64, 40])))
    (out.mel.frames.square().mean() + out.penalty).backward()
    assert net.encoder.stem.weight.grad.abs().sum() > 0
    codes = net.eval().encode(torch.randn(1, 8000) * 0.1, torch.tensor([8000]))
    assert net.decode(codes).frames.isfinite().all()


def test_bf16_autocast_trains(audio):
    net = build(spec(), audio)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(Mel(torch.randn(2, 100, 40), torch.tensor([40, 30])))
    assert out.penalty.dtype == torch.float32
    (out.mel.frames.float().square().mean() + out.ctc.float().square().mean() + out.penalty).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())


def test_a_net_survives_its_file(audio, tmp_path):
    net = awake(build(spec(quantizer=EMA_VQ), audio))
    export(tmp_path / "net.safetensors", net, spec=spec(quantizer=EMA_VQ), audio=audio, provenance={}, extra={})
    again = load(tmp_path / "net.safetensors").net
    codes = Codes(torch.randint(64, (1, 6)), torch.tensor([6]))
    assert torch.equal(net.decode(codes).frames, again.decode(codes).frames)


@pytest.mark.parametrize(("size", "least", "most"), [("small", 5, 6), ("base", 22, 28), ("large", 75, 90)])
def test_sizes_hold_the_promised_millions(audio, size, least, most):
    with torch.device("meta"):
        net = build(spec(size), audio)
    assert least < sum(p.numel() for p in net.parameters()) / 1e6 < most
