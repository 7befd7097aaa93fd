"""`python -m data prepare`: its options, and which executor they choose."""

import argparse
from pathlib import Path

from data.pack.command import add_packing, recipe
from data.prepare.unpack import CONTAINERS
from tts import settings


def add_prepare(commands) -> None:
    """The parser of `prepare`."""
    parser = commands.add_parser(
        "prepare",
        help="podcasts, audiobooks and other long recordings to shards",
        usage="python -m data prepare SOURCE... -o SHARDS [options] [-- setting=value ...]",
        description="Cut long recordings into clips with words, judge them, and pack the good ones. A SOURCE is a "
        f"recording ({', '.join(CONTAINERS)}) or a folder of them. Beside each may lie its text (.txt, .epub), a "
        "transcript with times (.srt, .vtt, Podcasting 2.0 or Whisper .json), or an RSS file; where there is none, a "
        "recogniser writes the words. Results so far are kept in SHARDS.work: a stopped run goes on from there, and a "
        "changed setting repeats only the stages that depend on it. Settings: conf/prepare.yaml.",
        epilog="example: uv run python -m data prepare podcast/ book.m4b -o shards/mine -- judge.mos=2.5",
    )
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    parser.add_argument("--executor", choices=("local", "ray", "slurm"), default="local", help="what does the work")
    parser.add_argument("--ray-address", metavar="ADDRESS", help="of a Ray cluster; without it, one is started here")
    parser.add_argument("--ray-token", type=Path, metavar="FILE", help="token of a Ray cluster that asks for one")
    parser.add_argument(
        "--slurm", nargs="+", default=[], metavar="OPTION=VALUE", help="of submitit, such as slurm_partition=cpu"
    )
    parser.add_argument(
        "--slurm-cluster", choices=("slurm", "local"), default="slurm", help="local: processes of submitit, to try it"
    )
    add_packing(parser)
    # conf/prepare.yaml cuts the clips and gives their margins. Folders grow, and no clip may move to another split.
    parser.set_defaults(min_seconds=0.0, max_seconds=600.0, no_trim=True, codec=None, speaker_split="always")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace, overrides: list[str]) -> int:
    from data.pack.pack import describe_shards
    from data.prepare.pipeline import prepare  # what only long recordings need
    from data.prepare.plan import plan

    try:
        chosen = plan(settings.compose(overrides, "prepare"), recipe=recipe(args), args=args)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    print(describe_shards(prepare(args.sources, args.out, chosen, _executor(args))))
    print(f"report: {args.out / 'report.html'}")
    return 0


def _executor(args: argparse.Namespace):
    from data.prepare.executors import Local, Ray, Slurm

    if args.executor == "local":
        return Local(args.workers)
    if args.executor == "ray":
        return Ray(args.ray_address, args.ray_token, max(args.workers, 1))
    options = dict(item.partition("=")[::2] for item in args.slurm)
    return Slurm(
        args.out.with_name(f"{args.out.name}.work") / "slurm", args.slurm_cluster, max(args.workers, 1), options
    )
