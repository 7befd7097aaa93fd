"""A GPT of one row learns what its teacher says in two, with guidance."""

import pytest
import torch

from gpt import model
from gpt.distillation import GuidanceDistillation
from gpt.sample import guide
from gpt.sequence import SPEECH
from gpt.stage import GptInput
from helpers.gpt_stage import AUDIO, GREEDY, conf, make_batch, make_codec, make_stage
from tts.checkpoint import build, export, load, warm_start
from tts.types import Sampling


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return make_codec(tmp_path_factory.mktemp("codec"))


@pytest.fixture(scope="module")
def batch():
    return make_batch()


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """A nano GPT that hears its text: guidance changes what it says."""
    spec = conf("model/gpt/nano")
    torch.manual_seed(1)
    net = build(spec, AUDIO)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    path = tmp_path_factory.mktemp("teacher") / "gpt.safetensors"
    export(path, net, spec=spec, audio=AUDIO, provenance={}, extra={"text": conf("text/english")})
    return path


@pytest.fixture
def distil(codec, teacher):
    def make(guidance=3.0, **changed):
        given = {"teacher": str(teacher), "drawn": 0.0, "corruption": 0.0, "text_dropout": 0.0} | changed
        weights = conf("stage/gpt")["weights"] | conf("experiment/gpt_guided")["stage"]["weights"]
        spec = {"guidance": guidance}
        stage = make_stage(codec, spec, GuidanceDistillation, weights=weights, **given)
        assert warm_start(stage.net, teacher) == []
        return stage

    return make


