"""Features of a HuBERT, WavLM or w2v-BERT that others trained, and the command that makes tokens of them.

  python -m dvae.pretrained FOLDER RECORDINGS... -o tokens.safetensors --layer 9 --size 500

FOLDER is one that `save_pretrained` of transformers wrote, its feature extractor included; RECORDINGS are folders with
metadata.csv and audio/, from which the centres are learned. The file that comes out holds all of the weights.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from omegaconf import OmegaConf
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torchaudio.functional import resample

from tts import audio as sound
from tts import corpus
from tts.checkpoint import build, export
from tts.cli import Parser, exit_code, run_as_program
from tts.folders import check_folder, name_folder
from tts.settings import CONF
from tts.types import AudioConfig

KINDS = {  # classes of transformers by the `model_type` of a configuration: model, configuration, feature extractor
    "hubert": ("HubertModel", "HubertConfig", "Wav2Vec2FeatureExtractor"),
    "wavlm": ("WavLMModel", "WavLMConfig", "Wav2Vec2FeatureExtractor"),
    "wav2vec2-bert": ("Wav2Vec2BertModel", "Wav2Vec2BertConfig", "SeamlessM4TFeatureExtractor"),
}
RATE = 16000  # Hz, of all of them
HOP, VIEW = 320, 400  # samples from one position to the next, and that the first position sees
BATCH_SECONDS = 60
PASSES = 2  # over the recordings


class Pretrained(nn.Module):
    """A layer of such a net, 50 vectors a second; `dvae.tokens.Features`.

    `config` and `extractor` are what config.json and preprocessor_config.json of its folder say.
    """

    def __init__(self, *, audio: AudioConfig, layer: int, config: dict, extractor: dict):
        super().__init__()
        model, configuration, extractor_class = (getattr(_transformers(), name) for name in KINDS[_kind(config)])
        # Names with a line in front are the library's own; one of them can name a kernel to be fetched.
        plain = {key: value for key, value in config.items() if not key.startswith("_")}
        self.model = model(configuration.from_dict(plain, attn_implementation="eager")).eval()
        self.extractor = extractor_class.from_dict(dict(extractor))
        layers = self.model.config.num_hidden_layers
        if not 0 < layer <= layers:
            raise ValueError(f"layer={layer} is not among the {layers} layers of this net: give 1 to {layers}")
        self.sample_rate = audio.sample_rate
        self.layer = layer
        self.rate = Fraction(RATE, HOP)
        self.width: int = self.model.config.hidden_size

    def hear(self, wav: Float[Tensor, "B N"], wav_len: Int[Tensor, " B"]) -> tuple[Tensor, Int[Tensor, " B"]]:
        """Vectors (B, L, D) of each wave, and their number. Waves are heard one by one, as some nets hear padding."""
        rows = [self._alone(own[:length]) for own, length in zip(wav, wav_len.tolist(), strict=True)]
        return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows], device=wav.device)

    @torch.no_grad()
    def _alone(self, wav: Float[Tensor, " N"]) -> Float[Tensor, "L D"]:
        low = resample(wav, self.sample_rate, RATE)
        positions = max(1, -(-len(low) // HOP))
        low = nn.functional.pad(low, (0, (positions - 1) * HOP + VIEW - len(low)))
        given = self.extractor(low.cpu().numpy(), sampling_rate=RATE, return_tensors="pt").to(wav.device)
        return self.model(**given, output_hidden_states=True).hidden_states[self.layer][0].float()


def _transformers() -> Any:
    try:
        import transformers
    except ModuleNotFoundError:
        raise ValueError("transformers is not installed: run with `uv run --group pretrained`") from None
    return transformers


def _kind(config: dict) -> str:
    kind = config.get("model_type")
    if kind not in KINDS:
        raise ValueError(f"a {kind!r} gives no features here: use one of {', '.join(KINDS)}")
    return kind


def open_folder(folder: Path, *, layer: int, size: int, audio: AudioConfig) -> tuple[nn.Module, dict]:
    """Tokens whose features are those of the net in a folder, with centres not yet learned, and their spec."""
    config = check_folder(folder, "config.json")
    model = getattr(_transformers(), KINDS[_kind(config)][0])
    try:
        extractor = json.loads((folder / "preprocessor_config.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        raise ValueError(f"{folder} has no preprocessor_config.json: save its feature extractor there, too") from None
    width = config.get("hidden_size")
    features = {"name": "pretrained", "layer": layer, "config": config, "extractor": extractor}
    clusters = OmegaConf.to_container(OmegaConf.load(CONF / "model/hubert/small.yaml").quantizer)
    spec = {"name": "tokens", "features": features, "quantizer": clusters | {"size": size, "width": width}}
    net = build(spec, audio)
    given = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True}
    try:
        weights = model.from_pretrained(folder, dtype=torch.float32, **given).state_dict()
        net.features.model.load_state_dict(weights, strict=True)
    except (RuntimeError, OSError) as error:
        raise ValueError(f"{folder} holds no such net: {str(error).splitlines()[0]}") from None
    return net.eval().requires_grad_(False), spec


def batches(paths: Sequence[Path], audio: AudioConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """Waves of recordings, padded, a minute at a time; the order is by chance, and the same every time."""
    rows: list[Tensor] = []
    for place in np.random.default_rng(0).permutation(len(paths)):
        rows.append(torch.from_numpy(sound.set_level(sound.decode(paths[place], audio.sample_rate), audio)))
        if sum(map(len, rows)) >= BATCH_SECONDS * audio.sample_rate:
            yield pad_sequence(rows, batch_first=True), torch.tensor(list(map(len, rows)))
            rows = []
    if rows:
        yield pad_sequence(rows, batch_first=True), torch.tensor(list(map(len, rows)))


def main(argv: Sequence[str] | None = None) -> int:
    """0, or 1 with the reason in one line."""
    return exit_code("dvae.pretrained", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> None:
    parser = Parser(
        prog="python -m dvae.pretrained", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of the net")
    parser.add_argument("recordings", nargs="+", type=Path, help="folders with metadata.csv and audio/")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to write")
    parser.add_argument("--layer", type=int, default=9, help="of the net, whose vectors are clustered (9)")
    parser.add_argument("--size", type=int, default=500, help="number of tokens (500)")
    arguments = parser.parse_args(argv)
    audio = AudioConfig(**OmegaConf.to_container(OmegaConf.load(CONF / "audio/24khz.yaml")))
    net, spec = open_folder(arguments.folder, layer=arguments.layer, size=arguments.size, audio=audio)
    paths = [path for own in corpus.by_speaker(arguments.recordings).values() for path in own]
    torch.manual_seed(0)
    for _ in range(PASSES):
        for wav, wav_len in batches(paths, audio):
            net.learn(wav, wav_len)
    provenance = {"features": name_folder(arguments.folder), "recordings": len(paths)}
    export(arguments.output, net, spec=spec, audio=audio, provenance=provenance, extra={}, dtype=torch.bfloat16)


if __name__ == "__main__":
    run_as_program(main)
