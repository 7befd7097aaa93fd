"""The critics: what each can tell, and what it cannot."""

import torch

from vocoder.discriminator import BANDS, PeriodCritic, SubbandCritic


def gradient(critic: torch.nn.Module, wav: torch.Tensor, take) -> torch.Tensor:
    """What of the wave the chosen logits depend on."""
    wav = wav.clone().requires_grad_()
    take(critic(wav)[0]).sum().backward()
    return wav.grad[0]


def test_a_period_critic_sees_every_period_th_sample_alone():
    critic = PeriodCritic(period=3, filters=2)
    seen = gradient(critic, torch.randn(1, 600), lambda logits: logits[..., 1])
    assert seen[1::3].abs().sum() > 0
    assert seen[0::3].abs().sum() == 0 and seen[2::3].abs().sum() == 0


def test_a_period_critic_takes_any_length():
    critic = PeriodCritic(period=7, filters=2)
    wav = torch.randn(1, 701)
    padded = torch.nn.functional.pad(wav, (0, 6))
    assert torch.equal(critic(wav)[0], critic(padded)[0])


def test_a_band_of_a_subband_critic_reads_its_own_frequencies():
    """A tone in one band changes the features of that band, and those of the farthest band only by leakage."""
    torch.manual_seed(0)
    critic = SubbandCritic(window=256, filters=2)
    layers = len(critic.bands[0])
    time = torch.arange(2048) / 256
    noise = torch.randn(1, 2048)
    bin_in_top = round(128 * (BANDS[-2] + BANDS[-1]) / 2)
    tone = torch.sin(2 * torch.pi * bin_in_top * time)
    before, after = critic(noise)[1], critic(noise + tone)[1]
    moved = [(a - b).abs().max() for a, b in zip(before, after, strict=True)]
    assert moved[-layers] > 0.1
    assert moved[0] < 1e-3
