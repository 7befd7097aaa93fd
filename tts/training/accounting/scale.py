"""Fits a scaling law to small runs: `python -m tts.training.accounting.scale RUN... [--at N HOURS] [-o scale.png]`.

The law is L(N, D) = E + A / N^alpha + B / D^beta (Hoffmann et al. 2022, arXiv 2203.15556, approach 3), with N in
millions of parameters and D in hours of audio trained on. It needs runs of one stage in at least four sizes, each
validated on the same batches at four or more budgets. Intervals are 95 %, by a bootstrap over runs and validation
batches.
"""

import argparse
import sys
from collections import defaultdict
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from tts.cli import run_as_program
from tts.training.accounting import runlog

LOSSES = ("speech", "denoise")  # the term of a stage's loss that is fitted
LEAST = 4  # fewest sizes, and fewest budgets
DELTA = 1e-3  # of the Huber loss on log L
EXPONENTS = (0.2, 0.6, 1.4)  # from which the search for alpha and beta starts
DRAWS = 100  # of the bootstrap


@dataclass(frozen=True)
class Curve:
    """One run: its size, and the loss of each batch of each of its K validations."""

    name: str
    parameters: int
    hours: np.ndarray  # (K,) of audio trained on
    losses: np.ndarray  # (K, batches)
    clips: np.ndarray  # (batches,)
    flops: float  # per second of padded audio, forward and backward

    def loss(self, drawn: np.ndarray | slice = slice(None)) -> np.ndarray:
        """The mean loss of each validation over the clips of the drawn batches."""
        return np.average(self.losses[:, drawn], axis=1, weights=self.clips[drawn])


@dataclass(frozen=True)
class Law:
    E: float
    A: float
    alpha: float
    B: float
    beta: float

    def parts(self, parameters, hours) -> tuple:
        """The two terms of the law, in the unit of the loss: the cost of limited size and of limited data."""
        return self.A / (np.asarray(parameters) / 1e6) ** self.alpha, self.B / np.asarray(hours) ** self.beta

    def __call__(self, parameters, hours) -> float | np.ndarray:
        return self.E + sum(self.parts(parameters, hours))


def read(run: Path, *, after: float = 0.0) -> Curve:
    """Read the curve of a run from `after` hours on. Steps that were lost in a kill do not count."""
    seconds: dict[int, float] = {}
    spoken: dict[int, dict] = {}
    flops = padded = 0.0
    for line in runlog.read(run):
        if line["kind"] == "start":
            start = line
            seconds = {step: value for step, value in seconds.items() if step <= line["step"]}
        elif line["kind"] == "train":
            seconds[line["step"]] = line["audio_seconds"]
            flops, padded = flops + line["flops"], padded + line["padded_seconds"]
        elif "batches" in line:
            spoken[line["step"]] = line["batches"]
    if not spoken:
        raise ValueError(f"{runlog.NAME} of {run} holds no losses by validation batch: train the run with this version")
    heard = {step: sum(value for at, value in seconds.items() if at <= step) / 3600 for step in sorted(spoken)}
    steps = [step for step, hours in heard.items() if hours >= after]
    if not steps:
        raise ValueError(f"{run} has no validation after {after} h: lower --after")
    batches = [spoken[step] for step in steps]
    term = next(name for name in LOSSES if name in batches[0])
    return Curve(
        name=run.name,
        parameters=start["parameters"],
        hours=np.array([heard[step] for step in steps]),
        losses=np.array([each[term] for each in batches]),
        clips=np.array(batches[0]["clips"]),
        flops=flops / padded,
    )


def fit(parameters, hours, loss) -> Law:
    """Fit the law. Raises ValueError if there are too few sizes or budgets."""
    sizes, budgets = len(np.unique(parameters)), len(np.unique(hours))
    if min(sizes, budgets) < LEAST:
        raise ValueError(f"{sizes} sizes at {budgets} budgets of audio are too few to fit: at least {LEAST} of each")
    return search(parameters, hours, loss, starts(parameters, hours, loss))


