"""Pieces of nets to ONNX files, each of which says of which weights it is."""

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.export import Dim

from diffusion.model import REACH
from gpt.model import GPT, PACES
from gpt.prosody import CHANNELS, GAP_FLOOR, SCALES, STEPS
from gpt.sequence import FIRST_TEXT, PADDING, START_TEXT
from tts import checkpoint
from tts.checkpoint import Loaded
from tts.export.about import ABOUT, FORMAT, family
from tts.export.piece import OnnxPiece
from tts.export.pieces import pieces
from tts.files import whole
from tts.records import NETS
from tts.synthesis.pipeline import speaker_fingerprint
from vocoder.model import CONTEXT

if TYPE_CHECKING:
    from onnx import ModelProto

OPSET = 20
# Pieces that are computed once a code: reading their weights takes most of the time, and these have 8 bits.
STORED = ("gpt_step",)
# Pieces that see many frames at once: products take most of the time, and both sides of these have 8 bits.
MULTIPLIED = ("codec_mel", "decoder_condition", "decoder_step", "vocoder_magnitude", "vocoder_phase")
BLOCK = 128  # stored weights that share a scale; with AVX-512, fewer are much slower (docs/speed.md)
INTEGER_PRODUCTS = 4  # the accuracy level at which ONNX Runtime also rounds what is multiplied, which makes it fast


class Listed(nn.Module):
    """A piece that takes its inputs as one list, which the exporter asks for where their number varies."""

    def __init__(self, net: nn.Module):
        super().__init__()
        self.net = net

    def forward(self, inputs: list[Tensor]) -> Tensor | tuple[Tensor, ...]:
        return self.net(*inputs)


@dataclass(frozen=True)
class Writing:
    """Where an export comes from and goes to."""

    weights: Path
    output: Path
    eight_bits: bool
    family: str  # of the weights, as each of the files says

    def write(self, name: str) -> Path:
        """Convert a piece and write it; what it takes is the tracing of its operations one by one, on one core."""
        with _quiet():
            model = converted(_pieces(self.weights)[name], {"format": FORMAT, "weights": self.family})
            if self.eight_bits:
                model = quantised(model, name)
        path = self.output / f"{name}.onnx"
        with whole(path) as file:
            file.write(model.SerializeToString())
        return path


@lru_cache(1)
def _pieces(weights: Path) -> dict[str, OnnxPiece]:
    return {piece.name: piece for piece in pieces({name: net.net for name, net in _loaded(weights).items()})}


def _loaded(weights: Path) -> dict[str, Loaded]:
    return {name: checkpoint.load(weights / f"{name}.safetensors") for name in NETS}


def write_export(weights: Path, output: Path, *, eight_bits: bool, processes: int) -> Iterator[Path]:
    """Write every piece of the nets in a folder, and `ABOUT` last; gives each file as it is written.

    With `eight_bits`, the pieces in `STORED` and `MULTIPLIED` have 8 bits. So many `processes` write at once, each in
    about 1 GB of memory. Raises ValueError if the nets cannot be read, or if onnx is not installed.
    """
    try:
        import onnxscript  # noqa: F401  (torch.onnx asks for it late)
    except ModuleNotFoundError:
        raise ValueError("onnx and onnxscript are not installed: run with `uv run --group export`") from None
    loaded = _loaded(weights)
    gpt = loaded["gpt"]
    if len({net.audio for net in loaded.values()}) > 1:
        raise ValueError(f"the nets in {weights} were trained on different mels: use weights of one family")
    if "text" not in gpt.extra:
        raise ValueError(f"gpt in {weights} does not say how it reads: export it with its tokenizer's spec")
    made = _pieces(weights)
    about = described(loaded, list(made), STORED + MULTIPLIED if eight_bits else ())
    output.mkdir(parents=True, exist_ok=True)
    (output / ABOUT).unlink(missing_ok=True)  # until all is there, this is no export
    writing = Writing(weights, output, eight_bits, about["weights"])
    largest_first = sorted(made, key=lambda name: -sum(one.numel() for one in made[name].net.state_dict().values()))
    yield from _written(writing, largest_first, processes)
    with whole(output / ABOUT) as file:
        file.write((json.dumps(about, indent=1) + "\n").encode())
    yield output / ABOUT