def test_it_begins_as_the_teacher_of_one_row_and_comes_near_the_one_of_two(distil, batch):
    stage = distil(tasks={"tts": conf("stage/gpt")["tasks"]["tts"]})

    def measured():
        stage.eval()
        with torch.no_grad():
            values = stage.metrics(batch) | stage.losses(batch)
        stage.train()
        return {name: float(value) for name, value in values.items()}

    begin = measured()
    assert begin["one_row"] > 0.05 and begin["latents"] < 1e-9
    stage.prosody_dropout = 0.0
    optimizer = torch.optim.AdamW([p for p in stage.net.parameters() if p.requires_grad], lr=3e-3)
    for _ in range(30):
        loss = stage.total(stage.losses(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    end = measured()
    assert end["one_row"] == begin["one_row"]
    assert end["guided"] < 0.5 * begin["guided"]


def test_without_the_text_there_is_nothing_to_learn(distil, batch):
    stage = distil(text_dropout=1.0, tasks={"tts": conf("stage/gpt")["tasks"]["tts"]}).train()
    assert float(stage.losses(batch)["guided"].detach()) < 1e-5
    stage.text_dropout = 0.0
    assert float(stage.losses(batch)["guided"].detach()) > 0.03


def test_only_what_speaks_is_taught_and_listening_stays(distil, batch):
    stage = distil(tasks={"asr": conf("stage/gpt")["tasks"]["asr"]}).train()
    terms = stage.losses(batch)
    assert terms["guided"] == 0 and terms["latents"] == 0 and terms["text"] > 0
    stage.total(terms).backward()
    stage = distil().train()
    stage.total(stage.losses(batch)).backward()
    assert all(parameter.grad is None for parameter in stage.net.speaker.parameters())
    assert stage.net.blocks[0].attention.qkv.weight.grad is not None


def test_it_learns_on_what_the_teacher_says(distil, batch):
    plain = {"_target_"}
    asked = {key: value for key, value in conf("stage/gpt")["sampling"].items() if key not in plain}
    stage = distil(drawn=1.0, sampling=Sampling(**asked | {"guidance": 3.0, "max_codes_per_id": 3.0})).train()
    reading = stage.said_by_teacher(batch)
    seed = stage.step_seed() ^ 0x6770_7421
    said = stage.teacher.net.generate(
        batch.text,
        batch.text_len,
        stage.speaker(batch).detach(),
        sampling=stage.sampling,
        generator=torch.Generator().manual_seed(seed),
    )
    outputs = stage.net.vocabulary.outputs(SPEECH)
    first = int((reading.packed.modality[0] == SPEECH).int().argmax()) + 1
    count = int(said.codes.length[0])
    assert (reading.packed.ids[0, first : first + count] - outputs.start).tolist() == said.codes.ids[0, :count].tolist()
    with torch.no_grad():
        at = stage.teacher.net(reading.packed, reading.speaker, reading.prosody)[0, first : first + count]
    assert torch.allclose(at, said.latents[0, :count], atol=1e-3)  # the same prosody and times
    with torch.autocast("cpu", torch.bfloat16):
        terms = stage.losses(batch)
        stage.total(terms).backward()
    assert all(term.isfinite() for term in terms.values()) and terms["guided"] > 0.03


@pytest.mark.parametrize(
    ("changed", "spec", "message"),
    [
        ({"guidance": 1.0}, {}, "model.guidance is 1"),
        ({}, {"hidden": 96}, r"no blocks.0.mlp.* like the student's: give the model= of which the teacher is"),
    ],
)
def test_what_cannot_be_distilled_is_refused(codec, teacher, changed, spec, message):
    with pytest.raises(ValueError, match=message):
        make_stage(codec, {"guidance": 3.0} | changed | spec, GuidanceDistillation, teacher=str(teacher), drawn=0.0)


def test_a_teacher_of_fewer_text_ids_teaches_what_it_knows(codec, teacher, batch):
    stage = make_stage(
        codec, {"guidance": 3.0, "text_vocab": 128}, GuidanceDistillation, teacher=str(teacher), drawn=0.0
    )
    with torch.no_grad():
        assert stage.eval().losses(batch)["guided"] > 0.03
    assert stage.teacher.net.vocabulary.texts == 128 and stage.teacher.net.guidance == 1.0


def speak(net, batch, guidance):
    speaker = torch.ones(3, net.latents_per_speaker, len(net.norm.weight))
    sampling = Sampling(**vars(GREEDY) | {"guidance": guidance, "max_codes_per_id": 3.0})
    return net.generate(
        batch.text, batch.text_len, speaker, sampling=sampling, generator=torch.Generator().manual_seed(0)
    ).codes.ids


def test_weights_that_hold_guidance_speak_with_one_row_and_can_be_guided_further(teacher, batch, tmp_path, monkeypatch):
    plain = load(teacher)
    export(
        tmp_path / "g.safetensors", plain.net, spec=plain.spec | {"guidance": 2.0}, audio=AUDIO, provenance={}, extra={}
    )
    held = load(tmp_path / "g.safetensors")
    assert held.net.guidance == 2.0 and held.spec["guidance"] == 2.0
    with pytest.raises(ValueError, match="holds guidance of 2.0: set model.guidance=2.0"):
        warm_start(plain.net, tmp_path / "g.safetensors")
    rows, begun = [], model.Generation
    monkeypatch.setattr(model, "Generation", lambda *given: rows.append(len(given[2])) or begun(*given))
    assert torch.equal(speak(held.net, batch, 2.0), speak(plain.net, batch, 1.0))
    assert torch.equal(speak(held.net, batch, 6.0), speak(plain.net, batch, 3.0))
    assert rows == [3, 3, 6, 6]


def test_files_that_say_nothing_of_guidance_hold_none(teacher, tmp_path):
    plain = load(teacher)
    spec = {key: value for key, value in plain.spec.items() if key != "guidance"}
    export(tmp_path / "old.safetensors", plain.net, spec=spec, audio=AUDIO, provenance={}, extra={})
    assert load(tmp_path / "old.safetensors").net.guidance == 1.0


def test_recordings_teach_weights_that_hold_guidance_without_taking_it_out(codec, batch):
    """What is scored is what the weights would guess without it, so that the best weights are guided ones."""
    stage = make_stage(codec, {"guidance": 2.0}).eval()
    for parameter in stage.net.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    codes, speaker = stage.encode(batch), stage.speaker(batch)
    packed = stage.net.arrange(model.TTS, batch.text, batch.text_len, codes, stage.times(batch, codes))
    reading = GptInput(packed, speaker, None)
    hidden, untold = stage.net(packed, speaker), reading.without_text(stage.net.vocabulary)
    own, _ = stage.net.guesses(packed, hidden, SPEECH)
    others, _ = stage.net.guesses(untold.packed, stage.net(untold.packed, speaker), SPEECH)
    logits, _ = stage.guesses(reading, hidden, SPEECH)
    assert torch.allclose(guide(logits, others, 2.0), own, atol=1e-4) and not torch.allclose(logits, own, atol=0.1)
