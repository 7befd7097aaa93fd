"""Quantizers by their promises: exact straight-through, ids and values that agree, codebooks that stay in use."""

import pytest
import torch
from torch.optim.swa_utils import get_ema_avg_fn

from dvae.quantize import FSQ, EmaVQ, Gumbel, ResidualVQ, straight_through, whitening

MAKE = {
    "fsq": lambda: FSQ(levels=[5, 4, 3, 2]),
    "ema_vq": lambda: EmaVQ(size=24, width=6, decay=0.9, dead_below=0.05, kmeans_steps=5),
    "residual_vq": lambda: ResidualVQ(stages=2, size=12, width=6, decay=0.9, dead_below=0.05, kmeans_steps=5),
    "gumbel": lambda: Gumbel(size=24, width=6, temperature=1.0, hard=True),
}


def everything(z: torch.Tensor) -> torch.Tensor:
    return torch.ones(z.shape[0], z.shape[2], dtype=torch.bool)


def perplexity(ids: torch.Tensor, size: int) -> float:
    p = torch.bincount(ids.flatten(), minlength=size) / ids.numel()
    return float(torch.special.entr(p).sum().exp())


def test_the_gradient_through_rounding_is_exactly_one():
    x = torch.randn(1000, requires_grad=True)
    y = straight_through(x, x.round())
    y.sum().backward()
    assert torch.equal(y, x + (x.round() - x))
    assert torch.equal(x.grad, torch.ones(1000))


def test_fsq_passes_the_gradient_of_its_bound_alone():
    fsq = FSQ(levels=[5, 4])
    z = torch.randn(2, 2, 50, requires_grad=True)
    fsq(z, everything(z)).values.sum().backward()
    levels = torch.tensor([[5.0], [4.0]])
    share = torch.sigmoid(1.6 * z.detach())
    assert torch.allclose(z.grad, 2 * 1.6 * share * (1 - share) * levels / (levels - 1))


@pytest.mark.parametrize("levels", [[5, 4, 3, 2], [5, 5, 5, 5, 5], [2]])
def test_every_fsq_entry_makes_the_round_trip(levels):
    fsq = FSQ(levels=levels)
    ids = torch.arange(fsq.codebook_size)[None]
    values = fsq.decode_ids(ids)
    assert len(values[0].T.unique(dim=0)) == fsq.codebook_size
    assert values.min() == -1
    assert values.max() == 1
    # Back through the bound: logit of the middle of each level's bin.
    steps = torch.tensor(levels)[:, None]
    share = (values * (steps - 1) / steps + 1) / 2
    z = share.logit() / FSQ.SLOPE
    assert torch.equal(fsq(z, everything(z)).ids, ids)


def test_fsq_uses_its_whole_codebook_evenly_when_the_penalty_is_met():
    fsq = FSQ(levels=[5, 5, 5, 5, 5])
    z = torch.randn(4, 5, 25000)
    out = fsq(z, everything(z))
    assert len(out.ids.unique()) == fsq.codebook_size
    assert perplexity(out.ids, fsq.codebook_size) > 0.9 * fsq.codebook_size
    assert out.penalty < 1e-3
    assert whitening(z.mT.flatten(0, 1) * 2 + 1) > 5


@pytest.mark.parametrize("value", [1e4, -1e4])
def test_fsq_stays_in_range_for_extreme_inputs(value):
    fsq = FSQ(levels=[5, 4, 3, 2])
    z = torch.full((1, 4, 3), value)
    out = fsq(z, everything(z))
    assert out.ids.unique().tolist() == [119 if value > 0 else 0]


def test_weight_averaging_does_not_touch_the_numbering():
    net = torch.nn.Sequential(torch.nn.Conv1d(5, 5, 1), FSQ(levels=[5, 5, 5, 5, 5]))
    average = torch.optim.swa_utils.AveragedModel(net, avg_fn=get_ema_avg_fn(0.9999), use_buffers=True)
    for _ in range(3):
        average.update_parameters(net)
    ids = torch.arange(3125)[None]
    assert torch.equal(average.module[1].decode_ids(ids), net[1].decode_ids(ids))


def test_fsq_refuses_a_channel_of_one_level():
    with pytest.raises(ValueError, match="at least 2 levels"):
        FSQ(levels=[5, 1])


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", MAKE)
def test_ids_stand_for_the_values_that_the_decoder_saw(name, training):
    quantizer = MAKE[name]().train(training)
    z = torch.randn(3, quantizer.in_width, 20, requires_grad=True)
    out = quantizer(z, everything(z))
    assert out.values.shape == (3, quantizer.out_width, 20)
    assert out.ids.shape == (3, 20 * quantizer.turns)
    assert out.ids.min() >= 0
    assert out.ids.max() < quantizer.codebook_size
    if not (training and name == "gumbel"):  # whose training draws
        assert torch.allclose(out.values, quantizer.decode_ids(out.ids), atol=1e-6)
        assert torch.equal(quantizer.eval()(z, everything(z)).ids, out.ids)
    if training:
        (out.values.square().sum() + out.penalty).backward()
        assert z.grad.abs().sum() > 0


