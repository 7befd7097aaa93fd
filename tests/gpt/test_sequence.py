import pytest
import torch

from gpt.sequence import (
    FIRST_TEXT,
    PADDING,
    START_SPEECH,
    START_TEXT,
    TEXT,
    Said,
    SegmentStream,
    Vocabulary,
    corrupt,
    hide_text,
    pack_tasks,
    speaker_stream,
    utterance_streams,
)
from gpt.sequence import parse_task as parse
from tts.types import Codes

V = Vocabulary(texts=10, codes=20)
TTS = parse("tts", ["speaker", "text", "speech*"], 1.0)
ASR = parse("asr", ["speech", "text*"], 1.0)
WRITE = parse("write", ["text*", "speech", "speaker"], 1.0)
TEXT_IDS = torch.tensor([[1, 2, 3], [4, 5, 9], [6, 7, 8]])
TEXT_LEN = torch.tensor([3, 2, 3])
TIMES = torch.tensor([[0.0, 0.5, 1.5, 3.0, 4.0], [0.0, 1.0, 1.5, 2.0, 2.0], [0.0, 1.0, 2.0, 3.0, 4.0]])
CODES = Codes(torch.tensor([[0, 1, 2, 3], [4, 5, 19, 19], [9, 8, 7, 6]]), torch.tensor([4, 2, 4]))


def streams(text=TEXT_IDS, codes=CODES, times=TIMES, text_len=TEXT_LEN):
    said = utterance_streams(Said(text, text_len, codes, times), V)
    return speaker_stream(len(text), 2, text.device) | said


def arrange(tasks, choice, **said):
    return pack_tasks(tasks, torch.tensor(choice), streams(**said))


def code(*ids):
    return [V.first_code + i for i in ids]


def letters(*ids):
    return [FIRST_TEXT + i for i in ids]


def test_mixed_tasks_are_laid_out_segment_by_segment():
    packed = arrange([TTS, ASR, WRITE], [0, 1, 2])
    tts = [0, 0, START_TEXT, *letters(1, 2, 3), V.stop_text, START_SPEECH, *code(0, 1, 2, 3), V.stop_speech]
    asr = [START_SPEECH, *code(4, 5), V.stop_speech, START_TEXT, *letters(4, 5), V.stop_text]
    assert packed.ids[0].tolist() == tts
    write = [START_TEXT, *letters(6, 7, 8), V.stop_text, START_SPEECH, *code(9, 8, 7, 6), V.stop_speech, 0, 0]
    assert packed.ids[1].tolist() == asr + [PADDING] * (len(tts) - len(asr))
    assert packed.ids[2].tolist() == write
    assert packed.length.tolist() == [len(tts), len(asr), len(tts)]
    assert packed.modality[1].tolist() == [2] * 4 + [1] * 4 + [-1] * 5


def test_targets_are_shifted_by_exactly_one():
    packed = arrange([TTS, ASR, WRITE], [0, 1, 2])
    assert torch.equal(packed.target[:, :-1], packed.ids[:, 1:])


@pytest.mark.parametrize(
    ("task", "scored"),
    [
        (TTS, [code(0, 1, 2, 3) + [V.stop_speech], code(4, 5) + [V.stop_speech], code(9, 8, 7, 6) + [V.stop_speech]]),
        (ASR, [letters(1, 2, 3) + [V.stop_text], letters(4, 5) + [V.stop_text], letters(6, 7, 8) + [V.stop_text]]),
        (WRITE, [letters(1, 2, 3) + [V.stop_text], letters(4, 5) + [V.stop_text], letters(6, 7, 8) + [V.stop_text]]),
    ],
)
def test_exactly_the_starred_segment_and_its_stop_are_scored(task, scored):
    packed = arrange([task], [0, 0, 0])
    assert [row[at].tolist() for row, at in zip(packed.target, packed.scored, strict=True)] == scored


def test_content_beyond_a_length_is_never_laid_out():
    other = Codes(CODES.ids.clone(), CODES.length)
    other.ids[1, 2:] = 0
    text = TEXT_IDS.clone()
    text[1, 2] = 0
    for task in (TTS, ASR, WRITE):
        a, b = arrange([task], [0, 0, 0]), arrange([task], [0, 0, 0], text=text, codes=other)
        assert all(torch.equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))


def test_a_longer_task_beside_a_short_one_only_adds_padding():
    alone, mixed = arrange([ASR], [0, 0, 0]), arrange([TTS, ASR], [1, 0, 1])
    assert torch.equal(mixed.ids[2, : alone.ids.shape[1]], alone.ids[2])
    assert mixed.ids[2, alone.ids.shape[1] :].eq(PADDING).all()
    assert not mixed.scored[2, alone.ids.shape[1] :].any()


def test_corruption_changes_codes_and_nothing_else():
    packed = arrange([TTS, ASR], [0, 1, 0])
    noisy = corrupt(packed, 1.0, V, torch.Generator().manual_seed(0))
    changed = noisy.ids != packed.ids
    codes = (packed.ids >= V.first_code) & (packed.ids < V.stop_speech)
    assert changed.any()
    assert not (changed & ~codes).any()
    assert ((noisy.ids[codes] >= V.first_code) & (noisy.ids[codes] < V.stop_speech)).all()
    assert noisy.target is packed.target


def test_corruption_hits_its_share():
    ids = Codes(torch.zeros(4, 2000, dtype=torch.long), torch.full((4,), 2000))
    four = torch.zeros(4, dtype=torch.long)
    text = {"text": torch.ones(4, 1, dtype=torch.long), "text_len": torch.ones(4, dtype=torch.long)}
    packed = pack_tasks([TTS], four, streams(codes=ids, times=torch.zeros(4, 3), **text))
    share = (corrupt(packed, 0.3, V, torch.Generator().manual_seed(0)).ids != packed.ids).sum() / 8000
    assert abs(share - 0.3 * 19 / 20) < 0.02


