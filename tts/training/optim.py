"""Optimisation that every stage may choose: Muon for hidden matrices with AdamW for the rest, and one schedule."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw
from torch.optim.lr_scheduler import LambdaLR

from tts.training.sharding import gather, scatter

# Quintic Newton-Schulz coefficients of Muon (Jordan 2024): they trade exactness for speed of convergence.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
EPSILON = 1e-8  # of AdamW


def orthogonalise(gradient: Tensor, steps: int = 5) -> Tensor:
    """Approximate U V^T of each matrix U S V^T in a stack (K, rows, columns), in bfloat16."""
    a, b, c = NEWTON_SCHULZ
    x = gradient.bfloat16()
    if gradient.shape[-2] > gradient.shape[-1]:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if gradient.shape[-2] > gradient.shape[-1] else x


class MuonAdamW(torch.optim.Optimizer):
    """Muon (Jordan 2024, kellerjordan.github.io/posts/muon) on the matrices of repeated blocks, AdamW on all else.

    A parameter counts as hidden when its name passes through a numbered block ("blocks.3.qkv.weight") and it
    has two dimensions or more; kernels are flattened to matrices. Embeddings, heads, norms and biases get AdamW.
    Both live in one optimiser so that one checkpoint, one schedule and one `step` cover them. Without `muon_lr` all get
    AdamW. `fused` takes torch's kernel for it: one pass over the memory instead of a dozen.
    """

    def __init__(
        self,
        params: Iterable[tuple[str, nn.Parameter]],
        *,
        lr: float,
        muon_lr: float | None,
        betas: Sequence[float],
        weight_decay: float,
        momentum: float = 0.95,
        fused: bool = False,
    ):
        self.fused = fused
        hidden, rest = [], []
        for name, parameter in params:
            if parameter.requires_grad:
                numbered = any(part.isdigit() for part in name.split("."))
                (hidden if numbered and parameter.ndim >= 2 and muon_lr is not None else rest).append(parameter)
        groups = [
            {"params": hidden, "muon": True, "lr": muon_lr, "momentum": momentum, "weight_decay": weight_decay},
            {"params": rest, "muon": False, "lr": lr, "betas": tuple(betas), "weight_decay": weight_decay},
        ]
        super().__init__([group for group in groups if group["params"]], {})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            (self._muon if group["muon"] else self._adamw)(group)
        return loss

    def _muon(self, group: dict) -> None:
        # Matrices of one shape are orthogonalised together: fewer, larger products.
        stacks = defaultdict(list)
        for parameter in group["params"]:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            update = parameter.grad.lerp(state["momentum"], group["momentum"])  # Nesterov
            update = gather(update).flatten(1)  # a shard of a matrix has other singular values
            stacks[tuple(update.shape)].append((parameter, update))
        for (rows, columns), members in stacks.items():
            updates = orthogonalise(torch.stack([update for _, update in members]))
            scale = group["lr"] * max(1.0, rows / columns) ** 0.5
            for (parameter, _), update in zip(members, updates, strict=True):
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(scatter(update.view(parameter.shape).to(parameter.dtype), parameter), alpha=-scale)

    def _adamw(self, group: dict) -> None:
        parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
            state["step"] += 1
        for decay, chosen in (
            (group["weight_decay"], [parameter for parameter in parameters if parameter.ndim >= 2]),
            (0.0, [parameter for parameter in parameters if parameter.ndim < 2]),
        ):
            (self._fused if self.fused else self._plain)(chosen, group["lr"], group["betas"], decay)

    def _plain(self, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float], decay: float) -> None:
        beta1, beta2 = betas
        for parameter in parameters:
            state = self.state[parameter]
            state["mean"].lerp_(parameter.grad, 1 - beta1)
            state["square"].lerp_(parameter.grad.square(), 1 - beta2)
            mean = state["mean"] / (1 - beta1 ** state["step"])
            root = (state["square"] / (1 - beta2 ** state["step"])).sqrt_().add_(EPSILON)
            if decay:
                parameter.mul_(1 - lr * decay)
            parameter.addcdiv_(mean, root, value=-lr)

    def _fused(self, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float], decay: float) -> None:
        if not parameters:
            return
        states = [self.state[parameter] for parameter in parameters]
        adamw(
            parameters,
            [parameter.grad for parameter in parameters],
            [state["mean"] for state in states],
            [state["square"] for state in states],
            [],
            # Steps before this one: the kernel counts on, and on the device.
            [torch.tensor(float(s["step"] - 1), device=p.device) for s, p in zip(states, parameters, strict=True)],
            fused=True,
            amsgrad=False,
            beta1=betas[0],
            beta2=betas[1],
            lr=lr,
            weight_decay=decay,
            eps=EPSILON,
            maximize=False,
        )


def warmup_decay(optimizer: torch.optim.Optimizer, *, warmup: int, steps: int, decay_share: float) -> LambdaLR:
    """Linear warm-up, constant, then linear decay to zero over the last `decay_share` of `steps`.

    A run can be lengthened from any checkpoint before the decay without having to know its length beforehand.
    """

    def factor(step: int) -> float:
        left = (steps - step) / max(1.0, steps * decay_share)
        return max(0.0, min(1.0, (step + 1) / max(1, warmup), left))

    return LambdaLR(optimizer, factor)


def warm_average(averaged: Tensor, current: Tensor, count: int | Tensor, *, decay: float) -> Tensor:
    """Exponential moving average whose memory grows with the run, up to `decay`.

    A fixed 0.999 would still remember the first weights at the end of a short run. For Lightning's `WeightAveraging`.
    """
    return averaged.lerp(current, 1 - min(decay, float((1 + count) / (10 + count))))
