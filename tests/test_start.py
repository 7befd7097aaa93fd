"""A plain sentence from the shell imports only what speaking needs: imports take most of the time of a short one."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from helpers import nano
from tts import voices
from tts.checkpoint import load
from tts.records import SpeakerLatents
from tts.synthesis.pipeline import speaker_fingerprint

ROOT = Path(__file__).parent.parent
SLOW = {
    *("lightning", "hydra", "omegaconf", "wandb", "webdataset", "matplotlib", "pandas", "scipy", "sklearn", "sympy"),
    *("torchaudio", "librosa", "encodec", "onnxruntime", "torch._dynamo", "torch._inductor", "torch.onnx"),
}
SCRIPT = """
import sys
import infer
code = infer.main(sys.argv[1:])
print(code, *sys.modules)
"""


def test_a_sentence_imports_nothing_slow(tmp_path):
    weights = nano.weights(tmp_path / "weights")
    nets = {name: load(weights / f"{name}.safetensors") for name in ("gpt", "diffusion")}
    gpt, decoder = nets["gpt"].spec, nets["diffusion"].spec["speaker"]
    latents = SpeakerLatents(
        np.zeros((gpt["speaker"]["latents"], gpt["width"]), np.float32),
        np.zeros((decoder["latents"], decoder["out_width"]), np.float32),
    )
    card = {key: "" for key in voices.About.__dataclass_fields__}
    card["fingerprint"] = speaker_fingerprint({name: net.fingerprint for name, net in nets.items()})
    voices.save(tmp_path / "nobody.safetensors", latents, voices.About(**card))

    command = [sys.executable, "-c", SCRIPT, "Hello there.", "-q", "-o", str(tmp_path / "x.wav")]
    command += ["--weights", str(weights), "-v", str(tmp_path / "nobody.safetensors")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    code, *imported = done.stdout.split()
    assert code == "0", done.stderr
    assert SLOW & set(imported) == set()
