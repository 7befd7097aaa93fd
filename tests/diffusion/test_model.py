"""The decoder net: padding, guidance, what is computed once, learning."""

from fractions import Fraction
from itertools import combinations

import pytest
import torch
from omegaconf import OmegaConf

from diffusion.loss import denoising_error, mel_distance
from diffusion.sample import SAMPLERS
from tts.checkpoint import build
from tts.draws import frame_noise, item_generators
from tts.types import AudioConfig, Codes, Condition, Mel


def conf(path):
    return OmegaConf.to_container(OmegaConf.load(f"conf/{path}.yaml"))


AUDIO = AudioConfig(**conf("audio/24khz"))
FLOW = {"name": "flow", "draw": "logit_normal", "knots": "cosine"}
EDM = {"name": "edm", "sigma_data": 1.0, "p_mean": -0.4, "p_std": 1.0, "sigma_min": 0.02, "sigma_max": 20.0, "rho": 7.0}
DDPM = {"name": "ddpm", "betas": "cosine", "levels": 1000, "prediction": "v", "min_snr": 5.0}


def decoder(seed=0, **changes):
    torch.manual_seed(seed)
    return build({**conf("model/diffusion/nano"), "codebook_size": 32, **changes}, AUDIO).eval()


def awake(net, seed=0):
    """Weights away from the zeros that training starts from, so that every path matters."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return net


def question(lengths, seed=0, width=None):
    """A batch of conditions of so many codes each; the coarse mel ends inside a patch."""
    generator = torch.Generator().manual_seed(seed)
    size, most = len(lengths), max(lengths)
    codes = Codes(torch.randint(32, (size, most), generator=generator), torch.tensor(lengths))
    frames = codes.length * 4 - 1
    coarse = Mel(torch.randn(size, AUDIO.n_mels, int(frames.max()), generator=generator), frames)
    latents = None if width is None else torch.randn(size, most, width, generator=generator)
    return Condition(codes, coarse, latents)


def voice(net, size):
    return net.speaker_latents(Mel(torch.randn(size, AUDIO.n_mels, 40), torch.full((size,), 40)))


def encode(net, condition, speaker):
    keep = torch.ones(len(speaker), dtype=torch.bool)
    return net.encode(condition, speaker, keep_content=keep, keep_speaker=keep)


def one(condition, i):
    """One utterance of a batch, without its padding."""
    codes, frames = int(condition.codes.length[i]), int(condition.coarse.length[i])
    return Condition(
        Codes(condition.codes.ids[i : i + 1, :codes], condition.codes.length[i : i + 1]),
        Mel(condition.coarse.frames[i : i + 1, :, :frames], condition.coarse.length[i : i + 1]),
        None if condition.latents is None else condition.latents[i : i + 1, :codes],
    )


@pytest.mark.parametrize("latent_width", [None, 8])
def test_batched_equals_single(latent_width):
    net = awake(decoder(latent_width=latent_width))
    condition = question([5, 9, 7], width=latent_width)
    speaker = voice(net, 3)
    x, time = torch.randn_like(condition.coarse.frames), torch.tensor([0.2, 0.5, 0.8])
    together = net(x, time, encode(net, condition, speaker))
    for i in range(3):
        length = int(condition.coarse.length[i])
        alone = net(x[i : i + 1, :, :length], time[i : i + 1], encode(net, one(condition, i), speaker[i : i + 1]))
        assert torch.allclose(together[i, :, :length], alone[0], atol=1e-5)


def test_answers_nothing_before_training():
    net = decoder()
    condition = question([6])
    output = net(torch.randn_like(condition.coarse.frames), torch.tensor([0.5]), encode(net, condition, voice(net, 1)))
    assert torch.equal(output, torch.zeros_like(output))


def test_gpt_latents_are_heard_after_their_first_step_only():
    net = decoder(latent_width=8)
    condition, speaker = question([6], width=8), voice(net, 1)
    without = Condition(condition.codes, condition.coarse)
    hidden = encode(net, condition, speaker).hidden
    assert torch.equal(hidden, encode(net, without, speaker).hidden)
    net.condition.latent.weight.data.normal_()
    assert not torch.allclose(encode(net, condition, speaker).hidden, hidden)


@pytest.mark.parametrize("process", [FLOW, EDM, DDPM], ids=["flow", "edm", "ddpm"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_process_decodes_with_every_sampler(process, sampler):
    net = awake(decoder(process=process))
    generator = torch.Generator().manual_seed(0)
    condition, speaker = question([6, 4]), voice(net, 2)
    mel = net.decode(condition, speaker, steps=3, guidance=1.5, sampler=sampler, generator=generator)
    assert mel.frames.shape == (2, AUDIO.n_mels, 23) and mel.length.tolist() == [23, 15]
    assert torch.isfinite(mel.frames).all()
    assert torch.all(mel.frames[1, :, 15:] == net.silence)


def test_the_generator_decides_and_guidance_of_one_is_the_plain_condition():
    net = awake(decoder())
    condition, speaker = question([6]), voice(net, 1)

    def decode(seed, guidance):
        generator = torch.Generator().manual_seed(seed)
        return net.decode(condition, speaker, steps=3, guidance=guidance, sampler="euler", generator=generator).frames

    assert torch.equal(decode(1, 2.0), decode(1, 2.0))
    assert not torch.allclose(decode(1, 2.0), decode(2, 2.0))
    assert not torch.allclose(decode(1, 2.0), decode(1, 1.0))
    assert torch.allclose(decode(1, 1.0), decode(1, 1.0 + 1e-9), atol=1e-4)  # guided path, no guidance


def test_the_noise_of_a_frame_depends_neither_on_the_length_nor_on_the_company():
    net = decoder()  # untrained it answers 0, which leaves the noise as it was

    def noise(*lengths):
        condition, generator = question(lengths), torch.Generator().manual_seed(3)
        speaker = voice(net, len(lengths))
        return net.decode(condition, speaker, steps=1, guidance=1.0, sampler="euler", generator=generator).frames

    long, short, many = noise(20), noise(13), noise(20, 13)
    assert torch.equal(long[0, :, :51], short[0])
    assert torch.equal(many[0], long[0])
    assert not torch.equal(many[1, :, :51], many[0, :, :51])
    assert torch.allclose(long.std(), torch.tensor(net.temperature), atol=0.05)


def test_condition_is_computed_once():
    net, calls = decoder(), []
    net.condition.register_forward_hook(lambda *_: calls.append(1))
    net.decode(question([6]), voice(net, 1), steps=5, guidance=2.0, sampler="euler", generator=torch.Generator())
    assert len(calls) == 1


def test_dropped_content_is_not_heard_at_all():
    net = awake(decoder())
    first, second = question([6], seed=0), question([6], seed=1)
    speaker, dropped, kept = voice(net, 1), torch.tensor([False]), torch.tensor([True])
    x, time = torch.randn_like(first.coarse.frames), torch.tensor([0.5])
    answers = [
        net(x, time, net.encode(condition, speaker, keep_content=dropped, keep_speaker=kept))
        for condition in (first, second)
    ]
    assert torch.equal(*answers)
    free = net._without_content(encode(net, first, speaker))
    assert torch.allclose(net(x, time, free), answers[0], atol=1e-6)


def test_codes_meet_frames_by_exact_ratio():
    net = decoder(frames_per_code="5/4")
    assert net.condition.frames_per_code == Fraction(5, 4)
    centres = [(2 * k + 1) * Fraction(net.patch, 2) for k in range(400)]
    expected = [int(centre / Fraction(5, 4)) for centre in centres]
    assert net.condition.code_at(400, 10_000).tolist() == expected


def test_overfits_one_batch():
    net = decoder().train()
    condition, reference = question([8, 6]), Mel(torch.randn(2, AUDIO.n_mels, 40), torch.full((2,), 40))
    truth = condition.coarse.frames.roll(1, 1)  # needs the net to read the coarse mel
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    noise, uniform = torch.randn_like(truth), torch.tensor([0.3, 0.6])
    losses = []
    for _ in range(30):
        example = net.process.example(truth, noise, uniform)
        output = net(example.x, example.time, encode(net, condition, net.speaker_latents(reference)))
        loss = denoising_error(output, example.target, example.weight, condition.coarse.length)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]


def test_runs_and_learns_under_bfloat16_autocast():
    net = awake(decoder()).train()
    condition = question([6, 4])
    with torch.autocast("cpu", torch.bfloat16):
        output = net(torch.randn_like(condition.coarse.frames), torch.rand(2), encode(net, condition, voice(net, 2)))
        mel = net.decode(condition, voice(net, 2), steps=2, guidance=2.0, sampler="euler", generator=torch.Generator())
    output.square().mean().backward()
    assert output.dtype == mel.frames.dtype == torch.float32
    assert all(torch.isfinite(p.grad).all() for p in net.parameters() if p.grad is not None)


def test_errors_count_only_frames_inside():
    output, target = torch.zeros(2, 3, 4), torch.zeros(2, 3, 4)
    target[0, :, :2], target[0, :, 2:], target[1] = 1.0, 100.0, 2.0
    length = torch.tensor([2, 4])
    assert denoising_error(output, target, torch.tensor([1.0, 0.5]), length) == pytest.approx((2 * 1 + 4 * 2) / 6)
    assert mel_distance(output, target, length) == pytest.approx((2 * 1 + 4 * 2) / 6)


def test_the_sampler_is_chosen_when_a_mel_is_sampled():
    net = awake(decoder())
    condition, speaker = question([6]), voice(net, 1)
    mels = {
        name: net.decode(
            condition, speaker, steps=3, guidance=1.0, sampler=name, generator=torch.Generator().manual_seed(0)
        ).frames
        for name in SAMPLERS
    }
    assert all(not torch.allclose(mels[a], mels[b]) for a, b in combinations(mels, 2))


def test_unknown_sampler_is_refused():
    net = decoder()
    with pytest.raises(ValueError, match="leapfrog.*heun"):
        net.decode(question([6]), voice(net, 1), steps=1, guidance=1.0, sampler="leapfrog", generator=torch.Generator())


def in_stretches(net, condition, speaker, noise, hops, foreseen, *, guidance=2.0, sampler="euler", before=5):
    """The mel of one utterance, whose stretches have so many codes each and see so many after them."""
    past, mels, start = None, [], 0
    for hop in hops:
        first, stop = max(0, start - before), min(start + hop, condition.codes.ids.shape[1])
        codes = slice(first, stop + foreseen)
        frames = slice(4 * codes.start, 4 * codes.stop)
        coarse = condition.coarse.frames[..., frames]
        seen = Condition(
            Codes(condition.codes.ids[:, codes], torch.tensor([condition.codes.ids[:, codes].shape[1]])),
            Mel(coarse, torch.tensor([coarse.shape[-1]])),
            None,
        )
        size = coarse.shape[-1] - 4 * (start - first)
        ready = min(4 * hop, size)
        mel, past = net.extend(
            past,
            seen,
            speaker,
            start=4 * (start - first),
            ready=ready,
            steps=3,
            guidance=guidance,
            sampler=sampler,
            noise=noise[..., 4 * start : 4 * start + size],
        )
        mels.append(mel[..., :ready])
        start = stop
    return torch.cat(mels, dim=-1)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_stretches_that_see_all_that_follows_are_the_whole(sampler, guidance):
    """Then each layer gets from the one before what it would get in the whole utterance."""
    net = awake(decoder())
    condition, speaker = question([20]), voice(net, 1)
    noise = torch.randn_like(condition.coarse.frames)
    whole, parts = (
        in_stretches(net, condition, speaker, noise, hops, 20, guidance=guidance, sampler=sampler, before=20)
        for hops in ((20,), (6, 2, 12))
    )
    torch.testing.assert_close(parts, whole, atol=1e-3, rtol=1e-3)
    cut = in_stretches(net, condition, speaker, noise, (6, 2, 12), 0, guidance=guidance, sampler=sampler, before=20)
    assert not torch.allclose(cut, whole, atol=1e-2)


def test_one_stretch_is_what_is_decoded_at_once():
    net = awake(decoder())
    condition, speaker = question([20]), voice(net, 1)
    (own,) = item_generators(1, torch.Generator().manual_seed(3))
    noise = frame_noise(AUDIO.n_mels, 79, own)[None]
    mel = net.decode(
        condition, speaker, steps=3, guidance=2.0, sampler="euler", generator=torch.Generator().manual_seed(3)
    )
    torch.testing.assert_close(in_stretches(net, condition, speaker, noise, (20,), 0), mel.frames, atol=1e-4, rtol=1e-4)


def test_what_is_ready_does_not_change_later():
    net = awake(decoder())
    condition, speaker = question([20]), voice(net, 1)
    noise = torch.randn_like(condition.coarse.frames)
    few, many = (in_stretches(net, condition, speaker, noise, hops, 4) for hops in ((8,), (8, 12)))
    assert torch.equal(few, many[..., :32])


def test_what_depends_on_the_speaker_is_computed_in_the_first_stretch():
    net, calls = awake(decoder()), []
    condition, speaker = question([20]), voice(net, 1)
    net.out_norm.gain_shift.register_forward_hook(lambda *_: calls.append(1))
    in_stretches(net, condition, speaker, torch.randn_like(condition.coarse.frames), (6, 6, 8), 4)
    assert len(calls) == 3  # the steps


def test_a_stretch_begins_at_a_patch():
    net = decoder()
    with pytest.raises(ValueError, match="multiple of 2"):
        net.extend(
            None,
            question([6]),
            voice(net, 1),
            start=3,
            ready=20,
            steps=1,
            guidance=1.0,
            sampler="euler",
            noise=torch.zeros(1, AUDIO.n_mels, 20),
        )
