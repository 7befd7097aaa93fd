"""Finds unknown keys in a configuration before anything is built, and names the class that does not take them."""

import inspect
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from tts.checkpoint import TABLE

HYDRA = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_"}


def check(config: Any, place: str = "") -> None:
    """Compare every node that names a class with the arguments of its constructor.

    A node names a class by `_target_`, as in Hydra, or by `name`, as in specs (`tts.checkpoint`). Raises ValueError for
    the first unknown key.
    """
    if isinstance(config, list):
        for index, item in enumerate(config):
            check(item, f"{place}.{index}")
    if not isinstance(config, Mapping):
        return
    if (cls := _named(config, place)) is not None:
        keys = {key for key in config if key not in HYDRA and not ("_target_" not in config and key == "name")}
        accepted = parameters(cls)
        if accepted is not None and (unknown := sorted(keys - accepted)):
            raise ValueError(
                f"{place}.{unknown[0]}: {cls.__qualname__} has no such argument; it takes {', '.join(sorted(accepted))}"
            )
    for key, value in config.items():
        check(value, f"{place}.{key}" if place else str(key))


def parameters(cls: Any) -> set[str] | None:
    """The argument names of a class or function. None means that it takes any.

    If a class takes `**kwargs`, the names of its bases are included, as it passes the rest on to them.
    """
    names: set[str] = set()
    for owner in cls.__mro__ if inspect.isclass(cls) else (cls,):
        if inspect.isclass(cls) and "__init__" not in vars(owner):
            continue
        signature = inspect.signature(owner.__init__ if inspect.isclass(cls) else owner).parameters.values()
        names |= {p.name for p in signature if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)} - {"self"}
        if not any(p.kind is p.VAR_KEYWORD for p in signature):
            return names
    return None


def _named(config: Mapping, place: str) -> Any:
    if "_target_" in config:
        try:
            return resolve_name(config["_target_"])
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(f"{place}._target_: nothing is called {config['_target_']} ({error})") from None
    if config.get("name") in TABLE:
        return resolve_name(TABLE[config["name"]])
    return None
