"""Audiobooks and dialogues: `python -m tts.narration make book.epub -o book.flac`.

Torch takes seconds to import, so a mistyped command line is answered before that.
"""

import argparse
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tts import document
from tts.cli import Parser, UsageError, grouped_exit_code, printable, run_as_program
from tts.executors import add_executor_options, make_executor
from tts.formats import OUTPUTS
from tts.narration import align, feed
from tts.narration.asked import asked_for, checked_output
from tts.narration.project import SUFFIX, Project
from tts.narration.terminal import Terminal, clock

if TYPE_CHECKING:
    from tts.narration.plan import NarrationPlan
    from tts.narration.script import Segment
    from tts.narration.takes import StoredTake

DOUBTFUL = 3  # exit code: done, with takes in which the check found a fault
PACE = 15.0  # characters of normalised text that are spoken in a second, about
EXAMPLES = """\
examples:
  python -m tts.narration list book.epub                           chapters, words, and about how long they take
  python -m tts.narration make book.epub -o book.flac              run it again to go on after a stop
  python -m tts.narration make book.epub -o book.flac --chapters 3-5,8
  python -m tts.narration make play.txt -o play.flac --cast "Jack=kumo" --cast "Gwendolen=lj"
  python -m tts.narration retake 12.3 --seed 4                     another take of a paragraph; `make` puts it in
  python -m tts.narration try 12.3.1 --takes 4                     four takes of a sentence, to choose by ear
  python -m tts.narration try 12.3.1 --keep 2
  python -m tts.narration report                                   what stayed doubtful
  python -m tts.narration clean --remove                           takes of what was changed go
  python -m tts.narration align book.epub reading.m4b              words and times of a recording that exists
  python -m tts.narration feed book.narration/manifest.json book-*.mp3 --base https://example.org/book
  python -m tts.narration detect book.m4b                          is there a mark of synthetic speech in it?
"""


def main(argv: list[str] | None = None) -> int:
    """Run a verb and return its exit code: 0 done, 1 failed, 2 usage, 3 done with doubtful takes, 130 interrupted."""
    given = sys.argv[1:] if argv is None else argv
    return grouped_exit_code(
        "narration", lambda: run(given), group="", groups={}, interrupted="interrupted; run again to go on"
    )


def run(argv: list[str]) -> int:
    """Everything that `main` does except naming errors."""
    split = argv.index("--") if "--" in argv else len(argv)
    arguments = make_parser().parse_args(argv[:split])
    overrides = argv[split + 1 :]
    if overrides and not hasattr(arguments, "book"):
        raise UsageError(f"{arguments.verb} takes its settings from the last make: give none after --")
    return arguments.run(arguments, overrides)


def make_parser() -> Parser:
    """What a person types; whatever has a default in conf/infer.yaml or conf/narrate.yaml has none here."""
    parser = Parser(
        prog="narration",
        description="Make an audiobook of a book, or a dialogue of a script.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)
    for add in (add_make, add_list, add_retake, add_try, add_report, add_clean, add_align, add_feed, add_detect):
        add(verbs)
    return parser


def add_make(verbs) -> None:
    parser = verbs.add_parser("make", help="speak a document into a recording, or go on with it")
    _add_text(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help=", ".join(OUTPUTS))
    parser.add_argument("--preset", help="of loudness: podcast, audiobook, bedtime, or none")
    parser.add_argument("--bed", metavar="SOUND", help="under the speech: rain, wind, fire, brown, or a recording")
    parser.add_argument("--cover", type=Path, metavar="PICTURE", help="a JPEG or a PNG instead of the book's own")
    parser.add_argument("--per-chapter", action="store_true", help="a file for each chapter")
    parser.add_argument("--outputs", metavar="LIST", help="what else to make, such as book.epub,words.srt")
    parser.add_argument("--no-mark", action="store_true", help="leave out the inaudible mark of synthetic speech")
    _add_project(parser)
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that speak; 0: this one (0)")
    add_executor_options(parser)
    parser.set_defaults(run=_make)


def add_list(verbs) -> None:
    parser = verbs.add_parser("list", help="chapters, words, and about how long they will take")
    _add_text(parser)
    parser.set_defaults(run=_list)


def add_retake(verbs) -> None:
    parser = verbs.add_parser("retake", help="give a sentence, a paragraph or all that is doubtful another take")
    parser.add_argument("id", metavar="ID", help="CHAPTER.PARAGRAPH, CHAPTER.PARAGRAPH.SENTENCE, or doubtful")
    parser.add_argument("--seed", type=int, metavar="N", help="of the new take; by default the next one")
    _add_project(parser)
    parser.set_defaults(run=_retake)


def add_try(verbs) -> None:
    parser = verbs.add_parser("try", help="several takes of a sentence or a paragraph, to choose from by ear")
    parser.add_argument("id", metavar="ID", help="CHAPTER.PARAGRAPH or CHAPTER.PARAGRAPH.SENTENCE")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--takes", type=int, default=4, metavar="N", help="how many (4)")
    choice.add_argument("--keep", type=int, metavar="N", help="the take of this number is the one from now on")
    _add_project(parser)
    parser.set_defaults(run=_try)


def add_report(verbs) -> None:
    parser = verbs.add_parser("report", help="the takes that stayed doubtful, with a page on which to hear them")
    _add_project(parser)
    parser.set_defaults(run=_report)


def add_clean(verbs) -> None:
    parser = verbs.add_parser("clean", help="takes that are wanted no more: how many they are, and their removal")
    parser.add_argument("--remove", action="store_true", help="remove them; otherwise nothing is changed")
    _add_project(parser)
    parser.set_defaults(run=_clean)


def add_align(verbs) -> None:
    parser = verbs.add_parser("align", help="player, subtitles and overlays of a recording that exists")
    align.add_arguments(parser)
    _add_quiet(parser)
    parser.set_defaults(run=_align)


def add_feed(verbs) -> None:
    parser = verbs.add_parser("feed", help="an RSS feed of finished episodes, for podcast applications")
    feed.add_arguments(parser)
    _add_quiet(parser)
    parser.set_defaults(run=_feed)


def add_detect(verbs) -> None:
    parser = verbs.add_parser("detect", help="whether files carry the inaudible mark of synthetic speech")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="recordings of any format")
    parser.set_defaults(run=_detect)


