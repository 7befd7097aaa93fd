import torch

from tts.types import Batch


def make_batch(times: torch.Tensor | None) -> Batch:
    return Batch(
        keys=["a", "b", "c"],
        speakers=["ann", "bob", "cid"],
        text=torch.arange(6).view(3, 2),
        text_len=torch.tensor([2, 1, 0]),
        wav=torch.arange(12.0).view(3, 4),
        wav_len=torch.tensor([4, 3, 2]),
        reference=torch.arange(3.0).view(3, 1),
        reference_len=torch.tensor([1, 1, 1]),
        times=times,
    )


def test_items_are_selected_with_all_that_belongs_to_them():
    times = torch.arange(12.0).view(3, 4)
    chosen = make_batch(times).select([2, 0])
    assert (chosen.keys, chosen.speakers) == (["c", "a"], ["cid", "ann"])
    assert torch.equal(chosen.text, torch.tensor([[4, 5], [0, 1]]))
    assert torch.equal(chosen.wav[:, 0], torch.tensor([8.0, 0.0]))
    assert (chosen.text_len.tolist(), chosen.wav_len.tolist()) == ([0, 2], [2, 4])
    assert torch.equal(chosen.reference[:, 0], torch.tensor([2.0, 0.0]))
    assert torch.equal(chosen.times, times[[2, 0]])


def test_a_batch_without_times_has_none_after_a_selection():
    chosen = make_batch(None).select([1])
    assert chosen.times is None and chosen.keys == ["b"] and len(chosen.wav) == 1
    empty = make_batch(None).select([])
    assert empty.speakers == [] and empty.text.shape == (0, 2)
