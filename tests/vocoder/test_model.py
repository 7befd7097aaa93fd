"""Spectra, Griffin-Lim and the net: what each promises before and after training."""

import pytest
import torch
from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor

from helpers.speechlike import speechlike
from tts.checkpoint import build, export, load
from tts.mel import LogMel
from tts.types import AudioConfig
from vocoder.griffin_lim import GriffinLim
from vocoder.loss import MultiResolution, phase_differences
from vocoder.model import Vocos
from vocoder.spectral import MelInverse, Stft

SPEC = OmegaConf.to_container(OmegaConf.load("conf/model/vocoder/nano.yaml"))


@pytest.fixture(scope="module")
def wav(audio: AudioConfig) -> Float[Tensor, "B N"]:
    torch.manual_seed(1)
    return speechlike(audio, clips=2, frames=48)


@pytest.fixture
def net(audio: AudioConfig) -> Vocos:
    return build(SPEC, audio)


def spectral_error(audio: AudioConfig, magnitude: Tensor, wav: Tensor) -> float:
    return float((Stft(audio)(wav).abs() - magnitude).norm() / magnitude.norm())


def test_stft_and_its_inverse_round_trip_to_rounding(audio, wav):
    stft = Stft(audio)
    spectrum = stft(wav)
    assert spectrum.shape[-1] * audio.hop == wav.shape[-1]
    assert (stft.inverse(spectrum) - wav).abs().max() < 1e-6


def test_stft_frames_as_log_mel_does(audio, wav):
    filters = MelInverse(audio).filters
    mel = (Stft(audio)(wav).abs().mT @ filters).clamp_min(audio.floor).log().mT
    assert torch.allclose((mel - audio.mean) / audio.std, LogMel(audio)(wav), atol=1e-4)


def test_stft_needs_whole_hops_in_a_window(audio):
    odd = AudioConfig(**{**vars(audio), "hop": 300, "n_fft": 1000})
    with pytest.raises(ValueError, match="multiple of the hop"):
        Stft(odd)


def test_magnitudes_read_off_a_mel_explain_it(audio, wav):
    inverse, mel = MelInverse(audio), LogMel(audio)(wav)
    again = ((inverse(mel).mT @ inverse.filters).mT.clamp_min(audio.floor).log() - audio.mean) / audio.std
    assert (again - mel).abs().mean() < 0.05
    assert (inverse(mel) > 0).all()


def test_more_griffin_lim_iterations_fit_the_magnitudes_better(audio, wav):
    errors = []
    for iterations in (0, 4, 16):
        start = GriffinLim(audio=audio, iterations=iterations, momentum=0.99)
        mel = LogMel(audio)(wav)
        errors.append(spectral_error(audio, start.mel_inverse(mel), start(mel)))
    assert errors[0] > 1.5 * errors[1] > 1.5 * errors[2]


def test_the_start_beats_random_phases(audio, wav):
    start = GriffinLim(audio=audio, iterations=0, momentum=0.0)
    magnitude = Stft(audio)(wav).abs()
    noise = torch.polar(magnitude, 2 * torch.pi * torch.rand_like(magnitude))
    random = spectral_error(audio, magnitude, start.stft.inverse(noise))
    assert spectral_error(audio, magnitude, start.stft.inverse(start.spectrum(magnitude))) < 0.8 * random


def test_untrained_net_is_griffin_lim(audio, net, wav):
    mel = LogMel(audio)(wav)
    with torch.no_grad():
        assert torch.allclose(net(mel), net.start(mel), atol=1e-4)
        assert (LogMel(audio)(net(mel)) - mel).abs().mean() < 0.2


@pytest.mark.parametrize("frames", [1, 3, 50])
def test_a_wave_has_a_hop_for_each_frame(net, audio, frames):
    mel = torch.randn(2, audio.n_mels, frames)
    wav = net(mel)
    assert wav.shape == (2, frames * audio.hop)
    assert wav.isfinite().all()


def test_a_wave_in_a_batch_is_the_wave_alone(net, audio, wav):
    mel = LogMel(audio)(wav)
    with torch.no_grad():
        torch.nn.init.normal_(net.phase_half.head.weight, std=0.05)
        assert torch.allclose(net(mel)[1:], net(mel[1:]), atol=1e-4)


def test_silence_stays_silent(net, audio):
    log_mel = LogMel(audio)
    silence = torch.full((1, audio.n_mels, 40), log_mel.silence)
    with torch.no_grad():
        wav = net(silence)
    assert wav.abs().max() < 1e-3  # -60 dBFS
    assert torch.allclose(log_mel(wav), silence, atol=0.3)


