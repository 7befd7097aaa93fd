import torch

from gpt.duration import DurationPredictor, cumulative_times
from gpt.loss import gap_error
from tests.gpt.test_model import make


def test_a_batch_gives_what_its_items_give_alone():
    torch.manual_seed(0)
    net = make().eval()
    text, text_len = torch.randint(1, 76, (2, 9)), torch.tensor([9, 4])
    speaker = torch.randn(2, net.latents_per_speaker, 32)
    together = net.predict_times(text, text_len, speaker)
    alone = net.predict_times(text[1:, :4], text_len[1:], speaker[1:])
    assert torch.allclose(together[1, :6], alone[0], atol=1e-5)
    assert torch.equal(together[1, 6:], together[1, 5].expand(5))
    assert (together.diff(dim=1) >= 0).all()
    assert (together[:, 0] == 0).all()


def test_gaps_that_fit_are_best_and_give_the_length():
    """The loss of a predictor that knows nothing but its mean is least where texts last as long as they should."""
    text_len = torch.tensor([3, 2, 0])
    true = torch.tensor([[0.0, 1.0, 5.0, 5.5, 7.0], [0.0, 2.0, 2.0, 3.0, 3.0], [0.0, 9.0, 9.0, 9.0, 9.0]])
    guess = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([guess], max_iter=50)

    def closure():
        optimizer.zero_grad()
        loss = gap_error(guess.expand(3, 4), true, text_len)
        loss.backward()
        return loss

    optimizer.step(closure)
    lasts = cumulative_times(guess.detach().expand(3, 4), text_len)[:2, -1]
    assert torch.allclose(lasts.sum(), torch.tensor(10.0), atol=1e-3)  # of seven gaps


def test_what_takes_long_is_learnt():
    torch.manual_seed(0)
    net = DurationPredictor(texts=20, speaker_width=4, width=16, layers=1, kernel=3, dropout=0.0)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    speaker = torch.zeros(8, 2, 4)
    for step in range(200):
        stream = torch.randint(3, 20, (8, 12), generator=torch.Generator().manual_seed(step))
        gaps = torch.where(stream[:, :-1] == 7, 6.0, 1.0) * torch.where(stream[:, 1:] == 8, 2.0, 1.0)
        true = torch.nn.functional.pad(gaps.cumsum(1), (1, 0))
        log_gaps = net(stream, torch.full((8,), 10), speaker)
        optimizer.zero_grad()
        gap_error(log_gaps, true, torch.full((8,), 10)).backward()
        optimizer.step()
    guess = cumulative_times(log_gaps.detach(), torch.full((8,), 10))
    assert ((guess[:, -1] / true[:, -1]) - 1).abs().max() < 0.1
