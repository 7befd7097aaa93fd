"""Shows: `python -m tts.shows bedtime "It is raining heavily today." -o rain`."""

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tts.cli import FAILED, INTERRUPTED, MISUSED, Parser, UsageError, complain, run_as_program
from tts.narration.cast import given_cast
from tts.narration.terminal import Terminal, clock
from tts.shows.models.open import DEFAULTS, NAMED
from tts.shows.order import FILE, ShowOrder, kept_order
from tts.shows.show import Show, read_settings, shows

TOKENS, IMAGES = 200_000, 100  # of the budget, unless another is given
EXAMPLES = """\
examples:
  python -m tts.shows bedtime "It is raining heavily today." -o rain
  python -m tts.shows bedtime -o rain                                go on after a stop, or after an edit
  python -m tts.shows bedtime -o rain --redo story                   another story; what follows from it is made anew
  python -m tts.shows bedtime "A fox." -o fox --writer http://localhost:11434/v1#qwen3:8b -- minutes=6
  python -m tts.shows literai book.epub -o talk --until summary      then look at talk/summary.md, edit it, and go on
  python -m tts.shows my.yaml notes.md -o news                       a show of your own
  python -m tts.shows bedtime --stages                               its stages, files and settings
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return complain("shows: interrupted; run again to go on", INTERRUPTED)
    except UsageError as error:
        return complain(f"shows: error: {error}", MISUSED)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename and error.strerror else error
        return complain(f"shows: error: {reason}", FAILED)
    except (ValueError, ModuleNotFoundError) as error:
        return complain(f"shows: error: {error}", FAILED)


def run(argv: list[str]) -> int:
    """Everything that `main` does except naming errors."""
    split = argv.index("--") if "--" in argv else len(argv)
    arguments = make_parser().parse_args(argv[:split])
    folder = arguments.output.expanduser().resolve() if arguments.output else None
    if folder and folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(arguments.output)!r} is a file: give -o a folder")
    typed = _asked(lambda: _typed(arguments, argv[split + 1 :]))
    name = arguments.show if arguments.show in shows() else Path(arguments.show).stem
    kept = _asked(lambda: kept_order(folder, name)) if folder else ShowOrder()
    order = typed.over(kept)
    show = _asked(lambda: order.show(arguments.show))
    if arguments.stages:
        _list(show)
        return 0
    if not folder:
        raise UsageError("-o FOLDER is missing: it keeps everything that the show is made of")
    return _make(show, order, folder, arguments)


def make_parser() -> Parser:
    """What a person types."""
    parser = Parser(
        prog="shows",
        description=f"Make a show: {', '.join(shows())}, or one of your own.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="python -m tts.shows SHOW [INPUT] -o FOLDER [options] [-- setting=value ...]",
    )
    parser.add_argument("show", metavar="SHOW", help=f"{', '.join(shows())}, or a YAML file")
    parser.add_argument("input", nargs="?", metavar="INPUT", help="a text or a file; not needed to go on")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER", help="everything that is made; edit what you like"
    )
    for kind, what in (("writer", "writes"), ("eye", "describes pictures"), ("painter", "paints")):
        own = DEFAULTS[kind]
        where = f"{', '.join(NAMED[kind])}, URL#MODEL of an OpenAI-compatible server, or a folder of weights ({own})"
        parser.add_argument(f"--{kind}", metavar="MODEL", help=f"what {what}: {where}")
    parser.add_argument("-v", "--voice", metavar="VOICE", help="of the narrator: a name, a recording, or a folder")
    parser.add_argument("--cast", action="append", metavar="ROLE=VOICE", help="who speaks a role, such as a host")
    parser.add_argument("--about", metavar="TEXT", help="what a photo shows, where no eye can tell")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed, another show (0)")
    parser.add_argument("--redo", action="append", default=[], metavar="STAGE", help="make it anew, edits included")
    parser.add_argument("--until", metavar="STAGE", help="stop after this stage, to look and to edit")
    parser.add_argument("--tokens", type=int, default=TOKENS, metavar="N", help=f"budget of paid models ({TOKENS:,})")
    parser.add_argument("--images", type=int, default=IMAGES, metavar="N", help=f"budget of paid models ({IMAGES})")
    parser.add_argument("--filter", type=Path, metavar="FILE", help="words and themes that may not occur, a line each")
    parser.add_argument("--stages", action="store_true", help="list the stages, their files and settings, and stop")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no notices")
    return parser


def _typed(arguments: argparse.Namespace, settings: list[str]) -> ShowOrder:
    """What stands on the command line. Raises ValueError for what cannot be read."""
    models = {kind: getattr(arguments, kind) for kind in DEFAULTS if getattr(arguments, kind)}
    return ShowOrder(
        models=models,
        seed=arguments.seed,
        voice=arguments.voice,
        cast=given_cast(arguments.cast or ()),
        about=arguments.about,
        filter=_lines(arguments.filter) if arguments.filter else None,
        settings=read_settings(settings),
    )


def _lines(path: Path) -> list[str]:
    try:
        lines = path.expanduser().read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8: save it as plain UTF-8 text") from None
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _asked(make: Callable):
    """What the command line asks for; what is wrong with it is wrong usage."""
    try:
        return make()
    except ValueError as error:
        raise UsageError(error) from None


def _list(show: Show) -> None:
    print(f"{show.title}: {show.about} Input: a {show.input}.")
    for own in show.stages:
        print(f"\n{own.name}: {', '.join(own.reads)} -> {', '.join(own.makes)}")
        for key, value in own.settings.items():
            print(f"    {key}: {' '.join(str(value).split())}")


def _make(show: Show, order: ShowOrder, folder: Path, arguments: argparse.Namespace) -> int:
    from time import monotonic

    from tts.shows.calls import Budget, Calls
    from tts.shows.records import STATE
    from tts.shows.run import BEGUN, Models, ShowRun

    terminal = Terminal(arguments.quiet, "shows")
    calls = Calls(folder / STATE / "calls", Budget(arguments.tokens, arguments.images))
    models = Models(DEFAULTS | order.models, calls)
    terminal.say(_spent(calls, "before"))
    if order.settings:
        held = ", ".join(f"{key}={' '.join(str(value).split())}" for key, value in order.settings.items())
        terminal.say(f"settings: {held} (kept in {FILE})")
    start = monotonic()
    engine = ShowRun(show, folder, models, order.seed or 0, terminal.tell, terminal.progress)

    def reached(name: str, what: str) -> None:
        if what != BEGUN:
            terminal.say(f"{name}: {what}")

    try:
        show.check_stages([*arguments.redo, *([arguments.until] if arguments.until else [])])
        order.save(folder, show)
        engine.run(arguments.input, redo=arguments.redo, until=arguments.until, reached=reached)
    finally:
        terminal.say(_spent(calls, "after"))
    terminal.say(f"{os.path.relpath(folder)} is ready after {clock(monotonic() - start)}")
    return 0


def _spent(calls, when: str) -> str:
    budget, paid = calls.budget, calls.paid
    spent = f"{paid.tokens:,} of {budget.tokens:,} tokens and {paid.images:,} of {budget.images:,} images are spent"
    return f"{when}: {spent}" + (f"; {calls.asked} answers are new, {calls.kept} were there" * (when == "after"))


def _terminate(signum: int, frame: object) -> None:
    """Unwind as Ctrl-C does, so that temporary files go."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    run_as_program(main)
