"""Blocks that several nets are made of: attention with rotary positions and a cache, SwiGLU, residual convolutions."""

import math
from typing import Literal, Protocol, runtime_checkable

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

ROTARY_BASE = 10000.0
FASTEST = 100.0  # radians per unit of a diffusion time, of the highest Fourier feature


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it faster than float32, else float32."""
    if device.type == "cpu":
        able = torch.cpu.get_capabilities()
        fast = able.get("avx512_bf16", False) or able.get("amx_bf16", False)
    else:
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if fast else torch.float32


def step_dtype(device: torch.device) -> torch.dtype:
    """In which a net that goes one position at a time reads its matrices fastest: eight bits where that is so.

    PyTorch has kernels for eight bits with AVX2 and its successors; elsewhere they are slower than float32.
    """
    able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    eight = hasattr(torch, "_weight_int8pack_mm") and able.get("avx2", False)
    return torch.int8 if eight else fast_dtype(device)


class RMSNorm(nn.RMSNorm):
    """With its weight in the type of its input, which the fused kernel asks for under autocast."""

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class Rotary(nn.Module):
    """Rotary position embedding (Su et al. 2021, arXiv 2104.09864, eq. 34), split-half layout."""

    def __init__(self, *, head_width: int):
        super().__init__()
        frequency = ROTARY_BASE ** (-torch.arange(0, head_width, 2) / head_width)
        self.register_buffer("frequency", frequency, persistent=False)

    def forward(self, positions: Int[Tensor, "*B K"] | Float[Tensor, "*B K"]) -> tuple[Tensor, Tensor]:
        """cos and sin, (*B, 1, K, head_width / 2), ready to broadcast over heads."""
        angle = (positions[..., None].float() * self.frequency).unsqueeze(-3)
        return angle.cos(), angle.sin()


def rotate(x: Float[Tensor, "B H K d"], cos: Tensor, sin: Tensor) -> Float[Tensor, "B H K d"]:
    a, b = x.chunk(2, dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), dim=-1)


@runtime_checkable
class Cache(Protocol):
    """Keys and values of one layer that new ones join."""

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Take those of the positions from `start` on, and give all that are seen."""
        ...


class KVCache:
    """Keys and values of one layer, allocated once for the longest sequence and written in place."""

    def __init__(self, shape: tuple[int, int, int, int], *, like: Tensor):
        self.keys = like.new_zeros(shape)  # (B, H, K_max, d)
        self.values = like.new_zeros(shape)

    def append(self, key: Tensor, value: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Write at `start` and return everything up to the end of what was written."""
        stop = start + key.shape[2]
        if stop > self.keys.shape[2]:
            raise ValueError(f"sequence of {stop} exceeds the cache of {self.keys.shape[2]}")
        self.keys[:, :, start:stop] = key
        self.values[:, :, start:stop] = value
        return self.keys[:, :, :stop], self.values[:, :, :stop]


class Attention(nn.Module):
    """Multi-head self-attention with rotary positions and normalised queries and keys.

    No dropout on the weights: it would rule out the fused kernels and cost a quarter of a training step on CPU.
    """

    def __init__(self, *, width: int, heads: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is no multiple of heads {heads}")
        self.heads = heads
        self.query_norm = RMSNorm(width // heads)
        self.key_norm = RMSNorm(width // heads)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self,
        x: Float[Tensor, "B K D"],
        rotary: tuple[Tensor, Tensor],
        *,
        causal: bool,
        mask: Bool[Tensor, "B 1 #K K2"] | None = None,
        cache: Cache | None = None,
        start: int = 0,
    ) -> Float[Tensor, "B K D"]:
        q, k, v = rearrange(self.qkv(x), "b k (three h d) -> three b h k d", three=3, h=self.heads)
        q = rotate(self.query_norm(q), *rotary).to(v.dtype)
        k = rotate(self.key_norm(k), *rotary).to(v.dtype)
        if cache is not None:
            k, v = cache.append(k, v, start)
        # With a cache a single new query sees everything; a first chunk is causal as without one.
        causal = causal and q.shape[2] > 1
        if causal and q.shape[2] != k.shape[2]:
            raise ValueError("a cached chunk of more than one position must start the sequence")
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
        return self.out(rearrange(y, "b h k d -> b k (h d)"))


class SwiGLU(nn.Module):
    """Gated feed-forward layer (Shazeer 2020, arXiv 2002.05202)."""

    def __init__(self, *, width: int, hidden: int):
        super().__init__()
        self.gate_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Float[Tensor, "*B D"]) -> Float[Tensor, "*B D"]:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, *, width: int, heads: int, hidden: int, dropout: float):
        super().__init__()
        self.attention_norm = RMSNorm(width)
        self.attention = Attention(width=width, heads=heads)
        self.mlp_norm = RMSNorm(width)
        self.mlp = SwiGLU(width=width, hidden=hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B K D"], rotary: tuple[Tensor, Tensor], **attention) -> Float[Tensor, "B K D"]:
        x = x + self.dropout(self.attention(self.attention_norm(x), rotary, **attention))
        return x + self.dropout(self.mlp(self.mlp_norm(x)))


class TimeEmbedding(nn.Module):
    """Fourier features of the net's time input, then two layers."""

    def __init__(self, *, width: int):
        super().__init__()
        self.register_buffer("frequency", torch.logspace(0, math.log10(FASTEST), width // 2), persistent=False)
        self.layers = nn.Sequential(nn.Linear(width // 2 * 2, width), nn.SiLU(), nn.Linear(width, width))

    def forward(self, time: Float[Tensor, " B"]) -> Float[Tensor, "B E"]:
        angle = time[:, None].float() * self.frequency
        return self.layers(torch.cat((angle.cos(), angle.sin()), dim=1))


class ChannelNorm(nn.Module):
    """RMSNorm over the channels of (B, D, T): each frame by itself, so padding never changes a sequence."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, 1))

    def forward(self, x: Float[Tensor, "B D T"]) -> Float[Tensor, "B D T"]:
        # A reduction that squares in float32 on the way, instead of a squared float32 copy of x.
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32)
        scale = (norm.square() / x.shape[1] + 1e-6).rsqrt()
        return x * scale.to(x.dtype) * self.weight.to(x.dtype)


class ConvBlock(nn.Module):
    """Residual pair of dense convolutions over time, channels first: ChannelNorm, SiLU, conv k, SiLU, conv 1.

    Dense kernels of 3 reach several times the throughput of a depthwise kernel of 7 on CPUs and GPUs alike.
    """

    def __init__(self, *, width: int, hidden: int, kernel: int, dilation: int, dropout: float):
        super().__init__()
        self.norm = ChannelNorm(width)
        self.inner = nn.Conv1d(width, hidden, kernel, padding=dilation * (kernel - 1) // 2, dilation=dilation)
        self.outer = nn.Conv1d(hidden, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Float[Tensor, "B D T"]) -> Float[Tensor, "B D T"]:
        return x + self.outer(self.dropout(F.silu(self.inner(F.silu(self.norm(x))))))


def init_weights(net: nn.Module, *, residual: Literal["zero", "keep"] = "zero") -> None:
    """One table: matrices N(0, 1/fan_in), biases 0, embeddings N(0, 0.02), ends of residual branches 0."""
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=fan_in**-0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)
    if residual == "zero":
        for module in net.modules():
            for end in {Attention: ("out",), SwiGLU: ("down",), ConvBlock: ("outer",)}.get(type(module), ()):
                nn.init.zeros_(getattr(module, end).weight)
