"""Processes and samplers against a Gaussian, whose best denoiser and whole ODE are known in closed form."""

import math

import pytest
import torch

from diffusion.process import DDPM, EDM, FlowMatching, Jumps, Reflow
from diffusion.sample import SAMPLERS, dpm_solver, euler, guide, heun

MEAN, STD = 0.7, 0.5

FLOW = FlowMatching(draw="logit_normal", knots="uniform")
EDM_PROCESS = EDM(sigma_data=0.5, p_mean=-0.4, p_std=1.0, sigma_min=0.002, sigma_max=80.0, rho=7.0)
PROCESSES = {
    "flow": FLOW,
    "flow_cosine": FlowMatching(draw="cosine", knots="cosine"),
    "edm": EDM_PROCESS,
    "ddpm_v": DDPM(betas="cosine", levels=1000, prediction="v", min_snr=5.0),
    "ddpm_eps": DDPM(betas="linear", levels=1000, prediction="eps", min_snr=None),
}


def exact_denoiser(schedule):
    """E[x0 | x] for x0 ~ N(MEAN, STD^2) at a knot of the schedule."""

    def denoise(x, time):
        i = int((schedule.time - time).abs().argmin())
        alpha, sigma = schedule.alpha[i], schedule.sigma[i]
        return MEAN + alpha * STD**2 / (alpha**2 * STD**2 + sigma**2) * (x - alpha * MEAN)

    return denoise


def exact_end(noise, schedule):
    """Where the probability-flow ODE takes the first noise: quantiles stay quantiles."""
    alpha, sigma = schedule.alpha[0], schedule.sigma[0]
    return MEAN + STD * (sigma * noise - alpha * MEAN) / (alpha**2 * STD**2 + sigma**2).sqrt()


def as_net(process, schedule):
    """The raw net whose answers make `process.denoiser` exact, at the knots of the schedule."""
    denoise = exact_denoiser(schedule)
    probes = (torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64))
    asked = []

    def spy(x, time):
        asked.append((x, time))
        return torch.zeros_like(x)

    knots = []
    for i in range(schedule.steps):
        # Both maps, state -> net input and net output -> x0, are affine: read them off at 0 and 1.
        asked.clear()
        bare = [process.denoiser(spy)(probe, schedule.time[i]) for probe in probes]
        gain = process.denoiser(lambda x, time: torch.ones_like(x))(probes[0], schedule.time[i]) - bare[0]
        knots.append((asked[0][1], asked[1][0], bare[1], gain, schedule.time[i]))

    def net(x, time):
        _, scale, skip, gain, at = min(knots, key=lambda knot: float((knot[0] - time[:1]).abs()))
        state = x / scale
        return (denoise(state, at) - skip * state) / gain

    return net


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS)
@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_sampler_reaches_the_gaussian_through_the_process(process, sampler):
    schedule = process.schedule(100)
    noise = torch.special.ndtri((torch.arange(2000, dtype=torch.float64) + 0.5) / 2000)
    end = sampler(process.denoiser(as_net(process, schedule)), noise, schedule)
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(end.std()) == pytest.approx(STD, rel=0.03)


def order(sampler, process, coarse, fine):
    noise = torch.linspace(-2, 2, 41, dtype=torch.float64)
    errors = []
    for steps in (coarse, fine):
        schedule = process.schedule(steps)
        errors.append(
            float((sampler(exact_denoiser(schedule), noise, schedule) - exact_end(noise, schedule)).abs().max())
        )
    return math.log(errors[0] / errors[1], fine / coarse)


@pytest.mark.parametrize(
    ("sampler", "expected"), [(euler, 1.0), (heun, 2.0), (dpm_solver, 2.0)], ids=["euler", "heun", "dpm_solver"]
)
@pytest.mark.parametrize("name", ["flow", "edm"])
def test_order_by_step_halving(sampler, expected, name):
    measured = order(sampler, PROCESSES[name], 64, 128)
    assert measured == pytest.approx(expected, abs=0.3)


