"""Samplers: free functions from noise to data over a callable denoiser and a schedule of noise levels.

Each process describes itself to them as x = alpha x0 + sigma eps along one coordinate `time`, so each sampler is
written once. Samplers own no weights and know no process.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

# (x, time) -> the expected clean x0. `time` is one scalar tensor, an entry of `Schedule.time`.
Denoiser = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Schedule:
    """Where a sampler stops on its way from noise (first) to data (last, sigma = 0); float64 on the CPU."""

    time: Float[Tensor, " K"]  # the process's own coordinate, in which its ODE is smooth
    alpha: Float[Tensor, " K"]
    sigma: Float[Tensor, " K"]
    alpha_rate: Float[Tensor, " K"]  # d alpha / d time
    sigma_rate: Float[Tensor, " K"]  # d sigma / d time

    @property
    def steps(self) -> int:
        return len(self.time) - 1

    def noise_of(self, x: Tensor, x0: Tensor, i: int) -> Tensor:
        """The eps that stands beside x0 in x at knot i."""
        return (x - self.alpha[i] * x0) / self.sigma[i]

    def slope(self, x: Tensor, x0: Tensor, i: int) -> Tensor:
        """dx / d time of the probability-flow ODE at knot i."""
        return self.alpha_rate[i] * x0 + self.sigma_rate[i] * self.noise_of(x, x0, i)


Sampler = Callable[[Denoiser, Tensor, Schedule], Tensor]


def euler(denoise: Denoiser, noise: Float[Tensor, "*B"], schedule: Schedule) -> Float[Tensor, "*B"]:
    """First order, x0 and eps held over a step: Euler for flow and EDM, DDIM (arXiv 2010.02502, eq. 12) for DDPM."""
    x = schedule.sigma[0] * noise
    for i in range(schedule.steps):
        x0 = denoise(x, schedule.time[i])
        x = schedule.alpha[i + 1] * x0 + schedule.sigma[i + 1] * schedule.noise_of(x, x0, i)
    return x


def heun(denoise: Denoiser, noise: Float[Tensor, "*B"], schedule: Schedule) -> Float[Tensor, "*B"]:
    """Second order, two evaluations a step but the last: Algorithm 2 of EDM (arXiv 2206.00364) with S_churn = 0."""
    x = schedule.sigma[0] * noise
    for i in range(schedule.steps - 1):
        slope = schedule.slope(x, denoise(x, schedule.time[i]), i)
        span = schedule.time[i + 1] - schedule.time[i]
        ahead = x + span * slope
        slope_ahead = schedule.slope(ahead, denoise(ahead, schedule.time[i + 1]), i + 1)
        x = x + span * (slope + slope_ahead) / 2
    return schedule.alpha[-1] * denoise(x, schedule.time[-2])  # Euler from the last noise level to none


def dpm_solver(denoise: Denoiser, noise: Float[Tensor, "*B"], schedule: Schedule) -> Float[Tensor, "*B"]:
    """DPM-Solver++(2M) (arXiv 2211.01095, Algorithm 2): second order with one evaluation a step.

    Flow matching starts at log SNR = -inf and all processes end at +inf; both ends are first-order steps,
    to which the formulas reduce by themselves at the start (h / h_last = 0).
    """
    alpha, sigma = schedule.alpha, schedule.sigma
    log_snr = (alpha / sigma).log()  # lambda in the paper
    x = sigma[0] * noise
    last = None
    for i in range(schedule.steps):
        x0 = denoise(x, schedule.time[i])
        h = log_snr[i + 1] - log_snr[i]
        if last is None or torch.isposinf(log_snr[i + 1]):
            d = x0
        else:
            h_last = log_snr[i] - log_snr[i - 1]
            d = x0 + (h / h_last / 2) * (x0 - last)
        x = sigma[i + 1] / sigma[i] * x - alpha[i + 1] * torch.expm1(-h) * d
        last = x0
    return x


def guide(denoise: Denoiser, guidance: float) -> Denoiser:
    """Classifier-free guidance (arXiv 2207.12598, eq. 6, w = guidance - 1) around a denoiser of doubled batches.

    `denoise` must take its first half as conditional and its second half as unconditional.
    """

    def guided(x: Tensor, time: Tensor) -> Tensor:
        conditional, free = denoise(torch.cat((x, x)), time).chunk(2)
        return free + guidance * (conditional - free)

    return guided


SAMPLERS: dict[str, Sampler] = {"euler": euler, "heun": heun, "dpm": dpm_solver}


def find_sampler(name: str) -> Sampler:
    if name not in SAMPLERS:
        raise ValueError(f"unknown sampler {name!r}: use one of {', '.join(SAMPLERS)}")
    return SAMPLERS[name]
