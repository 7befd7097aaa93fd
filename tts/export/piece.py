"""What a file of an export is made from, and what the pieces of several nets share."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from diffusion.model import DiffusionDecoder
from gpt.model import GPT
from tts.types import Mel

EPSILON = torch.finfo(torch.float32).eps  # of `tts.nn.RMSNorm`


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


def normed(x: Float[Tensor, "*B D"], weight: Float[Tensor, " D"], epsilon: float = EPSILON) -> Float[Tensor, "*B D"]:
    """What a norm with this weight gives, in the operations that engines know as one."""
    return x / (x.pow(2).mean(-1, keepdim=True) + epsilon).sqrt() * weight


def turned(x: Float[Tensor, "*B d"], cos: Float[Tensor, "*K e"], sin: Float[Tensor, "*K e"]) -> Float[Tensor, "*B d"]:
    """As `tts.nn.rotate`, in fewer operations: factors are twice as wide as there, the first half of sines negative."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((second, first), dim=-1) * sin


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
