"""How much of the phonemes, and of the speaker, tokens of speech tell; NumPy and linear probes.

Time is cut into steps of `STEP` seconds, whatever the rate of the tokens, so that slow ones pay for their coarseness.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.nn import functional as F

from tts.audio import block_power
from tts.evaluate.estimates import Estimate

STEP = 0.02  # seconds; the positions of HuBERT
SILENCE = 0  # class of the steps in which no phoneme is heard
REACH = 0.08  # seconds from the middle of a phoneme, within which a quiet step still belongs to it
NOISE = 4.0  # 6 dB above the noise of a clip a step is no longer quiet
QUIET, LOUD = 3e-4, 10**-1.5  # -35 and -15 dB of active speech: below always quiet, above never
SMOOTHING = 1.0  # steps that a token is taken to have had before any was counted
PENALTY = 1e-4  # on squared weights of a probe
ROUNDS = 60  # of L-BFGS


def phone_classes(
    wav: Float[np.ndarray, " N"], rate: int, times: Sequence[float], classes: Sequence[int]
) -> Int[np.ndarray, " K"]:
    """The class of each step of a clip: that of the phoneme whose middle is nearest, or silence in a pause.

    `times` are the middles of a text's ids in seconds, and `classes` their classes, `SILENCE` for ids without a sound.
    """
    size = round(STEP * rate)
    power = block_power(np.ascontiguousarray(wav[: len(wav) // size * size]), size)
    sounding = np.flatnonzero(classes)
    if not len(sounding) or not len(power):
        return np.full(len(power), SILENCE)
    middles = np.asarray(times)[sounding]
    steps = (np.arange(len(power)) + 0.5) * STEP
    nearest = np.searchsorted((middles[1:] + middles[:-1]) / 2, steps)
    active = power[power >= power.max() * 1e-3].mean()
    quiet = power < np.clip(NOISE * np.quantile(power, 0.05), QUIET * active, LOUD * active)
    pause = quiet & (np.abs(middles[nearest] - steps) > REACH)
    return np.where(pause, SILENCE, np.asarray(classes)[sounding][nearest])


def at_steps(values: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Of values that come `rate` times a second, the one that covers the middle of each step."""
    place = ((np.arange(steps) + 0.5) * STEP * rate).astype(int)
    return values[np.minimum(place, len(values) - 1)]


def joint_counts(
    tokens: Int[np.ndarray, " K"], phones: Int[np.ndarray, " K"], shape: tuple[int, int]
) -> Int[np.ndarray, "V Y"]:
    """How often each token and each class meet."""
    return np.bincount(tokens * shape[1] + phones, minlength=shape[0] * shape[1]).reshape(shape)


def phone_purity(counts: Int[np.ndarray, "V Y"]) -> float:
    """Accuracy if each token is read as the class it meets most (HuBERT, arXiv 2106.07447, section 4.5)."""
    return float(counts.max(1).sum() / counts.sum())


def pnmi(counts: Int[np.ndarray, "V Y"]) -> float:
    """I(phone; token) / H(phone): the share of a phone's uncertainty that its token takes away (section 4.5).

    With few steps for each token it is too high: a large codebook explains chance, too.
    """
    phones = entropy(counts.sum(0))
    return float((phones + entropy(counts.sum(1)) - entropy(counts.ravel())) / phones)


def entropy(counts: Int[np.ndarray, " K"]) -> float:
    """Of the shares of these counts, in nats."""
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log(p)).sum())


def jackknife(
    counts: Sequence[Int[np.ndarray, "V Y"]], statistic: Callable[[Int[np.ndarray, "V Y"]], float]
) -> Estimate:
    """A statistic of summed counts, with the interval by leaving out each clip in turn (Efron and Stein 1981).

    A bootstrap would count clips twice, which raises purity and information by itself.
    """
    total = sum(counts)
    value = statistic(total)
    without = np.array([statistic(total - own) for own in counts])
    count = len(counts)
    half = 1.96 * float(np.sqrt((count - 1) / count * np.square(without - without.mean()).sum()))
    return Estimate(value, value - half, value + half)


def nats_of_phones(learned: Int[np.ndarray, "V Y"]) -> Float[np.ndarray, "V Y"]:
    """-log p(class | token) as other clips have taught it."""
    share = (learned.sum(0) + 1) / (learned.sum() + learned.shape[1])
    p = (learned + SMOOTHING * share) / (learned.sum(1, keepdims=True) + SMOOTHING)
    return -np.log(p)


class LinearProbe:
    """Multinomial logistic regression on standardised inputs, fitted by L-BFGS."""

    def __init__(self, inputs: Float[np.ndarray, "K D"], classes: Int[np.ndarray, " K"], count: int):
        x, y = torch.from_numpy(inputs).float(), torch.from_numpy(classes).long()
        self.mean, self.scale = x.mean(0), x.std(0, correction=0).clamp_min(1e-6)
        x = (x - self.mean) / self.scale
        self.weight = torch.zeros(count, x.shape[1], requires_grad=True)
        self.bias = torch.zeros(count, requires_grad=True)
        optimizer = torch.optim.LBFGS((self.weight, self.bias), max_iter=ROUNDS, line_search_fn="strong_wolfe")

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            nats = F.cross_entropy(F.linear(x, self.weight, self.bias), y) + PENALTY * self.weight.square().sum()
            nats.backward()
            return nats

        optimizer.step(closure)

    @torch.no_grad()
    def __call__(self, inputs: Float[np.ndarray, "K D"]) -> Int[np.ndarray, " K"]:
        """The likeliest class of each input."""
        x = (torch.from_numpy(inputs).float() - self.mean) / self.scale
        return F.linear(x, self.weight, self.bias).argmax(1).numpy()