def test_every_parameter_of_both_halves_learns(net, audio, wav):
    for head in (net.magnitude_half.head, net.phase_half.head):
        torch.nn.init.normal_(head.weight, std=0.05)
    for half in (net.magnitude_half, net.phase_half):
        torch.nn.init.normal_(half.blocks[0].outer.weight, std=0.05)
    net(LogMel(audio)(wav)).abs().mean().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name


def test_works_under_bfloat16_autocast(net, audio, wav):
    mel = LogMel(audio)(wav)
    with torch.autocast("cpu", torch.bfloat16):
        made = net(mel)
    assert made.dtype == torch.float32
    assert torch.allclose(made, net(mel), atol=2e-2)


def test_the_gradient_stays_finite_on_silence(net, audio):
    spectral = MultiResolution(sample_rate=audio.sample_rate, floor=audio.floor, resolutions=[[512, 40]])
    silence = torch.zeros(1, 30 * audio.hop)
    made = net(LogMel(audio)(silence))
    (sum(spectral(made, silence).values()) + phase_differences(net.stft(made), net.stft(silence))).backward()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters())


def test_phase_differences_ignore_the_phase_of_the_whole(audio, wav):
    spectrum = Stft(audio)(wav)
    turned = spectrum * torch.polar(torch.ones(()), torch.tensor(2.0))
    noise = torch.polar(spectrum.abs(), 2 * torch.pi * torch.rand(spectrum.shape))
    assert phase_differences(turned, spectrum) < 0.02  # rounding in the silent bins
    assert phase_differences(noise, spectrum) > 0.9


def test_export_and_load_give_the_same_wave(net, audio, wav, tmp_path):
    mel = LogMel(audio)(wav)
    export(tmp_path / "net.safetensors", net, spec=SPEC, audio=audio, provenance={}, extra={})
    with torch.no_grad():
        assert torch.equal(load(tmp_path / "net.safetensors").net(mel), net.eval()(mel))


@pytest.mark.parametrize(("size", "millions"), [("small", 5), ("base", 20), ("large", 50)])
def test_sizes_build_on_meta(audio, size, millions):
    with torch.device("meta"):
        net = build(OmegaConf.to_container(OmegaConf.load(f"conf/model/vocoder/{size}.yaml")), audio)
    assert 0.5 * millions < sum(parameter.numel() for parameter in net.parameters()) / 1e6 < millions


def stretches(mel, hops, foreseen):
    """A mel in stretches, each with the frames after it that are foreseen."""
    start = 0
    for hop in hops:
        stop = start + hop
        yield mel[..., start : stop + foreseen], min(hop, mel.shape[-1] - start)
        start = stop


@torch.no_grad()
def test_one_stretch_is_the_whole(net, audio, wav):
    torch.nn.init.normal_(net.phase_half.head.weight, std=0.05)
    mel = LogMel(audio)(wav)
    wave, _ = net.extend(None, mel, mel.shape[-1])
    assert torch.equal(wave, net(mel))


@torch.no_grad()
@pytest.mark.parametrize("hops", [(24, 16, 8), (1, 2, 45), (40, 8)])
def test_stretches_join_without_a_seam(net, audio, wav, hops):
    """As many samples as the whole, as near to the mel, and no jump where stretches meet."""
    torch.nn.init.normal_(net.phase_half.head.weight, std=0.02)
    mel, past, pieces = LogMel(audio)(wav), None, []
    for frames, ready in stretches(mel, hops, 16):
        wave, past = net.extend(past, frames, ready)
        pieces.append(wave)
    joined, whole = torch.cat(pieces, dim=1), net(mel)
    assert joined.shape == whole.shape
    errors = [(LogMel(audio)(wave) - mel).abs().mean(1) for wave in (joined, whole)]
    assert errors[0].mean() < 1.2 * errors[1].mean()
    ends = torch.tensor([piece.shape[1] for piece in pieces]).cumsum(0)[:-1]
    steps = joined.diff(dim=1).abs()
    for end in ends[ends > 0].tolist():
        assert (steps[:, end - 1] <= steps[:, max(0, end - 256) : end + 256].amax(1)).all()
    jump = torch.stack([steps[:, end - 1] for end in ends[ends > 0].tolist()]).mean()
    assert jump < 4 * steps.mean()


@torch.no_grad()
def test_what_has_sounded_stays(net, audio, wav):
    """Frames that come later change nothing of it, except those that were foreseen."""
    mel = LogMel(audio)(wav)
    other = mel.clone()
    other[..., 40:] = torch.randn_like(other[..., 40:])
    first, again = (net.extend(None, one[..., :40], 24)[0] for one in (mel, other))
    assert torch.equal(first, again)
