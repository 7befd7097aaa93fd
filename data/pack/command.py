"""`python -m data pack` and `synth`: their options, and those of packing that `prepare` shares."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from data.pack.corpora import ACCEPTED, read_ids
from data.pack.engines import ENGINES
from data.pack.pack import PackOptions, check_target, describe_shards, pack
from data.pack.pairs import pack_pairs
from data.pack.recording import FORMATS, Recipe
from data.pack.synth import synthesise
from tts.cli import UsageError
from tts.settings import ROOT
from tts.text.language import CODES
from tts.types import AudioConfig

CONF = ROOT / "conf" / "audio"


def add_pack(commands) -> None:
    """The parser of `pack`."""
    parser = commands.add_parser(
        "pack",
        help="recordings with transcripts to shards",
        description=f"Pack corpora into shards. A SOURCE is {ACCEPTED}. Its heldout_ids.txt names the test split.",
        epilog="example: uv run python -m data pack corpora/my_voice ~/LJSpeech-1.1 -o shards/mine",
    )
    parser.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
    _add_clip_options(parser)
    parser.add_argument(
        "--language",
        choices=("auto", *CODES),
        default="auto",
        help="what the texts are written in (default: auto, by the letters of each corpus)",
    )
    parser.set_defaults(run=_run_pack)


def add_synth(commands) -> None:
    """The parser of `synth`."""
    parser = commands.add_parser(
        "synth",
        help="books to shards, spoken by another system",
        description="Make a corpus from books with another speech system, then pack it.",
        epilog="example: uv run python -m data synth book.epub notes.txt -o shards/flite --hours 3",
    )
    parser.add_argument("books", nargs="+", type=Path, metavar="BOOK", help=".txt or .epub")
    parser.add_argument(
        "--engine", choices=tuple(ENGINES), default="flite", help="the system that speaks (default: flite)"
    )
    parser.add_argument(
        "--voices",
        nargs="+",
        metavar="VOICE",
        help="; ".join(f"{name} has {', '.join(kind.voices)}" for name, kind in ENGINES.items())
        + ", and mixtures; NAME=VOICE says what to call the speaker, as in sora=.7*jm_kumo+.3*jf_alpha "
        "(default: some of the engine's)",
    )
    parser.add_argument(
        "--hours",
        nargs="+",
        type=number(0.001, 10000),
        default=[1.0],
        help="hours of speech of each voice, or one figure per voice; less where the books are short (default: 1)",
    )
    parser.add_argument("--seed", type=int, default=0, help="decides which voice speaks which sentences")
    _add_clip_options(parser)
    parser.set_defaults(run=_run_synth, language="en")


def add_pairs(commands) -> None:
    """The parser of `pairs`."""
    parser = commands.add_parser(
        "pairs",
        help="sentences and their translations to shards",
        description="Pack texts with their translations, for tasks that translate. A TABLE is a .tsv whose first line "
        f"names languages ({', '.join(CODES)}) and whose lines have a text in each, or several with | between.",
        epilog="example: uv run python -m data pairs train.tsv --test test.tsv -o shards/pairs",
    )
    parser.add_argument("tables", nargs="+", type=Path, metavar="TABLE")
    parser.add_argument("--test", nargs="+", type=Path, default=[], metavar="TABLE", help="of texts to hold out")
    add_packing(parser)
    parser.set_defaults(run=_run_pairs)


def _run_pairs(args: argparse.Namespace, settings: list[str]) -> int:
    common = {"audio": _audio(args.audio), "val_share": args.val_share, "shard_mb": args.shard_mb}
    print(describe_shards(pack_pairs(args.tables, args.test, args.out, **common)))
    return 0


def add_packing(parser: argparse.ArgumentParser) -> None:
    """Options of every command that writes shards."""
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="SHARDS", help="folder to make")
    parser.add_argument("--val-share", type=number(0, 0.5), default=0.02, help="share of texts and speakers held out")
    parser.add_argument(
        "--speaker-split",
        choices=("auto", "always", "never"),
        default="auto",
        help="hold out whole speakers. auto, the default of pack: in corpora of 20 speakers or more. "
        "always, the default of prepare: in every corpus, so that no clip moves when a corpus grows past 20",
    )
    parser.add_argument("--audio", default="24khz", help="name in conf/audio, or a .yaml file")
    parser.add_argument("--format", choices=tuple(FORMATS), default="flac")
    parser.add_argument("--shard-mb", type=number(0.1, 1e6), default=64.0)
    parser.add_argument("--workers", type=number(0, 256, int), default=max(1, (os.cpu_count() or 1) - 1))


def recipe(args: argparse.Namespace) -> Recipe:
    """What the options say of each clip."""
    return Recipe(
        audio=_audio(args.audio),
        format=args.format,
        min_seconds=args.min_seconds,
        max_seconds=args.max_seconds,
        trim=not args.no_trim,
        codec=args.codec,
    )


def number(low: float, high: float, kind: type = float) -> Callable[[str], float]:
    """A reader of figures within a range, for argparse."""

    def read(text: str):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not within {low:g} to {high:g}")
        return value

    return read


def _add_clip_options(parser: argparse.ArgumentParser) -> None:
    add_packing(parser)
    parser.add_argument(
        "--exclude", nargs="+", type=Path, default=[], metavar="FILE", help="ids to leave out, one per line"
    )
    parser.add_argument("--min-seconds", type=number(0.05, 600), default=0.5)
    parser.add_argument("--max-seconds", type=number(0.1, 600), default=20.0)
    parser.add_argument("--no-trim", action="store_true", help="keep silence at the ends")
    parser.add_argument(
        "--codec",
        type=Path,
        metavar="DVAE",
        help="weights of a dvae with text, such as tts/weights/dvae.safetensors: store when each sound is heard, "
        "which training would otherwise find out in every step",
    )


def _run_pack(args: argparse.Namespace, settings: list[str]) -> int:
    return _pack(args.sources, args)


def _run_synth(args: argparse.Namespace, settings: list[str]) -> int:
    check_target(args.out)
    engine = ENGINES[args.engine]()
    work = args.out.with_name(f"{args.out.name}.work") / engine.name
    voices = args.voices or list(engine.spoken_by_default)
    synthesise(args.books, work, engine=engine, voices=voices, hours=args.hours, seed=args.seed, workers=args.workers)
    return _pack([work], args)


def _pack(sources: list[Path], args: argparse.Namespace) -> int:
    options = PackOptions(
        recipe=recipe(args),
        exclude=frozenset().union(*map(read_ids, args.exclude)),
        val_share=args.val_share,
        speaker_split=args.speaker_split,
        shard_mb=args.shard_mb,
        workers=args.workers,
        language=args.language,
    )
    print(describe_shards(pack(sources, args.out, options)))
    return 0


def _audio(name: str) -> AudioConfig:
    path = Path(name) if name.endswith(".yaml") else CONF / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in CONF.glob("*.yaml")))
        raise UsageError(f"no audio configuration {name!r}; known are {known}, or give a .yaml file")
    try:
        return AudioConfig(**OmegaConf.to_container(OmegaConf.load(path), resolve=True))
    except (OmegaConfBaseException, TypeError) as error:
        raise ValueError(f"{path} is no audio configuration: {error}") from None
