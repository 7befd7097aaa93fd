"""Which engine speaks: torch where it is installed, else nets that were exported. Imports neither."""

from importlib.util import find_spec
from pathlib import Path

from tts.cli import UsageError
from tts.export.about import COMMAND, FOLDER, family_in, read_about

ENGINES = "auto, torch, onnx, or onnx=FOLDER"


def chosen_export(engine: str, weights: Path, given: bool) -> Path | None:
    """The folder of the export that speaks, None for torch. `given` says that the user chose the weights.

    Raises ValueError for an engine that is none or is not installed, and for an export that is not whole or is of
    other weights. Whoever gives the folder of an export and no weights means what is in it.
    """
    name, _, folder = engine.partition("=")
    if name not in ("auto", "torch", "onnx") or (folder and name != "onnx"):
        raise UsageError(f"no engine {engine!r}: give {ENGINES}")
    torch = find_spec("torch") is not None
    if name == "torch" and not torch:
        raise ValueError("torch is not installed: run without --only-group speak, or leave --engine out")
    if torch and name != "onnx":
        return None
    if find_spec("onnxruntime") is None:
        raise ValueError("onnxruntime is not installed: run with `uv run --only-group speak`, or leave --engine out")
    export = Path(folder).expanduser() if folder else FOLDER
    about = read_about(export)
    if (given or not folder) and family_in(weights) not in (None, about["weights"]):
        raise ValueError(f"{export} is of other weights than {weights}: export those, with {COMMAND}")
    return export
