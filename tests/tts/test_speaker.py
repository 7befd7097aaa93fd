import torch

from tts.nn import init_weights
from tts.speaker import GAIN, SpeakerEncoder, StatisticsPooling
from tts.types import Mel


def test_latents_ignore_padding():
    encoder = SpeakerEncoder(n_mels=20, width=16, layers=2, rank=4, latents=3, out_width=8).eval()
    frames = torch.randn(1, 20, 40)
    alone = encoder(Mel(frames, torch.tensor([40])))
    padded = encoder(Mel(torch.nn.functional.pad(frames, (0, 24)), torch.tensor([40])))
    assert alone.shape == (1, 3, 8)
    assert torch.allclose(alone, padded, atol=1e-5)


def test_latents_have_one_scale_whatever_is_heard():
    encoder = SpeakerEncoder(n_mels=20, width=16, layers=3, rank=4, latents=3, out_width=8).eval()
    init_weights(encoder)
    for loudness in (0.1, 1.0, 100.0):
        latents = encoder(Mel(loudness * torch.randn(2, 20, 80), torch.tensor([80, 50])))
        assert torch.allclose(latents.square().mean(-1).sqrt(), torch.full((2, 3), GAIN), rtol=1e-3)


def test_pooled_statistics_are_those_of_the_values():
    pooling = StatisticsPooling(width=8, heads=2, max_temperature=2.0).eval()
    with torch.no_grad():
        pooling.temperature.fill_(-50.0)  # all positions alike
    x = torch.randn(2, 8, 25)
    values = pooling.key_value(x)[:, 8:]
    expected = torch.cat((values.mean(-1), values.std(-1, correction=0)), dim=1)
    assert torch.allclose(pooling(x, torch.ones(2, 25, dtype=torch.bool)), expected, atol=1e-5)
