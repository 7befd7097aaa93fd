"""Ways to make a vector discrete behind one protocol, so that an ablation is one line of conf."""

from dataclasses import dataclass
from math import prod
from typing import Protocol, runtime_checkable

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class Quantized:
    values: Float[Tensor, "B C L"]  # what the decoder sees; gradients pass to the encoder
    ids: Int[Tensor, "B K"]  # K = L * turns
    penalty: Float[Tensor, ""]  # what the quantizer asks of the encoder, unweighted


@runtime_checkable
class Quantizer(Protocol):
    """Only positions that are `inside` count in penalties and statistics."""

    codebook_size: int
    turns: int  # codes that stand for one position, one after the other
    in_width: int  # D, channels it takes
    out_width: int  # C, channels it gives

    def __call__(self, z: Float[Tensor, "B D L"], inside: Bool[Tensor, "B L"]) -> Quantized: ...

    def decode_ids(self, ids: Int[Tensor, "B K"]) -> Float[Tensor, "B C L"]: ...


def straight_through(soft: Float[Tensor, "*B"], hard: Float[Tensor, "*B"]) -> Float[Tensor, "*B"]:
    """Value of `hard`, gradient of `soft`, exactly (Bengio et al. 2013, arXiv 1308.3432)."""
    return soft + (hard - soft).detach()


