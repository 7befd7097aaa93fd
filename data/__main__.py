"""`python -m data prepare | pack | synth | verify`: make shards from long recordings, from clips, or from books."""

import argparse
import errno
import os
import sys
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data.pack.corpora import ACCEPTED, read_ids
from data.pack.pack import Options, check_target, describe, pack
from data.pack.recording import FORMATS, Recipe
from data.pack.synth import VOICES, synthesise
from data.prepare import executors
from data.prepare.unpack import CONTAINERS
from data.shards import verify
from tts import settings
from tts.types import AudioConfig

CONF = Path(__file__).parent.parent / "conf" / "audio"


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 failed, 2 misused, 130 interrupted; an error is one line."""
    parser = _parser()
    arguments = sys.argv[1:] if arguments is None else arguments
    split = arguments.index("--") if "--" in arguments else len(arguments)
    args = parser.parse_args(arguments[:split])
    try:
        if arguments[split + 1 :] and args.command != "prepare":
            raise argparse.ArgumentTypeError("only prepare takes settings after --")
        if args.command == "verify":
            return _verify(args.folders)
        args.out = Path(os.path.abspath(args.out))
        if args.command == "prepare":
            return _prepare(args, arguments[split + 1 :])
        if args.command == "synth":
            check_target(args.out)
            work = args.out.with_name(f"{args.out.name}.work") / "flite"
            synthesise(args.books, work, voices=args.voices, hours=args.hours, seed=args.seed, workers=args.workers)
            args.sources = [work]
        stats = pack(args.sources, args.out, _options(args))
    except KeyboardInterrupt:
        again = "go on" if args.command == "prepare" else "start over"
        print(f"\ninterrupted; nothing was left half done, run the same command to {again}", file=sys.stderr)
        return 130
    except argparse.ArgumentTypeError as error:
        parser.error(str(error))
    except (ValueError, OSError, ModuleNotFoundError) as error:
        full = isinstance(error, OSError) and error.errno == errno.ENOSPC
        remedy = f": make room in {args.out.parent} and run the same command again" if full else ""
        print(f"error: {' '.join(str(error).split())}{remedy}", file=sys.stderr)
        return 1
    print(describe(stats))
    return 0


def _prepare(args: argparse.Namespace, overrides: list[str]) -> int:
    from data.prepare.config import read_config  # what only long recordings need
    from data.prepare.pipeline import prepare_shards, work_folder

    try:
        config = read_config(settings.compose(overrides, "prepare"), recipe=_recipe(args), args=args)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    executor = executors.from_arguments(args, work_folder(args.out))
    stats = prepare_shards(args.sources, args.out, config, executor)
    print(describe(stats))
    print(f"report: {args.out / 'report.html'}")
    return 0


def _verify(folders: list[Path]) -> int:
    wrong = [f"{folder}: {line}" for folder in folders for line in verify(folder)]
    print("\n".join(wrong) or "every tar is what its index says")
    return 1 if wrong else 0


def _options(args: argparse.Namespace) -> Options:
    return Options(
        recipe=_recipe(args),
        exclude=frozenset().union(*map(read_ids, args.exclude)),
        val_share=args.val_share,
        speaker_split=args.speaker_split,
        shard_mb=args.shard_mb,
        workers=args.workers,
    )


def _recipe(args: argparse.Namespace) -> Recipe:
    return Recipe(
        audio=_audio(args.audio),
        format=args.format,
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        trim=not args.no_trim,
    )


def _audio(name: str) -> AudioConfig:
    path = Path(name) if name.endswith(".yaml") else CONF / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in CONF.glob("*.yaml")))
        raise argparse.ArgumentTypeError(f"no audio configuration {name!r}; known are {known}, or give a .yaml file")
    try:
        return AudioConfig(**OmegaConf.to_container(OmegaConf.load(path), resolve=True))
    except (OmegaConfBaseException, TypeError) as error:
        raise ValueError(f"{path} is no audio configuration: {error}") from None


def _number(low: float, high: float, kind: type = float):
    def read(text: str):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not within {low:g} to {high:g}")
        return value

    return read


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="prepare | pack | synth | verify")
    preparing = commands.add_parser(
        "prepare",
        help="podcasts, audiobooks and other long recordings to shards",
        usage="python -m data prepare SOURCE... -o SHARDS [options] [-- setting=value ...]",
        description="Cut long recordings into clips with words, judge them, and pack the good ones. A SOURCE is a "
        f"recording ({', '.join(CONTAINERS)}) or a folder of them. Beside each may lie its text (.txt, .epub), a "
        "transcript with times (.srt, .vtt, Podcasting 2.0 or Whisper .json), or an RSS file; where nothing does, a "
        "recogniser writes the words. Results so far are kept in SHARDS.work: a stopped run goes on, a changed "
        "setting repeats only what rests on it. Settings: conf/prepare.yaml.",
        epilog="example: uv run python -m data prepare podcast/ book.m4b -o shards/mine -- judge.mos=2.5",
    )
    preparing.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    executors.add_arguments(preparing)
    verifying = commands.add_parser(
        "verify", help="check shards against their index", epilog="example: uv run python -m data verify shards/mine"
    )
    verifying.add_argument("folders", nargs="+", type=Path, metavar="SHARDS")
    packing = commands.add_parser(
        "pack",
        help="recordings with transcripts to shards",
        description=f"Pack corpora into shards. A SOURCE is {ACCEPTED}. Its heldout_ids.txt names the test split.",
        epilog="example: uv run python -m data pack corpora/my_voice ~/LJSpeech-1.1 -o shards/mine",
    )
    packing.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    synth = commands.add_parser(
        "synth",
        help="books to shards, spoken by flite",
        description="Make a corpus from books with the installed speech program flite, then pack it.",
        epilog="example: uv run python -m data synth book.epub notes.txt -o shards/flite --hours 3",
    )
    synth.add_argument("books", nargs="+", type=Path, metavar="BOOK", help=".txt or .epub")
    synth.add_argument(
        "--voices", nargs="+", default=["slt", "rms", "awb"], metavar="VOICE", help=f"of {', '.join(VOICES)}"
    )
    synth.add_argument(
        "--hours",
        nargs="+",
        type=_number(0.001, 10000),
        default=[1.0],
        help="hours of speech of each voice, or one figure per voice; less where the books are short (default: 1)",
    )
    synth.add_argument("--seed", type=int, default=0, help="which sentences fall to which voice")
    for command in (packing, synth):
        _add_packing(command)
        command.add_argument(
            "--exclude", nargs="+", type=Path, default=[], metavar="FILE", help="ids to leave out, one per line"
        )
        command.add_argument("--min-seconds", type=_number(0.05, 600), default=0.5)
        command.add_argument("--max-seconds", type=_number(0.1, 600), default=20.0)
        command.add_argument("--no-trim", action="store_true", help="keep silence at the ends")
    _add_packing(preparing)
    # Its clips are cut by conf/prepare.yaml, with the margins that it gives; its folders grow, and no clip may move.
    preparing.set_defaults(min_seconds=0.0, max_seconds=600.0, no_trim=True, speaker_split="always")
    return parser


def _add_packing(command: argparse.ArgumentParser) -> None:
    command.add_argument("-o", "--out", type=Path, required=True, metavar="SHARDS", help="folder to make")
    command.add_argument("--val-share", type=_number(0, 0.5), default=0.02, help="share of texts and speakers held out")
    command.add_argument(
        "--speaker-split",
        choices=("auto", "always", "never"),
        default="auto",
        help="hold out whole speakers; auto, the default of pack: in corpora of 20 speakers or more; "
        "always, that of prepare: clips stay where they are when a corpus grows past 20",
    )
    command.add_argument("--audio", default="24khz", help="name in conf/audio, or a .yaml file")
    command.add_argument("--format", choices=tuple(FORMATS), default="flac")
    command.add_argument("--shard-mb", type=_number(0.1, 1e6), default=64.0)
    command.add_argument("--workers", type=_number(0, 256, int), default=max(1, (os.cpu_count() or 1) - 1))


if __name__ == "__main__":
    sys.exit(main())
