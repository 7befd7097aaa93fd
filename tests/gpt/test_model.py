from copy import deepcopy

import pytest
import torch
from omegaconf import OmegaConf

from gpt.model import ASR, PROMPTED, TTS
from gpt.sequence import SPEECH, TEXT, Said, pack_tasks, parse_task, speech_positions
from gpt.step import Layer, Stepper, packed, product
from helpers import nano
from tts.align import even
from tts.checkpoint import build
from tts.types import Acoustic, AudioConfig, Codes, Mel, Sampling

FREE = nano.sampling(top_p=0.95, repetition_window=10, repetition_ratio=0.3, max_codes_per_id=3.0)


def make(size="nano", **changed):
    spec = {**OmegaConf.to_container(OmegaConf.load(f"conf/model/gpt/{size}.yaml")), **changed}
    return build(spec, AudioConfig(**OmegaConf.to_container(OmegaConf.load("conf/audio/24khz.yaml"))))


@pytest.fixture(scope="module")
def net():
    """A nano GPT whose weights are all random, so that every path through it carries something."""
    torch.manual_seed(0)
    net = make().eval()
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return net


@pytest.fixture(scope="module")
def batch(net):
    torch.manual_seed(1)
    text, codes = torch.randint(1, 76, (3, 9)), torch.randint(3125, (3, 14))
    speaker = torch.randn(3, net.latents_per_speaker, 32)
    return text, torch.tensor([9, 4, 6]), speaker, Codes(codes, torch.tensor([10, 14, 3]))


def stepper_of(net, dtype):
    layers = [Layer(block, dtype) for block in net.blocks]
    return Stepper(blocks=net.blocks, layers=layers, norm=net.norm, rotary=net.rotary)


def other_sampling(**changed):
    return Sampling(**{**vars(FREE), **changed})


def speak(net, batch, *, seed=0, items=slice(None), sampling=FREE):
    text, text_len, speaker, _ = batch
    generator = torch.Generator().manual_seed(seed)
    return net.generate(text[items], text_len[items], speaker[items], sampling=sampling, generator=generator)


def test_it_is_an_acoustic_model(net):
    assert isinstance(net, Acoustic)


def test_the_gradient_of_the_future_is_zero(net, batch):
    text, text_len, speaker, codes = batch
    packed = net.arrange(TTS, text, text_len, codes)
    read = []
    handle = net.dropout.register_forward_hook(lambda module, args, x: read.append(x.retain_grad() or x))
    hidden = net(packed, speaker)
    handle.remove()
    hidden[:, 7].sum().backward()
    (x,) = read
    assert x.grad[:, 8:].abs().max() == 0
    assert x.grad[:, :8].abs().sum(-1).min() > 0
    net.zero_grad()


@pytest.mark.parametrize("reader", ["speaker", "text", "time"])
def test_all_that_a_sequence_holds_is_read(net, batch, reader):
    """A speaker's latents, text ids and their times each move what follows them, and nothing before."""
    text, text_len, speaker, codes = batch
    packed = net.arrange(TTS, text, text_len, codes)
    before = net(packed, speaker)
    at = int((packed.modality[0] == TEXT).int().argmax()) + 2
    if reader == "speaker":
        speaker, at = speaker.clone(), 1
        speaker[:, 1] += 1.0
    elif reader == "text":
        packed.ids[:, at] = packed.ids[:, at] % 70 + 4
    else:
        packed.time[:, at] += 0.5
    moved = (net(packed, speaker) - before).abs().amax(-1)
    assert moved[:, :at].max() < 1e-5 and moved[:, at:][packed.modality[:, at:] >= 0].min() > 1e-5


@pytest.mark.parametrize("task", [TTS, ASR, parse_task("describe", ["speech", "speaker", "text*"], 1.0)])
def test_padding_and_conditioning_are_never_scored(net, batch, task):
    text, text_len, speaker, codes = batch
    packed = net.arrange(task, text, text_len, codes)
    hidden = net(packed, speaker).detach().requires_grad_()
    sum(net.guesses(packed, hidden, m)[0].logsumexp(-1).sum() for m in (SPEECH, TEXT)).backward()
    assert torch.equal(hidden.grad.abs().sum(-1) > 0, packed.scored)
    beyond = torch.arange(packed.ids.shape[1]) >= packed.length[:, None] - 1
    assert not packed.scored[beyond].any()