def starts(parameters, hours, loss) -> list[Law]:
    """Starts of the search. The law is linear in E, A and B, so least squares gives them for each pair of exponents."""
    from scipy.optimize import nnls

    laws = []
    for alpha in EXPONENTS:
        for beta in EXPONENTS:
            columns = [np.ones(len(loss)), (np.asarray(parameters) / 1e6) ** -alpha, np.asarray(hours) ** -beta]
            E, A, B = np.maximum(nnls(np.stack(columns, 1), np.asarray(loss))[0], 1e-3)
            laws.append(Law(E, A, alpha, B, beta))
    return laws


def search(parameters, hours, loss, laws: list[Law]) -> Law:
    """Minimise the Huber loss on log L from each start, and return the best law."""
    from scipy.optimize import least_squares

    x, y, z = np.log(np.asarray(parameters) / 1e6), np.log(hours), np.log(loss)

    def terms(point: np.ndarray) -> np.ndarray:
        e, a, alpha, b, beta = point
        return np.exp([e + 0 * z, a - alpha * x, b - beta * y])

    def error(point: np.ndarray) -> np.ndarray:
        return np.log(terms(point).sum(0)) - z

    def slope(point: np.ndarray) -> np.ndarray:
        e, a, b = terms(point) / terms(point).sum(0)
        return np.stack([e, a, -a * x, b, -b * y], axis=1)

    low, high = np.array([(-9, 9), (-9, 9), (0.01, 3), (-9, 9), (0.01, 3)]).T  # logarithms of E, A, B; the exponents
    found = []
    for law in laws:
        first = np.clip([np.log(law.E), np.log(law.A), law.alpha, np.log(law.B), law.beta], low + 1e-3, high - 1e-3)
        found.append(
            least_squares(
                error, first, slope, bounds=(low, high), loss="huber", f_scale=DELTA, x_scale="jac", max_nfev=150
            )
        )
    e, a, alpha, b, beta = min(found, key=lambda result: result.cost).x
    return Law(*(float(value) for value in (np.exp(e), np.exp(a), alpha, np.exp(b), beta)))


