"""Settings from conf/infer.yaml and its like, checked before a net is loaded; so torch is not imported here."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONF = ROOT / "conf"
RULES = ("limits", "choices")  # sections that say what the settings may be


def compose(overrides: list[str], name: str = "infer") -> dict:
    """conf/NAME.yaml with Hydra overrides (`sampling.temperature=0.6`) as plain data, every number in its limits."""
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir
    from hydra.errors import HydraException, OverrideParseException
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    base = OmegaConf.to_container(OmegaConf.load(CONF / f"{name}.yaml"))
    known = flatten(base)
    try:
        with initialize_config_dir(version_base=None, config_dir=str(CONF)):
            conf = OmegaConf.to_container(hydra_compose(name, overrides), resolve=True)
    except OverrideParseException as error:
        raise ValueError(f"{error.override!r} is no setting: use key=value, quoted twice if it holds spaces") from None
    except (HydraException, OmegaConfBaseException) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        names = ", ".join(key for key in known if key not in RULES)
        raise ValueError(f"{reason}; settings are {names}") from None
    if odd := flatten(conf).keys() ^ known.keys():
        raise ValueError(f"settings are neither added nor removed: {', '.join(sorted(odd))}; use key=value")
    for section in RULES:
        if conf.get(section) != base.get(section):
            raise ValueError(f"{section} are no settings; they are changed in conf/{name}.yaml itself")
    check(conf)
    return conf


def check(conf: dict) -> None:
    """Raise a ValueError for a value outside its limits or choices, or of another kind."""
    values = flatten({key: value for key, value in conf.items() if key not in RULES})
    for key, (low, high) in conf["limits"].items():
        value, whole = values[key], isinstance(low, int)
        right = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not right or not low <= value <= high:
            kind = "a whole number" if whole else "a number"
            raise ValueError(f"{key} is {value!r}; it must be {kind} from {low} to {high}")
    for key, choices in conf.get("choices", {}).items():
        if values[key] not in choices:
            raise ValueError(f"{key} is {values[key]!r}; it must be one of {', '.join(choices)}")
    if not isinstance(values.get("listen", True), bool):
        raise ValueError(f"listen is {values['listen']!r}; it must be true or false")
    for key in ("weights", "voice", "device", "words.recogniser"):
        if key in values and (not isinstance(values[key], str) or not values[key]):
            raise ValueError(f"{key} is {values[key]!r}; it must be a text, e.g. {key}='...'")


def flatten(conf: dict, prefix: str = "") -> dict:
    """Nested data by dotted keys; limits and choices stay as they are."""
    flat = {}
    for key, value in conf.items():
        inner = isinstance(value, dict) and key not in RULES
        flat.update(flatten(value, f"{prefix}{key}.") if inner else {prefix + key: value})
    return flat
