"""What a command line of narration asks for, checked before anything is loaded."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tts import settings, voices
from tts.cli import UsageError
from tts.engine.choice import Nets
from tts.formats import OUTPUTS

if TYPE_CHECKING:
    from tts.narration.plan import Order


def checked_output(name: str, book: str) -> Path:
    """A path that can be written, as far as can be seen without writing."""
    path = Path(name).expanduser().resolve()
    if path.suffix.lower() not in OUTPUTS:
        raise UsageError(f"cannot write {name!r}: the name must end in {', '.join(OUTPUTS)}")
    if not path.parent.is_dir():
        raise UsageError(f"no folder {str(path.parent)!r} for {path.name!r}: make it first")
    if path.is_dir() or path == Path(book).resolve():
        raise UsageError(f"{name!r} would overwrite what is there: give -o another name")
    return path


def asked_for(arguments: argparse.Namespace, overrides: list[str], output: Path | None) -> "Order":
    """What the command line asks for, every value checked."""
    known = _composed("narrate", [])
    own = [item for item in overrides if item.partition("=")[0] in known]
    narrate = _composed("narrate", own) if own else known
    conf = _composed("infer", [item for item in overrides if item not in own])
    given = {key: value for key, value in vars(arguments).items() if key in conf and value is not None}
    conf.update(given)
    try:
        settings.check(conf)
        voice = None if conf["voice"] == voices.AUTO else voices.find(conf["voice"])
    except ValueError as error:
        raise UsageError(error) from None
    weights = Path(conf["weights"]).expanduser()
    weights = weights.resolve() if "weights" in given else settings.ROOT / weights
    if not weights.is_dir():
        raise ValueError(f"no weights: {weights} is no folder; give one with --weights DIR")
    conf |= {
        "weights": str(weights),
        "voice": conf["voice"] if voice is None or conf["voice"] in voices.names() else str(voice.resolve()),
    }
    tuned = voice is not None and voices.is_tuned(voice)
    conf["engine"] = Nets.chosen(conf, given="weights" in given, tuned=tuned).engine
    include = arguments.include.split(",") if arguments.include else narrate["include"]
    announce = narrate["announce"] if arguments.announce is None else arguments.announce
    announce_notes = narrate["announce_notes"] if arguments.announce_notes is None else arguments.announce_notes
    sound = {}
    if output:
        sound = {"preset": arguments.preset or narrate["preset"], "bed": _found(arguments.bed or narrate["bed"])}
        outputs = arguments.outputs.split(",") if arguments.outputs else narrate["outputs"]
        sound |= {"per_chapter": arguments.per_chapter, "mark": not arguments.no_mark, "outputs": tuple(outputs)}
        sound["cover"] = _cover(arguments.cover) if arguments.cover else None
    from tts.narration.plan import Order
    from tts.narration.script import NARRATOR

    return Order(
        book=str(Path(arguments.book).resolve()),
        output=str(output or ""),
        conf=conf,
        lexicon=arguments.lexicon and str(Path(arguments.lexicon).expanduser().resolve()),
        chapters=arguments.chapters,
        include=tuple(name.strip() for name in include),
        announce=announce,
        announce_notes=announce_notes,
        # A voice that is given goes before the one in the file of the project.
        cast=(
            *arguments.cast,
            *([f"{NARRATOR}={conf['voice']}"] if arguments.voice not in (None, voices.AUTO) else ()),
        ),
        quotes=arguments.quotes,
        **sound,
    )


def _cover(path: Path) -> str:
    """The picture as it is found from any folder."""
    path = path.expanduser().resolve()
    if path.suffix.lower() not in (".jpg", ".jpeg", ".png") or not path.is_file():
        raise UsageError(f"no cover {str(path)!r}: give a JPEG or a PNG that is there")
    return str(path)


def _found(bed: str | None) -> str | None:
    """The bed as it is found from any folder."""
    return str(Path(bed).resolve()) if bed and Path(bed).is_file() else bed


def _composed(name: str, overrides: list[str]) -> dict:
    try:
        return settings.compose(overrides, name)
    except ValueError as error:
        raise UsageError(error) from None
