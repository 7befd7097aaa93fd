"""Make voices from recordings, mix them, or draw them at random.

  python -m tts.voices list                                 show the voices that ship
  python -m tts.voices make CLIPS... -o NAME --licence ...  make a voice from recordings of one speaker
  python -m tts.voices tune CLIPS... -o NAME                tune the nets to a speaker, with minutes of speech
  python -m tts.voices mix A B --shares 7 3 -o NAME         mix two or more voices
  python -m tts.voices random --seed 7 -o NAME              draw a new voice (--near A --distance 0.4: similar to A)
  python -m tts.voices population CORPORA... --licence ...  fit the population that `random` draws from to new weights
  python -m tts.voices remake CORPORA...                    make the population and the shipped voices for new weights
  python -m tts.voices renew OLD                            take them over from the weights in OLD, if these hear alike

NAME is a plain name, which adds a voice to those that ship, or a path that ends in .safetensors.
A corpus is a folder with metadata.csv and audio/. For `tune`, settings of conf/tune.yaml may follow: `-- minutes=5`.
"""

import argparse
import importlib
import math
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tts import settings, voices
from tts.cli import Parser, exit_code, run_as_program
from tts.text.language import CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

VOICE_CLIPS = 60  # recordings of a shipped voice
SPEAKER_CLIPS = 8  # recordings of each speaker of the population: one speaker among hundreds needs no more
SEEDS = 2**63
TUNE = "tts.voices.tuning.command"  # imported by name, since what trains stands above what speaks


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""

    def command() -> None:
        own = sys.argv[1:] if argv is None else argv
        cut = own.index("--") if own[:1] == ["tune"] and "--" in own else len(own)
        arguments = _parser().parse_args(own[:cut])
        arguments.overrides = own[cut + 1 :]
        arguments.run(arguments)

    return exit_code("tts.voices", command)


def _parser() -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog="python -m tts.voices", description=__doc__, formatter_class=shape)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: "Callable[[argparse.Namespace], None]", says: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=says, description=says)
        command.set_defaults(run=run)
        return command

    add("list", _list, "show the voices that ship")
    make = add("make", _make, "make a voice from recordings of one speaker")
    make.add_argument("clips", nargs="+", metavar="CLIP", help="recordings, or folders of them")
    make.add_argument("--licence", required=True, help="of the recordings, e.g. CC0-1.0")
    make.add_argument("--description", required=True, help="one line on how the voice sounds")
    make.add_argument("--source", required=True, help="where the recordings come from")
    make.add_argument("--gender", required=True, choices=("female", "male", "other"))
    make.add_argument("--language", default="en", choices=CODES, help="that is spoken (en)")
    tune = add("tune", _tune, "tune the nets to a speaker; a run that was stopped goes on")
    tune.add_argument("clips", nargs="+", type=Path, metavar="CLIP", help="recordings, folders of them, or corpora")
    tune.add_argument("--licence", default="the recordings' own", help="of the recordings, e.g. CC0-1.0")
    tune.add_argument("--description", default="tuned on this machine", help="one line on how the voice sounds")
    tune.add_argument("--source", help="where the recordings come from (default: the names of their files)")
    tune.add_argument("--gender", default="unknown", choices=("female", "male", "other", "unknown"))
    tune.add_argument("--language", default="en", choices=CODES, help="that is spoken (en)")
    mix = add("mix", _mix, "mix two or more voices")
    mix.add_argument("voices", nargs="+", metavar="VOICE", help="two or more names or voice files")
    mix.add_argument("--shares", nargs="+", type=float, metavar="X", help="weight of each voice (default: equal)")
    draw = add("random", _random, "draw a voice from the population of speakers that the nets were trained on")
    draw.add_argument("--seed", type=int, required=True, help="each seed gives another voice")
    draw.add_argument("--near", metavar="VOICE", help="voice to start from (default: the average speaker)")
    draw.add_argument(
        "--distance",
        type=float,
        metavar="X",
        help="0 is the start itself, 1 is independent of it (default: 0.5 with --near, else 1)",
    )
    population = add("population", _population, "fit the population that `random` draws from")
    population.add_argument("--licence", required=True, help="of the corpora, e.g. CC0-1.0")
    remake = add("remake", _remake, "make the population and all shipped voices again, with their old cards")
    renew = add("renew", _renew, "take voices and population over to new weights with the same speaker encoders")
    renew.add_argument("old", type=Path, metavar="OLD", help="folder of the weights that the voices were made for")
    for command in (population, remake):
        command.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS", help="folder of recordings")
    for command in (make, tune, mix, draw):
        command.add_argument("-o", "--output", required=True, metavar="NAME", help="a name or a .safetensors path")
    for command in (make, tune, draw, population, remake, renew):
        command.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets (see conf/infer.yaml)")
    return parser


