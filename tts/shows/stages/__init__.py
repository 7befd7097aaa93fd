"""The stages that a show may name. Each is a module here that holds a `STAGE`, imported when a show asks for it."""

from importlib import import_module

from tts.shows.stage import ShowStage

STAGES = (
    "plan",
    "story",
    "about",
    "cover",
    "narrate",
    "publish",
    "caption",
    "scenes",
    "paint",
    "translate",
    "illustrate",
    "book",
    "summary",
    "dialogue",
    "describe",
)


def find_stage(kind: str) -> ShowStage:
    """A stage by its name. Raises ValueError if there is none."""
    if kind not in STAGES:
        raise ValueError(f"no stage {kind!r}: there are {', '.join(STAGES)}")
    return import_module(f"tts.shows.stages.{kind}").STAGE
