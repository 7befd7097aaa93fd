import numpy as np
import torch
from omegaconf import OmegaConf

from tts.align import even, heard, spoken
from tts.checkpoint import build
from tts.ctc import runs
from tts.text.language import language
from tts.types import Batch, Codes


class Spelling:
    """The smallest tokenizer: ten ids, of which 0 and 9 are silent."""

    language, vocab_size, letter_ids = language("english"), 10, frozenset()
    silent_ids = frozenset({0, 9})

    def sounds(self, count):
        return [0 if id in self.silent_ids or id >= count else id for id in range(10)]

    def encode(self, text, *, letters=0.0, generator=None):
        return list(map(int, text))

    def decode(self, ids):
        return "".join(map(str, ids))

    def spec(self):
        return {}

    def reading(self, language):
        return self

    def within(self, count):
        return self


SPELLING = Spelling()


def spelling(*strings):
    """What a codec gives that spells these ids, two steps to a code."""
    return torch.nn.functional.one_hot(torch.tensor(strings), 10).float().mul(20).log_softmax(-1)


def codes(*length):
    return Codes(torch.zeros(len(length), max(length), dtype=torch.long), torch.tensor(length))


def test_ids_are_heard_in_the_middle_of_where_they_are_spelt():
    times = spoken(
        spelling([0, 3, 3, 0, 5, 0, 5, 5, 5, 0]), codes(5), torch.tensor([[3, 5, 5]]), torch.tensor([3]), SPELLING
    )
    assert times.tolist() == [[0.0, 1.0, 2.25, 3.75, 5.0]]


def test_runs_are_of_labels_and_not_of_blanks():
    assert runs(np.array([0, 3, 3, 0, 5, 4, 4, 0, 4, 0, 0])) == [(1, 3), (4, 5), (5, 7), (8, 9)]
    assert runs(np.array([3, 3])) == [(0, 2)]
    assert runs(np.array([0, 0])) == runs(np.array([], int)) == []


def test_silent_ids_share_the_gap_they_stand_in():
    text = torch.tensor([[3, 9, 9, 9, 5, 9]])
    times = spoken(spelling([3, 3, 0, 0, 0, 0, 0, 0, 5, 5]), codes(5), text, torch.tensor([6]), SPELLING)
    assert times.tolist() == [[0.0, 0.5, 1.5, 2.5, 3.5, 4.5, 4.75, 5.0]]


def test_a_batch_gives_what_its_items_give_alone():
    strings = [[3, 0, 5, 0, 4, 0], [0, 6, 6, 0, 0, 7]]
    text, text_len = torch.tensor([[3, 5, 4], [6, 7, 8]]), torch.tensor([3, 1])
    together = spoken(spelling(*strings), codes(3, 2), text, text_len, SPELLING)
    alone = spoken(spelling(strings[1][:4]), codes(2), text[1:, :1], text_len[1:], SPELLING)
    assert torch.equal(together[1, :3], alone[0])
    assert together[0].tolist() == [0.0, 0.25, 1.25, 2.25, 3.0]


def test_times_that_a_batch_brings_are_used_and_other_clips_are_aligned(audio):
    spec = OmegaConf.to_container(OmegaConf.load("conf/model/dvae/nano.yaml"))
    codec, speech = build(spec, audio), codes(5, 4)
    text, text_len = torch.tensor([[3, 5, 5], [4, 6, 0]]), torch.tensor([3, 2])
    wav, length = torch.zeros(2, 8), torch.tensor([8, 8])
    batch = Batch(["a", "b"], ["x", "y"], text, text_len, wav, length, wav, length)
    aligned = spoken(codec.spell(speech), speech, text, text_len, SPELLING)
    assert torch.equal(heard(batch, speech, codec, SPELLING), aligned)
    told = torch.tensor([0.0, 1.0, 2.4, 3.9, torch.nan])  # in codes; a clip says nothing beyond its own end
    batch.times = torch.stack((torch.full((5,), torch.nan), told / float(codec.code_rate)))
    times = heard(batch, speech, codec, SPELLING)
    assert torch.allclose(times[0], aligned[0])
    assert torch.allclose(times[1], torch.tensor([0.0, 1.0, 2.4, 4.0, 4.0]))  # the end is where the codes end


def test_what_cannot_be_spelt_is_spread_evenly():
    text, text_len = torch.tensor([[3, 5, 4], [9, 9, 0]]), torch.tensor([3, 2])
    expected = torch.tensor([[0.0, 2.0, 4.0, 6.0, 8.0], [0.0, 2.0, 4.0, 6.0, 6.0]])
    assert torch.equal(even(text_len, torch.tensor([8, 6]), 3), expected)
    assert torch.equal(spoken(None, codes(8, 6), text, text_len, SPELLING), expected)
    crowded = spelling([3, 5])  # two steps for three sounds
    assert spoken(crowded, codes(1), text[:1], text_len[:1], SPELLING).tolist() == [[0.0, 0.25, 0.5, 0.75, 1.0]]
    soundless = spelling([0] * 12)
    assert torch.equal(spoken(soundless, codes(6), text[1:], text_len[1:], SPELLING), expected[1:])
