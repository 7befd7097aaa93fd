"""How the next code is chosen from logits: small pure functions, and `choose`, which applies them in order.

All randomness is in uniform numbers that are drawn beforehand, from one seed per item. So what an item says does not
depend on how many others are drawn with it.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from tts.draws import item_generators
from tts.types import Sampling

LIKELY = 128  # ids among which a set that reaches p is looked for first: sorting all takes ten times as long
DRAWS = 2  # uniform numbers a step may use: the first draw, and one anew for a repetition


def seeded_uniforms(items: int, steps: int, generator: torch.Generator) -> Float[Tensor, "steps B 2"]:
    """Uniform numbers in [0, 1): item i's depend on the generator's state and on i alone."""
    columns = [torch.rand(steps, DRAWS, generator=own) for own in item_generators(items, generator)]
    return torch.stack(columns, dim=1)


def guide(told: Float[Tensor, "B V"], untold: Float[Tensor, "B V"], scale: float) -> Float[Tensor, "B V"]:
    """Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598, eq. 6) on log-probabilities; 1 is off.

    Scales multiply: to guide by a what was guided by b is to guide by a * b.
    """
    return untold + scale * (told - untold)


def keep_top_k(logits: Float[Tensor, "B V"], k: int) -> Float[Tensor, "B V"]:
    """Only the k likeliest remain; 0 keeps all."""
    if not 0 < k < logits.shape[-1]:
        return logits
    return logits.masked_fill(logits < logits.topk(k).values[:, -1:], -torch.inf)


def keep_top_p(logits: Float[Tensor, "B V"], p: float) -> Float[Tensor, "B V"]:
    """Only the smallest set of likeliest ids whose probabilities reach p remains (Holtzman et al. 2020)."""
    if p >= 1:
        return logits
    order = logits.topk(min(LIKELY, logits.shape[-1])).values
    share = (order - logits.logsumexp(-1, keepdim=True)).exp()
    if len(order[0]) < logits.shape[-1] and (share.sum(-1) < p).any():  # the likely ones are too few
        order = logits.sort(descending=True).values
        share = order.softmax(-1)
    before = share.cumsum(-1) - share  # probability of all that is likelier
    last = (before < p).sum(-1, keepdim=True).clamp_min(1) - 1
    return logits.masked_fill(logits < order.gather(1, last), -torch.inf)


def draw(logits: Float[Tensor, "B V"], uniform: Float[Tensor, " B"]) -> Int[Tensor, " B"]:
    """Invert the cumulative distribution at a uniform number: an id of zero probability is never drawn."""
    total = logits.double().softmax(-1).cumsum(-1)
    return torch.searchsorted(total, (uniform.double() * total[:, -1])[:, None], right=True).squeeze(1)


def repeats(id: Int[Tensor, " B"], history: Int[Tensor, "B L"], window: int, ratio: float) -> Bool[Tensor, " B"]:
    """Whether an id fills more than `ratio` of the last `window` ones (VALL-E 2, arXiv 2406.05370, algorithm 1)."""
    return (history[:, -window:] == id[:, None]).sum(1) > ratio * window


def choose(
    logits: Float[Tensor, "B V"],
    history: Int[Tensor, "B L"],
    uniform: Float[Tensor, "B 2"],
    sampling: Sampling,
) -> Int[Tensor, " B"]:
    """The next id of each item: temperature (0: the likeliest), top-k, top-p, and anew from all where it repeats."""
    if sampling.temperature == 0:
        return logits.argmax(-1)
    logits = logits / sampling.temperature
    id = draw(keep_top_p(keep_top_k(logits, sampling.top_k), sampling.top_p), uniform[:, 0])
    if sampling.repetition_window and history.shape[1]:
        again = repeats(id, history, sampling.repetition_window, sampling.repetition_ratio)
        if again.any():
            id = torch.where(again, draw(logits, uniform[:, 1]), id)
    return id
