"""The figures of a run as a table for terminals, which is also valid Markdown, and as a picture."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure


def lines(body: Mapping[str, Any]) -> Iterable[str]:
    """The tables of all parts that were measured."""
    hardware = body["hardware"]
    yield f"{hardware['cpu']}, {hardware['cores']} cores, load {hardware['load']} before; revision {body['revision']}"
    for threads, machine in body.get("machine", {}).items():
        peaks = ", ".join(f"{name} {flops / 1e9:.0f}" for name, flops in machine["flops"].items())
        yield f"{threads} threads: products in GFLOP/s: {peaks}; memory {machine['bandwidth'] / 1e9:.1f} GB/s"
    if nets := body.get("nets"):
        yield ""
        rows = [
            [
                one["net"],
                one["size"],
                f"{one['parameters'] / 1e6:.1f}M",
                str(one["threads"]),
                f"{one['seconds'] * 1e3:.2f} ms a {one['unit']}",
                f"{one['share']:.0%} of {one['bound']}",
            ]
            for one in nets
        ]
        yield from _table(["net", "size", "parameters", "threads", "time", "limit"], rows)
    if systems := body.get("speech"):
        yield ""
        heads = ["system", "cores", "RTF", "worst", "first sound", "memory", "loading", "times the first system"]
        rows = [
            [
                one["name"],
                str(one["cores"]),
                f"{one['rtf']:.3f} ({one['clock']})",
                f"{one['rtf_worst']:.3f}",
                f"{one['first_sound_seconds'] * 1e3:.0f} ms",
                f"{one['memory_bytes'] / 1e6:.0f} MB",
                f"{one['loading_seconds']:.1f} s",
                "{median:.2f} [{low:.2f}, {high:.2f}]".format(**one["ratio"]),
            ]
            for one in systems
        ]
        yield from _table(heads, rows)
    for one in body.get("growth", []):
        yield (
            f"{one['sentences']} sentences: {one['seconds_per_second']:.3f} s a second, "
            f"{one['memory_bytes'] / 1e6:.0f} MB"
        )
    if start := body.get("start"):
        for one in start["engines"]:
            yield (
                f"from the shell to a short sentence by {one['engine']} {one['wall_seconds']:.1f} s, "
                f"of the processor {one['processor_seconds']:.1f} s"
            )
        yield f"packages {start['installed_bytes'] / 1e9:.2f} GB"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"


def picture(body: Mapping[str, Any]) -> bytes:
    """The share of its limit that each net reaches, and the real-time factor of each system, as PNG."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    nets, systems = body.get("nets", []), body.get("speech", [])
    left.barh([f"{one['net']} {one['size']} x{one['threads']}" for one in nets], [one["share"] for one in nets])
    left.set(title="share of the machine's limit", xlim=(0, 1))
    right.barh([f"{one['name']} x{one['cores']}" for one in systems], [one["rtf"] for one in systems])
    right.set(title="real-time factor")
    for axes in (left, right):
        axes.invert_yaxis()
    file = BytesIO()
    figure.savefig(file, format="png", dpi=120)
    return file.getvalue()
