"""All five tasks in one training from configuration, and texts that are written by beams."""

import json
import math

import pytest
import torch
from safetensors import safe_open

import train
from gpt.languages import able, hears_first, paced, write
from gpt.sequence import TEXT, Said, pack_tasks, parse_task, utterance_streams
from helpers.bilingual import bilingual
from helpers.gpt_stage import AUDIO, conf, make_codec
from helpers.runs import nano_run
from tts.checkpoint import build
from tts.types import Codes, SpokenClips

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return bilingual(tmp_path_factory.mktemp("bilingual"), AUDIO)


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return make_codec(tmp_path_factory.mktemp("codec"))


def configured(shards, codec, folder, *more):
    paths = f"[{','.join(map(str, shards))}]"
    own = ("experiment=gpt_five_tasks", "start=null", "stage.shift=0", *more)
    return nano_run("gpt", paths, codec, folder, *own)


@pytest.fixture(scope="module")
def trained(shards, codec, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return train.train(configured(shards, codec, folder)), folder


def test_five_tasks_are_trained_in_one_plan_and_measured_segment_by_segment(trained):
    trainer, folder = trained
    assert trainer.global_step == 4
    values = {name: float(value) for name, value in trainer.callback_metrics.items()}
    assert all(math.isfinite(value) for value in values.values())
    told = {name.rpartition("/")[2] for name in values}
    assert {"mt_en_de_text_de", "mt_de_en_text_en", "asr_en_text_en"} <= told
    with safe_open(folder / "net.safetensors", "pt") as file:
        tasks = json.loads(file.metadata()["extra"])["tasks"]
    assert tasks["s2st_de_en"] == ["speech[de]", "text[de]*", "text[en]*", "speech[en]*"] and "asr" not in tasks


@pytest.fixture(scope="module")
def batches(shards, codec, tmp_path_factory):
    from tts.training.assembly import assemble

    parts = assemble(configured(shards, codec, tmp_path_factory.mktemp("parts")))
    loader = parts.data.train_dataloader()
    return parts, [batch for batch, _ in zip(loader, range(len(loader)), strict=False)]


def test_items_have_texts_and_speech_of_several_languages(batches):
    parts, found = batches
    spell = {code: parts.tokenizer.reading(name) for code, name in (("en", "english"), ("de", "german"))}
    seen = set()
    for batch in found:
        for item, key in enumerate(batch.keys):
            said = {code: own.select([item]) for code, own in batch.languages.items()}
            texts = {code: spell[code].written(own.text[0, : own.text_len[0]].tolist()) for code, own in said.items()}
            sounds = {code: bool(own.wav_len) for code, own in said.items()}
            alone = not batch.wav_len[item]
            assert alone == key.startswith("texts_") and bool(batch.text_len[item]) != alone
            seen.add((alone, sounds["en"], sounds["de"]))
            if texts["en"] == "The lamp sings.":
                assert texts["de"] == "Lampe singt."
    assert {(True, False, False), (False, True, True), (False, True, False), (True, False, True)} <= seen


def test_a_task_is_drawn_only_for_items_that_have_what_it_asks_for(batches):
    parts, found = batches
    stage, tasks = parts.stage, {task.name: task for task in parts.stage.tasks}
    for batch in found:
        sounds = batch.wav_len > 0
        english, german = (batch.languages[code].wav_len > 0 for code in ("en", "de"))
        assert torch.equal(stage._able(tasks["s2st_de_en"], batch, sounds), english & german)
        assert torch.equal(stage._able(tasks["s2tt_de_en"], batch, sounds), german)
        assert torch.equal(stage._able(tasks["tts"], batch, sounds), sounds)
        texts = [own.text_len > 0 for own in batch.languages.values()]
        assert torch.equal(stage._able(tasks["mt_en_de"], batch, sounds), texts[0] & texts[1]) and texts[0].any()


def test_a_task_of_a_language_that_the_data_does_not_give_is_named(shards, codec, tmp_path):
    from tts.training.assembly import assemble

    parts = assemble(configured(shards, codec, tmp_path, "data.languages=[en]"))
    batch = next(iter(parts.data.train_dataloader()))
    with pytest.raises(ValueError, match=r"task 'asr_de' asks for 'speech\[de\]'"):
        parts.stage.losses(batch)
    with pytest.raises(ValueError, match="data.languages has 'fr'; languages are en, de"):
        assemble(configured(shards, codec, tmp_path, "data.languages=[en,fr]"))


def test_losses_of_segments_are_weighed(batches):
    parts, found = batches
    batch, half = found[0], parse_task("mt", ["text[en]", "text[de]*0.5"], 1.0)
    whole = parse_task("mt", ["text[en]", "text[de]*"], 1.0)
    stage = parts.stage.eval()
    losses = []
    for task in (whole, half):
        stage.tasks = [task]
        with torch.no_grad():
            losses.append(float(stage.losses(batch)["text"]))
    assert losses[1] == pytest.approx(losses[0] / 2, rel=1e-5) and losses[0] > 1


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return build(conf("model/gpt/nano"), AUDIO).eval()


def said(net, code, ids):
    text, length = torch.tensor([ids]), torch.tensor([len(ids)])
    none = Codes(text[:, :0], torch.zeros(1, dtype=torch.long))
    return utterance_streams(Said(text, length, none, paced(text, length)), net.vocabulary, code)


MT = parse_task("mt", ["text[en]", "text[de]*"], 1.0)


def score(net, given, text):
    """Mean log p of a text and its end after its beginning, by the net's own forward pass, constrained to letters."""
    packed = pack_tasks([MT], torch.tensor([0]), said(net, "en", given) | said(net, "de", text))
    logits, target = net.guesses(packed, net(packed, None), TEXT)
    return logits, target


@pytest.mark.parametrize("beams", [1, 3])
def test_a_beam_search_writes_what_the_net_finds_likeliest(net, beams):
    given, allowed, most = [11, 12, 13], [20, 21, 22], 6
    times = paced(torch.zeros(1, most, dtype=torch.long), torch.tensor([most]))[0]
    found = write(net, MT, said(net, "en", given), "text[de]", allowed=allowed, start=[20], times=times, beams=beams)
    assert found[0] == 20 and set(found) <= set(allowed) and len(found) <= most

    def mean(text):
        with torch.no_grad():
            logits, target = score(net, given, text)
        closed = torch.full_like(logits[0], -torch.inf)
        closed[[*allowed, len(closed) - 1]] = 0
        own = (logits + closed).log_softmax(-1).gather(1, target[:, None])[1:]  # after what was given
        return float(own.mean())

    every = [[20]]
    for _ in range(3):
        every += [[*text, id] for text in every for id in allowed]
    best = max((text for text in every), key=mean)
    if beams == 3 and len(found) <= 4:
        assert mean(found) >= mean(best) - 0.05


def test_order_decides_whose_time_a_text_has():
    assert hears_first(parse_task("a", ["speech[de]", "text[de]*"], 1.0), "de")
    assert not hears_first(parse_task("a", ["text[de]", "speech[de]*"], 1.0), "de")
    clips = SpokenClips(torch.ones(2, 3).long(), torch.tensor([3, 0]), torch.zeros(2, 9), torch.tensor([0, 9]), None)
    assert able(MT, {"en": clips, "de": clips}, 2).tolist() == [True, False]
