"""Write the nets as ONNX files, for engines without torch.

  uv run --group export python -m tts.export                       the weights that ship, where infer.py looks for them
  uv run --group export python -m tts.export --weights MINE -o DIR  others: infer.py --engine onnx=DIR

What the files take and give: docs/speed.md.
"""

import argparse
import os
from pathlib import Path

from tts import settings
from tts.cli import Parser, exit_code, printable, run_as_program
from tts.export.about import FOLDER

MOST = 4


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code."""

    def command() -> None:
        arguments = _parser().parse_args(argv)
        if arguments.processes < 1:
            raise ValueError(f"--processes is {arguments.processes}: give 1 or more")
        from tts.export.write import write_export

        given = {"eight_bits": arguments.eight_bits, "processes": arguments.processes}
        for path in write_export(arguments.weights, arguments.output, **given):
            print(f"{printable(path)}: {path.stat().st_size / 1e6:.1f} MB")

    return exit_code("tts.export", command)


def _parser() -> Parser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog="python -m tts.export", description=__doc__, formatter_class=shape)
    shipped = settings.ROOT / settings.compose([])["weights"]
    parser.add_argument("--weights", type=Path, default=shipped, metavar="DIR", help="folder of the four nets")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, metavar="DIR", help="of the ONNX files (onnx)")
    parser.add_argument(
        "--no-int8", dest="eight_bits", action="store_false", help="keep 32 bits for each weight of the GPT's step"
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=min(MOST, os.cpu_count() or 1),
        metavar="N",
        help=f"that write at once, each in 1 GB of memory (the cores of this machine, at most {MOST})",
    )
    return parser


if __name__ == "__main__":
    run_as_program(main)
