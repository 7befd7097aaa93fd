"""train.py as a user runs it, on nano nets and a corpus computed here: every stage learns, saves and resumes."""

from pathlib import Path

import corpus
import nano
import pytest
import torch
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import OmegaConf
from runs import CONF, STAGES, configure, nano_run

import train
from tts.audio import AudioConfig
from tts.checkpoint import build, load

SIZES = ("nano", "small", "base", "large")


@pytest.fixture(scope="module")
def shards(tmp_path_factory, audio) -> Path:
    return corpus.make_shards(tmp_path_factory.mktemp("shards") / "computed", audio)


@pytest.fixture(scope="module")
def codec(tmp_path_factory) -> Path:
    return nano.weights(tmp_path_factory.mktemp("weights")) / "dvae.safetensors"


@pytest.mark.parametrize("stage", STAGES)
def test_trains_saves_and_resumes_to_the_same_weights(stage, shards, codec, tmp_path):
    train.train(nano_run(stage, shards, codec, tmp_path / "whole"))
    train.train(nano_run(stage, shards, codec, tmp_path / "halves", "trainer.max_steps=2"))
    trainer = train.train(nano_run(stage, shards, codec, tmp_path / "halves"))
    assert trainer.global_step == 4
    whole, halves = (load(tmp_path / run / "net.safetensors") for run in ("whole", "halves"))
    assert whole.provenance["step"] == halves.provenance["step"] == 4
    assert whole.extra["text"]["name"] == "phonemes"
    for (name, a), b in zip(whole.net.state_dict().items(), halves.net.state_dict().values(), strict=True):
        assert torch.equal(a, b), name

    left = {path.relative_to(tmp_path / "whole").parts[0] for path in (tmp_path / "whole").rglob("*")}
    assert {"net.safetensors", "checkpoints", "csv", "show", "curves.png"} <= left
    assert list((tmp_path / "whole/show").rglob("*.png"))
    assert "val/loss" in (tmp_path / "whole/csv/metrics.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("size", SIZES)
def test_every_size_builds(stage, size):
    cfg = configure(f"stage={stage}", f"model={stage}/{size}", "data.path=none")
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio))
    with torch.device("meta"):
        net = build(OmegaConf.to_container(cfg.model, resolve=True), audio)
    assert sum(p.numel() for p in net.parameters()) > 0


@pytest.mark.parametrize("path", sorted((CONF / "experiment").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_composes_and_builds(path):
    cfg = configure(f"experiment={path.stem}", "data.path=none", "dir=none", "run=none")
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio))
    with torch.device("meta"):
        build(OmegaConf.to_container(cfg.model, resolve=True), audio)
    assert OmegaConf.to_container(cfg.trainer, resolve=True)["max_steps"] > 0
    assert instantiate(cfg.stage.optimizer).keywords


@pytest.mark.parametrize("process", ["flow", "edm", "ddpm"])
def test_decoder_processes_differ_in_nothing_else(process):
    flow, cfg = (configure("experiment=decoder_processes", f"process={name}") for name in ("flow", process))
    assert cfg.model.process.name == process and cfg.run == f"process-{process}"
    differing = {key for key in cfg.model if cfg.model[key] != flow.model[key]}
    assert differing <= {"process", "sampler"}
    assert all(cfg[key] == flow[key] for key in ("stage", "data", "seed", "text", "audio"))
    with torch.device("meta"):
        build(OmegaConf.to_container(cfg.model, resolve=True), AudioConfig(**OmegaConf.to_container(cfg.audio)))


@pytest.mark.parametrize("name", ["gpu", "ddp"])
def test_trainer_presets_differ_from_cpu_only_in_devices(name):
    cpu, other = (configure("stage=dvae", f"trainer={choice}").trainer for choice in ("cpu", name))
    differing = {key for key in cpu if cpu[key] != other[key] and key not in ("logger", "callbacks")}
    assert differing <= {"accelerator", "devices", "strategy"}
    assert cpu.keys() == other.keys()


def test_unknown_keys_are_errors_that_name_them(shards, codec, tmp_path):
    with pytest.raises(HydraException, match="widht"):
        configure("stage=dvae", "model.widht=3")
    with pytest.raises(TypeError, match="widht"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+model.widht=3"))
    with pytest.raises(ValueError, match="reconstructoin"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+stage.weights.reconstructoin=1.0"))
    with pytest.raises(ValueError, match="no checkpoint at"):
        train.train(nano_run("gpt", shards, codec, tmp_path, "stage.codec=absent.safetensors"))
