"""Whether two folders of weights make the same speaker latents, so that the voices of one are those of the other."""

from pathlib import Path

import torch

from tts import checkpoint, files
from tts.synthesis.pipeline import speaker_fingerprint

NETS = ("gpt", "diffusion")  # that make latents
ENCODER = "speaker."  # begins the names of the tensors that do


def fingerprints(old: Path, new: Path) -> tuple[str, str]:
    """The speaker fingerprints of both. Raises ValueError if their speaker encoders differ in anything."""
    for net in NETS:
        if not _alike(*(folder / f"{net}.safetensors" for folder in (old, new))):
            raise ValueError(
                f"{net} in {new} hears speakers otherwise than in {old}: make the voices again by `remake`"
            )
    before, now = (
        speaker_fingerprint({net: files.fingerprint(folder / f"{net}.safetensors") for net in NETS})
        for folder in (old, new)
    )
    return before, now


def _alike(old: Path, new: Path) -> bool:
    (before, ours), (now, theirs) = checkpoint.read(old), checkpoint.read(new)
    names = {name for name in ours.keys() | theirs.keys() if name.startswith(ENCODER)}
    settings = [(header["audio"], header["spec"]["speaker"]) for header in (before, now)]
    return settings[0] == settings[1] and all(
        name in ours and name in theirs and torch.equal(ours[name], theirs[name]) for name in names
    )
