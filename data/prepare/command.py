"""The command line of `python -m data prepare`."""

import argparse
from pathlib import Path

from data.pack.command import add_packing, recipe
from tts import settings
from tts.alignment.unpack import CONTAINERS
from tts.cli import UsageError
from tts.executors import add_executor_options, make_executor


def add_prepare(commands) -> None:
    """Add the parser of `prepare`."""
    parser = commands.add_parser(
        "prepare",
        help="podcasts, audiobooks and other long recordings to shards",
        usage="python -m data prepare SOURCE... -o SHARDS [options] [-- setting=value ...]",
        description="Cut long recordings into clips with words, rate the clips, and pack the good ones. A SOURCE is a "
        f"recording ({', '.join(CONTAINERS)}) or a folder of recordings. Beside a recording may lie its text (.txt, "
        ".epub), a transcript with times (.srt, .vtt, Podcasting 2.0 or Whisper .json), or an RSS file. If there is no "
        "text, a recogniser transcribes the recording. Results are cached in SHARDS.work: a stopped run continues "
        "where it was, and a changed setting repeats only the stages that depend on it. The settings are in "
        "conf/prepare.yaml.",
        epilog="example: uv run python -m data prepare podcast/ book.m4b -o shards/mine -- judge.mos=2.5",
    )
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    add_executor_options(parser)
    add_packing(parser)
    # Clips are cut and trimmed by the settings. Whole speakers are held out, so that no clip moves when a corpus grows.
    parser.set_defaults(min_seconds=0.0, max_seconds=600.0, no_trim=True, codec=None, speaker_split="always")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace, overrides: list[str]) -> int:
    from data.pack.pack import describe_shards
    from data.prepare.config import read_config  # only needed for long recordings
    from data.prepare.pipeline import prepare_shards, work_folder

    try:
        config = read_config(settings.compose(overrides, "prepare"), recipe=recipe(args), args=args)
    except (ValueError, TypeError) as error:
        raise UsageError(error) from None
    executor = make_executor(args, work_folder(args.out))
    print(describe_shards(prepare_shards(args.sources, args.out, config, executor)))
    print(f"report: {args.out / 'report.html'}")
    return 0
