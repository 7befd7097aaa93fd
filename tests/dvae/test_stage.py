"""Training of the codec: terms match conf, one batch can be overfitted, words are learnt, the codebook is watched."""

from functools import partial

import lightning as L
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from dvae.stage import DvaeStage, greedy
from tts.checkpoint import build
from tts.training.optim import MuonAdamW
from tts.types import Batch


def make_stage(audio, ctc_vocab: int = 76, **changes) -> DvaeStage:
    conf = OmegaConf.load("conf/stage/dvae.yaml")
    conf = OmegaConf.to_container(
        OmegaConf.merge({"trainer": {"max_steps": 1000}}, {"stage": conf}, {"stage": {"schedule": {"warmup": 1}}}),
        resolve=True,
    )
    spec = OmegaConf.to_container(OmegaConf.load("conf/model/dvae/nano.yaml")) | {"ctc_vocab": ctc_vocab}
    tokenizer = build(OmegaConf.to_container(OmegaConf.load("conf/text/english.yaml")), audio)
    stage = instantiate(conf["stage"] | changes, _partial_=True, _convert_="all")
    optimizer = partial(MuonAdamW, lr=1e-2, muon_lr=0.02, betas=(0.9, 0.95), weight_decay=0.0)
    return stage(net=build(spec, audio), audio=audio, tokenizer=tokenizer, optimizer=optimizer)


def make_batch() -> Batch:
    """Two clips of gliding voices, all harmonics: a second, and two thirds of one."""
    t = torch.arange(24000) / 24000
    phase = torch.stack([800 * t + 400 * t**2, 1500 * t - 500 * t**2])  # fundamentals from 127 and 239 Hz
    wav = sum(torch.sin(k * phase) for k in range(1, 50)) * 0.03
    wav[1, 16000:] = 0
    wav_len = torch.tensor([24000, 16000])
    text = torch.tensor([[40, 1, 50, 51, 41, 2], [60, 61, 0, 0, 0, 0]])  # 1 and 2 are a space and a full stop
    return Batch(["a", "b"], ["s", "s"], text, torch.tensor([6, 2]), wav, wav_len, wav, wav_len)


def values(terms: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: term.item() for name, term in terms.items()}


def train(stage: DvaeStage, steps: int) -> dict[str, float]:
    configured = stage.configure_optimizers()
    optimizer, schedule = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    for _ in range(steps):
        terms = stage.losses(make_batch())
        optimizer.zero_grad()
        stage.total(terms).backward()
        torch.nn.utils.clip_grad_norm_(stage.net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return values(terms)


def test_one_batch_is_overfitted_and_its_words_are_learnt(audio):
    stage = make_stage(audio).eval()  # without variation: the very same batch
    before = values(stage.losses(make_batch()))
    after = train(stage, 110)
    assert after["reconstruction"] < 0.3 * before["reconstruction"]
    assert after["ctc"] < 0.1 * before["ctc"]
    assert stage.metrics(make_batch())["text_error"] == 0


def test_padding_is_not_heard(audio):
    stage = make_stage(audio).eval()
    batch, longer = make_batch(), make_batch()
    longer.wav = torch.nn.functional.pad(longer.wav, (0, 4096))
    longer.text = torch.nn.functional.pad(longer.text, (0, 5))
    batch.wav = torch.nn.functional.pad(batch.wav, (0, 1024))  # beyond the reach of the last window
    assert values(stage.losses(longer)) == pytest.approx(values(stage.losses(batch)), rel=1e-4)


def test_training_varies_the_gain_of_each_clip_and_nothing_else(audio):
    stage = make_stage(audio)
    mel = stage.log_mel.measure(make_batch().wav, make_batch().wav_len)
    varied = stage.vary(mel)
    gain = varied.frames - mel.frames
    assert torch.equal(varied.length, mel.length)
    assert gain.flatten(1).std(1).max() < 1e-5
    assert gain.abs().max() <= stage.gain_jitter / audio.std + 1e-5
    assert gain[0, 0, 0] != gain[1, 0, 0]


def test_codebook_use_is_reported_over_the_whole_validation_set(audio, tmp_path):
    stage = make_stage(audio)
    trainer = L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    data = torch.utils.data.DataLoader([make_batch(), make_batch()], batch_size=None)
    (logged,) = trainer.validate(stage, data, verbose=False)
    assert stage.uses.sum() == 2 * (24 + 16)
    assert 1 <= logged["val/codebook_perplexity"] <= 24 + 16
    assert 0 < logged["val/codebook_usage"] <= (24 + 16) / 3125
    assert {"val/l1_nats", "val/text_error", "val/loss"} <= logged.keys()
    assert logged["val/l1_nats"] == pytest.approx(logged["val/reconstruction"] * audio.std, rel=1e-4)


def test_a_net_without_ctc_needs_no_weight_for_it(audio):
    stage = make_stage(audio, ctc_vocab=0, weights={"reconstruction": 1.0, "quantizer": 0.05})
    assert stage.total(stage.losses(make_batch())).isfinite()


def test_a_foreign_tokenizer_is_refused(audio):
    with pytest.raises(ValueError, match="model.ctc_vocab=76"):
        make_stage(audio, ctc_vocab=50)


def test_showcase_draws(audio, tmp_path):
    (figure,) = make_stage(audio).eval().showcase(make_batch()).values()
    figure.savefig(tmp_path / "mel.png")
    assert len(figure.axes) == 2


def test_greedy_reading():
    assert greedy(torch.tensor([0, 3, 3, 0, 3, 4, 4, 0])) == [3, 3, 4]