def test_hidden_text_keeps_length_starts_and_stops():
    packed = arrange([TTS], [0, 0, 0])
    hidden = hide_text(packed, torch.tensor([True, False, True]), V)
    assert hidden.ids[0, 2:8].tolist() == [START_TEXT, PADDING, PADDING, PADDING, V.stop_text, START_SPEECH]
    assert torch.equal(hidden.ids[1], packed.ids[1])


def test_outputs_are_contents_and_stop():
    assert V.outputs(TEXT).stop - V.outputs(TEXT).start == 11
    assert V.size == 3 + 11 + 21


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        (["speaker", "song*"], r"unknown segment 'song\*'"),
        (["speaker", "text[", "speech*"], r"unknown segment 'text\['"),
        (["speaker*", "text", "speech*"], "never the speaker"),
        (["speaker", "text", "speech"], "scored"),
        (["speech", "text", "speech*"], "may come once"),
        (["speaker", "speaker", "speech*"], "may come once"),
    ],
)
def test_impossible_tasks_are_refused(segments, reason):
    with pytest.raises(ValueError, match=reason):
        parse("odd", segments, 1.0)


def test_positions_of_text_and_speech_are_times():
    packed = arrange([TTS], [0, 0, 0])
    speaker, text, speech = (packed.time[0][packed.modality[0] == kind] for kind in range(3))
    assert speaker.tolist() == [-2.0, -1.0]
    assert text.tolist() == TIMES[0].tolist()  # start, three ids, stop
    assert speech.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


PROMPTED = parse("prompted", ["speaker", "text[prompt]", "text", "speech[prompt]", "speech*"], 1.0)


def prompted():
    """The three clips, each after the one before it."""
    codes = Codes(CODES.ids.roll(1, 0), CODES.length.roll(1))
    before = Said(TEXT_IDS.roll(1, 0), TEXT_LEN.roll(1), codes, TIMES.roll(1, 0))
    return streams() | utterance_streams(before, V, "prompt")


def test_an_utterance_goes_on_where_the_one_before_it_ended():
    packed = pack_tasks([PROMPTED], torch.zeros(3, dtype=torch.long), prompted())
    content = packed.ids[1][packed.ids[1] != PADDING].tolist()
    text = [START_TEXT, *letters(1, 2, 3), V.stop_text, START_TEXT, *letters(4, 5), V.stop_text]
    speech = [START_SPEECH, *code(0, 1, 2, 3), V.stop_speech, START_SPEECH, *code(4, 5), V.stop_speech]
    assert content == text + speech
    assert packed.target[1][packed.scored[1]].tolist() == [*code(4, 5), V.stop_speech]  # of the speech alone
    end = 5.0  # of the prompt: four codes and their stop
    texts = [*TIMES[0].tolist(), *(TIMES[1][:4] + end).tolist()]
    times = [-2.0, -1.0, *texts, 0, 1, 2, 3, 4, 5, *(end + place for place in range(4))]
    assert packed.time[1, : len(times)].tolist() == times
    assert packed.main[1].sum() == 2 + 4 + 4  # speaker, text and speech


def test_prompted_and_plain_tasks_share_a_batch():
    plain = pack_tasks([TTS], torch.zeros(3, dtype=torch.long), streams())
    mixed = pack_tasks([TTS, PROMPTED], torch.tensor([0, 1, 0]), prompted())
    assert torch.equal(mixed.ids[0, : plain.ids.shape[1]], plain.ids[0])
    assert torch.equal(mixed.time[0, : int(plain.length[0])], plain.time[0, : int(plain.length[0])])


def test_a_task_whose_segment_nobody_fills_is_refused():
    with pytest.raises(
        ValueError, match=r"task 'prompted' asks for 'text\[prompt\]', but there are only speaker, text"
    ):
        pack_tasks([PROMPTED], torch.zeros(3, dtype=torch.long), streams())


def test_a_modality_of_ones_own_is_laid_out_like_any_other():
    """A made-up one: the packer is told its name, its ids and its times, and nothing else."""
    vocabulary = Vocabulary(texts=10, codes=20, further=(("gesture", 4), ("scent", 2)))
    task = parse("dance", ["speech", "gesture*", "scent"], 1.0, known=vocabulary.names)
    number = vocabulary.names.index("gesture")
    moves, length = torch.tensor([[3, 0], [1, 0], [2, 2]]), torch.tensor([2, 1, 2])
    rows = vocabulary.wrap(number, moves, length)
    scents = vocabulary.wrap(number + 1, torch.ones(3, 1, dtype=torch.long), torch.ones(3, dtype=torch.long))
    own = {
        "gesture": SegmentStream(number, rows, length + 2, torch.arange(4.0).expand(3, 4)),
        "scent": SegmentStream(number + 1, scents, torch.full((3,), 3), torch.zeros(3, 3)),
    }
    packed = pack_tasks([task], torch.zeros(3, dtype=torch.long), streams() | own)
    first = vocabulary.outputs(number).start
    assert V.size < first and vocabulary.size == V.size + 6 + 4
    assert packed.target[0][packed.scored[0]].tolist() == [first + 3, first, first + 4]
    assert packed.target[1][packed.scored[1]].tolist() == [first + 1, first + 4]
    assert packed.ids.max() == vocabulary.size - 1  # the stop of the last modality is the last id