def _add_text(parser: Parser) -> None:
    """What is read, and how."""
    parser.add_argument("book", metavar="BOOK", help=f"{', '.join(document.FORMATS)}, any other text file, or -")
    parser.add_argument("-v", "--voice", help="of the narrator: a name, a recording, or a folder of recordings")
    parser.add_argument("--cast", action="append", default=[], metavar="ROLE=VOICE", help="who speaks a role")
    parser.add_argument("--quotes", metavar="VOICE", help="who speaks the dialogue of prose")
    parser.add_argument("--chapters", metavar="LIST", help="only these, such as 3-5,8")
    parser.add_argument(
        "--include", metavar="LIST", help="notes,captions,code,directions,matter,pages: read these, too"
    )
    parser.add_argument("--announce", action=argparse.BooleanOptionalAction, help="begin with title and author")
    announced = "read the notes after the paragraph that refers to them, and say that they are notes"
    parser.add_argument("--announce-notes", action=argparse.BooleanOptionalAction, help=announced)
    parser.add_argument("--language", metavar="CODE", help="in which the text is read: en, de; auto: the book decides")
    parser.add_argument("--lexicon", metavar="FILE", help="your readings of words, which go before all rules")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed, another take of everything")
    parser.add_argument("--speed", type=float, metavar="X", help="tempo, 1 is as spoken; pitch stays")
    parser.add_argument("--device", help="cpu, cuda, mps; auto takes cuda if it is there, else cpu")
    parser.add_argument("--threads", type=int, metavar="N", help="of the processor, in each process (1)")
    parser.add_argument("--weights", metavar="DIR", help="folder of dvae, gpt, diffusion, vocoder .safetensors")
    parser.add_argument("--engine", metavar="NAME", help="torch; onnx or onnx=FOLDER: exported nets (auto)")
    _add_quiet(parser)


