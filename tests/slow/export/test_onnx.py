"""Exported files give what the nets give, at other lengths than those that they were made with."""

import json

import numpy as np
import pytest
import torch

from tts.checkpoint import load
from tts.export.about import ABOUT
from tts.export.pieces import pieces
from tts.records import NETS

pytest.importorskip("onnxscript")
onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from tts.export.write import MULTIPLIED, OPSET, quantised  # noqa: E402

pytestmark = pytest.mark.slow
SIZES = {"rows": 1, "ids": 12, "gaps": 11, "codes": 8, "frames": 32, "patches": 16, "room": 40, "held": 21}


def other_inputs(piece) -> dict[str, torch.Tensor]:
    inputs = {}
    for name, example in piece.inputs.items():
        shape = list(example.shape)
        for axis, counted in piece.axes.get(name, {}).items():
            shape[axis] = SIZES[counted]
        whole = not example.is_floating_point()
        inputs[name] = torch.randint(3, 12, shape, dtype=example.dtype) if whole else torch.randn(shape)
    return inputs


def test_every_piece_equals_its_net(weights, exported):
    nets = {name: load(weights / f"{name}.safetensors").net for name in NETS}
    names = set()
    for piece in pieces(nets):
        session = ort.InferenceSession(exported / f"{piece.name}.onnx", providers=["CPUExecutionProvider"])
        inputs = other_inputs(piece)
        with torch.inference_mode():
            wanted = piece.net(*inputs.values())
        used = {one.name for one in session.get_inputs()}
        got = session.run(list(piece.outputs), {key: x.numpy() for key, x in inputs.items() if key in used})
        for name, ours, theirs in zip(
            piece.outputs, got, wanted if isinstance(wanted, tuple) else (wanted,), strict=True
        ):
            theirs = theirs.numpy()
            if "filled" in inputs and name.startswith("new_"):  # of a cache only what is filled counts
                ours, theirs = (cache[:, :, : int(inputs["filled"].min()) + 1] for cache in (ours, theirs))
            assert np.allclose(ours, theirs, atol=1e-4, rtol=1e-3), (piece.name, name)
        names.add(f"{piece.name}.onnx")
    assert {path.name for path in exported.iterdir()} == names | {ABOUT}


def results(model, outputs: list[str], inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    used = {one.name for one in session.get_inputs()}
    return list(
        map(torch.tensor, session.run(outputs, {name: x.numpy() for name, x in inputs.items() if name in used}))
    )


def test_eight_bits_move_the_next_code_a_little(weights, exported):
    gpt = load(weights / "gpt.safetensors").net
    piece = next(piece for piece in pieces({"gpt": gpt}) if piece.name == "gpt_step")
    whole, small = (onnx.load(exported / "gpt_step.onnx") for _ in range(2))
    small = quantised(small, "gpt_step")
    kinds = [{node.op_type for node in model.graph.node} for model in (whole, small)]
    assert "MatMul" in kinds[0] and "MatMulNBits" in kinds[1] - kinds[0] and "MatMul" not in kinds[1]
    inputs = other_inputs(piece)
    chances = [results(model, ["logits"], inputs)[0].softmax(-1) for model in (whole, small)]
    assert 0 < (chances[0] - chances[1]).abs().sum(-1).max() / 2 < 0.02  # total variation


def test_eight_bits_move_mels_and_spectra_a_little(weights, exported):
    nets = {name: load(weights / f"{name}.safetensors").net for name in NETS}
    for piece in pieces(nets):
        if piece.name not in MULTIPLIED:
            continue
        whole, small = (onnx.load(exported / f"{piece.name}.onnx") for _ in range(2))
        small, inputs = quantised(small, piece.name), other_inputs(piece)
        wanted, got = (results(model, list(piece.outputs[:1]), inputs)[0] for model in (whole, small))
        error = (got - wanted).square().mean().sqrt() / wanted.square().mean().sqrt()
        assert 0 < error < 0.03, (piece.name, error)


def test_files_say_of_which_weights_they_are(weights, exported):
    about = json.loads((exported / ABOUT).read_text())
    session = ort.InferenceSession(exported / "codec_mel.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map["weights"] == about["weights"]
    assert about["opset"] == OPSET and about["specs"]["gpt"]["name"] == "gpt" and about["text"]["name"] == "phonemes"
