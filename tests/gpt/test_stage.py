import copy
from functools import partial

import pytest
import torch
from omegaconf import OmegaConf

from gpt.model import TTS
from gpt.sequence import SPEECH
from gpt.stage import GptStage
from tts.audio import AudioConfig
from tts.checkpoint import build, export
from tts.optim import MuonAdamW, warmup_decay
from tts.types import Batch, Codes, Sampling

GREEDY = Sampling(
    temperature=0.0,
    top_k=0,
    top_p=1.0,
    repetition_window=0,
    repetition_ratio=1.0,
    guidance=1.0,
    max_codes_per_id=20.0,
)


def conf(path):
    return OmegaConf.to_container(OmegaConf.load(f"conf/{path}.yaml"), resolve=False)


AUDIO = AudioConfig(**conf("audio/24khz"))


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    torch.manual_seed(0)
    path, spec = tmp_path_factory.mktemp("codec") / "dvae.safetensors", conf("model/dvae/nano")
    export(path, build(spec, AUDIO), spec=spec, audio=AUDIO, provenance={}, extra={})
    return str(path)


def make_stage(codec, spec=None, **changed):
    torch.manual_seed(0)
    given = conf("stage/gpt")
    common = dict(audio=AUDIO, gradient_clip=1.0, weights=given["weights"])
    common["optimizer"] = partial(MuonAdamW, lr=5e-3, muon_lr=0.02, betas=(0.9, 0.95), weight_decay=0.0)
    common["schedule"] = partial(warmup_decay, warmup=5, steps=10**6, decay_share=0.1)
    ours = {key: given[key] for key in ("tasks", "corruption", "text_dropout", "shift")}
    net, tokenizer = build({**conf("model/gpt/nano"), **(spec or {})}, AUDIO), build(conf("text/english"), AUDIO)
    return GptStage(net=net, tokenizer=tokenizer, codec=codec, sampling=GREEDY, **{**common, **ours, **changed})


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)

    def noise(*shape):
        return 0.1 * torch.randn(*shape, generator=generator)

    return Batch(
        keys=["a", "b", "c"],
        speakers=["x", "y", "x"],
        text=torch.randint(1, 76, (3, 7), generator=generator),
        text_len=torch.tensor([7, 5, 6]),
        wav=noise(3, 12000) * torch.linspace(0.01, 2, 12000),
        wav_len=torch.tensor([12000, 9000, 7000]),
        clip=noise(3, 9000),
        clip_len=torch.tensor([9000, 9000, 8000]),
    )


def test_one_batch_is_learnt_by_heart_spoken_and_understood(codec, batch):
    plain = dict(corruption=0.0, text_dropout=0.0, shift=0)
    stage = make_stage(codec, spec={"width": 64, "hidden": 128}, **plain)
    stage.train()
    optimizer = stage.configure_optimizers()["optimizer"]
    tasks, stage.tasks = stage.tasks, stage.tasks[:2]
    for step in range(160):
        stage.tasks = [stage.tasks[1], stage.tasks[0]] if step % 2 else stage.tasks
        loss = stage.total(stage.losses(batch))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step == 0:
            first = loss.item()
    stage.tasks = tasks
    stage.eval()
    codes, speaker = stage.encode(batch, None), stage.speaker(batch)
    with torch.no_grad():
        values = stage.metrics(batch)
    assert values["tts_speech"] < 0.1 * first and values["asr_text"] < 0.5
    speech = stage.net.generate(
        batch.text, batch.text_len, speaker, sampling=GREEDY, generator=torch.Generator().manual_seed(0)
    )
    assert torch.equal(speech.codes.length, codes.length)
    for i, n in enumerate(codes.length):
        assert torch.equal(speech.codes.ids[i, :n], codes.ids[i, :n])
    right = stage.net.text_score(codes, batch.text, batch.text_len)
    wrong = stage.net.text_score(codes, batch.text.roll(1, 0), batch.text_len.roll(1))
    assert (right > wrong + 1).all()
    assert values["text_gain"] > 0