def _list(_: argparse.Namespace) -> None:
    for line in describe():
        print(line)


def describe() -> list[str]:
    """One line for each voice that ships."""
    cards = [voices.about(voices.find(name)) for name in voices.names()]
    return [
        f"{card.name:<12} {card.language}  {card.gender:<8} {card.description} ({card.source}; {card.licence})"
        for card in cards
    ]


def _make(arguments: argparse.Namespace) -> None:
    target = _target(arguments.output)
    clips = [clip for path in arguments.clips for clip in voices.clips(Path(path))]
    listener = _Listener(_weights(arguments))
    latents = listener.hear(clips)
    card = voices.About(
        name=target.stem,
        gender=arguments.gender,
        description=arguments.description,
        source=arguments.source,
        licence=arguments.licence,
        made=_made(clips),
        fingerprint=listener.fingerprint,
        language=arguments.language,
    )
    voices.save(target, latents, card)
    print(f"{target}: {len(clips)} recordings")


def _tune(arguments: argparse.Namespace) -> None:
    target, weights = _target(arguments.output), _weights(arguments)
    conf = settings.compose(arguments.overrides, "tune")
    given = arguments.clips
    card = voices.About(
        name=target.stem,
        gender=arguments.gender,
        description=arguments.description,
        source=arguments.source or ", ".join(path.name for path in given[:5]),
        licence=arguments.licence,
        made="",
        fingerprint="",
        language=arguments.language,
    )
    print(importlib.import_module(TUNE).tune(given, target, weights=weights, conf=conf, card=card))


def _mix(arguments: argparse.Namespace) -> None:
    target, names = _target(arguments.output), arguments.voices
    shares = arguments.shares or [1.0] * len(names)
    if len(names) < 2 or len(shares) != len(names):
        raise ValueError(f"{len(names)} voices and {len(shares)} shares: give two or more voices, and a share for each")
    if wrong := [share for share in shares if not 0 < share < math.inf]:
        raise ValueError(f"a share is {wrong[0]:g}: each must be above 0; leave out a voice that has no share")
    cards = [_card(name) for name in names]
    from tts.voices.mix import mix

    parents = [voices.untuned(voices.load(name, fingerprint=cards[0].fingerprint), name) for name in names]
    recipe = " and ".join(f"{share / sum(shares):.0%} {card.name}" for share, card in zip(shares, cards, strict=True))
    genders = {card.gender for card in cards}
    card = voices.About(
        name=target.stem,
        gender=genders.pop() if len(genders) == 1 else "other",
        description=f"a mix of {recipe}",
        source=_join(card.source for card in cards),
        licence=_join(card.licence for card in cards),
        made=f"tts.voices.mix: {recipe}",
        fingerprint=cards[0].fingerprint,
        language=cards[shares.index(max(shares))].language,
    )
    voices.save(target, mix(parents, shares), card)
    print(f"{target}: {card.description}")


def _random(arguments: argparse.Namespace) -> None:
    target, near, seed = _target(arguments.output), arguments.near, arguments.seed
    distance = arguments.distance if arguments.distance is not None else 0.5 if near else 1.0
    if not 0 <= seed < SEEDS:
        raise ValueError(f"seed is {seed}: it must be a whole number from 0 to {SEEDS - 1}")
    if not 0 <= distance <= 1:
        raise ValueError(f"distance is {distance:g}: it must be from 0 (the start itself) to 1 (independent of it)")
    start = _card(near) if near else None
    from tts.mersenne import Mersenne
    from tts.voices import population

    heard = population.load(_weights(arguments) / population.NAME)
    latents = voices.untuned(voices.load(near, fingerprint=heard.fingerprint), near) if near else None
    drawn = heard.draw(Mersenne(seed), latents, distance)
    card = voices.About(
        name=target.stem,
        gender="other",
        description=f"distance {distance:g} from {near}, seed {seed}" if near else f"a random voice, seed {seed}",
        source=_join([start and start.source, f"drawn from {heard.speakers} speakers of {heard.source}"]),
        licence=_join([start and start.licence, heard.licence]),
        made=f"tts.voices.population: seed {seed}, distance {distance:g} from {start.name if start else 'the mean'}",
        fingerprint=heard.fingerprint,
        language=start.language if start else voices.ENGLISH,
    )
    voices.save(target, drawn, card)
    print(f"{target}: {card.description}")


