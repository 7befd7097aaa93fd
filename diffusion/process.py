"""Diffusion processes: how data becomes noise, what the net is asked for, and how its answer becomes a clean estimate.

All are interchangeable. For training, `example` turns data, noise and a quantile of the distribution of times
into the net's input and target. For sampling, `denoiser` and `schedule` give the process as x = alpha x0 + sigma eps.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from diffusion.sample import Denoiser, Schedule

# (noised input as `Example.x`, time input (B,)) -> the net's raw output, like its input
Net = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Example:
    """One training question to the net and its answer."""

    x: Float[Tensor, "B M T"]  # noised data, scaled as the net wants it
    time: Float[Tensor, " B"]  # the net's time input, of the order of 1
    target: Float[Tensor, "B M T"]
    weight: Float[Tensor, " B"]  # of the squared error


@runtime_checkable
class Process(Protocol):
    steps: int  # of sampling, unless told otherwise
    guidance: float  # the same
    guidable: bool  # whether the net was trained without content, too

    def example(
        self, data: Float[Tensor, "B M T"], noise: Float[Tensor, "B M T"], uniform: Float[Tensor, " B"]
    ) -> Example:
        """`uniform` in (0, 1) is each item's quantile in the distribution of training times."""
        ...

    def denoiser(self, net: Net) -> Denoiser: ...

    def schedule(self, steps: int) -> Schedule: ...


# Distributions of t over (0, 1), t = 1 being data, as quantile functions; also spacings of sampling knots.
QUANTILES: dict[str, Callable[[Tensor], Tensor]] = {
    "uniform": lambda u: u,
    "cosine": lambda u: 1 - torch.cos(u * math.pi / 2),  # dwells near noise, as CosyVoice samples
    "logit_normal": lambda u: torch.special.ndtri(u).sigmoid(),  # dwells in the middle (SD3, arXiv 2403.03206, eq. 19)
}


class Guided:
    """How a decoder that learned from recordings is sampled; docs/experiments.md compares other values."""

    steps, guidance, guidable = 4, 2.0, True


class FlowMatching(Guided):
    """Flow matching on the optimal-transport path (Lipman et al., arXiv 2210.02747, eq. 22-23 with sigma_min = 0).

    x_t = t x0 + (1 - t) eps; the net gives the velocity x0 - eps.
    """

    def __init__(self, *, draw: str, knots: str):
        for name in (draw, knots):
            if name not in QUANTILES:
                raise ValueError(f"unknown spread of times {name!r}: use one of {', '.join(QUANTILES)}")
        self.draw = QUANTILES[draw]
        self.knots = QUANTILES[knots]

    def example(
        self, data: Float[Tensor, "B M T"], noise: Float[Tensor, "B M T"], uniform: Float[Tensor, " B"]
    ) -> Example:
        time = self.draw(uniform)
        t = time[:, None, None]
        return Example(t * data + (1 - t) * noise, time, data - noise, torch.ones_like(time))

    def denoiser(self, net: Net) -> Denoiser:
        return lambda x, time: x + (1 - time) * net(x, time.to(x).expand(len(x)))

    def schedule(self, steps: int) -> Schedule:
        t = self.knots(torch.linspace(0, 1, steps + 1, dtype=torch.float64))
        t[0], t[-1] = 0, 1  # exactly: samplers divide by sigma and take its logarithm
        return Schedule(time=t, alpha=t, sigma=1 - t, alpha_rate=torch.ones_like(t), sigma_rate=-torch.ones_like(t))


@dataclass
class Lesson:
    """What a distilled net is asked about its teacher's trajectories."""

    example: Example
    final: Bool[Tensor, " B"]  # whether the velocity leads to the end of the trajectory


class Distilled:
    """Flow matching in few steps and without guidance, learned from a teacher's trajectories and not from recordings.

    The teacher is a decoder with `FlowMatching`; its guidance goes into the weights. `steps` counts evaluations.
    """

    guidance, guidable = 1.0, False

    def __init__(self, *, steps: int, learned: int, flow: FlowMatching):
        self.steps = steps
        self.learned = learned  # intervals of the teacher's trajectories whose ends a lesson needs
        self.flow = flow

    def example(
        self, data: Float[Tensor, "B M T"], noise: Float[Tensor, "B M T"], uniform: Float[Tensor, " B"]
    ) -> Example:
        raise ValueError(
            "a decoder of few steps learns from a teacher, not from recordings: use experiment=decoder_distilled"
        )

    def knots(self, teacher: Schedule) -> list[int]:
        """Which of the teacher's knots are the ends of the intervals. Raises ValueError if it does not stop there."""
        own = self.flow.schedule(self.learned)
        apart = (own.alpha[:, None] - teacher.alpha).abs() + (own.sigma[:, None] - teacher.sigma).abs()
        nearest, knots = apart.min(dim=1)
        if nearest.max() > 1e-6:
            raise ValueError(
                f"the teacher in {teacher.steps} steps does not stop where {self.learned} steps of the student do: "
                f"give a flow as teacher, its knots, and a multiple of {self.learned} as stage.teacher_steps"
            )
        return knots.tolist()

    def denoiser(self, net: Net) -> Denoiser:
        """A step of Euler's method with this estimate goes as far as the velocity leads."""
        return self.flow.denoiser(net)

    def schedule(self, steps: int) -> Schedule:
        return self.flow.schedule(steps)


