"""Text in, speech out, one sentence at a time, by the pieces of an export; it neither streams nor imports torch."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tts import voices
from tts.engine.sampling import choose
from tts.engine.spectral import Spectra, polar
from tts.synthesis.explain import TOKENIZERS
from tts.synthesis.listen import listen
from tts.synthesis.portions import Portion, check_text, portions

ABOUT = "about.json"
FORMAT = "triforce-onnx-1"
ROOM = 128  # positions by which the caches grow
START, STOP = 1, -1  # of a wrapped text: its first id and, from the end of text ids, its last
FIRST_TEXT = 3
GAP_FLOOR = 0.25
CHANNELS = 3


class Nets:
    """The files of an export as functions of arrays by name. Raises ValueError that names a file that is not right."""

    def __init__(self, folder: Path, threads: int):
        self.folder = folder
        try:
            self.about = json.loads((folder / ABOUT).read_text("utf-8"))
        except (OSError, ValueError):
            raise ValueError(f"{folder} is no export: make one with python -m tts.export -o {folder}") from None
        if self.about.get("format") != FORMAT:
            raise ValueError(f"{folder} has format {self.about.get('format')!r}, expected {FORMAT!r}: export it again")
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.log_severity_level = 3
        self.sessions: dict[str, onnxruntime.InferenceSession] = {}

    def __call__(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        if name not in self.sessions:
            self.sessions[name] = self._open(name)
        return self.sessions[name].run(None, inputs)

    def has(self, name: str) -> bool:
        return (self.folder / f"{name}.onnx").is_file()

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        path = self.folder / f"{name}.onnx"
        try:
            session = onnxruntime.InferenceSession(path, self.options, providers=["CPUExecutionProvider"])
        except Exception as error:  # of ONNX Runtime, whose errors share no class
            raise ValueError(f"{path} cannot be read ({str(error).splitlines()[0]}): export it again") from None
        if session.get_modelmeta().custom_metadata_map.get("weights") != self.about["weights"]:
            raise ValueError(f"{path} is of other weights than {ABOUT} beside it: export them together")
        return session
