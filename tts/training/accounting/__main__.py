"""Shows what runs did and cost: `python -m tts.training.accounting RUN... [-o accounting.png]`."""

import argparse
import sys
from pathlib import Path

from tts.cli import run_as_program
from tts.training.accounting import runlog
from tts.training.accounting.runlog import Account

COLUMNS = {  # of the table: head, and the text of a run's cell
    "run": lambda a: a.name,
    "device": lambda a: a.device,
    "parameters": lambda a: f"{a.parameters / 1e6:.1f}M",
    "steps": lambda a: f"{a.step}",
    "hours": lambda a: f"{a.hours:.2f}",
    "audio h": lambda a: f"{a.audio_hours:.1f}",
    "audio h/h": lambda a: f"{a.audio_hours_per_hour:.1f}",
    "frames/s": lambda a: f"{a.frames_per_second:.0f}",
    "codes/s": lambda a: _given(a.codes_per_second, "{:.0f}"),
    "padding": lambda a: f"{a.padding:.1%}",
    "GFLOP/s": lambda a: f"{a.flops_per_second / 1e9:.0f}",
    "of peak": lambda a: f"{a.peak_share:.1%}",
    "waiting": lambda a: f"{a.waiting_share:.1%}",
    "GB": lambda a: f"{a.memory_gb:.1f}",
    "val loss": lambda a: _given(a.loss, "{:.4f}"),
    "kWh": lambda a: _given(a.kwh, "{:.2f}"),
    "price": lambda a: _given(a.price, "{:.2f}"),
    "price/audio h": lambda a: _given(a.price and a.price / a.audio_hours, "{:.4f}"),
}
CURVES = {  # of the picture: title, and the value at one `train` line
    "audio-hours per hour": lambda line, start: line["audio_seconds"] / line["seconds"],
    "share of matmul peak": lambda line, start: line["flops"] / line["seconds"] / start["peak"],
    "share of time waiting": lambda line, start: line["waiting"] / line["seconds"],
    "training loss": lambda line, start: line["loss"],
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tts.training.accounting", description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN", type=Path, help="folder of a run, or its accounting.jsonl")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("accounting.png"), help="picture to write (%(default)s)"
    )
    args = parser.parse_args(arguments)
    try:
        runs = {_name(run): runlog.read(run) for run in args.runs}
        print(aligned([runlog.account(name, lines) for name, lines in runs.items()]))
        draw(runs, args.output)
    except (ValueError, OSError) as error:
        sys.exit(f"python -m tts.training.accounting: error: {error}")


def aligned(accounts: list[Account]) -> str:
    """The accounts as rows of aligned text. Columns that are empty for every run are left out."""
    rows = [list(COLUMNS), *([write(account) for write in COLUMNS.values()] for account in accounts)]
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = zip(*columns, strict=True)
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def draw(runs: dict[str, list[dict]], path: Path) -> None:
    """Draw rates and loss of every run over its hours of training."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6), layout="constrained")
    for place, (title, value) in enumerate(CURVES.items()):
        axes = figure.add_subplot(2, 2, place + 1, title=title, xlabel="hours")
        for name, lines in runs.items():
            hours, points, start = 0.0, [], None
            for line in lines:
                start = line if line["kind"] == "start" else start
                hours += line.get("seconds", 0) / 3600
                if line["kind"] == "train" and value(line, start) is not None:
                    points.append((hours, value(line, start)))
            axes.plot(*zip(*points, strict=True), label=name, lw=1)
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=90)


def _name(run: Path) -> str:
    folder = run.resolve()
    folder = folder.parent if folder.name in (runlog.NAME, runlog.FORMER) else folder
    return "/".join(folder.parts[-2:])


def _given(value: float | None, pattern: str) -> str:
    return "" if value is None else pattern.format(value)


if __name__ == "__main__":
    run_as_program(main)
