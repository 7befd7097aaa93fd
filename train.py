"""Train one of the four nets: `uv run train.py stage=dvae|gpt|diffusion|vocoder data.path=SHARDS`.

Hydra composes conf/train.yaml, Lightning runs it. Give a run a name (`run=NAME`) and the same command
continues it where it stopped; its folder runs/STAGE/NAME holds config, checkpoints, curves, pictures,
sounds and net.safetensors.
"""

import inspect
import os
import sys
from typing import Any

os.environ.setdefault("WDS_SECURE", "1")  # shards are untrusted: no shell pipes in webdataset

import hydra
import lightning as L
import torch
from hydra.utils import get_class, instantiate
from omegaconf import DictConfig, OmegaConf

from tts.audio import AudioConfig
from tts.callbacks import Export, revision
from tts.checkpoint import build, warm_start


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(cfg: DictConfig) -> None:
    try:
        train(cfg)
    except (ValueError, FileNotFoundError) as error:
        sys.exit(f"train.py: error: {error}")


def train(cfg: DictConfig) -> L.Trainer:
    """Compose, fit and export one net; a run of the same name is resumed."""
    L.seed_everything(cfg.seed, workers=True, verbose=False)
    torch.set_float32_matmul_precision("high")
    audio = AudioConfig(**OmegaConf.to_container(cfg.audio, resolve=True))
    spec = OmegaConf.to_container(cfg.model, resolve=True)
    tokenizer = build(OmegaConf.to_container(cfg.text, resolve=True), audio)
    net = build(spec, audio)
    if cfg.start:
        fresh = warm_start(net, cfg.start)
        print(f"starting from {cfg.start}" + (f", but for {', '.join(fresh)}" if fresh else ""))
    stage = make(cfg.stage, net=net, audio=audio, tokenizer=tokenizer)
    data = make(cfg.data, audio=audio, tokenizer=tokenizer)
    trainer = instantiate(cfg.trainer, _convert_="all")
    for callback in trainer.callbacks:
        if isinstance(callback, Export):
            callback.spec = spec
            callback.extra = {"text": tokenizer.spec()}
            callback.provenance = {
                "run": cfg.dir,
                "start": cfg.start,
                "seed": cfg.seed,
                "revision": revision(),
                "torch": torch.__version__,
                "data": data.provenance(),
                "licence": cfg.licence,
            }
    trainer.fit(stage, datamodule=data, ckpt_path="last", weights_only=True)
    return trainer


def make(cfg: DictConfig, **objects) -> Any:
    """What conf names, given whichever of the objects its constructors ask for."""
    wanted = set()
    for cls in get_class(cfg._target_).__mro__:
        wanted |= set(inspect.signature(cls.__init__).parameters) if "__init__" in vars(cls) else set()
    # Partial first: Hydra would turn an AudioConfig among the arguments into a DictConfig.
    constructor = instantiate(cfg, _partial_=True, _convert_="all")
    return constructor(**{name: value for name, value in objects.items() if name in wanted})


if __name__ == "__main__":
    main()
