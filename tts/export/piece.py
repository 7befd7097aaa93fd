"""What a file of an export is made from, and what the pieces of several nets share."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from diffusion.model import DiffusionDecoder
from gpt.model import GPT
from tts.nn import ChannelNorm, ConvBlock
from tts.types import Mel

EPSILON = torch.finfo(torch.float32).eps  # of `tts.nn.RMSNorm`
CHANNEL_EPSILON = 1e-6  # of `tts.nn.ChannelNorm`, and of the norms of the decoder


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


class Product(nn.Module):
    """A convolution over time, of kernel 1 or 3, as one product of matrices, with channels last."""

    def __init__(self, conv: nn.Conv1d):
        super().__init__()
        if conv.kernel_size not in ((1,), (3,)) or conv.dilation != (1,) or conv.stride != (1,):
            raise ValueError(f"{conv} is no convolution of kernel 1 or 3")
        self.near = conv.kernel_size == (1,)
        self.register_buffer("weight", rearrange(conv.weight.detach(), "o i k -> o (k i)").contiguous())
        self.register_buffer("bias", None if conv.bias is None else conv.bias.detach())

    def forward(self, x: Float[Tensor, "B T D"], before: Float[Tensor, "B 1 D"] | None = None) -> Tensor:
        """(B, T, D2), with a frame before `x`, else nothing, and nothing after it."""
        if self.near:
            return F.linear(x, self.weight, self.bias)
        nothing = torch.zeros_like(x[:, :1])
        later = torch.cat((x[:, 1:], nothing), dim=1)
        earlier = torch.cat((nothing if before is None else before, x[:, :-1]), dim=1)
        return F.linear(torch.cat((earlier, x, later), dim=2), self.weight, self.bias)


class Residual(nn.Module):
    """`tts.nn.ConvBlock` with channels last."""

    def __init__(self, block: ConvBlock):
        super().__init__()
        self.inner, self.outer = Product(block.inner), Product(block.outer)
        self.norm = Norm(block.norm)

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return x + self.outer(F.silu(self.inner(F.silu(self.norm(x)))))


class Norm(nn.Module):
    """`tts.nn.ChannelNorm` with channels last."""

    def __init__(self, norm: ChannelNorm):
        super().__init__()
        self.register_buffer("weight", norm.weight.detach()[:, 0])

    def forward(self, x: Float[Tensor, "B T D"]) -> Float[Tensor, "B T D"]:
        return normed(x, self.weight, CHANNEL_EPSILON)


def residuals(blocks: Iterable[ConvBlock]) -> nn.Sequential:
    return nn.Sequential(*map(Residual, blocks))


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
