"""Write down what is said in recordings: `uv run infer.py transcribe FILE...`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tts import settings
from tts.alignment.unpack import CONTAINERS
from tts.cli import FAILED, Parser, UsageError, complain, grouped_exit_code, printable, run_as_program
from tts.files import whole
from tts.transcription.choice import USAGE, make
from tts.transcription.formats import FORMATS
from tts.transcription.listener import Asked, check
from tts.transcription.transcribe import transcribed

EXAMPLES = """\
examples:
  uv run --group listen infer.py transcribe talk.m4a                      the words, by our own nets (English, German)
  uv run --group whisper infer.py transcribe talk.mp3 --model whisper        by Whisper base: better, any language
  uv run --group whisper infer.py transcribe film.mp4 -o film.srt --model whisper=models/large-v3
  uv run --group listen infer.py transcribe *.wav -o texts --format json     a file for each, with the times of words
  uv run --group whisper infer.py transcribe rede.ogg --model whisper --translate       what is said, in English
Our nets write no punctuation, hear English unless --language de asks for German, and mistake 36 words of a hundred
where Whisper base mistakes 4, of German more (docs/listening.md). A model in faster-whisper's format is given as
whisper=FOLDER; nothing is ever fetched.
"""


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 1 if a recording failed, 2 usage, 130 interrupted."""
    given = sys.argv[1:] if argv is None else argv
    told = "interrupted; what was written is whole"
    return grouped_exit_code(
        "transcribe", lambda: run(given), group="listen", groups={"faster_whisper": "whisper"}, interrupted=told
    )


def run(argv: list[str]) -> int:
    """Everything that `main` does except naming errors."""
    given = make_parser().parse_args(argv)
    kind, targets = places(given.files, given.output, given.format)
    language = None if given.language in (None, "auto") else given.language.lower()
    asked = Asked(language=language, translate=given.translate, words=kind == "json", prompt=given.prompt)
    listener = make(given.model, given.weights or settings.ROOT / settings.compose([])["weights"])
    check(listener, asked)
    failed = 0
    for file, target in zip(given.files, targets, strict=True):
        try:
            write(FORMATS[kind](transcribed(file, listener, asked, given.quiet)), target, given.quiet)
        except (ValueError, OSError) as error:
            failed += 1
            complain(f"transcribe: error: {file}: {getattr(error, 'strerror', None) or error}", FAILED)
    return FAILED if failed else 0


def make_parser() -> Parser:
    parser = Parser(
        prog="infer.py transcribe",
        description="Write down what is said in recordings.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"a recording: {', '.join(CONTAINERS)}")
    parser.add_argument("-o", "--output", type=Path, help="a file, or a folder if there are several recordings")
    parser.add_argument("--format", choices=FORMATS, help="txt if the name of the output does not say it")
    parser.add_argument("--language", help="spoken, as en or de (auto: as the model recognises it)")
    parser.add_argument("--model", default="nets", help=f"who listens: {USAGE} (nets)")
    parser.add_argument("--translate", action="store_true", help="write in English what is said; by Whisper only")
    parser.add_argument("--prompt", default="", help="what was said before, or how names are spelt; for Whisper")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of our nets")
    parser.add_argument("--quiet", action="store_true", help="no bar, and no lines but errors")
    return parser


def places(files: Sequence[Path], output: Path | None, kind: str | None) -> tuple[str, list[Path | None]]:
    """The format, and where each text goes; None is standard output. Raises UsageError."""
    if output is None:
        return kind or "txt", [None] * len(files)
    named = output.suffix.lower().removeprefix(".")
    if len(files) == 1 and not output.is_dir() and output.suffix:
        if kind is None and named not in FORMATS:
            raise UsageError(f"{output} must end in .{', .'.join(FORMATS)}, or give --format")
        return kind or named, [output]
    kind = kind or "txt"
    targets = [output / f"{file.stem}.{kind}" for file in files]
    for number, target in enumerate(targets):
        if target in targets[:number]:
            raise UsageError(f"two recordings would be written to {target}: rename one")
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is no folder, and there are {len(files)} recordings: give a folder")
    return kind, targets


def write(text: str, target: Path | None, quiet: bool) -> None:
    if target is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole(target) as file:
        file.write(text.encode())
    if not quiet:
        print(printable(target), file=sys.stderr)


if __name__ == "__main__":
    run_as_program(main)
