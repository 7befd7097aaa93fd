"""What a file of an export is made from, and what the pieces of several nets share."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffusion.model import DiffusionDecoder
from gpt.model import GPT
from tts.types import Mel


@dataclass(frozen=True)
class OnnxPiece:
    """One file of an export."""

    name: str
    net: nn.Module
    inputs: dict[str, Tensor]  # an example
    axes: dict[str, dict[int, str]]  # which axes of an input may have any length, and what they count
    outputs: tuple[str, ...]


def full(count: Tensor, size: int) -> Int[Tensor, " B"]:
    """The length of each row of a batch whose rows are all whole."""
    return torch.full((count.shape[0],), size, dtype=torch.long)


class EncodedSpeaker(nn.Module):
    """The mel of a reference to the latents by which one net knows its speaker."""

    def __init__(self, net: GPT | DiffusionDecoder):
        super().__init__()
        self.speaker = net.speaker

    def forward(self, mel: Float[Tensor, "B M T"]) -> Float[Tensor, "B P D"]:
        return self.speaker(Mel(mel, full(mel, mel.shape[2])))


def speaker_piece(name: str, net: GPT | DiffusionDecoder) -> OnnxPiece:
    mel = torch.zeros(1, net.speaker.stem.in_channels, 50)
    return OnnxPiece(name, EncodedSpeaker(net), {"mel": mel}, {"mel": {2: "frames"}}, ("latents",))
