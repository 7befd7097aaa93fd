"""The speaker net: what may and what may not change its vectors."""

import pytest
import torch
from torch.nn import functional as F

from helpers.nano import conf
from speaker.model import SpeakerNet, bin_centres, relative
from tts.checkpoint import build
from tts.types import Mel, mask


@pytest.fixture(scope="module")
def net(audio) -> SpeakerNet:
    """A nano net whose blocks do something."""
    torch.manual_seed(0)
    net = build(conf("model/speaker/nano"), audio).eval()
    for block in net.blocks:
        torch.nn.init.normal_(block.outer.weight, std=0.2)
    return net


def clips(audio, *lengths: int, seed: int = 0) -> Mel:
    generator = torch.Generator().manual_seed(seed)
    frames = torch.randn(len(lengths), audio.n_mels, max(lengths), generator=generator)
    return Mel(frames, torch.tensor(lengths))


def test_vectors_have_rms_1(audio, net):
    vectors = net(clips(audio, 300, 200))
    assert vectors.shape == (2, conf("model/speaker/nano")["out_width"])
    assert torch.allclose(vectors.square().mean(1).sqrt(), torch.ones(2), atol=1e-3)


def test_what_lies_beyond_the_end_is_not_heard(audio, net):
    mel = clips(audio, 303, 160)
    other = Mel(mel.frames.clone(), mel.length)
    other.frames[1, :, 160:] = 7.0
    alone = Mel(mel.frames[1:, :, :160], mel.length[1:])
    assert torch.allclose(net(mel), net(other), atol=1e-5)
    assert torch.allclose(net(mel)[1:], net(alone), atol=1e-5)


def test_the_order_of_far_stretches_does_not_matter_much_but_that_of_frames_does(audio, net):
    mel = clips(audio, 1200)
    halves = Mel(mel.frames.roll(600, dims=2), mel.length)
    shuffled = Mel(mel.frames[..., torch.randperm(1200)], mel.length)
    own, moved, mixed = (F.normalize(net(one), dim=-1) for one in (mel, halves, shuffled))
    assert (own - moved).norm() < 0.2 * (own - mixed).norm()


def test_a_louder_or_equalised_recording_gives_the_same_vector(audio, net):
    mel = clips(audio, 300)
    response = torch.randn(1, audio.n_mels, 1)
    assert torch.allclose(net(mel), net(Mel(mel.frames + response, mel.length)), atol=1e-4)


def test_bandwidth_above_f_max_is_not_heard(audio, net):
    mel = clips(audio, 300)
    narrow = Mel(mel.frames.clone(), mel.length)
    narrow.frames[:, bin_centres(audio) > 7600] = -3.0
    assert torch.equal(net(mel), net(narrow))


def test_no_position_takes_nearly_all_of_the_attention(net):
    """However extreme the keys are: the bound follows from the temperature."""
    pooling = net.pooling
    pooling.temperature.data.fill_(100.0)  # the sigmoid is 1
    keys = pooling.queries.data[None, :, :, None].repeat(1, 1, 1, 40) * -1000.0
    keys[..., 7] *= -1
    weight = pooling.weights(keys, torch.ones(1, 40, dtype=torch.bool))
    ratio = torch.tensor(2 * pooling.max_temperature).exp()
    assert torch.allclose(weight[..., 7], ratio / (ratio + 39), atol=1e-3)
    assert weight[..., 7].max() < 0.6


def test_attention_is_a_share_of_what_lies_inside(net):
    inside = mask(torch.tensor([5, 9]), 9)
    weight = net.pooling.weights(torch.randn(2, 2, 16, 9), inside)
    assert torch.allclose(weight.sum(-1), torch.ones(2, 2))
    assert (weight[0, :, 5:] == 0).all() and (weight > 0)[inside[:, None].expand_as(weight)].all()


def test_a_position_sees_half_a_second_to_each_side(audio):
    """The dilations of the small net, by gradient."""
    spec = conf("model/speaker/small") | {"width": 8, "out_width": 8}
    net = build(spec, audio).eval()
    for block in net.blocks:
        torch.nn.init.normal_(block.outer.weight)
    x = torch.randn(1, 8, 81, requires_grad=True)
    y = x
    for block in net.blocks:
        y = block(y)
    y[0, :, 40].sum().backward()
    seen = torch.nonzero(x.grad.abs().sum(1)[0]).flatten()
    seconds = int(seen.max() - seen.min() + 1) * 4 / audio.frame_rate
    assert 0.5 <= seconds <= 1.2


def test_relative_spectra_have_mean_0_inside_and_are_0_beyond(audio):
    mel = clips(audio, 50, 20)
    x = relative(mel)
    assert x[0].mean(1).abs().max() < 1e-5 and x[1, :, :20].mean(1).abs().max() < 1e-5
    assert (x[1, :, 20:] == 0).all()


def test_bin_centres_are_those_of_the_mel_filters(audio):
    from tts.mel import LogMel

    filters = LogMel(audio).filters  # (frequencies, M)
    peak = filters.argmax(0) * audio.sample_rate / audio.n_fft
    assert (bin_centres(audio) - peak).abs().max() <= audio.sample_rate / audio.n_fft


def test_silence_and_a_single_frame_give_numbers(audio, net):
    assert net(Mel(torch.zeros(1, audio.n_mels, 1), torch.tensor([1]))).isfinite().all()
    assert net(Mel(torch.full((1, audio.n_mels, 90), -2.8), torch.tensor([90]))).isfinite().all()


@pytest.mark.parametrize("changes, said", [({"heads": 5}, "heads 5"), ({"f_max": 1.0}, "no mel bin")])
def test_settings_that_fit_no_net_are_refused(audio, changes, said):
    with pytest.raises(ValueError, match=said):
        build(conf("model/speaker/nano") | changes, audio)