@pytest.mark.parametrize("name", MAKE)
def test_positions_outside_change_neither_penalty_nor_codebook(name):
    z = torch.randn(2, MAKE[name]().in_width, 20)
    inside = everything(z)
    inside[:, 15:] = False
    results = []
    for noise in (0.0, 50.0):
        torch.manual_seed(1)
        quantizer = MAKE[name]()
        out = quantizer(torch.where(inside[:, None], z, z + noise), inside)
        results.append((out.penalty, *quantizer.state_dict().values()))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def clusters(entries: int, width: int) -> torch.Tensor:
    centres = torch.randn(entries, width) * 10
    return (centres.repeat(64, 1) + torch.randn(64 * entries, width) * 0.1).T[None]


def test_kmeans_start_halves_the_error_of_a_random_start():
    z = clusters(16, 6)
    errors = {}
    for steps in (0, 10):
        torch.manual_seed(2)
        vq = EmaVQ(size=16, width=6, decay=0.99, dead_below=0.0, kmeans_steps=steps)
        vq(z, everything(z))
        errors[steps] = float(vq.eval()(z, everything(z)).penalty)
    assert errors[10] < 0.5 * errors[0]


def test_dead_entries_come_back_to_life():
    vq = EmaVQ(size=16, width=6, decay=0.5, dead_below=0.1, kmeans_steps=2)
    vq(torch.randn(1, 6, 200), torch.ones(1, 200, dtype=torch.bool))
    z = clusters(16, 6)  # the data moves: old entries are far from most of it
    for _ in range(30):
        vq(z, everything(z))
    out = vq.eval()(z, everything(z))
    assert len(out.ids.unique()) >= 14
    frozen = EmaVQ(size=16, width=6, decay=0.5, dead_below=0.0, kmeans_steps=2)
    frozen(torch.randn(1, 6, 200), torch.ones(1, 200, dtype=torch.bool))
    for _ in range(30):
        frozen(z, everything(z))
    assert frozen.eval()(z, everything(z)).penalty > out.penalty


def test_ema_codebook_goes_on_where_a_saved_one_stopped():
    first = EmaVQ(size=16, width=6, decay=0.9, dead_below=0.0, kmeans_steps=2)
    z, later = clusters(16, 6), torch.randn(1, 6, 100)
    first(z, everything(z))
    second = EmaVQ(size=16, width=6, decay=0.9, dead_below=0.0, kmeans_steps=2)
    second.load_state_dict(first.state_dict(), strict=True)
    for vq in (first, second):
        vq(later, everything(later))
    assert torch.equal(first.codebook, second.codebook)


def test_stages_of_a_residual_codebook_take_turns_with_ids_of_their_own():
    vq = ResidualVQ(stages=3, size=8, width=6, decay=0.9, dead_below=0.0, kmeans_steps=5)
    z = torch.randn(2, 6, 30)
    out = vq(z, everything(z))
    for q in range(3):
        assert (out.ids[:, q::3] // 8 == q).all()
    assert torch.equal(vq.decode_ids(out.ids % 8), vq.decode_ids(out.ids))


def test_a_second_stage_codes_what_the_first_has_left():
    z = torch.randn(1, 6, 2000)
    errors = {}
    for stages in (1, 2):
        torch.manual_seed(3)
        vq = ResidualVQ(stages=stages, size=32, width=6, decay=0.99, dead_below=0.0, kmeans_steps=10)
        vq(z, everything(z))
        errors[stages] = float((vq.eval()(z, everything(z)).values - z).square().mean())
    assert errors[2] < 0.7 * errors[1]


def test_a_residual_codebook_passes_the_gradient_once():
    vq = MAKE["residual_vq"]()
    z = torch.randn(2, 6, 20, requires_grad=True)
    vq(z, everything(z)).values.sum().backward()
    assert torch.equal(z.grad, torch.ones_like(z))


def test_gumbel_penalty_is_the_divergence_from_uniform():
    gumbel = Gumbel(size=24, width=6, temperature=1.0, hard=False)
    flat = gumbel(torch.zeros(1, 24, 5), torch.ones(1, 5, dtype=torch.bool)).penalty
    sure = gumbel(torch.eye(24)[None, :, :5] * 100, torch.ones(1, 5, dtype=torch.bool)).penalty
    assert flat == pytest.approx(0.0, abs=1e-5)
    assert sure == pytest.approx(torch.tensor(24.0).log().item(), abs=1e-4)