def points(curves: list[Curve], drawn: np.ndarray | slice = slice(None)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parameters, hours and loss of every validation of all curves."""
    return (
        np.concatenate([np.full(len(curve.hours), curve.parameters) for curve in curves]),
        np.concatenate([curve.hours for curve in curves]),
        np.concatenate([curve.loss(drawn) for curve in curves]),
    )


def bootstrap(curves: list[Curve], law: Law, *, draws: int) -> list[Law]:
    """Fit laws to resampled runs and validation batches. All runs get the same batches, as they share them."""
    rng = np.random.default_rng(0)
    batches = len(curves[0].clips)
    laws = []
    while len(laws) < draws:
        chosen = [curves[i] for i in rng.integers(len(curves), size=len(curves))]
        if len({curve.parameters for curve in chosen}) >= LEAST - 1:
            drawn = points(chosen, rng.integers(batches, size=batches))
            laws.append(search(*drawn, [law, starts(*drawn)[4]]))
    return laws


def interval(values) -> str:
    low, high = np.percentile(values, [2.5, 97.5])
    return f"[{low:.3g}, {high:.3g}]"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def report(curves: list[Curve], targets: list[tuple[float, float]], *, draws: int) -> tuple[str, Law]:
    """Tables of the measurements, the law, the largest run as predicted from the others, and the targets."""
    curves = sorted(curves, key=lambda curve: curve.parameters)
    if any(curve.clips.tolist() != curves[0].clips.tolist() for curve in curves):
        raise ValueError("runs were validated on different batches: give them the same data and data.batch_seconds")
    law = fit(*points(curves))
    laws = bootstrap(curves, law, draws=draws)
    rng = np.random.default_rng(0)
    batches = [rng.integers(len(curves[0].clips), size=len(curves[0].clips)) for _ in range(draws)]
    common = [hours for hours in curves[0].hours if all(np.isclose(curve.hours, hours).any() for curve in curves)]
    measured = [
        [
            curve.name,
            f"{curve.parameters / 1e6:.2f}M",
            f"{curve.flops / 1e9:.2f}",
            *(
                f"{loss:.3f}"
                for hours, loss in zip(curve.hours, curve.loss(), strict=True)
                if np.isclose(common, hours).any()
            ),
            interval([curve.loss(drawn)[-1] for drawn in batches]),
        ]
        for curve in curves
    ]
    parameters, budgets, loss = points(curves)
    off = np.abs(law(parameters, budgets) / loss - 1)
    drawn = np.array([astuple(each) for each in laws])
    ours = [f"{value:.3g} {interval(drawn[:, i])}" for i, value in enumerate(astuple(law))]
    *others, last = curves
    without = search(*points(others), starts(*points(others)))
    guesses = [each(last.parameters, last.hours[-1]) for each in bootstrap(others, without, draws=draws)]
    held = (
        f"{last.name} at {last.hours[-1]:.2f} h, predicted from the others: "
        f"{without(last.parameters, last.hours[-1]):.3f} {interval(guesses)}; measured {last.loss()[-1]:.3f}"
    )
    far = [
        [f"{size / 1e6:.0f}M", f"{at:,.0f} h", f"{law(size, at):.3f}", interval([each(size, at) for each in laws])]
        + [f"{part:.3f}" for part in law.parts(size, at)]
        for size, at in targets
    ]
    parts = [
        markdown(["run", "N", "GFLOP/s", *(f"{hours:.2f} h" for hours in common), "interval of the last"], measured),
        markdown(["E", "A", "alpha", "B", "beta"], [ours])
        + f"\nLargest error {off.max():.1%}, median {np.median(off):.1%}.",
        held,
    ]
    if far:
        parts.append(markdown(["N", "D", "loss", "interval", "A / N^alpha", "B / D^beta"], far))
    return "\n\n".join(parts), law


def draw(groups: dict[str, list[Curve]], laws: dict[str, Law], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(5 * len(groups), 3.6), layout="constrained")
    for place, (stage, curves) in enumerate(groups.items()):
        axes = figure.add_subplot(1, len(groups), place + 1, title=stage, xlabel="hours of audio", ylabel="loss")
        axes.set(xscale="log", yscale="log")
        for axis in (
            axes.xaxis,
            axes.yaxis,
        ):  # the range is less than a decade: ticks at powers of ten would be too few
            axis.set_major_locator(LogLocator(subs=range(1, 10)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())
        for curve in sorted(curves, key=lambda curve: curve.parameters):
            (line,) = axes.plot(curve.hours, curve.loss(), "o", ms=4, label=f"{curve.parameters / 1e6:.2f}M")
            along = np.geomspace(curve.hours[0], curve.hours[-1], 50)
            axes.plot(along, laws[stage](curve.parameters, along), lw=1, color=line.get_color())
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=90)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tts.training.accounting.scale", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", type=Path, help="folder of a run; runs of one stage share a parent folder"
    )
    parser.add_argument(
        "--at",
        nargs=2,
        type=float,
        action="append",
        default=[],
        metavar=("N", "HOURS"),
        help="predict the loss of a net of N parameters after HOURS of audio",
    )
    parser.add_argument("--after", type=float, default=0.0, metavar="HOURS", help="leave out earlier validations")
    parser.add_argument("--draws", type=int, default=DRAWS, help="draws of the bootstrap (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, default=Path("scale.png"), help="picture to write (%(default)s)")
    args = parser.parse_args(arguments)
    groups = defaultdict(list)
    try:
        for run in args.runs:
            groups[run.resolve().parent.name].append(read(run, after=args.after))
        laws = {}
        for stage, curves in groups.items():
            text, laws[stage] = report(curves, [tuple(target) for target in args.at], draws=args.draws)
            print(f"{stage}\n\n{text}\n")
        draw(groups, laws, args.output)
    except (ValueError, OSError) as error:
        sys.exit(f"python -m tts.training.accounting.scale: error: {error}")


if __name__ == "__main__":
    run_as_program(main)