def test_heun_and_dpm_solver_beat_euler_on_every_process():
    noise = torch.linspace(-2, 2, 41, dtype=torch.float64)
    for process in PROCESSES.values():
        schedule = process.schedule(20)
        error = {
            name: float((sampler(exact_denoiser(schedule), noise, schedule) - exact_end(noise, schedule)).abs().max())
            for name, sampler in SAMPLERS.items()
        }
        assert max(error["heun"], error["dpm"]) < error["euler"]


def test_edm_preconditioning_identities():
    """Appendix B.6: unit variance of input and target, and c_out as small as can be."""
    sigma = torch.logspace(-3, 2, 30, dtype=torch.float64)
    p, s = EDM_PROCESS, EDM_PROCESS.sigma_data
    assert torch.allclose(p.c_in(sigma) ** 2 * (s**2 + sigma**2), torch.ones_like(sigma))
    variance = ((1 - p.c_skip(sigma)) * s) ** 2 + (p.c_skip(sigma) * sigma) ** 2
    assert torch.allclose(variance / p.c_out(sigma) ** 2, torch.ones_like(sigma))
    assert float(p.c_skip(torch.tensor(0.0))) == 1.0 and float(p.c_out(torch.tensor(0.0))) == 0.0
    assert torch.allclose(p.c_noise(sigma), sigma.log() / 4)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_the_true_answer_gives_back_the_data(process):
    """Training and sampling agree: from a noised example and its target, the denoiser finds x0."""
    generator = torch.Generator().manual_seed(0)
    data = torch.randn(1, 5, 7, dtype=torch.float64, generator=generator)
    schedule = process.schedule(10)
    seen = []
    for uniform in torch.linspace(0.05, 0.9, 5, dtype=torch.float64):
        noise = torch.randn(1, 5, 7, dtype=torch.float64, generator=generator)
        example = process.example(data, noise, uniform[None])
        answer = {}

        def net(x, time, example=example, answer=answer):
            answer["x"], answer["time"] = x, time
            return example.target

        # The state and coordinate of the sampler's world that belong to this example.
        if isinstance(process, EDM):
            time = (4 * example.time[0]).exp()
            state = example.x / process.c_in(time)
        elif isinstance(process, DDPM):
            time, state = example.time[0] * math.pi / 2, example.x
        else:
            time, state = example.time[0], example.x
        found = process.denoiser(net)(state, time)
        assert torch.allclose(found, data, atol=1e-6)
        assert torch.allclose(answer["x"], example.x) and torch.allclose(answer["time"], example.time)
        seen.append(float(example.time[0]))
    assert len(set(seen)) == 5 and schedule.steps == 10


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES)
def test_schedules_run_from_noise_to_data(process):
    schedule = process.schedule(8)
    assert float(schedule.sigma[-1]) == pytest.approx(0.0, abs=1e-12)
    assert float(schedule.alpha[-1]) == pytest.approx(1.0)
    ratio = schedule.sigma[:-1] / schedule.alpha[:-1]
    assert (ratio.diff() < 0).all() if torch.isfinite(ratio[0]) else (ratio[1:].diff() < 0).all()


def test_min_snr_caps_the_weight_of_easy_times():
    process = DDPM(betas="cosine", levels=1000, prediction="eps", min_snr=5.0)
    data = torch.zeros(2, 1, 1)
    weight = process.example(data, data, torch.tensor([0.05, 0.95])).weight
    assert weight[0] < 0.1 and weight[1] == pytest.approx(1.0)


@pytest.mark.parametrize("prediction", ["v", "eps"])
def test_without_min_snr_every_level_weighs_alike(prediction):
    process = DDPM(betas="cosine", levels=1000, prediction=prediction, min_snr=None)
    data = torch.zeros(3, 1, 1)
    assert process.example(data, data, torch.tensor([0.001, 0.5, 0.999])).weight.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("betas", ["linear", "cosine"])
@pytest.mark.parametrize("levels", [4, 50, 1000])
def test_any_count_of_levels_ends_in_noise(betas, levels):
    angle = DDPM(betas=betas, levels=levels, prediction="v", min_snr=None).angle
    assert (angle.diff() > 0).all()  # false of NaN as well
    assert float(angle[-1].cos() ** 2) < 1e-3


