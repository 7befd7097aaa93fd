"""`narration align book.epub reading.m4b`: an existing recording and its text give what a narration gives.

Nothing here imports torch before there is something to align.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from tts import document, settings
from tts.cli import UsageError
from tts.narration.script import OPTIONAL, chapter_numbers

SUFFIX = ".aligned"  # of the folder beside the recording
NARRATORS = ("narrator", "composer", "performer")  # tags that name who reads, as audiobooks have them
SPELLER = Path(__file__).parent.parent / "weights" / "dvae.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What a person types after `align`."""
    parser.add_argument("book", type=Path, metavar="BOOK", help=f"its text: {', '.join(document.FORMATS)}")
    parser.add_argument("recording", type=Path, metavar="RECORDING", help="mp3, m4a, m4b, opus, ogg, flac or wav")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help=f"a folder (RECORDING{SUFFIX})")
    parser.add_argument("--write", metavar="LIST", help="names of outputs, apart by commas; all: every one")
    parser.add_argument("--chapters", metavar="LIST", help="only these are read in it, such as 3-5,8")
    parser.add_argument("--include", metavar="LIST", help=f"of {','.join(OPTIONAL)}: these are read, too")
    parser.add_argument("--narrator", metavar="NAME", help="who reads; by default as the recording says")
    parser.add_argument("--codec", type=Path, default=SPELLER, metavar="FILE", help="the dvae that hears")


def run(arguments: argparse.Namespace, overrides: list[str], tell: Callable[[str], None]) -> list[Path]:
    """Align and write; gives the paths of what is written. `overrides` are settings of conf/prepare.yaml.

    Raises ValueError and OSError for a text or a recording that cannot be used, and if they do not belong together.
    """
    from tts.narration.outputs import EXTRAS, USUAL, write_all

    names = list(EXTRAS) if arguments.write == "all" else (arguments.write or ",".join(USUAL)).split(",")
    if unknown := [name for name in names if name not in EXTRAS]:
        raise UsageError(f"no output {unknown[0]!r}: choose from {', '.join(EXTRAS)}")
    conf = settings.compose(["ingest.max_hours=24", *overrides], "prepare")
    if not arguments.recording.is_file():
        raise ValueError(f"no such recording: {str(arguments.recording)!r}")
    text = document.read(arguments.book)
    folder = arguments.output or arguments.recording.with_name(arguments.recording.stem + SUFFIX)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as scratch:
        timeline = _aligned(arguments, text, conf, Path(scratch), tell)
    return write_all(timeline, text, [arguments.recording], folder, names)


def _aligned(arguments: argparse.Namespace, text: document.Document, conf: dict, scratch: Path, tell: Callable):
    from tts.alignment.recording import Samples, unpacked
    from tts.alignment.spell import Speller
    from tts.narration.recorded import align_recording
    from tts.narration.script import script_of
    from tts.synthesis.speaking import Settings

    speller = Speller(arguments.codec)
    script = script_of(
        text,
        language=speller.tokenizer.language,
        settings=Settings.parse(settings.compose([])),
        include=[name for name in (arguments.include or "").split(",") if name],
        chapters=chapter_numbers(arguments.chapters) if arguments.chapters else None,
    )
    rate = speller.audio.sample_rate
    try:
        found = unpacked(arguments.recording, rate, scratch / "samples", **conf["ingest"])
        told = align_recording(
            script,
            Samples(scratch / "samples", rate),
            speller,
            min_agreement=conf["words"]["min_agreement"],
            scratch=scratch,
            marks=[start for start, _ in found["chapters"]],
            narrator=arguments.narrator
            or next((found["tags"][tag] for tag in NARRATORS if found["tags"].get(tag)), ""),
        )
    except ValueError as error:
        raise ValueError(f"cannot align {str(arguments.recording)!r}: {error}") from None
    tell(
        f"heard {told.heard} of {told.words} words ({told.heard / told.words:.1%}), agreement {told.agreement:.0%}, "
        f"{len(told.timeline.chapters)} of {len(script.chapters)} chapters"
    )
    doubtful = [own.id for chapter in told.timeline.chapters for own in chapter.segments if own.faults]
    if doubtful:
        tell(f"{len(doubtful)} sentences are hardly heard as they are written: {', '.join(doubtful[:8])}")
    return told.timeline
