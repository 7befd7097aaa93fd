"""Training of the speaker net: made-up speakers are learnt, and their error rate is what is watched."""

from functools import partial

import lightning as L
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from helpers.nano import conf
from speaker.stage import SpeakerStage
from tts.checkpoint import build
from tts.training.optim import MuonAdamW
from tts.types import Batch

SPEAKERS = 6


def make_stage(audio, **changes) -> SpeakerStage:
    options = OmegaConf.to_container(
        OmegaConf.merge(
            {"trainer": {"max_steps": 1000}},
            {"stage": OmegaConf.load("conf/stage/speaker.yaml")},
            {"stage": {"seconds": [0.7, 1.0], "judged_seconds": 1.0, "schedule": {"warmup": 1}}},
        ),
        resolve=True,
    )["stage"]
    optimizer = partial(MuonAdamW, lr=1e-2, muon_lr=0.02, betas=(0.9, 0.95), weight_decay=0.0)
    stage = instantiate(options | changes, _partial_=True, _convert_="all")
    return stage(net=build(conf("model/speaker/nano"), audio), audio=audio, optimizer=optimizer)


def hum(speaker: int, generator: torch.Generator) -> torch.Tensor:
    """A second of a gliding voice: each speaker has a pitch and a resonance, each clip a melody of its own."""
    time = torch.arange(24000) / 24000
    pitch = 90 * 1.15**speaker * (1 + 0.05 * torch.sin(2 * torch.pi * (1 + torch.rand(1, generator=generator)) * time))
    phase, resonance = 2 * torch.pi * torch.cumsum(pitch, 0) / 24000, 500 + 250 * ((speaker * 5) % SPEAKERS)
    wave = sum(torch.sin(k * phase) / (1 + ((k * pitch.mean() - resonance) / 150) ** 2) for k in range(1, 40))
    return 0.1 * wave / wave.abs().max() + 1e-4 * torch.randn(24000, generator=generator)


def make_batch(seed: int, corpora: tuple[str, ...] = ("c",)) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    wav, other = (torch.stack([hum(k, generator) for k in range(SPEAKERS)]) for _ in range(2))
    length, empty = torch.full((SPEAKERS,), 24000), torch.zeros(SPEAKERS, dtype=torch.long)
    keys = [f"{corpora[k % len(corpora)]}/{k}" for k in range(SPEAKERS)]
    return Batch(keys, [f"s{k}" for k in range(SPEAKERS)], empty[:, None], empty, wav, length, other, length)


def train(stage: SpeakerStage, steps: int) -> list[float]:
    configured = stage.configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    history = []
    for step in range(steps):
        total = stage.total(stage.losses(make_batch(step)))
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(stage.net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        history.append(total.item())
    return history


def validate(stage: SpeakerStage, *batches: Batch) -> dict[str, float]:
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    data = torch.utils.data.DataLoader(list(batches), batch_size=None)
    return trainer.validate(stage, data, verbose=False)[0]


def test_made_up_speakers_are_learnt(audio):
    stage = make_stage(audio, warp_share=0.0)
    history = train(stage, 40)
    assert sum(history[-5:]) < 0.5 * sum(history[:5])
    assert validate(stage, make_batch(1000))["val/eer"] < 0.1


def test_the_score_is_the_error_rate_of_partners_among_strangers(audio):
    stage = make_stage(audio)
    stage.heard = [(["c/0", "c/1"], ["a", "b"], torch.eye(2), torch.eye(2))]
    assert stage.score() == 0
    stage.heard = [(["c/0", "c/1"], ["a", "b"], torch.eye(2), torch.eye(2).flip(0))]
    assert stage.score() == 1


def test_strangers_are_those_of_the_same_corpus(audio):
    """Across corpora the recording alone would tell speakers apart."""
    stage = make_stage(audio)
    ones, others = torch.eye(3), torch.tensor([[1.0, 0, 0], [0, 1.0, 0], [1.0, 0, 0.1]])
    stage.heard = [(["c/0", "c/1", "d/0"], ["a", "b", "a"], ones, others)]
    assert stage.score() == 0  # d/0 sounds like c/0, and is not compared with it


def test_validation_cuts_no_clip_at_random(audio):
    stage = make_stage(audio)
    assert validate(stage, make_batch(0)) == validate(stage, make_batch(0))


def test_stretches_are_drawn_anew_and_lie_inside_the_clips(audio):
    stage = make_stage(audio, seconds=[0.2, 0.4])
    batch = make_batch(0)
    batch.wav[1, 12000:] = 0
    wav_len = torch.tensor([24000, 12000, 24000, 24000, 24000, 3000])
    mels = [stage.listen(batch.wav, wav_len) for _ in range(20)]
    assert len({int(mel.length[0]) for mel in mels}) > 5
    for mel in mels:
        assert 0.2 * 93.75 - 1 <= int(mel.length[0]) <= 0.4 * 93.75 + 1
        assert int(mel.length[5]) == 12
        assert (mel.frames[1].mean(0)[: int(mel.length[1]) - 2] > stage.log_mel.silence + 0.1).all()


def test_showcase_draws(audio, tmp_path):
    (figure,) = make_stage(audio).eval().showcase(make_batch(0)).values()
    figure.savefig(tmp_path / "mel.png")
    assert len(figure.axes) == 4