def test_a_batch_gives_what_its_items_give_alone(net, batch):
    text, text_len, speaker, codes = batch
    together = net.latents(text, text_len, speaker, codes)
    scores = net.text_score(codes, text, text_len)
    for i in range(3):
        s, n = text_len[i : i + 1], codes.length[i : i + 1]
        own = Codes(codes.ids[i : i + 1, : int(n)], n)
        alone = net.latents(text[i : i + 1, : int(s)], s, speaker[i : i + 1], own)
        assert torch.allclose(together[i, : int(n)], alone[0], atol=1e-4)
        assert together[i, int(n) :].abs().sum() == 0
        assert torch.allclose(scores[i], net.text_score(own, text[i : i + 1, : int(s)], s)[0], atol=1e-4)


def test_speech_is_scored_by_what_the_net_would_have_said(net, batch):
    text, text_len, speaker, codes = batch
    scores = net.code_score(text, text_len, speaker, codes)
    packed = net.arrange(TTS, text, text_len, codes, net.predict_times(text, text_len, speaker))
    logits, target = net.guesses(packed, net(packed, speaker), SPEECH)
    chosen = logits.log_softmax(-1)[range(len(target)), target].split((codes.length + 1).tolist())
    assert torch.allclose(scores, torch.stack([own.mean() for own in chosen]), atol=1e-5)
    said = speak(net, batch, sampling=other_sampling(temperature=0.0))
    assert (net.code_score(text, text_len, speaker, said.codes) > scores).all()


def test_stepping_with_a_cache_equals_reading_at_once(net):
    torch.manual_seed(0)
    x = torch.randn(2, 12, 32)
    y, time = x, torch.arange(-4.0, 8.0).expand(2, -1)  # a prefix of 5 ends at time 0
    rotary = net.rotary(time)
    for block in net.blocks:
        y = block(y, rotary, causal=True)
    stepper = stepper_of(net, torch.float32)
    with torch.no_grad():
        sequences, first = stepper.start(x[:, :5], time[:, :5], torch.zeros(2, dtype=torch.long), steps=7)
        hidden = [first, *(stepper([sequences], x[:, k]) for k in range(5, 12))]
    assert torch.allclose(torch.stack(hidden, 1), net.norm(y)[:, 4:], atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.int8])
def test_stepping_with_narrow_weights_stays_near_float32(dtype):
    torch.manual_seed(0)
    net = make().eval()
    for weight in net.parameters():
        weight.data = (weight.data + 0.1 * torch.randn_like(weight)).bfloat16().float()  # as weights are stored
    x, time = torch.randn(2, 12, 32), torch.arange(-4.0, 8.0).expand(2, -1)
    hidden = []
    for kind in (torch.float32, dtype):
        stepper = stepper_of(net, kind)
        with torch.no_grad():
            sequences, _ = stepper.start(x[:, :5], time[:, :5], torch.zeros(2, dtype=torch.long), steps=7)
            hidden.append(torch.stack([stepper([sequences], x[:, k]) for k in range(5, 12)]))
    assert (hidden[0] - hidden[1]).abs().max() < 0.05 * hidden[0].abs().max()
    assert not torch.equal(*hidden)


def test_eight_bits_err_by_less_than_a_hundredth_of_a_row():
    weight, x = torch.randn(96, 64), torch.randn(3, 64)
    true, made = x @ weight.mT, product(x, packed(weight, torch.int8)).float()
    assert ((made - true).norm(dim=1) < 0.02 * true.norm(dim=1)).all()
    values, scale = packed(weight, torch.int8)
    error = (values * scale.float()[:, None] - weight).abs().amax(1) / weight.abs().amax(1)
    assert values.dtype == torch.int8 and (error < 0.01).all()


