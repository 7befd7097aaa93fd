"""A folder of the four nano nets with random weights, exported and loaded as shipped ones are."""

from pathlib import Path

import soundfile
import torch
from omegaconf import OmegaConf

from tts import voices
from tts.checkpoint import build, export, load
from tts.records import NETS, SpeakerLatents
from tts.settings import CONF
from tts.synthesis.pipeline import speaker_fingerprint
from tts.types import AudioConfig, Sampling


def conf(path: str) -> dict:
    return OmegaConf.to_container(OmegaConf.load(CONF / f"{path}.yaml"), resolve=True)


def sampling(**changed) -> Sampling:
    """Plain sampling, with nothing that limits or pushes the draw, but for what is changed."""
    plain = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "repetition_window": 0, "repetition_ratio": 0.3}
    return Sampling(**plain | {"guidance": 1.0, "prosody": 0.0, "pace": 1.0, "max_codes_per_id": 4.0} | changed)


def weights(
    folder: Path, *, seed: int = 0, refines: bool = False, german: bool = False, tasks: dict | None = None
) -> Path:
    """Fill `folder`; another seed gives other nets. An untrained decoder gives its noise back, unless it `refines`.

    Nets that have learned `german` have learned English, too. `tasks` are those that the GPT says it learned.
    """
    audio = AudioConfig(**conf("audio/24khz"))
    text = conf("text/english")
    text |= {"symbols": conf("text/german")["symbols"]} if german else {}
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for name in NETS:
        spec = conf(f"model/{name}/nano")
        extra = {"text": text} if name in ("gpt", "dvae") else {}
        extra |= {"tasks": tasks} if tasks and name == "gpt" else {}
        net = build(spec, audio)
        if refines and name == "diffusion":
            torch.nn.init.normal_(net.out.weight, std=0.1)
        export(folder / f"{name}.safetensors", net, spec=spec, audio=audio, provenance={}, extra=extra)
    return folder


def stirred(folder: Path, **decoder) -> Path:
    """Fill `folder` with nets in which nothing is zero, and a decoder that hears the GPT and starts from no noise.

    `decoder` changes its spec.
    """
    audio, text = AudioConfig(**conf("audio/24khz")), conf("text/english")
    for name in NETS:
        spec = conf(f"model/{name}/nano")
        if name == "diffusion":
            spec |= {"latent_width": conf("model/gpt/nano")["width"], "temperature": 0.0} | decoder
        net = build(spec, audio)
        torch.manual_seed(1)
        with torch.no_grad():
            for weight in net.parameters():
                weight.add_(0.05 * torch.randn_like(weight))
        export(folder / f"{name}.safetensors", net, spec=spec, audio=audio, provenance={}, extra={"text": text})
    return folder


def nobody(path: Path, weights: Path) -> Path:
    """A voice file of random latents for the nets in a folder."""
    nets = {name: load(weights / f"{name}.safetensors") for name in NETS}
    gpt, decoder = nets["gpt"].spec, nets["diffusion"].spec["speaker"]
    latents = SpeakerLatents(
        torch.randn(gpt["speaker"]["latents"], gpt["width"]).numpy(),
        torch.randn(decoder["latents"], decoder["out_width"]).numpy(),
    )
    card = dict.fromkeys(voices.About.__dataclass_fields__, "")
    card["fingerprint"] = speaker_fingerprint({name: net.fingerprint for name, net in nets.items()})
    voices.save(path, latents, voices.About(**card))
    return path


def hum(path: Path, *, seconds: float = 2.0, pitch: float = 120.0, gain: float = 0.2) -> Path:
    """A recording of something like a vowel."""
    time = torch.arange(int(seconds * 24000)) / 24000
    wave = sum(torch.sin(2 * torch.pi * pitch * k * time) / k for k in range(1, 20))
    soundfile.write(path, (gain * wave / wave.abs().max()).numpy(), 24000, "FLOAT")
    return path


def home(folder: Path) -> Path:
    """A folder with nano `weights` and `hum.wav`, a recording to clone."""
    weights(folder / "weights")
    hum(folder / "hum.wav")
    return folder
