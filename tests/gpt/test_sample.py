import torch

from gpt.sample import choose, draw, guide, keep_top_k, keep_top_p, repeats, seeded_uniforms
from helpers.nano import sampling

LOGITS = torch.tensor([[0.1, 0.4, 0.2, 0.3]]).log()


def kept(logits):
    return logits[0].isfinite().nonzero().flatten().tolist()


def test_top_k_keeps_the_k_likeliest():
    assert kept(keep_top_k(LOGITS, 2)) == [1, 3]
    assert keep_top_k(LOGITS, 0) is LOGITS
    assert kept(keep_top_k(LOGITS, 9)) == [0, 1, 2, 3]


def test_top_p_keeps_the_smallest_set_that_reaches_p():
    assert kept(keep_top_p(LOGITS, 0.65)) == [1, 3]
    assert kept(keep_top_p(LOGITS, 0.75)) == [1, 2, 3]
    assert kept(keep_top_p(LOGITS, 0.0)) == [1]
    assert keep_top_p(LOGITS, 1.0) is LOGITS


def test_top_p_of_many_flat_ids_is_as_exact_as_of_a_few_likely_ones():
    flat = torch.randn(3, 1000)
    share, order = flat.softmax(-1).sort(descending=True)
    for p in (0.2, 0.9):
        kept_ids = keep_top_p(flat, p).isfinite()
        for row in range(3):
            size = int((share[row].cumsum(0) < p).sum()) + 1
            assert kept_ids[row].nonzero().flatten().tolist() == sorted(order[row, :size].tolist())


def test_draws_follow_the_distribution():
    uniform = torch.rand(20000, generator=torch.Generator().manual_seed(0))
    share = draw(LOGITS.expand(20000, -1), uniform).bincount(minlength=4) / 20000
    assert torch.allclose(share, LOGITS[0].exp(), atol=0.015)


def test_an_id_without_probability_is_never_drawn():
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf]])
    assert draw(logits.expand(3, -1), torch.tensor([0.0, 0.5, 1 - 2**-24])).tolist() == [1, 3, 3]


def test_guidance_of_one_changes_nothing_and_more_exaggerates():
    told, untold = torch.randn(2, 5), torch.randn(2, 5)
    assert torch.allclose(guide(told, untold, 1.0), told, atol=1e-6)
    assert torch.allclose(guide(told, untold, 3.0), told + 2 * (told - untold), atol=1e-5)


def test_repeats_counts_only_inside_the_window():
    history = torch.tensor([[7, 7, 7, 1, 2, 3], [1, 2, 7, 3, 7, 4]])
    assert repeats(torch.tensor([7, 7]), history, 4, 0.3).tolist() == [False, True]


def test_a_repeated_id_is_drawn_anew_from_all():
    history, anew = torch.ones(1, 10, dtype=torch.long), torch.tensor([[0.0, 0.05]])
    narrow = {"top_k": 1}  # would always give id 1
    assert choose(LOGITS, history, anew, sampling(**narrow)).item() == 1
    assert choose(LOGITS, history, anew, sampling(**narrow, repetition_window=10)).item() == 0


def test_temperature_sharpens_and_zero_is_the_likeliest():
    uniform = torch.rand(2000, 2, generator=torch.Generator().manual_seed(0))
    none = torch.zeros(2000, 0, dtype=torch.long)
    shares = [
        (choose(LOGITS.expand(2000, -1), none, uniform, sampling(temperature=t)) == 1).float().mean()
        for t in (2.0, 1.0, 0.3, 0.0)
    ]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_uniforms_of_an_item_do_not_depend_on_the_batch():
    def make(items, seed):
        return seeded_uniforms(items, 6, torch.Generator().manual_seed(seed))

    assert torch.equal(make(2, 5), make(7, 5)[:, :2])
    assert not torch.equal(make(2, 5), make(2, 6))
    assert not torch.equal(make(2, 5)[:, 0], make(2, 5)[:, 1])
