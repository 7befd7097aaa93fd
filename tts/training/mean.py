"""The mean of nets' weights, as of a net before and after more training (Wortsman et al. 2022, arXiv 2203.05482).

    uv run python -m tts.training.mean before.safetensors after.safetensors -o net.safetensors

Nets that began from the same weights often lie in one basin, and their mean is better than each (docs/experiments.md).
"""

from collections.abc import Sequence
from pathlib import Path

from tts import checkpoint
from tts.cli import Parser, exit_code, run_as_program


def mean_net(paths: Sequence[Path], shares: Sequence[float], out: Path) -> None:
    """Write the weighted mean of nets of one spec, tokenizer and mel; the provenance is the last one's, with all files.

    The weights have the precision of the last file. Raises ValueError for nets that are not alike.
    """
    if len(paths) < 2 or len(shares) != len(paths) or min(shares) < 0 or not sum(shares):
        raise ValueError(f"{len(paths)} nets and {len(shares)} shares: give two nets or more, and a share for each")
    nets = [checkpoint.load(path) for path in paths]
    last = nets[-1]
    for path, other in zip(paths, nets, strict=True):
        for part in ("spec", "audio", "extra"):
            if getattr(other, part) != getattr(last, part):
                raise ValueError(f"{path} and {paths[-1]} differ in their {part}: only nets of one kind have a mean")
    states, parts = [other.net.state_dict() for other in nets], [share / sum(shares) for share in shares]
    mean = {name: value for name, value in states[-1].items() if not value.is_floating_point()}
    for name, value in states[-1].items():
        if name not in mean:
            mean[name] = sum(part * state[name].double() for part, state in zip(parts, states, strict=True)).to(value)
    last.net.load_state_dict(mean)
    origin = [{"net": net.fingerprint, "share": round(part, 6)} for net, part in zip(nets, parts, strict=True)]
    checkpoint.export(
        out,
        last.net,
        spec=last.spec,
        audio=last.audio,
        provenance={**last.provenance, "mean_of": origin},
        extra=last.extra,
        dtype=next(value.dtype for value in checkpoint.read(paths[-1])[1].values() if value.is_floating_point()),
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser(prog="python -m tts.training.mean", description="Write the mean of nets' weights.")
    parser.add_argument("nets", nargs="+", type=Path, metavar="NET", help="files of one kind; the last gives the rest")
    parser.add_argument("--shares", nargs="+", type=float, metavar="SHARE", help="of each (equal)")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="where the mean is written")

    def command() -> None:
        arguments = parser.parse_args(argv)
        shares = arguments.shares or [1.0] * len(arguments.nets)
        mean_net(arguments.nets, shares, arguments.output)
        print(f"{arguments.output}: the mean of {len(arguments.nets)} nets")

    return exit_code("mean", command)


if __name__ == "__main__":
    run_as_program(main)
