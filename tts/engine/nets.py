"""The files of an export as functions of arrays."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime

from tts.export.about import ABOUT, read_about


class OnnxNets:
    """The pieces of an export by name. Raises ValueError that names a file that is not right."""

    def __init__(self, folder: Path, threads: int):
        self.folder = folder
        self.about = read_about(folder)
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.log_severity_level = 3
        self.sessions: dict[str, onnxruntime.InferenceSession] = {}

    def __call__(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        return self.session(name).run(None, inputs)

    def bound(
        self, name: str, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]
    ) -> Callable[[], None]:
        """A piece that reads arrays where they lie, and writes its results into others, or into the same ones."""
        session = self.session(name)
        binding = session.io_binding()
        held = [array for array in (*inputs.values(), *outputs.values())]  # whose memory is used
        for own, array in inputs.items():
            binding.bind_ortvalue_input(own, onnxruntime.OrtValue.ortvalue_from_numpy(array))
        for own, array in outputs.items():
            binding.bind_ortvalue_output(own, onnxruntime.OrtValue.ortvalue_from_numpy(array))

        def run() -> None:
            assert held
            session.run_with_iobinding(binding)

        return run

    def has(self, name: str) -> bool:
        return name in self.about["pieces"]

    def shapes(self, name: str) -> dict[str, list[int | str]]:
        """The shape of each input of a piece, with a name where it may have any length."""
        return {one.name: one.shape for one in self.session(name).get_inputs()}

    def session(self, name: str) -> onnxruntime.InferenceSession:
        """A piece, read when it is first asked for."""
        if name not in self.sessions:
            self.sessions[name] = self._open(name)
        return self.sessions[name]

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        path = self.folder / f"{name}.onnx"
        try:
            session = onnxruntime.InferenceSession(path, self.options, providers=["CPUExecutionProvider"])
        except Exception as error:  # of ONNX Runtime, whose errors share no class
            raise ValueError(f"{path} cannot be read ({str(error).splitlines()[0]}): export it again") from None
        if session.get_modelmeta().custom_metadata_map.get("weights") != self.about["weights"]:
            raise ValueError(f"{path} is of other weights than {ABOUT} beside it: export them together")
        return session