def _population(arguments: argparse.Namespace) -> None:
    from tts import corpus

    speakers, weights = corpus.by_speaker(arguments.corpora), _weights(arguments)
    _gather(arguments.corpora, speakers, _Listener(weights), weights, arguments.licence)


def _remake(arguments: argparse.Namespace) -> None:
    from tts import corpus
    from tts.voices import population

    speakers, weights = corpus.by_speaker(arguments.corpora), _weights(arguments)
    before, listener = population.load(weights / population.NAME), _Listener(weights)
    for name in voices.names():
        path = voices.find(name)
        card = voices.about(path)
        if name not in speakers:
            print(f"{name}: no recordings in these corpora, so it was not changed ({card.made})")
            continue
        if voices.is_tuned(path):
            print(f"{name}: it is tuned, so it was not changed: tune it again by `python -m tts.voices tune`")
            continue
        clips = corpus.evenly(speakers[name], VOICE_CLIPS)
        card = replace(card, made=_made(clips), fingerprint=listener.fingerprint)
        voices.save(path, listener.hear(clips), card)
        print(f"{path}: {len(clips)} recordings")
    _gather(arguments.corpora, speakers, listener, weights, before.licence)


def _renew(arguments: argparse.Namespace) -> None:
    from tts.voices import population, renewal

    old, weights = arguments.old, _weights(arguments)
    before, now = renewal.fingerprints(old, weights)
    own = [(voices.find(name), voices.untuned(voices.load(name, fingerprint=before), name)) for name in voices.names()]
    heard = population.load(weights / population.NAME)
    if heard.fingerprint != before:
        raise ValueError(f"{weights / population.NAME} was made for other weights than those in {old}")
    for path, latents in own:
        voices.save(path, latents, replace(voices.about(path), fingerprint=now))
        print(path)
    population.save(weights / population.NAME, replace(heard, fingerprint=now))
    print(weights / population.NAME)


def _gather(
    corpora: "Sequence[Path]",
    speakers: "Mapping[str, Sequence[Path]]",
    listener: "_Listener",
    weights: Path,
    licence: str,
) -> None:
    from tts import corpus
    from tts.voices import population

    chosen = {name: corpus.evenly(clips, SPEAKER_CLIPS) for name, clips in speakers.items()}
    known = population.know(chosen, listener.hear)
    mean, spread = population.fit(known)
    heard = population.Population(
        mean=mean,
        spread=spread,
        speakers=len(known),
        source=", ".join(path.resolve().name for path in corpora),
        licence=licence,
        fingerprint=listener.fingerprint,
    )
    population.save(weights / population.NAME, heard)
    print(f"{weights / population.NAME}: {heard.speakers} speakers")


class _Listener:
    """The nets that make speaker latents, by torch or exported, and their fingerprint."""

    def __init__(self, weights: Path):
        from tts.engine.choice import Nets
        from tts.voices.clone import make

        speech = Nets.chosen(settings.compose([]) | {"weights": weights, "device": "cpu"}).load()
        self.fingerprint = speech.fingerprint
        self.hear = partial(make, speech=speech, tell=_tell)


def _tell(notice: str) -> None:
    print(f"tts.voices: note: {notice}", file=sys.stderr)


def _weights(arguments: argparse.Namespace) -> Path:
    return arguments.weights or settings.ROOT / settings.compose([])["weights"]


def _target(output: str) -> Path:
    path = Path(output)
    if path.suffix == voices.SUFFIX:
        return path
    if path.name != output:
        raise ValueError(f"{output!r} is neither a plain name nor a path that ends in {voices.SUFFIX}")
    return voices.FOLDER / f"{output}{voices.SUFFIX}"


def _card(voice: str) -> voices.About:
    """The card of a voice file. Raises ValueError for recordings."""
    path = voices.find(voice)
    if path.suffix != voices.SUFFIX:
        raise ValueError(f"{voice} is not a voice file: first make one from the recordings with {voices.REMAKE}")
    return voices.about(path)


def _made(clips: "Sequence[Path]") -> str:
    return f"tts.voices.clone.make: mean latents of {len(clips)} recordings"


def _join(texts: "Iterable[str | None]") -> str:
    """The distinct texts, in order."""
    return "; ".join(dict.fromkeys(filter(None, texts)))


if __name__ == "__main__":
    run_as_program(main)
