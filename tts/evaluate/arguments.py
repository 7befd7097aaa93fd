"""Arguments that several commands share, and what is made of them."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from tts import settings, voices
from tts.evaluate.subjects import Studio
from tts.judges.panel import Panel
from tts.judges.table import ENGLISH_ONLY, RECOGNISERS, best_recogniser, make_judges, make_recogniser
from tts.text.detection import language_of
from tts.text.language import language


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Where the nets are, who judges, and where results go."""
    recognisers = ", ".join(kind.usage for kind in RECOGNISERS.values())
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets (default: conf/infer.yaml's)")
    best = best_recogniser()
    parser.add_argument("--recogniser", default=best, metavar="NAME", help=f"{recognisers} ({best})")
    parser.add_argument(
        "--embedding", default="resemblyzer", metavar="NAME", help="of voices: resemblyzer, or a TorchScript file"
    )
    parser.add_argument(
        "--workers", type=positive, default=os.cpu_count() or 1, help="processes that judge at once (one a core)"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("runs/judge-cache"), help="waves and opinions (runs/judge-cache)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("runs/evaluate"), metavar="OUT", help="folder (runs/evaluate)"
    )


def add_voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", help="that speaks (default: conf/infer.yaml's)")


def add_suites(parser: argparse.ArgumentParser, more: str = "") -> None:
    parser.add_argument("texts", nargs="*", metavar="SUITE", help=f"suites or text files (ordinary){more}")


def positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def make_studio(arguments: argparse.Namespace, overrides: Sequence[str], texts: Sequence[str] = ()) -> Studio:
    """What speaks, in the language of these texts unless the settings name one."""
    conf = settings.compose(list(overrides))
    name = language_of("\n".join(texts), asked=conf["language"], told="", default="english")
    conf["language"] = language(name).code
    conf["voice"] = vars(arguments).get("voice") or voices.usual(conf, voices.ENGLISH)
    return Studio(weights=arguments.weights or settings.ROOT / conf["weights"], conf=conf)


def make_panel(arguments: argparse.Namespace, studio: Studio, names: Sequence[str]) -> Panel:
    recogniser = make_recogniser(arguments.recogniser, studio.weights, studio.language)
    if studio.language != "english":
        names = [name for name in names if name not in ENGLISH_ONLY]
    judges = make_judges(names, recogniser=recogniser, embedding=arguments.embedding)
    return Panel(judges, cache=arguments.cache, workers=arguments.workers)
