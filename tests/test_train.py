"""train.py as a user runs it, on nano nets and a corpus computed here: the codec learns, saves and resumes.

The other stages do in tests/slow.
"""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import OmegaConf

import train
from helpers.runs import CONF, STAGES, configure, nano_run
from tts.checkpoint import build
from tts.training.config import check
from tts.types import AudioConfig

SIZES = ("nano", "small", "base", "large")


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
    check(OmegaConf.to_container(cfg, resolve=True))
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio))
    with torch.device("meta"):
        build(OmegaConf.to_container(cfg.model, resolve=True), audio)
    assert OmegaConf.to_container(cfg.trainer, resolve=True)["max_steps"] > 0
    assert instantiate(cfg.stage.optimizer).keywords


@pytest.mark.parametrize(
    ("recipe", "one", "other"),
    [
        ("decoder_processes", "flow", "edm"),
        ("decoder_processes", "flow", "ddpm"),
        ("decoder_distilled", "jumps", "reflow"),
    ],
)
def test_recipes_of_decoders_differ_in_nothing_but_the_process(recipe, one, other):
    given = (f"experiment={recipe}", "start=none", "dir=none")
    first, second = (configure(*given, f"process={name}") for name in (one, other))
    assert (first.model.process.name, second.model.process.name) == (one, other)
    assert second.run == first.run.replace(one, other)
    assert {key for key in first.model if first.model[key] != second.model[key]} == {"process"}
    assert all(first[key] == second[key] for key in ("stage", "data", "seed", "text", "audio"))
    with torch.device("meta"):
        build(OmegaConf.to_container(second.model, resolve=True), AudioConfig(**OmegaConf.to_container(second.audio)))


@pytest.mark.parametrize("name", ["gpu", "ddp", "fsdp"])
def test_trainer_presets_differ_from_cpu_only_in_devices(name):
    cpu, other = (configure("stage=dvae", f"trainer={choice}").trainer for choice in ("cpu", name))
    differing = {key for key in cpu if cpu[key] != other[key] and key not in ("logger", "callbacks")}
    assert differing <= {"accelerator", "devices", "num_nodes", "strategy"}
    assert cpu.keys() == other.keys()


def test_unknown_keys_are_errors_that_name_them(shards, codec, tmp_path):
    with pytest.raises(HydraException, match="widht"):
        configure("stage=dvae", "model.widht=3")
    with pytest.raises(ValueError, match=r"model.widht: Dvae has no such argument; it takes .*width"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+model.widht=3"))
    with pytest.raises(ValueError, match=r"stage.optimizer.momentun: MuonAdamW has no such argument"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+stage.optimizer.momentun=1"))
    with pytest.raises(ValueError, match=r"what: Accounting has no such argument"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+accounting.what=1"))
    with pytest.raises(ValueError, match=r"data.wokers: SpeechData has no such argument"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+data.wokers=1"))
    with pytest.raises(ValueError, match=r"stage.sampling.top: Sampling has no such argument"):
        train.train(nano_run("gpt", shards, codec, tmp_path, "+stage.sampling.top=1"))
    with pytest.raises(ValueError, match="reconstructoin"):
        train.train(nano_run("dvae", shards, codec, tmp_path, "+stage.weights.reconstructoin=1.0"))
    with pytest.raises(ValueError, match="no checkpoint at"):
        train.train(nano_run("gpt", shards, codec, tmp_path, "stage.codec=absent.safetensors"))


def test_devices_are_as_many_as_whoever_starts_the_processes_says(monkeypatch):
    for name, value in {"LOCAL_WORLD_SIZE": "8", "GROUP_WORLD_SIZE": "3"}.items():  # torchrun's
        monkeypatch.setenv(name, value)
    trainer = configure("stage=dvae", "trainer=ddp").trainer
    assert (trainer.devices, trainer.num_nodes) == (8, 3)
    monkeypatch.delenv("LOCAL_WORLD_SIZE")
    monkeypatch.delenv("GROUP_WORLD_SIZE")
    monkeypatch.setenv("SLURM_NNODES", "4")
    trainer = configure("stage=dvae", "trainer=fsdp").trainer
    assert (trainer.devices, trainer.num_nodes) == ("auto", 4)


def test_a_job_of_a_sweep_is_queued_until_its_run_is_done():
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        cfg = compose("train", ["stage=dvae", "hydra/launcher=slurm"], return_hydra_config=True)
    launcher = cfg.hydra.launcher
    assert launcher._target_.endswith("SlurmLauncher")
    assert launcher.max_num_timeout > 100
