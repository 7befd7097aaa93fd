"""Draws do not depend on how much is drawn beside them."""

import torch

from helpers import nano
from tts.checkpoint import build
from tts.draws import corrupted, delayed, frame_noise, item_generators
from tts.types import Batch


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_noise_of_a_frame_does_not_depend_on_how_many_follow():
    long, short = frame_noise(100, 80, seeded()), frame_noise(100, 50, seeded())
    assert torch.equal(long[:, :50], short)
    assert torch.equal(frame_noise(3, 7, seeded()), frame_noise(3, 9, seeded())[:, :7])
    assert not torch.equal(short, frame_noise(100, 50, seeded(1)))
    assert abs(float(long.mean())) < 0.05 and abs(float(long.std()) - 1) < 0.05
    assert abs(float((long[:, 1:] * long[:, :-1]).mean())) < 0.05


def test_an_items_generator_does_not_depend_on_how_many_items_there_are():
    many, few = item_generators(4, seeded()), item_generators(2, seeded())
    drawn = [[float(torch.rand((), generator=own)) for own in group] for group in (many, few)]
    assert drawn[0][:2] == drawn[1]
    assert len(set(drawn[0])) == 4


def test_corruption_hits_its_share_of_codes_and_nothing_else():
    ids = torch.arange(30).repeat(4, 500)
    noisy = corrupted(ids, 0.3, range(10, 30), seeded())
    inside = ids >= 10
    assert torch.equal(noisy[~inside], ids[~inside])
    assert noisy[inside].min() == 10 and noisy[inside].max() == 29
    assert abs(float((noisy != ids)[inside].float().mean()) - 0.3 * 19 / 20) < 0.02


def test_each_clip_starts_late_by_its_own_silence_and_its_times_follow(audio):
    codec = build(nano.conf("model/dvae/nano"), audio)
    wav = 0.1 + torch.rand(8, 3000)
    times = torch.tensor([[0.0, 0.05, 0.1, 0.125]]).repeat(8, 1)
    times[7] = torch.nan
    length, none = torch.full((8,), 3000), torch.zeros(8, dtype=torch.long)
    batch = Batch(["k"] * 8, ["s"] * 8, torch.ones(8, 2, dtype=torch.long), none, wav, length, wav, length, times)
    late = delayed(batch, 1.0, codec, seeded())
    silence = (late.wav != 0).int().argmax(1)
    assert torch.equal(late.wav_len, 3000 + silence)
    assert len(set(silence.tolist())) > 4 and silence.max() <= 1024  # one code of four frames
    for row, shift in enumerate(silence.tolist()):
        assert torch.equal(late.wav[row, shift : shift + 3000], wav[row])
    assert torch.equal(late.times[:7, 0], torch.zeros(7))
    assert torch.allclose(late.times[:7, 1:], times[:7, 1:] + silence[:7, None] / audio.sample_rate)
    assert late.times[7].isnan().all()
    assert delayed(batch, 0.0, codec, seeded()) is batch