def _add_quiet(parser: Parser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no notices")


def _add_project(parser: Parser) -> None:
    parser.add_argument("--project", type=Path, metavar="DIR", help=f"what is kept of the work (OUTPUT{SUFFIX})")


def _make(arguments: argparse.Namespace, overrides: list[str]) -> int:
    output = checked_output(arguments.output, arguments.book)
    project = Project(arguments.project or Project.beside(output).folder)
    if arguments.book == "-":
        arguments.book = project.keep_text(sys.stdin.buffer.read(document.MAX_BYTES + 1))
    executor = make_executor(arguments, project.folder)
    order = asked_for(arguments, overrides, output)
    from tts.narration.narrate import make

    terminal = Terminal(arguments.quiet)
    done = make(order, project, executor, terminal.tell, terminal.progress)
    for path in done.recordings:
        terminal.say(path)
    took = f"{done.spoken} takes were spoken, {done.kept} were there"
    terminal.say(f"{clock(done.seconds)} in {done.chapters} chapters; {took}")
    if done.others:
        terminal.say(f"in {project.folder}: {', '.join(path.name for path in done.others)}")
    if done.doubtful:
        terminal.say(f"{len(done.doubtful)} takes stayed doubtful, to be heard in {project.doubtful}")
    return DOUBTFUL if done.doubtful else 0


def _list(arguments: argparse.Namespace, overrides: list[str]) -> int:
    order = asked_for(arguments, overrides, None)
    terminal = Terminal(arguments.quiet)
    script = order.script(terminal.tell)
    total_words = total_seconds = 0
    for number, chapter in enumerate(script.chapters):
        own = script.of(number)
        words = sum(len(segment.words.split()) for segment in own)
        speech = sum(len(segment.words) / segment.manner.rate for segment in own) / PACE / order.conf["speed"]
        seconds = speech + sum(segment.pause for segment in own)
        total_words, total_seconds = total_words + words, total_seconds + seconds
        print(f"{chapter.number:5} {clock(seconds):>9} {words:8} words  {printable(chapter.title)}".rstrip())
    print(f"{'all':>5} {clock(total_seconds):>9} {total_words:8} words  {printable(script.document.title)}".rstrip())
    if len(script.roles) > 1:
        print(f"roles: {', '.join(map(printable, script.roles))}")
    return 0


def _retake(arguments: argparse.Namespace, overrides: list[str]) -> int:
    from tts.narration.narrate import speak_again

    plan = _last_plan(arguments)
    indices = plan.doubtful() if arguments.id == "doubtful" else plan.find(arguments.id)
    if not indices:
        print("nothing is doubtful")
    for segment, take in speak_again(plan, indices, arguments.seed):
        _show(segment, take, plan.store.path(take.key))
    return 0


def _try(arguments: argparse.Namespace, overrides: list[str]) -> int:
    from tts.narration.narrate import speak_choices

    count = arguments.keep or arguments.takes
    if not 0 < count <= 1000:
        raise UsageError(f"a take is counted from 1, not {count}")
    plan = _last_plan(arguments)
    for index in plan.find(arguments.id):
        if arguments.keep:
            plan.choose(index, plan.seed + arguments.keep - 1)
            print(f"{plan.script.segments[index].id}: take {arguments.keep} is used from now on; run make to put it in")
            continue
        for path, take in speak_choices(plan, index, count):
            _show(plan.script.segments[index], take, path)
    return 0


def _report(arguments: argparse.Namespace, overrides: list[str]) -> int:
    plan = _last_plan(arguments)
    doubtful = plan.doubtful()
    for index in doubtful:
        take = plan.store.find(plan.wanted[index].key)
        _show(plan.script.segments[index], take, plan.store.path(take.key))
    spoken = sum(want is not None for want in plan.wanted)
    print(f"{len(doubtful)} of {spoken} takes are doubtful; {plan.project.doubtful} is a page to hear them on")
    return DOUBTFUL if doubtful else 0


def _clean(arguments: argparse.Namespace, overrides: list[str]) -> int:
    """Chapters that the last make left out keep their takes."""
    import soundfile

    plan = _last_plan(arguments, chapters=None)
    with plan.project.locked(print):
        unwanted = plan.unwanted()
        seconds = sum(soundfile.info(path).duration for path in unwanted)
        size = sum(path.stat().st_size for path in unwanted) / 1e6
        print(f"{len(unwanted)} of {len(plan.store.paths())} takes are wanted no more: {clock(seconds)}, {size:.1f} MB")
        if arguments.remove:
            for path in unwanted:
                path.unlink()
            print("removed")
        elif unwanted:
            print("with --remove they go; another make of what they say would speak it again")
    return 0


def _align(arguments: argparse.Namespace, overrides: list[str]) -> int:
    terminal = Terminal(arguments.quiet)
    for path in align.run(arguments, overrides, terminal.tell):
        terminal.say(path)
    return 0


def _feed(arguments: argparse.Namespace, overrides: list[str]) -> int:
    terminal = Terminal(arguments.quiet)
    terminal.say(feed.run(arguments, terminal.tell))
    return 0


def _detect(arguments: argparse.Namespace, overrides: list[str]) -> int:
    from tts.narration.mark import detect

    for path in arguments.files:
        print(printable(f"{path}: {detect(path)}"))
    return 0


def _show(segment: "Segment", take: "StoredTake", path: Path) -> None:
    print(printable(f"{segment.id} seed {take.seed}: {'; '.join(take.faults) or 'no fault found'}: {path}"))


def _last_plan(arguments: argparse.Namespace, **changed: object) -> "NarrationPlan":
    """The plan of the last make in a project, the one that is named or the only one in this folder; with changes."""
    folder = arguments.project
    if not folder:
        found = sorted(path for path in Path().glob(f"*{SUFFIX}") if path.is_dir())
        if len(found) != 1:
            raise UsageError(f"{len(found) or 'no'} folders *{SUFFIX} here: name one with --project")
        folder = found[0]
    from tts.narration.plan import NarrationPlan, Order

    project = Project(folder)
    order = replace(Order.last(project), **changed)
    return NarrationPlan(order, project, lambda notice: None)  # make has told them


def _terminate(signum: int, frame: object) -> None:
    """Unwind as Ctrl-C does, so that temporary files go."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    run_as_program(main)