class FSQ(nn.Module):
    """Finite scalar quantization (Mentzer et al. 2023, arXiv 2309.15505): round each of a few bounded channels.

    The bound is 2 sigmoid(1.6 z) - 1, which makes a standard normal channel nearly uniform, cut into `levels` bins of
    equal width; so entries are used equally if channels are standard normal and independent. The penalty asks for
    just that: means 0, covariance the identity.
    """

    turns = 1
    SLOPE = 1.6  # logistic(1.6 z) is within 0.012 of the normal distribution function

    def __init__(self, *, levels: list[int]):
        super().__init__()
        if min(levels) < 2:
            raise ValueError(f"every FSQ channel needs at least 2 levels, got {levels}")
        self.in_width = self.out_width = len(levels)
        self.codebook_size = prod(levels)
        # Plain integers, not buffers: weight averaging takes means of buffers too, and 125 would come back as 124.
        self.levels = list(levels)
        self.basis = [prod(levels[:k]) for k in range(len(levels))]

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, z: Float[Tensor, "B D L"], inside: Bool[Tensor, "B L"]) -> Quantized:
        z = z.float()
        levels = self._column(self.levels, z)
        share = torch.sigmoid(self.SLOPE * z)  # of the way from the lowest to the highest level
        index = (share * levels).floor().long().minimum(levels - 1)
        soft = (2 * share - 1) * levels / (levels - 1)  # before rounding: at most half a bin beyond +-1
        return Quantized(
            values=straight_through(soft, self._values(index)),
            ids=(index * self._column(self.basis, z)).sum(1),
            penalty=whitening(rearrange(z, "b d l -> b l d")[inside]),
        )

    def decode_ids(self, ids: Int[Tensor, "B L"]) -> Float[Tensor, "B C L"]:
        return self._values(ids[:, None] // self._column(self.basis, ids) % self._column(self.levels, ids))

    def _values(self, index: Int[Tensor, "B C L"]) -> Float[Tensor, "B C L"]:
        """Level numbers to -1..1."""
        return index * 2 / (self._column(self.levels, index) - 1) - 1

    @staticmethod
    def _column(numbers: list[int], like: Tensor) -> Int[Tensor, "C 1"]:
        return torch.tensor(numbers, device=like.device)[:, None]


def whitening(z: Float[Tensor, "K D"]) -> Float[Tensor, ""]:
    """Squared distance of the channels' means and covariance from those of independent standard normals."""
    mean = z.mean(0)
    centred = z - mean
    covariance = centred.mT @ centred / max(1, len(z))
    return mean.square().mean() + (covariance - torch.eye(z.shape[1], device=z.device)).square().sum(1).mean()


class EmaVQ(nn.Module):
    """Vector quantization by a codebook of moving averages (van den Oord et al. 2017, arXiv 1711.00937, appendix A.1).

    It starts from k-means on the first batch, and an entry that falls out of use restarts at a vector of the batch
    (Dhariwal et al. 2020, arXiv 2005.00341, section 3.1). All of its state is buffers, so a resumed run goes on as
    it was. The penalty is the commitment term. In data-parallel training every rank must hold the same codebook, so
    its statistics are summed over ranks.
    """

    turns = 1

    def __init__(self, *, size: int, width: int, decay: float, dead_below: float, kmeans_steps: int):
        super().__init__()
        self.codebook_size = size
        self.in_width = self.out_width = width
        self.decay = decay
        self.dead_below = dead_below  # moving count of uses per batch under which an entry is dead
        self.kmeans_steps = kmeans_steps
        self.register_buffer("codebook", torch.randn(size, width))
        self.register_buffer("counts", torch.zeros(size))
        self.register_buffer("started", torch.tensor(False))

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, z: Float[Tensor, "B D L"], inside: Bool[Tensor, "B L"]) -> Quantized:
        z = rearrange(z.float(), "b d l -> b l d")
        vectors = z.detach()[inside]
        if self.training and len(vectors):
            if not self.started:
                self._start(vectors)
            self._update(vectors)
        ids = self.nearest(z.detach().flatten(0, 1)).view(z.shape[:2])
        hard = F.embedding(ids, self.codebook)
        penalty = (z - hard).square()[inside].mean() if len(vectors) else z.sum() * 0.0
        return Quantized(straight_through(z, hard).mT, ids, penalty)

    def decode_ids(self, ids: Int[Tensor, "B L"]) -> Float[Tensor, "B C L"]:
        return F.embedding(ids, self.codebook).mT

    def nearest(self, vectors: Float[Tensor, "K D"]) -> Int[Tensor, " K"]:
        """The id of the entry closest to each vector."""
        return torch.addmm(self.codebook.square().sum(1), vectors, self.codebook.mT, alpha=-2).argmin(1)

    @torch.no_grad()
    def _start(self, vectors: Tensor) -> None:
        """Lloyd's k-means from vectors of the batch; entries that attract none stay where they are."""
        self.codebook.copy_(self._draw(vectors, self.codebook_size))
        for _ in range(self.kmeans_steps):
            counts, sums = self._assign(vectors)
            used = counts > 0
            self.codebook[used] = sums[used] / counts[used, None]
        self.counts.copy_(self._assign(vectors)[0])
        self.started.fill_(True)

    @torch.no_grad()
    def _update(self, vectors: Tensor) -> None:
        counts, sums = self._assign(vectors)
        # An entry is the mean of what it attracted, older vectors weighing less: kept as count and mean, not sum.
        old = self.counts * self.decay
        new = counts * (1 - self.decay)
        self.counts.copy_(old + new)
        share = (1 - self.decay) / self.counts.clamp_min(1e-5)
        self.codebook.add_(share[:, None] * (sums - counts[:, None] * self.codebook))
        dead = self.counts < self.dead_below
        if dead.any():
            self.codebook[dead] = self._draw(vectors, int(dead.sum()))
            self.counts[dead] = max(self.dead_below, 1.0)  # time to prove itself

    def _assign(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """How many vectors each entry attracts, and their sums, over all ranks."""
        ids = self.nearest(vectors)
        counts = torch.bincount(ids, minlength=self.codebook_size).float()
        sums = torch.zeros_like(self.codebook).index_add_(0, ids, vectors)
        return over_ranks(counts), over_ranks(sums)

    def _draw(self, vectors: Tensor, count: int) -> Tensor:
        """`count` vectors of the batch, repeated if it has fewer, the same on all ranks."""
        order = torch.randperm(len(vectors), device=vectors.device)
        drawn = vectors[order.repeat(-(-count // len(vectors)))[:count]]
        if _world() > 1:
            torch.distributed.broadcast(drawn, src=0)
        return drawn


def over_ranks(values: Tensor) -> Tensor:
    """The sum of these values over all ranks."""
    if _world() > 1:
        torch.distributed.all_reduce(values)
    return values


def _world() -> int:
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1


class ResidualVQ(nn.Module):
    """Residual vector quantization (Zeghidour et al. 2021, arXiv 2107.03312, algorithm 1), the tokens of EnCodec.

    Each stage is an `EmaVQ` of what the stages before it have left, and a position is the sum of its entries. Stages
    take turns in one stream, each with ids of its own: position t's entry of stage q stands at t * stages + q, as
    q * size + entry. The penalty is the stages' mean; each asks the encoder alone, not the stages before it.
    """

    def __init__(self, *, stages: int, size: int, width: int, decay: float, dead_below: float, kmeans_steps: int):
        super().__init__()
        self.size = size
        self.turns = stages
        self.codebook_size = stages * size
        self.in_width = self.out_width = width
        each = {"size": size, "width": width, "decay": decay, "dead_below": dead_below, "kmeans_steps": kmeans_steps}
        self.stages = nn.ModuleList(EmaVQ(**each) for _ in range(stages))

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, z: Float[Tensor, "B D L"], inside: Bool[Tensor, "B L"]) -> Quantized:
        z = z.float()
        hard = torch.zeros_like(z)
        ids, penalties = [], []
        for q, stage in enumerate(self.stages):
            out = stage(z - hard, inside)
            hard = hard + out.values.detach()
            ids.append(out.ids + q * self.size)
            penalties.append(out.penalty)
        stream = rearrange(torch.stack(ids), "q b l -> b (l q)")
        return Quantized(straight_through(z, hard), stream, torch.stack(penalties).mean())

    def decode_ids(self, ids: Int[Tensor, "B K"]) -> Float[Tensor, "B C L"]:
        """Whole positions; an id out of turn is read as its stage's."""
        entries = rearrange(ids % self.size, "b (l q) -> q b l", q=self.turns)
        return sum(stage.decode_ids(each) for stage, each in zip(self.stages, entries, strict=True))


class Gumbel(nn.Module):
    """The Gumbel-softmax relaxation (Jang et al. 2017, arXiv 1611.01144) of DALL-E's discrete VAE (arXiv 2102.12092).

    The encoder gives logits over the codebook; training draws from them at `temperature`, with `hard` as one-hot
    vectors forward and soft ones backward. The penalty is the divergence of the logits from uniform, in nats.
    """

    turns = 1

    def __init__(self, *, size: int, width: int, temperature: float, hard: bool):
        super().__init__()
        self.codebook_size = self.in_width = size
        self.out_width = width
        self.temperature = temperature
        self.hard = hard
        self.codebook = nn.Parameter(torch.randn(size, width))

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def forward(self, z: Float[Tensor, "B D L"], inside: Bool[Tensor, "B L"]) -> Quantized:
        logits = z.float().mT  # (B, L, V)
        log_p = logits.log_softmax(-1)
        ids = logits.argmax(-1)
        penalty = torch.tensor(float(self.codebook_size)).log().to(z.device) + (log_p.exp() * log_p).sum(-1)
        if self.training:
            choice = F.gumbel_softmax(logits, tau=self.temperature, hard=self.hard)
            values = choice @ self.codebook
        else:
            values = F.embedding(ids, self.codebook)
        return Quantized(values.mT, ids, penalty[inside].sum() / inside.sum().clamp_min(1))

    def decode_ids(self, ids: Int[Tensor, "B L"]) -> Float[Tensor, "B C L"]:
        return F.embedding(ids, self.codebook).mT