class Jumps(Distilled):
    """At each of fixed knots the net gives the mean velocity up to the next knot.

    The mean velocity of a teacher is its displacement divided by the time that it took (IntMeanFlow, arXiv 2510.07979,
    section 3). In the paper the net is told both ends of any interval; here the beginning determines the end.
    `count` is the number of jumps from noise to data.
    """

    def __init__(self, *, count: int, knots: str):
        super().__init__(steps=count, learned=count, flow=FlowMatching(draw="uniform", knots=knots))

    def lesson(
        self, knots: Float[Tensor, "K B M T"], uniform: Float[Tensor, " B"], own: Bool[Tensor, " B"], net: Net
    ) -> Lesson:
        """`knots` are the teacher's points, `uniform` (one in each of B equal parts) says which jump each item makes.

        All jumps are made equally often, and the last at least once. A jump begins at the teacher's knot, or where
        `own`, at the end of the net's own jump before it.
        """
        times, every = self.flow.schedule(self.steps).time.to(knots), torch.arange(len(uniform), device=knots.device)
        jump = self.steps - 1 - (uniform * len(uniform)).long() % self.steps
        begin, end, span = knots[jump, every], knots[jump + 1, every], times.diff()
        if (own := own & (jump > 0)).any():
            before = (jump - 1).clamp_min(0)
            x = knots[before, every]
            with torch.no_grad():
                arrived = x + span[before][:, None, None] * net(x, times[before])
            begin = torch.where(own[:, None, None], arrived, begin)
        velocity = (end - begin) / span[jump][:, None, None]
        return Lesson(Example(begin, times[jump], velocity, torch.ones_like(uniform)), jump == self.steps - 1)

    def schedule(self, steps: int) -> Schedule:
        if steps != self.steps:
            raise ValueError(f"this decoder was distilled to {self.steps} steps, not {steps}: give steps={self.steps}")
        return super().schedule(steps)


class Reflow(Distilled):
    """Flow matching between noise and the data that a teacher makes of it (Liu et al., arXiv 2209.03003, algorithm 1).

    Paths between such pairs are straighter than those between noise and recordings, so fewer steps follow them.
    """

    def __init__(self, *, steps: int, draw: str, knots: str):
        super().__init__(steps=steps, learned=1, flow=FlowMatching(draw=draw, knots=knots))

    def lesson(
        self, knots: Float[Tensor, "K B M T"], uniform: Float[Tensor, " B"], own: Bool[Tensor, " B"], net: Net
    ) -> Lesson:
        """`uniform` is as in `FlowMatching.example`. The net leads nowhere itself, so `own` and `net` do not matter."""
        return Lesson(self.flow.example(knots[-1], knots[0], uniform), torch.ones_like(own))


@dataclass(frozen=True, kw_only=True)
class EDM(Guided):
    """Karras et al. 2022 (arXiv 2206.00364), table 1, column "Ours": x = x0 + sigma eps, and time is sigma."""

    sigma_data: float  # standard deviation of the data
    p_mean: float  # of log sigma in training
    p_std: float
    sigma_min: float  # in sampling
    sigma_max: float
    rho: float  # how steps of sampling crowd at small sigma

    def c_skip(self, sigma: Tensor) -> Tensor:
        return self.sigma_data**2 / (sigma**2 + self.sigma_data**2)

    def c_out(self, sigma: Tensor) -> Tensor:
        return sigma * self.sigma_data / (sigma**2 + self.sigma_data**2).sqrt()

    def c_in(self, sigma: Tensor) -> Tensor:
        return 1 / (sigma**2 + self.sigma_data**2).sqrt()

    def c_noise(self, sigma: Tensor) -> Tensor:
        return sigma.log() / 4

    def example(
        self, data: Float[Tensor, "B M T"], noise: Float[Tensor, "B M T"], uniform: Float[Tensor, " B"]
    ) -> Example:
        """The effective target of eq. 8. The loss weight lambda(sigma) = 1 / c_out^2 makes its weight 1."""
        sigma = (self.p_mean + self.p_std * torch.special.ndtri(uniform)).exp()
        s = sigma[:, None, None]
        noised = data + s * noise
        target = (data - self.c_skip(s) * noised) / self.c_out(s)
        return Example(self.c_in(s) * noised, self.c_noise(sigma), target, torch.ones_like(sigma))

    def denoiser(self, net: Net) -> Denoiser:
        def denoise(x: Tensor, sigma: Tensor) -> Tensor:
            raw = net(self.c_in(sigma) * x, self.c_noise(sigma).to(x).expand(len(x)))
            return self.c_skip(sigma) * x + self.c_out(sigma) * raw

        return denoise

    def schedule(self, steps: int) -> Schedule:
        """Eq. 5: knots even in sigma^(1 / rho), then 0."""
        low, high = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        sigma = torch.linspace(high, low, steps, dtype=torch.float64) ** self.rho
        sigma = torch.cat((sigma, sigma.new_zeros(1)))
        one = torch.ones_like(sigma)
        return Schedule(time=sigma, alpha=one, sigma=sigma, alpha_rate=torch.zeros_like(sigma), sigma_rate=one)