def test_weights_of_steps_are_kept_only_where_nothing_trains(net, batch):
    before = speak(net, batch).codes.ids
    with torch.no_grad():
        net.blocks[0].mlp.down.weight.add_(0.5)
    after = speak(net, batch).codes.ids
    with torch.no_grad():
        net.blocks[0].mlp.down.weight.sub_(0.5)
    assert before.tolist() != after.tolist()
    frozen = deepcopy(net).requires_grad_(False)
    speak(frozen, batch)
    assert frozen._step_weights() is frozen._step_weights()


def test_codes_come_one_by_one_as_they_come_together(net, batch):
    text, text_len, speaker, _ = batch
    together = speak(net, batch)
    begun = net.begin(text, text_len, speaker, sampling=FREE, generator=torch.Generator().manual_seed(0))
    for place, (id, latents) in enumerate(iter(lambda: net.advance([begun])[0], None)):
        inside = place < together.codes.length
        assert torch.equal(id[inside], together.codes.ids[inside, place]) and (id[~inside] == -1).all()
        assert torch.equal(latents[inside], together.latents[inside, place])
    assert place + 1 == together.codes.length.max()


def drawn_together(net, begun) -> list[list]:
    """What is drawn of generations, each of which joins three steps after the one before it."""
    drawn, waiting, running = [[] for _ in begun], list(enumerate(begun)), []
    while waiting or running:
        if waiting and (not running or len(drawn[running[-1][0]]) == 3):
            running.append(waiting.pop(0))
        for (number, own), spoken in zip(list(running), net.advance([own for _, own in running]), strict=True):
            if spoken is None:
                running.remove((number, own))
            else:
                drawn[number].append(spoken)
    return drawn


@pytest.mark.parametrize(("stepping", "guidance"), [(torch.float32, 1.0), (torch.float32, 2.0), (torch.int8, 2.0)])
def test_generations_that_join_and_leave_give_what_they_give_alone(net, batch, stepping, guidance):
    """A text each, and two of them with padding, whose lengths, seeds and settings differ."""
    own, (text, text_len, speaker, _) = deepcopy(net).requires_grad_(False), batch
    own.stepping = stepping

    def begin() -> list:
        parts = [slice(0, 1), slice(1, 3), slice(2, 3)]
        how = [other_sampling(guidance=guidance), other_sampling(temperature=0.7), other_sampling(guidance=guidance)]
        return [
            own.begin(
                text[part, : int(text_len[part].max())],
                text_len[part],
                speaker[part],
                sampling=sampling,
                generator=torch.Generator().manual_seed(number),
            )
            for number, (part, sampling) in enumerate(zip(parts, how, strict=True))
        ]

    alone = [list(iter(lambda one=one: own.advance([one])[0], None)) for one in begin()]
    together = drawn_together(own, begin())
    exact = own.rows_agree(8)
    for many, few in zip(together, alone, strict=True):
        assert len(many) == len(few) > 5
        for (code, latents), (wanted, wanted_latents) in zip(many, few, strict=True):
            assert torch.equal(code, wanted) and torch.allclose(latents, wanted_latents, atol=1e-4)
            assert not exact or torch.equal(latents, wanted_latents)


def test_a_generation_that_cannot_go_on_stops_no_other(net, batch):
    text, text_len, speaker, _ = batch

    def begin():
        generator = torch.Generator().manual_seed(0)
        return net.begin(text[:1], text_len[:1], speaker[:1], sampling=FREE, generator=generator)

    good, bad, alone = begin(), begin(), begin()
    net.advance([good, bad])
    bad.sequences.caches = bad.sequences.caches[:1]
    with pytest.raises(IndexError):
        net.advance([good, bad])
    spoken, wanted = [net.advance([good])[0] for _ in range(3)], [net.advance([alone])[0] for _ in range(4)]
    assert [code.item() for code, _ in spoken] == [code.item() for code, _ in wanted[1:]] and bad.step == 1


