"""The training of a nano GPT on one batch of noise."""

from functools import partial

import torch
from omegaconf import OmegaConf

from gpt.stage import GptStage
from helpers import nano
from helpers.trainers import quiet_trainer
from tts.checkpoint import build, export
from tts.training.optim import MuonAdamW, warmup_decay
from tts.types import AudioConfig, Batch

GREEDY = nano.sampling(temperature=0.0, max_codes_per_id=20.0)


def conf(path):
    return OmegaConf.to_container(OmegaConf.load(f"conf/{path}.yaml"), resolve=False)


AUDIO = AudioConfig(**conf("audio/24khz"))


def make_codec(folder):
    torch.manual_seed(0)
    path, spec = folder / "dvae.safetensors", conf("model/dvae/nano")
    export(path, build(spec, AUDIO), spec=spec, audio=AUDIO, provenance={}, extra={})
    return str(path)


def make_stage(codec, spec=None, kind=GptStage, **changed):
    torch.manual_seed(0)
    given = conf("stage/gpt")
    common = {"audio": AUDIO, "gradient_clip": 1.0, "weights": given["weights"]}
    common["optimizer"] = partial(MuonAdamW, lr=5e-3, muon_lr=0.02, betas=(0.9, 0.95), weight_decay=0.0)
    common["schedule"] = partial(warmup_decay, warmup=5, steps=10**6, decay_share=0.1)
    own = ("tasks", "trained", "corruption", "text_dropout", "shift", "pace_jitter", "time_jitter", "prosody_dropout")
    ours = {key: given[key] for key in own}
    net, tokenizer = build({**conf("model/gpt/nano"), **(spec or {})}, AUDIO), build(conf("text/english"), AUDIO)
    ours["sampling"] = GREEDY
    return kind(net=net, tokenizer=tokenizer, codec=codec, **{**common, **ours, **changed})


def make_batch():
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
        reference=noise(3, 9000),
        reference_len=torch.tensor([9000, 9000, 8000]),
    )


def loader(batch, steps):
    return torch.utils.data.DataLoader([batch] * steps, batch_size=None)


def fit(stage, batch, steps, folder, **changed):
    trainer = quiet_trainer(folder, max_steps=steps, limit_val_batches=1, num_sanity_val_steps=0, **changed)
    trainer.fit(stage, loader(batch, steps), loader(batch, 1))
    return trainer
