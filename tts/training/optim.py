"""The optimiser and the schedule of the stages: Muon for hidden matrices, AdamW for all other parameters."""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn
from torch.optim.adamw import adamw
from torch.optim.lr_scheduler import LambdaLR

from tts.nn import fast_dtype
from tts.training.sharding import gather, scatter

# Coefficients of Muon's quintic Newton-Schulz iteration (Jordan 2024). They trade exactness for fast convergence.
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
EPSILON = 1e-8  # of AdamW
MATRICES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d)


def orthogonalise(gradient: Tensor, steps: int = 5) -> Tensor:
    """Approximate U V^T of each matrix U S V^T in a stack (K, rows, columns), in the device's fast data type."""
    a, b, c = NEWTON_SCHULZ
    x = gradient.to(fast_dtype(gradient.device))
    if gradient.shape[-2] > gradient.shape[-1]:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if gradient.shape[-2] > gradient.shape[-1] else x


def partition(net: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
    """Split the trained parameters of a net into matrices of repeated blocks, other matrices, and the rest.

    A matrix is the weight of a linear layer or a convolution. Repeated blocks are those in a ModuleList. The rest are
    gains of norms, biases, free parameters and embeddings. A module is an embedding if the name of its class ends in
    `Embedding` (TimeEmbedding).
    """
    repeated = {inner for outer in net.modules() if isinstance(outer, nn.ModuleList) for inner in outer.modules()}
    embeddings = {m for outer in net.modules() if type(outer).__name__.endswith("Embedding") for m in outer.modules()}
    hidden, matrices = {}, {}  # keyed by identity, as modules may share parameters
    for module in net.modules():
        if isinstance(module, MATRICES) and module not in embeddings:
            (hidden if module in repeated else matrices)[id(module.weight)] = module.weight
    rest = [each for each in net.parameters() if id(each) not in hidden.keys() | matrices.keys()]
    parts = (hidden.values(), matrices.values(), rest)
    return tuple([parameter for parameter in part if parameter.requires_grad] for part in parts)


class MuonAdamW(torch.optim.Optimizer):
    """Muon (Jordan 2024, kellerjordan.github.io/posts/muon) on the matrices of repeated blocks, AdamW on all else.

    Kernels of convolutions are flattened to matrices. Weight decay applies to matrices only (`partition`). Both methods
    are one optimiser, so that one checkpoint, one schedule and one `step` cover them. Without `muon_lr` all parameters
    get AdamW. `fused` selects torch's fused AdamW, which passes over the memory once instead of a dozen times. None
    selects it on GPUs.
    """

    def __init__(
        self,
        net: nn.Module,
        *,
        lr: float,
        muon_lr: float | None,
        betas: Sequence[float],
        weight_decay: float,
        momentum: float = 0.95,
        fused: bool | None = None,
    ):
        self.fused = fused
        hidden, matrices, rest = partition(net)
        if muon_lr is None:
            hidden, matrices = [], hidden + matrices
        adamw = {"muon": False, "lr": lr, "betas": tuple(betas)}
        groups = [
            {"params": hidden, "muon": True, "lr": muon_lr, "momentum": momentum, "weight_decay": weight_decay},
            {"params": matrices, **adamw, "weight_decay": weight_decay},
            {"params": rest, **adamw, "weight_decay": 0.0},
        ]
        super().__init__([group for group in groups if group["params"]], {})

    def load_state_dict(self, state_dict: dict) -> None:
        try:
            super().load_state_dict(state_dict)
        except ValueError as error:
            raise ValueError(
                "the optimiser in the checkpoint groups parameters in another way (it is older, or had another "
                "stage.optimizer.muon_lr): begin a new run from the weights, run=NEW start=OLD/net.safetensors"
            ) from error

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
        parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
        shapes = [torch.Size((each.shape[0], each.numel() // each.shape[0])) for each in parameters]
        owners = share([rows * columns * min(rows, columns) for rows, columns in shapes], _world())
        mine: dict[int, Tensor] = {}
        for place, parameter in enumerate(parameters):
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            update = parameter.grad.lerp(state["momentum"], group["momentum"])  # Nesterov
            update = gather(update)  # on every rank; a shard would have other singular values than its matrix
            if owners[place] == _rank():
                mine[place] = update.flatten(1)
        updates = exchange(_stacked(mine), shapes, owners, parameters[0].device) if parameters else []
        for parameter, shape, update in zip(parameters, shapes, updates, strict=True):
            scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.add_(scatter(update.reshape(parameter.shape).to(parameter.dtype), parameter), alpha=-scale)

    def _adamw(self, group: dict) -> None:
        parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
            state["step"] += 1
        fused = parameters and (parameters[0].is_cuda if self.fused is None else self.fused)
        (self._fused if fused else self._plain)(parameters, group["lr"], group["betas"], group["weight_decay"])

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
        states = [self.state[parameter] for parameter in parameters]
        # The kernel increases these counts itself, and needs them on the device.
        steps = torch.tensor([float(state["step"] - 1) for state in states], device=parameters[0].device).unbind()
        adamw(
            parameters,
            [parameter.grad for parameter in parameters],
            [state["mean"] for state in states],
            [state["square"] for state in states],
            [],
            list(steps),
            fused=True,
            amsgrad=False,
            beta1=betas[0],
            beta2=betas[1],
            lr=lr,
            weight_decay=decay,
            eps=EPSILON,
            maximize=False,
        )


def _world() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def _rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


def share(costs: Sequence[float], world: int) -> list[int]:
    """Assign each piece of work to a rank: the largest pieces first, each to the rank with the least work so far."""
    owners, load = [0] * len(costs), [0.0] * world
    for piece in sorted(range(len(costs)), key=lambda piece: -costs[piece]):
        owners[piece] = load.index(min(load))
        load[owners[piece]] += costs[piece]
    return owners


def _stacked(updates: dict[int, Tensor]) -> dict[int, Tensor]:
    """Orthogonalise each update. Updates of one shape are stacked, as fewer and larger products are faster."""
    stacks = defaultdict(list)
    for place, update in updates.items():
        stacks[update.shape].append(place)
    done = {}
    for places in stacks.values():
        done.update(zip(places, orthogonalise(torch.stack([updates[place] for place in places])), strict=True))
    return done


def exchange(
    own: dict[int, Tensor], shapes: Sequence[torch.Size], owners: Sequence[int], device: torch.device
) -> list[Tensor]:
    """Send every rank all updates in one collective operation."""
    if _world() == 1:
        return [own[place] for place in range(len(shapes))]
    places = [[place for place, owner in enumerate(owners) if owner == rank] for rank in range(_world())]
    sizes = [[shapes[place].numel() for place in part] for part in places]
    longest = max(map(sum, sizes))
    sent = torch.zeros(longest, dtype=fast_dtype(device), device=device)
    if own:
        sent[: sum(sizes[_rank()])] = torch.cat([own[place].flatten() for place in places[_rank()]])
    received = sent.new_empty(_world() * longest)
    distributed.all_gather_into_tensor(received, sent)
    updates = {}
    for row, part, lengths in zip(received.view(_world(), longest), places, sizes, strict=True):
        updates.update(zip(part, row[: sum(lengths)].split(lengths), strict=True))
    return [updates[place].view(shapes[place]) for place in range(len(shapes))]


def warmup_decay(optimizer: torch.optim.Optimizer, *, warmup: int, steps: int, decay_share: float) -> LambdaLR:
    """Linear warm-up, then a constant rate, then linear decay to zero over the last `decay_share` of `steps`.

    A run can be made longer from any checkpoint before the decay, so its length need not be known beforehand.
    """

    def factor(step: int) -> float:
        left = (steps - step) / max(1.0, steps * decay_share)
        return max(0.0, min(1.0, (step + 1) / max(1, warmup), left))

    return LambdaLR(optimizer, factor)


def warm_average(averaged: list[Tensor], current: list[Tensor], count: int | Tensor, *, decay: float) -> None:
    """Update an exponential moving average in place. Its decay grows with the run, up to `decay`.

    With a fixed decay of 0.999 the first weights would still count at the end of a short run. torch's `AveragedModel`
    calls this once for all parameters of one device and type, so it waits for the GPU only once.
    """
    torch._foreach_lerp_(averaged, current, 1 - min(decay, float((1 + count) / (10 + count))))