@pytest.mark.parametrize("guidance", [1.0, 2.0])
def test_latents_of_spoken_codes_are_those_of_known_codes(net, batch, guidance):
    speech = speak(net, batch, sampling=other_sampling(guidance=guidance))
    text, text_len, speaker, _ = batch
    known = net.latents(text, text_len, speaker, speech.codes)
    assert torch.allclose(speech.latents, known, atol=1e-4)


def test_texts_of_different_lengths_are_spoken_as_if_alone(net, batch):
    greedy = other_sampling(temperature=0, guidance=1.5)
    together = speak(net, batch, sampling=greedy).codes
    for i in range(3):
        text, text_len, speaker, _ = batch
        own = (text[i : i + 1, : int(text_len[i])], text_len[i : i + 1], speaker[i : i + 1], None)
        alone = speak(net, own, sampling=greedy).codes
        n = int(alone.length)
        assert together.length[i] == n
        assert torch.equal(together.ids[i, :n], alone.ids[0])


def test_codes_are_the_codecs_and_end_at_the_limit(net, batch):
    codes = speak(net, batch).codes
    assert codes.ids.min() >= 0
    assert codes.ids.max() < net.codebook_size
    assert (codes.length >= 1).all()
    assert (codes.length <= batch[1] * 3).all()
    assert codes.ids.shape[1] == codes.length.max()


def test_takes_are_reproducible_and_do_not_depend_on_how_many_there_are(net, batch):
    text, text_len, speaker, _ = batch
    many, few = ((text[:1].repeat(n, 1), text_len[:1].repeat(n), speaker[:1].repeat(n, 1, 1), None) for n in (5, 2))
    a, b, c = speak(net, many), speak(net, few), speak(net, few, seed=1)
    for i in range(2):
        n = int(b.codes.length[i])
        assert a.codes.length[i] == n
        assert torch.equal(a.codes.ids[i, :n], b.codes.ids[i, :n])
    assert not torch.equal(a.codes.ids[0], a.codes.ids[1])
    assert c.codes.ids.tolist() != b.codes.ids.tolist()


def test_a_stop_ends_an_item_at_once_but_never_before_its_first_code(net, batch):
    stop = net.head.rows.weight[-1]
    before = stop.clone()
    stop.data.copy_(1e5 * net.norm.weight)  # whether it is likely depends on the sum of a hidden state only
    lengths = speak(net, batch).codes.length
    packed = net.arrange(TTS, *batch[:2], Codes(speak(net, batch).codes.ids, lengths), net.predict_times(*batch[:3]))
    logits, target = net.guesses(packed, net(packed, batch[2]), SPEECH)
    stop.data.copy_(before)
    wants = logits.argmax(-1) == net.codebook_size
    first = torch.cat((torch.zeros(1, dtype=torch.long), (lengths + 1).cumsum(0)[:-1]))
    inner = torch.ones_like(wants)
    inner[first] = False
    inner[first + lengths] = False
    assert (lengths >= 1).all()
    assert (lengths < batch[1] * 3).any()
    assert not wants[inner].any()


def make_prompt(net):
    torch.manual_seed(3)
    codes = Codes(torch.randint(3125, (3, 8)), torch.tensor([8, 3, 6]))
    text_len = torch.tensor([2, 5, 4])
    return Said(torch.randint(1, 76, (3, 5)), text_len, codes, even(text_len, codes.length, 5))


def test_speech_after_a_prompt_has_the_latents_of_one_pass_over_all_of_it(net, batch):
    """Drawn code by code after the prompt, and read at once: cached equals uncached, whatever the padding."""
    text, text_len, speaker, _ = batch
    prompt, calm = make_prompt(net), other_sampling(prosody=0.0, guidance=1.0)
    generator = torch.Generator().manual_seed(0)
    speech = net.generate(text, text_len, speaker, sampling=calm, generator=generator, prompt=prompt)
    times = net.predict_times(text, text_len, speaker)
    streams = net.streams(Said(text, text_len, speech.codes, times), prompt)
    packed = pack_tasks([PROMPTED], torch.zeros_like(text_len), streams)
    at = speech_positions(packed, speech.codes)
    hidden = net(packed, speaker).gather(1, at[..., None].expand(-1, -1, speech.latents.shape[-1]))
    for item, length in enumerate(speech.codes.length.tolist()):
        assert torch.allclose(hidden[item, :length], speech.latents[item, :length], atol=1e-4)
    alone = net.generate(
        text, text_len, speaker, sampling=calm, generator=torch.Generator().manual_seed(0)
    )  # without the prompt
    assert not torch.equal(alone.codes.ids[:, :4], speech.codes.ids[:, :4])


