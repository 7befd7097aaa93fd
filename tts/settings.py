"""The defaults for speaking, out of conf/infer.yaml, checked before a net is loaded (so this module never imports torch)."""

import math
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONF = ROOT / "conf"


def compose(overrides: list[str]) -> dict:
    """conf/infer.yaml with Hydra overrides (`sampling.temperature=0.6`) as plain nested data, every number within its limits."""
    from hydra import compose, initialize_config_dir
    from hydra.errors import HydraException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    known = sorted(_flatten(OmegaConf.to_container(OmegaConf.load(CONF / "infer.yaml"))))
    try:
        with initialize_config_dir(version_base=None, config_dir=str(CONF)):
            conf = OmegaConf.to_container(compose("infer", overrides), resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(f"{reason}; settings are {', '.join(_public(known))}") from None
    if sorted(_flatten(conf)) != known:
        odd = set(_flatten(conf)) ^ set(known)
        raise ValueError(f"settings are neither added nor removed: {', '.join(sorted(odd))}; use key=value")
    check(conf)
    return conf


def check(conf: dict) -> None:
    """Raise a ValueError for a number that is none, or lies outside its limits."""
    values = _flatten({key: value for key, value in conf.items() if key != "limits"})
    for key, (low, high) in conf["limits"].items():
        value, whole = values[key], isinstance(low, int)
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not math.isfinite(value) or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{key} is {value!r}; it must be {kind} from {low} to {high}")
    for key in ("weights", "voice", "device"):
        if not isinstance(values[key], str) or not values[key]:
            raise ValueError(f"{key} is {values[key]!r}; it must be a text, e.g. {key}='...'")


def _flatten(conf: dict, prefix: str = "") -> dict:
    flat = {}
    for key, value in conf.items():
        inner = isinstance(value, dict) and key != "limits"
        flat.update(_flatten(value, f"{prefix}{key}.") if inner else {prefix + key: value})
    return flat


def _public(keys: list[str]) -> list[str]:
    return [key for key in keys if key != "limits"]
