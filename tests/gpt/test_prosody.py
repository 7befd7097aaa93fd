import torch

from gpt.prosody import SCALES, ProsodyFlow, departed, departures
from tests.gpt.test_model import make, other_sampling


def flow(**changed) -> ProsodyFlow:
    spec = {"texts": 20, "speaker_width": 4, "width": 32, "layers": 2, "heads": 2, "kernel": 3, "dropout": 0.0}
    return ProsodyFlow(**spec | changed)


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_a_batch_draws_what_its_items_draw_alone():
    torch.manual_seed(0)
    net = flow().eval()
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    stream, text_len, speaker = torch.randint(20, (2, 9)), torch.tensor([7, 3]), torch.randn(2, 3, 4)
    log_gaps = torch.randn(2, 8)
    together = net.draw(stream, text_len, speaker, log_gaps, temperature=1.0, generators=generators(1, 2))
    alone = net.draw(
        stream[1:, :5], text_len[1:], speaker[1:], log_gaps[1:, :4], temperature=1.0, generators=generators(2)
    )
    assert torch.allclose(together[1, :, :4], alone[0], atol=1e-4)


def test_gaps_depart_from_the_predicted_ones_and_back():
    torch.manual_seed(0)
    log_gaps, times = torch.randn(3, 6), torch.rand(3, 7).cumsum(1)
    gaps = departed(log_gaps, departures(times, log_gaps)).exp()
    assert torch.allclose(gaps, times.diff(dim=1), atol=1e-5)


def test_it_draws_with_the_spread_and_the_correlation_of_what_it_learned():
    """The gap of the first of two kinds of ids varies, and pitch moves with it; that of the second does not."""
    torch.manual_seed(0)
    net, generator = flow(), torch.Generator().manual_seed(0)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    text_len, speaker = torch.full((32,), 8), torch.zeros(32, 1, 4)
    scales = torch.tensor(SCALES)[:, None]
    for _ in range(250):
        stream = torch.randint(1, 3, (32, 10))
        own = torch.randn(32, 1, 9) * (stream[:, None, :-1] == 1)
        true = scales * torch.cat((own, own, torch.zeros_like(own)), dim=1)
        optimizer.zero_grad()
        net.error(true, stream, text_len, speaker, torch.zeros(32, 9), generator).backward()
        optimizer.step()
    net.eval()
    with torch.inference_mode():
        drawn = net.draw(
            stream, text_len, speaker, torch.zeros(32, 9), temperature=1.0, generators=generators(*range(32))
        )
    gap, pitch, energy = (drawn / scales)[..., 1:].unbind(1)
    varies = stream[:, 1:-1] == 1
    assert 0.75 < gap[varies].std() < 1.25
    assert gap[~varies].std() < 0.3
    assert torch.corrcoef(torch.stack((gap[varies], pitch[varies])))[0, 1] > 0.8
    assert energy.abs().mean() < 0.3


def test_the_net_hears_prosody_where_it_is_told_and_speaks_the_mean_without():
    torch.manual_seed(0)
    net = make().eval()
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    text, text_len = torch.randint(1, 76, (2, 6)), torch.tensor([6, 4])
    speaker = torch.randn(2, net.latents_per_speaker, 32)
    mean, untold = net.draw_prosody(text, text_len, speaker, 0.0, torch.Generator())
    assert untold is None
    assert torch.equal(mean, net.predict_times(text, text_len, speaker))
    times, told = net.draw_prosody(text, text_len, speaker, 1.0, torch.Generator().manual_seed(0))
    other, _ = net.draw_prosody(text, text_len, speaker, 1.0, torch.Generator().manual_seed(1))
    assert not torch.equal(times, mean) and not torch.equal(times, other)
    assert told.shape == (2, 4, 7) and told[1, :, 5:].eq(0).all() and told[:, 3, :5].eq(1).all()

    def spoken(**changed):
        sampling = other_sampling(**{"temperature": 1.0, "prosody": 1.0, **changed})
        return net.generate(text, text_len, speaker, sampling=sampling, generator=torch.Generator().manual_seed(3))

    assert not torch.equal(spoken().codes.ids, spoken(prosody=0.0).codes.ids)
