import copy
from dataclasses import replace

import lightning as L
import pytest
import torch

from gpt.model import TTS
from gpt.picture import alignment
from gpt.sequence import pack_tasks
from helpers.gpt_stage import GREEDY, conf, fit, loader, make_batch, make_codec, make_stage
from tts.types import Codes, SpokenClips


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return make_codec(tmp_path_factory.mktemp("codec"))


@pytest.fixture(scope="module")
def batch():
    return make_batch()


def test_two_steps_are_trained_saved_and_resumed(codec, batch, tmp_path):
    trainer = fit(make_stage(codec), batch, 2, tmp_path)
    trainer.save_checkpoint(tmp_path / "two.ckpt")
    stage = make_stage(codec)
    assert not any("codec" in key for key in stage.state_dict())
    trainer = L.Trainer(
        accelerator="cpu", max_steps=3, logger=False, enable_checkpointing=False, num_sanity_val_steps=0
    )
    trainer.fit(stage, loader(batch, 4), ckpt_path=tmp_path / "two.ckpt", weights_only=True)
    assert trainer.global_step == 3


def test_training_in_bfloat16_gives_finite_terms_that_conf_weighs(codec, batch):
    stage = make_stage(codec).train()
    with torch.autocast("cpu", torch.bfloat16):
        terms = stage.losses(batch)
        stage.total(terms).backward()
    assert all(term.isfinite() for term in terms.values())
    assert all(p.grad.isfinite().all() for p in stage.net.parameters() if p.grad is not None)


def test_validation_repeats_itself_and_names_every_task(codec, batch):
    stage = make_stage(codec).eval()
    with torch.no_grad():
        first, second = stage.losses(batch), stage.losses(batch)
        values = stage.metrics(batch)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert {"tts_speech", "asr_text", "text_gain", "length_error"} <= values.keys()


def test_tasks_of_other_names_are_measured_too(codec, batch):
    tasks = {"read": {"segments": ["speaker", "text", "speech*"], "share": 1.0}}
    with torch.no_grad():
        values = make_stage(codec, tasks=tasks).eval().metrics(batch)
    assert {"read_speech", "text_gain"} <= values.keys()


def test_only_clips_with_a_prompt_go_on_from_one(codec, batch):
    """Two of three have one; what is scored is the speech of the clips, and never that of the prompts."""
    tasks = {"prompted": conf("stage/gpt")["tasks"]["prompted"] | {"share": 1.0}}
    stage = make_stage(codec, tasks=tasks, corruption=0.0, text_dropout=0.0).eval()
    said = {name: getattr(batch, name).roll(1, 0) for name in ("text", "text_len", "wav", "wav_len")}
    said["text_len"][0], said["wav_len"][0] = 0, 0
    prompted = replace(batch, prompt=SpokenClips(**said, times=None))
    codes = stage.encode(prompted)
    with torch.no_grad():
        values, alone = stage.metrics(prompted), stage.losses(batch)
        loss = stage.losses(prompted)["speech"]
        some = stage.losses(prompted.select([1, 2]))["speech"]
    assert alone["speech"] == 0 and "prompted_speech" not in stage.metrics(batch)
    assert torch.allclose(loss, some, atol=1e-5) and values["prompted_speech"] > 0
    streams = stage.streams(prompted, codes, stage.times(prompted, codes))
    packed = pack_tasks(stage.tasks, torch.zeros(3, dtype=torch.long), streams)
    assert packed.scored.sum(1).tolist() == (codes.length + 1).tolist()


def test_a_task_of_no_share_is_left_out(codec):
    tasks = {name: {**task, "share": float(name == "tts")} for name, task in conf("stage/gpt")["tasks"].items()}
    assert [task.name for task in make_stage(codec, tasks=tasks).tasks] == ["tts"]


def test_padding_of_wave_and_text_does_not_touch_the_loss(codec, batch):
    stage = make_stage(codec).eval()
    other = copy.deepcopy(batch)
    other.text[1, 5:] = 70
    other.text = torch.nn.functional.pad(other.text, (0, 4), value=9)
    with torch.no_grad():
        a, b = stage.losses(batch), stage.losses(other)
    assert all(torch.allclose(a[name], b[name], atol=1e-5) for name in a)


def test_clips_without_a_text_are_left_to_tasks_that_name_none(codec, batch):
    silent = copy.deepcopy(batch)
    silent.text_len[:] = 0
    stage = make_stage(codec).eval()
    with torch.no_grad():
        assert stage.losses(silent) == {"speech": 0, "text": 0, "duration": 0, "prosody": 0}
        assert stage.metrics(silent) == {}
        assert stage.showcase(silent) == {}
        speak = {"speak": {"segments": ["speaker", "speech*"], "share": 1.0}}
        assert make_stage(codec, tasks=speak).eval().losses(silent)["speech"] > 1


def told(stage, batch):
    """What the net reads of a batch in training."""
    seen = []
    handle = stage.net.register_forward_pre_hook(lambda net, args: seen.append(args[0]))
    stage.losses(batch)
    handle.remove()
    return seen[0]


def test_seeds_and_accumulated_batches_draw_their_own_tasks_shifts_times_and_corruption(codec, batch, monkeypatch):
    stage = make_stage(codec).train()

    def draws(seed, micro_batch):
        monkeypatch.setenv("PL_GLOBAL_SEED", str(seed))
        stage.micro_batch = micro_batch
        packed = told(stage, batch)
        return packed.ids.tolist(), packed.time.tolist()

    first = draws(0, 0)
    assert draws(0, 0) == first
    for other in (draws(1, 0), draws(0, 1)):
        assert other[0] != first[0] and other[1] != first[1]