def test_what_is_heard_is_the_likeliest_id_each_time_in_a_batch_as_alone(net, batch):
    *_, codes = batch
    expected = codes.length // 2
    heard = net.transcribe(codes, expected)
    for item, ids in enumerate(heard):
        length = codes.length[item : item + 1]
        alone = Codes(codes.ids[item : item + 1, : int(length)], length)
        assert net.transcribe(alone, expected[item : item + 1]) == [ids]
        text_len = torch.tensor([len(ids)])
        times = even(expected[item : item + 1], length, len(ids))
        packed = net.arrange(ASR, torch.tensor([ids], dtype=torch.long), text_len, alone, times)
        logits, _ = net.guesses(packed, net(packed, None), TEXT)
        best = logits.argmax(-1).tolist()
        assert best[: len(ids)] == ids
        assert best[-1] == logits.shape[1] - 1 or len(ids) == 2 * expected[item]  # a stop, or the limit


def test_the_speaker_is_heard(net, batch):
    text, text_len, _, codes = batch
    mel = Mel(torch.randn(3, 100, 40), torch.tensor([40, 40, 40]))
    hidden = net(net.arrange(TTS, text, text_len, codes), net.speaker_latents(mel))
    changed = net(net.arrange(TTS, text, text_len, codes), net.speaker_latents(Mel(mel.frames.flip(0), mel.length)))
    assert (hidden - changed)[0, -1].abs().max() > 1e-3


def test_codes_of_one_digit_less_share_all_other_rows():
    with torch.no_grad():
        net = make(code_levels=[3, 4])
        net.embed.rows.weight.zero_()
        table, first = net.embed(), net.vocabulary.first_code
        digits = net.embed.digits
        assert torch.allclose(table[first + 2 + 3 * 1], digits[2] + digits[3 + 1])
        assert make(code_levels=[12]).embed.digits.numel() == 0


def test_a_sequence_beyond_max_len_says_what_to_do(net, batch):
    short = make(max_len=20)
    with pytest.raises(ValueError, match="max_len 20"):
        short(short.arrange(TTS, *batch[:2], batch[3]), batch[2])
    text = torch.ones(1, 30, dtype=torch.long)
    with pytest.raises(ValueError, match="split the text"):
        short.generate(text, torch.tensor([30]), torch.zeros(1, 2, 32), sampling=FREE, generator=torch.Generator())


@pytest.mark.parametrize(("size", "millions"), [("small", 12), ("base", 100), ("large", 420)])
def test_sizes(size, millions):
    with torch.device("meta"):
        assert abs(sum(p.numel() for p in make(size).parameters()) / 1e6 / millions - 1) < 0.05


def test_a_net_with_more_text_ids_begins_as_the_one_with_fewer(net, batch):
    text, text_len, speaker, codes = batch
    wider = make(text_vocab=net.vocabulary.texts + 20).eval()
    origins = [*range(76), 7, None]
    wider.load_state_dict(wider.widened(net.state_dict(), net.vocabulary.texts, origins))
    assert torch.equal(wider.latents(text, text_len, speaker, codes), net.latents(text, text_len, speaker, codes))
    assert torch.equal(wider.code_score(text, text_len, speaker, codes), net.code_score(text, text_len, speaker, codes))
    twin = torch.where(text == 7, 76, text)
    assert torch.equal(wider.latents(twin, text_len, speaker, codes), net.latents(text, text_len, speaker, codes))
