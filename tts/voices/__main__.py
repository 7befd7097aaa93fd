"""`python -m tts.voices make CLIPS... -o NAME` writes a voice that ships; `list` shows those there are."""

import argparse
import sys
from pathlib import Path

from tts import settings, voices


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 or 1."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except (ValueError, OSError) as error:
        print(f"tts.voices: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tts.voices", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="show the voices that ship")
    listing.set_defaults(run=_list)
    make = commands.add_parser("make", help="make a voice from recordings of one speaker")
    make.set_defaults(run=_make)
    make.add_argument("clips", nargs="+", metavar="CLIP", help="recordings, or folders of them")
    make.add_argument(
        "-o", "--output", required=True, metavar="NAME", help="a name, or a path that ends in .safetensors"
    )
    make.add_argument("--licence", required=True, help="of the recordings, e.g. CC0-1.0")
    make.add_argument("--description", required=True, help="one line on how the voice sounds")
    make.add_argument("--source", required=True, help="where the recordings come from")
    make.add_argument("--gender", required=True, choices=("female", "male", "other"))
    make.add_argument("--weights", metavar="DIR", help="folder of the four nets (default: that of conf/infer.yaml)")
    return parser


def _list(_: argparse.Namespace) -> int:
    for line in describe():
        print(line)
    return 0


def describe() -> list[str]:
    """One line for each voice that ships."""
    cards = [voices.about(voices.find(name)) for name in voices.names()]
    return [f"{card.name:<12} {card.gender:<8} {card.description} ({card.source}; {card.licence})" for card in cards]


def _make(arguments: argparse.Namespace) -> int:
    from tts.pipeline import TextToSpeech
    from tts.voices.clone import make

    target = Path(arguments.output)
    if target.suffix != voices.SUFFIX:
        if target.name != arguments.output:
            raise ValueError(f"{arguments.output!r} is neither a name nor a path that ends in {voices.SUFFIX}")
        target = voices.FOLDER / f"{target.name}{voices.SUFFIX}"
    clips = [clip for path in arguments.clips for clip in voices.clips(Path(path))]
    conf = settings.compose([])
    speech = TextToSpeech.load(arguments.weights or settings.ROOT / conf["weights"], "cpu")
    latents = make(clips, acoustic=speech.acoustic, decoder=speech.decoder, audio=speech.audio, device=speech.device)
    card = voices.About(
        name=target.name.removesuffix(voices.SUFFIX),
        gender=arguments.gender,
        description=arguments.description,
        source=arguments.source,
        licence=arguments.licence,
        made=f"tts.voices.clone.make: mean latents of {len(clips)} recordings",
        fingerprint=speech.fingerprint,
    )
    voices.save(target, latents, card)
    print(f"{target}: {len(clips)} recordings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