@dataclass(frozen=True)
class Prediction:
    """What a DDPM net gives, with alpha = cos, sigma = sin of the angle."""

    target: Callable[[Tensor, Tensor, Tensor], Tensor]  # (x0, eps, angle)
    data: Callable[[Tensor, Tensor, Tensor], Tensor]  # (x, net's output, angle) -> x0
    scale: Callable[[Tensor], Tensor]  # squared error of the output / squared error of x0


PREDICTIONS = {
    "v": Prediction(  # Salimans & Ho, arXiv 2202.00512, appendix D
        target=lambda x0, eps, angle: angle.cos() * eps - angle.sin() * x0,
        data=lambda x, v, angle: angle.cos() * x - angle.sin() * v,
        scale=lambda angle: angle.sin() ** -2,
    ),
    "eps": Prediction(  # Ho et al., arXiv 2006.11239, eq. 9 and 14
        target=lambda x0, eps, angle: eps,
        data=lambda x, eps, angle: (x - angle.sin() * eps) / angle.cos(),
        scale=lambda angle: angle.tan() ** -2,
    ),
}


def linear_betas(levels: int) -> Float[Tensor, " K"]:
    """Ho et al., section 4: 1e-4 to 0.02 over 1000 levels; of other counts each level stands for as many of those."""
    return 1 - (1 - torch.linspace(1e-4, 0.02, levels, dtype=torch.float64)) ** (1000 / levels)


def cosine_betas(levels: int) -> Float[Tensor, " K"]:
    """Nichol & Dhariwal, arXiv 2102.09672, eq. 17."""
    place = torch.linspace(0, 1, levels + 1, dtype=torch.float64)
    alpha_bar = torch.cos((place + 0.008) / 1.008 * math.pi / 2) ** 2
    return (1 - alpha_bar[1:] / alpha_bar[:-1]).clamp(max=0.999)


BETAS = {"linear": linear_betas, "cosine": cosine_betas}


class DDPM(Guided):
    """Ho et al. 2020 (arXiv 2006.11239), variance preserving; time is the angle with alpha = cos, sigma = sin.

    In the angle the ODE is smooth: its slope is v. Without `min_snr` all errors of the net's output weigh alike: the
    paper's L_simple (eq. 14) for eps, "SNR + 1" (arXiv 2202.00512, section 4) for v. With it x0's error weighs its SNR,
    at most `min_snr` (arXiv 2303.09556, eq. 7); nothing then teaches v at the noisiest levels, where few steps begin.
    """

    def __init__(self, *, betas: str, levels: int, prediction: str, min_snr: float | None):
        if betas not in BETAS:
            raise ValueError(f"unknown betas {betas!r}: use one of {', '.join(BETAS)}")
        if prediction not in PREDICTIONS:
            raise ValueError(f"unknown prediction {prediction!r}: use one of {', '.join(PREDICTIONS)}")
        alpha_bar = (1 - BETAS[betas](levels)).cumprod(0)
        self.angle = torch.cat((alpha_bar.new_zeros(1), alpha_bar.sqrt().arccos()))  # of levels 0 (data) to `levels`
        self.prediction = PREDICTIONS[prediction]
        self.min_snr = min_snr

    def example(
        self, data: Float[Tensor, "B M T"], noise: Float[Tensor, "B M T"], uniform: Float[Tensor, " B"]
    ) -> Example:
        level = 1 + (uniform * (len(self.angle) - 1)).long()
        angle = self.angle.to(data.device)[level].to(data.dtype)
        a = angle[:, None, None]
        weight = torch.ones_like(angle)
        if self.min_snr is not None:
            weight = (angle.tan() ** -2).clamp(max=self.min_snr) / self.prediction.scale(angle)
        return Example(
            x=a.cos() * data + a.sin() * noise,
            time=self._time(angle),
            target=self.prediction.target(data, noise, a),
            weight=weight,
        )

    def denoiser(self, net: Net) -> Denoiser:
        def denoise(x: Tensor, angle: Tensor) -> Tensor:
            return self.prediction.data(x, net(x, self._time(angle).to(x).expand(len(x))), angle)

        return denoise

    def schedule(self, steps: int) -> Schedule:
        top = len(self.angle) - 1
        if not 0 < steps <= top:
            raise ValueError(f"{steps} steps over {top} noise levels: use 1 to {top}")
        angle = self.angle[torch.linspace(top, 0, steps + 1, dtype=torch.float64).round().long()]
        alpha, sigma = angle.cos(), angle.sin()
        return Schedule(time=angle, alpha=alpha, sigma=sigma, alpha_rate=-sigma, sigma_rate=alpha)

    @staticmethod
    def _time(angle: Tensor) -> Tensor:
        return angle * (2 / math.pi)
