"""Folders of weights that others made: checked before a library opens them, so that nothing in them is run."""

import hashlib
import json
from pathlib import Path
from typing import Any

WEIGHTS = "*.safetensors"
UNSAFE = (
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".pkl",
    ".msgpack",
    ".h5",
)  # formats that can hold code, or that we do not read


def check_folder(folder: Path, index: str) -> dict[str, Any]:
    """The configuration of a model, the file `index` of its folder.

    Raises ValueError if it is missing or names code of its own, or if no weights are there as safetensors.
    """
    try:
        config = json.loads((folder / index).read_text("utf-8"))
    except FileNotFoundError:
        raise ValueError(
            f"{folder} holds no {index}: give a folder as Hugging Face's save_pretrained writes it"
        ) from None
    except ValueError:
        raise ValueError(f"{folder / index} is no JSON") from None
    if not isinstance(config, dict):
        raise ValueError(f"{folder / index} is no configuration")
    if "auto_map" in config or any(folder.rglob("*.py")):
        raise ValueError(
            f"{folder} brings Python code of its own, which is not run: give a model that its library knows"
        )
    if not any(folder.rglob(WEIGHTS)):
        found = next((path.name for path in sorted(folder.rglob("*")) if path.suffix in UNSAFE), None)
        reason = f"only {found}, which can hold code" if found else "none"
        raise ValueError(f"{folder} has no weights as safetensors ({reason}): convert them with save_pretrained")
    return config


def name_folder(folder: Path) -> str:
    """A name for the model in a folder: that of the folder, and a hash of its configurations and sizes of weights."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            digest.update(path.read_bytes())
        elif path.suffix == ".safetensors":
            digest.update(f"{path.relative_to(folder)} {path.stat().st_size}".encode())
    return f"{folder.resolve().name}-{digest.hexdigest()[:8]}"


def device() -> str:
    """Where a large model runs."""
    import torch

    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