def _written(writing: Writing, names: Sequence[str], processes: int) -> Iterator[Path]:
    if processes == 1:
        yield from map(writing.write, names)
        return
    fresh = get_context("spawn")  # a copy of this process would share locks of torch's threads
    with ProcessPoolExecutor(processes, fresh, torch.set_num_threads, (1,)) as pool:
        try:
            for done in as_completed([pool.submit(writing.write, name) for name in names]):
                yield done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def described(loaded: Mapping[str, Loaded], names: Sequence[str], eight_bits: Sequence[str]) -> dict[str, Any]:
    """What an export of such pieces, some of them with 8 bits a weight, says about itself."""
    gpt, codec, process = loaded["gpt"], loaded["dvae"].net, loaded["diffusion"].net.process
    return {
        "format": FORMAT,
        "weights": family(loaded[name].fingerprint for name in NETS),  # as in each of the files
        "fingerprint": speaker_fingerprint({name: net.fingerprint for name, net in loaded.items()}),  # of voices
        "opset": OPSET,
        "pieces": list(names),
        "eight_bits": list(eight_bits),
        "audio": asdict(gpt.audio),
        "gpt": constants(gpt.net),
        "codec": {"grain": codec.grain, "frames_per_code": str(codec.audio.frame_rate / codec.code_rate)},
        "decoder": {name: getattr(process, name) for name in ("steps", "guidance", "guidable")} | {"reach": REACH},
        "vocoder": {"context": CONTEXT},
        "text": gpt.extra["text"],
        "specs": {name: net.spec for name, net in loaded.items()},
        "provenance": {name: net.provenance for name, net in loaded.items()},
    }


def constants(gpt: GPT) -> dict[str, Any]:
    """Numbers of the GPT's code that an engine needs."""
    vocabulary = gpt.vocabulary
    return {
        "padding": PADDING,
        "start_text": START_TEXT,
        "first_text": FIRST_TEXT,
        "stop_text": vocabulary.stop_text,
        "codes": vocabulary.codes,
        "max_len": gpt.max_len,
        "guidance": gpt.guidance,
        "channels": CHANNELS,
        "gap_floor": GAP_FLOOR,
        "gap_scale": SCALES[0],
        "prosody_steps": STEPS,
        "speaker_latents": gpt.latents_per_speaker,
        "width": len(gpt.norm.weight),
        "paces": PACES,
    }


def converted(piece: OnnxPiece, about: dict[str, str]) -> "ModelProto":
    """The piece as an ONNX model that carries `about`."""
    lengths = [dict.fromkeys(piece.axes.get(name, {}), Dim.DYNAMIC) for name in piece.inputs]
    program = torch.onnx.export(
        Listed(piece.net).eval(),
        (list(piece.inputs.values()),),
        dynamo=True,
        opset_version=OPSET,
        input_names=list(piece.inputs),
        output_names=list(piece.outputs),
        dynamic_shapes=(lengths,),
        verbose=False,
    )
    model = program.model_proto
    for key, value in about.items():
        model.metadata_props.add(key=key, value=value)
    return model


def quantised(model: "ModelProto", name: str) -> "ModelProto":
    """The piece of this name with 8 bits, where it pays; the model may change."""
    if name in STORED:
        return _stored(model)
    return _multiplied(model) if name in MULTIPLIED else model


def _stored(model: "ModelProto") -> "ModelProto":
    """With 8 bits for each weight of its matrices, in blocks with a scale (MatMulNBits of ONNX Runtime)."""
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, accuracy_level=INTEGER_PRODUCTS, bits=8)
    quantizer = MatMulNBitsQuantizer(model, algo_config=config)
    quantizer.process()
    return quantizer.model.model


def _multiplied(model: "ModelProto") -> "ModelProto":
    """With 8 bits on both sides of products with weights: a scale for each column of these, and one for what they meet.

    The latter is found anew at each product, so nothing is calibrated.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    del model.graph.value_info[:]  # the quantizer infers these anew, and trips over those of the exporter
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "model.onnx"
        options = {"MatMulConstBOnly": True}
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            extra_options=options,
        )
        return onnx.load(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter and the quantizer tell about themselves; the latter asks for all that anyone logs."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
