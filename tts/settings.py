"""Settings from conf/infer.yaml and its like, checked before a net is loaded, so torch is not imported here."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONF = ROOT / "conf"
RULES = ("limits", "choices")  # sections that say what the settings may be


def compose(overrides: list[str], name: str = "infer") -> dict:
    """conf/NAME.yaml with overrides (`sampling.temperature=0.6`) as plain data, every number in its limits.

    Values are YAML. Hydra composes the recipes of training; these files are whole, and its import takes long.
    """
    import yaml

    conf = yaml.safe_load((CONF / f"{name}.yaml").read_text("utf-8"))
    if overrides:
        conf = _overridden(conf, overrides, name)
    check(conf)
    return conf


def _overridden(conf: dict, overrides: list[str], name: str) -> dict:
    """The settings with some of them replaced, as `compose` takes them."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    known = flatten(conf)
    names = ", ".join(key for key in known if key not in RULES)
    for override in overrides:
        key, equals, _ = override.partition("=")
        if not equals:
            raise ValueError(f"{override!r} is no setting: use key=value")
        if key in RULES:
            raise ValueError(f"{key} are no settings; they are changed in conf/{name}.yaml itself")
        if key not in known:
            raise ValueError(f"no setting {key!r}; settings are {names}")
    try:
        changed = OmegaConf.create(conf)
        changed.merge_with_dotlist(overrides)
        plain = OmegaConf.to_container(changed, resolve=True)
    except (OmegaConfBaseException, YAMLError) as error:
        raise ValueError(f"{' '.join(overrides)!r} cannot be read: {str(error).splitlines()[0]}") from None
    if odd := flatten(plain).keys() ^ known.keys():
        raise ValueError(f"settings are neither added nor removed: {', '.join(sorted(odd))}; use key=value")
    return plain


def check(conf: dict) -> None:
    """Raise a ValueError for a value outside its limits or choices, or of another kind."""
    values = flatten({key: value for key, value in conf.items() if key not in RULES})
    for key, (low, high, *null) in conf["limits"].items():
        value, whole = values[key], isinstance(low, int)
        if value is None and null:
            continue
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{key} is {value!r}; it must be {kind} from {low} to {high}")
    for key, choices in conf.get("choices", {}).items():
        if values[key] not in choices:
            raise ValueError(f"{key} is {values[key]!r}; it must be one of {', '.join(choices)}")
    if not isinstance(values.get("listen", True), bool):
        raise ValueError(f"listen is {values['listen']!r}; it must be true or false")
    for key in (
        "weights",
        "voice",
        "voices.en",
        "voices.de",
        "engine",
        "device",
        "words.recogniser",
        "recogniser",
        "embedding",
    ):
        if key in values and (not isinstance(values[key], str) or not values[key]):
            raise ValueError(f"{key} is {values[key]!r}; it must be a text, e.g. {key}='...'")


def flatten(conf: dict, prefix: str = "") -> dict:
    """Nested data by dotted keys; limits and choices stay as they are."""
    flat = {}
    for key, value in conf.items():
        inner = isinstance(value, dict) and key not in RULES
        flat.update(flatten(value, f"{prefix}{key}.") if inner else {prefix + key: value})
    return flat
