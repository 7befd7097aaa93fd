"""A GPT learns one batch by heart."""

from functools import partial

import pytest
import torch

from helpers.gpt_stage import GREEDY, conf, fit, make_batch, make_codec, make_stage
from tts.training.optim import warmup_decay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    return make_codec(tmp_path_factory.mktemp("codec"))


@pytest.fixture(scope="module")
def batch():
    return make_batch()


def test_one_batch_is_learnt_by_heart_spoken_and_understood(codec, batch, tmp_path):
    tasks = {name: {**task, "share": 0.5} for name, task in conf("stage/gpt")["tasks"].items()}
    jitter = {"corruption": 0.0, "text_dropout": 0.0, "shift": 0.0, "pace_jitter": 0.0, "time_jitter": 0.0}
    plain = {**jitter, "tasks": tasks}
    settle = partial(warmup_decay, warmup=5, steps=110, decay_share=0.5)  # at full rates the last figures are chance
    stage = make_stage(codec, spec={"width": 64, "hidden": 128}, schedule=settle, **plain)
    fit(stage, batch, 110, tmp_path)
    stage.eval()
    with torch.no_grad():
        codes, speaker, values = stage.encode(batch), stage.speaker(batch), stage.metrics(batch)
    assert values["tts_speech"] < 0.5
    assert values["asr_text"] < 0.5
    assert values["tts_speech_accuracy"] == 1
    assert values["text_gain"] > 0
    assert values["length_error"] < 0.1
    for i, n in enumerate(codes.length.tolist()):
        speech = stage.net.generate(
            batch.text[i : i + 1],
            batch.text_len[i : i + 1],
            speaker[i : i + 1],
            sampling=GREEDY,
            generator=torch.Generator().manual_seed(0),
        )
        assert torch.equal(speech.codes.ids[0], codes.ids[i, :n])
    right = stage.net.text_score(codes, batch.text, batch.text_len)
    wrong = stage.net.text_score(codes, batch.text.roll(1, 0), batch.text_len.roll(1))
    assert (right > wrong + 0.5).all()  # nats; by how much more, rounding decides: .9 to 2.9