def test_the_stage_draws_other_numbers_than_the_global_stream(codec, batch, monkeypatch):
    monkeypatch.setenv("PL_GLOBAL_SEED", "3")
    stage, drawn = make_stage(codec, shift=40.0).train(), []

    def keep(batch, most, codec, generator):
        drawn.append(torch.rand(100, generator=generator))
        return batch

    monkeypatch.setattr("gpt.stage.delayed", keep)
    stage.losses(batch)
    torch.manual_seed(stage.step_seed())
    assert not torch.equal(drawn[0], torch.rand(100))


def test_times_that_a_batch_brings_are_told(codec, batch):
    tasks = {"tts": {"segments": ["speaker", "text", "speech*"], "share": 1.0}}
    stage, known = make_stage(codec, tasks=tasks).eval(), copy.deepcopy(batch)
    known.times = torch.full((3, 9), torch.nan)
    known.times[1, :7] = torch.tensor([0.0, 0.06, 0.1, 0.15, 0.2, 0.3, 0.375])
    with torch.no_grad():
        (aligned, told_times) = (told(stage, given) for given in (batch, known))
    text = told_times.modality == 1
    rate = float(stage.codec.net.code_rate)
    assert torch.allclose(told_times.time[1][text[1]][:6], known.times[1, :6] * rate)
    assert torch.equal(told_times.time[0], aligned.time[0])
    assert not torch.equal(told_times.time[1], aligned.time[1])


def test_a_listener_is_not_told_the_length_of_the_text(codec, batch):
    """Also in validation: were the last time the speech's last, any text would know where to stop."""
    tasks = {"asr": {"segments": ["speech", "text*"], "share": 1.0}}
    stage = make_stage(codec, tasks=tasks).eval()
    with torch.no_grad():
        packed = told(stage, batch)
    ends = packed.time.gather(1, packed.length[:, None] - 1).squeeze(1)
    lengths = stage.encode(batch).length
    shares = [
        float(packed.time[i][packed.modality[i] == 1][1]) * (n + 1) / int(lengths[i]) for i, n in enumerate((7, 5, 6))
    ]
    assert (ends <= lengths).all()
    assert all(abs(share - 1) > 1e-3 and 0.5 < share < 2 for share in shares) and len(set(shares)) == 3


def test_the_text_gain_of_a_net_that_reads_no_text_is_nothing(codec, batch):
    """The wrong text has the times of the right one: only its ids make a difference."""
    stage = make_stage(codec).eval()
    stage.net.embed.digits.data.normal_()  # codes and their times are heard
    for block in stage.net.blocks:
        torch.nn.init.normal_(block.attention.out.weight, std=0.3)
    first_text, first_code = 1, stage.net.vocabulary.first_code
    stage.net.embed.rows.weight.data[first_text:first_code] = 1.0  # all texts look alike
    with torch.no_grad():
        assert stage.metrics(batch)["text_gain"].abs() < 1e-5
        stage.net.embed.rows.weight.data[first_text:first_code].normal_()
        assert stage.metrics(batch)["text_gain"].abs() > 1e-3


def test_the_showcase_draws_what_the_net_looks_at_and_says(codec, batch):
    stage = make_stage(codec).eval()
    shown = stage.showcase(batch)
    looks, mels = shown["alignment"].axes[0].images[0].get_array(), [axes.images[0] for axes in shown["mels"].axes]
    codes = stage.encode(batch)
    assert looks.shape == (int(batch.text_len[0]) + 2, int(codes.length[0]) + 2)
    recorded = stage.codec.net.decode(Codes(codes.ids[:1, : int(codes.length[0])], codes.length[:1])).frames[0]
    assert torch.allclose(torch.tensor(mels[0].get_array().data), recorded, atol=1e-5)
    drawn = stage.net.generate(
        batch.text[:1],
        batch.text_len[:1],
        stage.speaker(batch)[:1],
        sampling=GREEDY,
        generator=torch.Generator().manual_seed(0),
    )
    said = stage.codec.net.decode(drawn.codes).frames[0]
    assert torch.allclose(torch.tensor(mels[1].get_array().data), said, atol=1e-5)


def test_alignment_is_attention(codec, batch):
    stage = make_stage(codec).eval()
    codes = stage.encode(batch)
    first = Codes(codes.ids[:1], codes.length[:1])
    packed = stage.net.arrange(TTS, batch.text[:1], batch.text_len[:1], first)
    weights = alignment(stage.net, packed, stage.speaker(batch)[:1])
    assert weights.shape == (int(codes.length[0]) + 2, int(batch.text_len[0]) + 2)
    assert weights.min() >= 0
    assert weights.sum(-1).max() <= 1 + 1e-5


@pytest.mark.parametrize(
    ("spec", "reason"),
    [({"code_levels": [5, 5]}, "model.code_levels gives 25"), ({"text_vocab": 20}, "raise model.text_vocab")],
)
def test_a_net_that_does_not_fit_codec_or_tokenizer_is_refused(codec, spec, reason):
    with pytest.raises(ValueError, match=reason):
        make_stage(codec, spec=spec)


def test_parts_that_are_not_trained_stay_as_they_are(codec, batch, tmp_path):
    stage = make_stage(codec, trained=["prosody", "hears", "blocks"])
    before = copy.deepcopy(stage.net.state_dict())
    fit(stage, batch, 3, tmp_path)
    moved = {name for name, value in stage.net.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.partition(".")[0] for name in moved} == {"prosody", "hears", "blocks"}
    assert stage.net.prosody.training and not stage.net.clock.training  # no dropout where nothing is learned


def test_an_unknown_part_to_train_is_refused(codec):
    with pytest.raises(ValueError, match="stage.trained names 'ears', but the net has the parts speaker, clock, pro"):
        make_stage(codec, trained=["hears", "ears"])