def test_guidance_of_one_is_conditional_and_beyond_extrapolates():
    def both(x, time):
        kept, dropped = x.chunk(2)
        return torch.cat((kept + 1, dropped - 1))

    x, time = torch.zeros(2, 3), torch.tensor(0.5)
    assert torch.equal(guide(both, 1.0)(x, time), x + 1)
    assert torch.equal(guide(both, 2.0)(x, time), x + 3)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="uniform"):
        FlowMatching(draw="gauss", knots="uniform")
    with pytest.raises(ValueError, match="cosine"):
        DDPM(betas="square", levels=10, prediction="v", min_snr=5.0)
    with pytest.raises(ValueError, match="eps"):
        DDPM(betas="linear", levels=10, prediction="x0", min_snr=5.0)


def points_of_the_exact_flow(steps):
    """The points of the exact flow's sampler, (K, B, 1, 1), and its schedule."""
    schedule = FLOW.schedule(steps)
    denoise, points = FLOW.denoiser(as_net(FLOW, schedule)), []
    noise = torch.linspace(-2, 2, 8, dtype=torch.float64)[:, None, None]
    end = euler(lambda x, time: points.append(x) or denoise(x, time), noise, schedule)
    return torch.stack([*points, end]), schedule


def flow_at(noise, time):
    """Where the exact flow is at a time."""
    return time * MEAN + ((time * STD) ** 2 + (1 - time) ** 2) ** 0.5 * noise


def unasked(x, time):
    raise AssertionError("this lesson needs no answer of the net")


@pytest.mark.parametrize("count", [1, 2, 4])
def test_jumps_learn_the_displacement_of_the_exact_flow(count):
    process = Jumps(count=count, knots="uniform")
    points, schedule = points_of_the_exact_flow(400)
    noise, uniform = points[0], (torch.arange(8) + 0.5) / 8
    lesson = process.lesson(points[process.knots(schedule)], uniform, torch.zeros(8, dtype=torch.bool), unasked)
    begin = lesson.example.time[:, None, None]
    stop = begin + 1 / count
    displacement = flow_at(noise, stop) - flow_at(noise, begin)
    assert torch.allclose(lesson.example.target, displacement * count, atol=0.02)
    assert torch.allclose(lesson.example.x, flow_at(noise, begin), atol=0.02)
    assert torch.equal(lesson.final[:, None, None], stop == 1) and int(lesson.final.sum()) == 8 // count


def test_a_jump_may_begin_where_the_net_itself_arrived():
    process, (points, schedule) = Jumps(count=2, knots="uniform"), points_of_the_exact_flow(4)
    knots, own = points[process.knots(schedule)], torch.ones(8, dtype=torch.bool)
    lesson = process.lesson(knots, (torch.arange(8) + 0.5) / 8, own, lambda x, time: 3 * x + time[:, None, None])
    later = lesson.final[:, None, None]
    assert torch.allclose(lesson.example.x, torch.where(later, knots[0] * 2.5, knots[0]))
    reached = lesson.example.x + lesson.example.target / 2
    assert torch.allclose(reached, torch.where(later, knots[2], knots[1]))


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_reflow_of_a_linear_map_is_exact_in_any_number_of_steps(steps):
    """The Gaussian's flow takes noise to MEAN + STD noise, and lines between such pairs do not cross."""
    process, noise = Reflow(steps=1, draw="uniform", knots="uniform"), torch.linspace(-2, 2, 9).double()[:, None, None]
    slope, own = STD - 1, torch.zeros(9, dtype=torch.bool)

    def field(x, time):
        t = time[:, None, None]
        return MEAN + slope * (x - t * MEAN) / (1 + t * slope)

    knots = torch.stack((noise, MEAN + STD * noise))
    example = process.lesson(knots, torch.linspace(0.01, 0.99, 9).double(), own, unasked).example
    assert torch.allclose(example.target, field(example.x, example.time))
    assert torch.allclose(euler(process.denoiser(field), noise, process.schedule(steps)), knots[1])


@pytest.mark.parametrize("teacher", ["edm", "ddpm_v", "flow_cosine"])
def test_jumps_need_a_flow_that_stops_where_they_do(teacher):
    with pytest.raises(ValueError, match="the teacher in 8 steps does not stop where 2 steps of the student do"):
        Jumps(count=2, knots="uniform").knots(PROCESSES[teacher].schedule(8))
