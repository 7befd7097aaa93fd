"""`python -m data prepare | pack | pairs | synth | verify`: make shards from long recordings, clips, books or texts."""

import argparse
import errno
import os
import sys
from pathlib import Path

from data.pack.command import add_pack, add_pairs, add_synth
from data.prepare.command import add_prepare
from data.shards import verify_shards
from tts.cli import FAILED, INTERRUPTED, MISUSED, Parser, UsageError, complain, run_as_program


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 failed, 2 misused, 130 interrupted; an error is one line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    split = arguments.index("--") if "--" in arguments else len(arguments)
    try:
        args, settings = _parser().parse_args(arguments[:split]), arguments[split + 1 :]
    except UsageError as error:
        return complain(f"error: {error}", MISUSED)
    if "out" in args:
        args.out = Path(os.path.abspath(args.out))
    try:
        if settings and args.command != "prepare":
            raise UsageError("only prepare takes settings after --")
        return args.run(args, settings)
    except KeyboardInterrupt:
        again = "go on" if args.command == "prepare" else "start over"
        print(f"\ninterrupted; nothing was left half done, run the same command to {again}", file=sys.stderr)
        return INTERRUPTED
    except UsageError as error:
        return complain(f"error: {error}", MISUSED)
    except BrokenPipeError:
        raise
    except (ValueError, OSError, ModuleNotFoundError) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        remedy = f": make room in {args.out.parent} and run the same command again" if full else ""
        return complain(f"error: {error}{remedy}", FAILED)


def _parser() -> Parser:
    parser = Parser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="prepare | pack | pairs | synth | verify")
    add_prepare(commands)
    add_pack(commands)
    add_synth(commands)
    add_pairs(commands)
    _add_verify(commands)
    return parser


def _add_verify(commands) -> None:
    parser = commands.add_parser(
        "verify", help="check shards against their index", epilog="example: uv run python -m data verify shards/mine"
    )
    parser.add_argument("folders", nargs="+", type=Path, metavar="SHARDS")
    parser.set_defaults(run=_verify)


def _verify(args: argparse.Namespace, settings: list[str]) -> int:
    wrong = [f"{folder}: {line}" for folder in args.folders for line in verify_shards(folder)]
    print("\n".join(wrong) or "every tar is what its index says")
    return 1 if wrong else 0


if __name__ == "__main__":
    run_as_program(main)
