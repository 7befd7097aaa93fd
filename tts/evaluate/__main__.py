"""The judge's front door.

  python -m tts.evaluate SUITE -o OUT         every subject on the same texts, judged alike: figures and a page to hear
  python -m tts.evaluate compare A B          two such evaluations, paired: what differs beyond chance
  python -m tts.evaluate stops [SUITES]       sentences that run on, stop early, skip or repeat
  python -m tts.evaluate ranking [SUITES]     what choosing among takes, or trying again, is worth and costs
  python -m tts.evaluate hearing CLIPS        how well the pipeline itself hears faults, on recordings
  python -m tts.evaluate long [TEXT]          ten minutes of reading: drift, and clicks at joins
  python -m tts.evaluate speed                real-time factors on this machine
  python -m tts.evaluate cards [CORPORA]      each voice on the same sentences, beside its recordings
  python -m tts.evaluate cloning CORPORA      voices of a few seconds of unseen speakers: how like, how clear

SUITE is a folder of held-out clips (metadata.csv and audio/), a text or YAML file, or a suite that ships.
Settings of conf/infer.yaml may follow after --, e.g. `-- guidance=2.5 sampling.temperature=0.6`.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tts import settings

HELP = argparse.RawDescriptionHelpFormatter


class Parser(argparse.ArgumentParser):
    """One line per error, not the whole usage."""

    def error(self, message: str) -> None:
        raise ValueError(f"{message}; see {self.prog} --help")


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0, or 1 with the reason in one line."""
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    own, overrides = argv[:cut], argv[cut + 1 :]
    command = COMMANDS.get(own[0] if own else "", _evaluate)
    try:
        command(own if command is _evaluate else own[1:], overrides)
    except KeyboardInterrupt:
        print("tts.evaluate: interrupted; what was judged so far is kept", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"tts.evaluate: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def _evaluate(argv: list[str], overrides: list[str]) -> None:
    from tts.judges.judges import NAMES

    parser = Parser(prog="python -m tts.evaluate", description=__doc__, formatter_class=HELP)
    parser.add_argument("suite", metavar="SUITE", help="held-out clips, a file of texts, or the name of a suite")
    parser.add_argument("--subjects", nargs="+", metavar="NAME", help="default: all that can be had here")
    parser.add_argument(
        "--voices", type=Path, metavar="DIR", help="clips whose speakers say the texts in turn: cloning"
    )
    parser.add_argument("--seeds", type=_positive, default=3, help="takes of each clip where a seed matters (3)")
    parser.add_argument("--limit", type=_positive, help="only so many clips, spread over all")
    parser.add_argument("--judges", nargs="+", default=list(NAMES), metavar="NAME", help=f"of {', '.join(NAMES)} (all)")
    _one_voice(parser)
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate import suites
    from tts.evaluate.commands.run import run
    from tts.evaluate.report import table
    from tts.evaluate.subjects import choose

    suite = suites.read(arguments.suite)
    if arguments.voices:
        suite = suite.spoken_by(suites.read_clips(arguments.voices, None, silent=True))
    suite = suite.first(arguments.limit)
    studio = _studio(arguments, overrides)
    subjects = choose(arguments.subjects, weights=studio.weights)
    with _panel(arguments, studio, arguments.judges) as panel:
        places = {"cache": arguments.cache, "out": arguments.output}
        summary = run(suite, subjects, studio, panel, seeds=arguments.seeds, **places)
    print(table(summary))
    print(f"\n{len(suite.clips)} clips; {arguments.output / 'report.html'} to hear, report.json says all")


def _compare(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate compare", formatter_class=HELP)
    parser.add_argument("first", type=Path, metavar="A", help="report.json of an evaluation, or its folder")
    parser.add_argument("second", type=Path, metavar="B", help="another one, of the same texts by the same judges")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the differences as JSON, too")
    arguments = parser.parse_args(argv)
    if overrides:
        raise ValueError("compare takes no settings: both evaluations have been made")
    from tts.evaluate import report
    from tts.evaluate.commands import compare

    (first, ours), (second, theirs) = compare.read(arguments.first), compare.read(arguments.second)
    compare.check(first, second)
    found = compare.differences(ours, theirs)
    if not found:
        raise ValueError("these two have no subject in common")
    if arguments.output:
        report.write(arguments.output, {"first": str(arguments.first), "second": str(arguments.second)}, rows=found)
    print(compare.table(found))
    print(f"\n{len(found)} comparisons at 95 %: expect {len(found) / 20:.1f} verdicts by chance where nothing differs")


def _stops(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate stops", formatter_class=HELP)
    parser.add_argument(
        "texts",
        nargs="*",
        metavar="SUITE",
        help="suites or text files (default: ordinary), or a folder of recordings to try the detector on",
    )
    parser.add_argument("--sentences", type=_positive, default=300, help="so many at most (300)")
    _one_voice(parser)
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate.commands import survey

    studio = _studio(arguments, overrides)
    names = arguments.texts or [survey.SENTENCES]
    folder = Path(names[0])
    with _panel(arguments, studio, ["heard", "aligned"]) as panel:
        if folder.is_dir():
            spoken = survey.listen(studio, folder, arguments.sentences)
        else:
            texts = survey.read_sentences(names, arguments.sentences, studio.settings.max_chars)
            spoken = survey.speak(studio, texts, seed=studio.conf["seed"])
        result = survey.survey(studio, spoken, panel, out=arguments.output)
    print(survey.lines(result, len(spoken)))


def _ranking(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate ranking", formatter_class=HELP)
    parser.add_argument("texts", nargs="*", metavar="SUITE", help="suites or text files (default: ordinary)")
    parser.add_argument("--sentences", type=_positive, default=60, help="so many at most (60)")
    parser.add_argument("--seeds", type=_positive, default=3, help="pools of each sentence (3)")
    parser.add_argument("--candidates", type=_positive, default=4, help="takes to choose from, and twice as many (4)")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate.commands import ranking, survey

    studio = _studio(arguments, overrides)
    texts = survey.read_sentences(arguments.texts or [survey.SENTENCES], arguments.sentences, studio.settings.max_chars)
    with _panel(arguments, studio, ["heard"]) as panel:
        places = {"cache": arguments.cache, "out": arguments.output}
        lines = ranking.survey(studio, texts, panel, seeds=arguments.seeds, size=arguments.candidates, **places)
    print(ranking.table(lines))


def _hearing(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate hearing", formatter_class=HELP)
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="a folder of recordings with their texts")
    parser.add_argument("--limit", type=_positive, help="only so many clips, spread over all")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate import suites
    from tts.evaluate.commands import hearing

    studio = _studio(arguments, overrides)
    clips = suites.read_clips(arguments.clips, arguments.limit)
    print(hearing.lines(hearing.survey(studio, clips, out=arguments.output)))


def _long(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate long", formatter_class=HELP)
    parser.add_argument(
        "text",
        nargs="?",
        default="reading",
        metavar="TEXT",
        help="suite or text (reading), or a recording",
    )
    parser.add_argument("--minutes", type=_positive, default=10, help="so many at most (10)")
    _one_voice(parser)
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts import voices
    from tts.evaluate import suites
    from tts.evaluate.commands import long

    studio, path = _studio(arguments, overrides), Path(arguments.text)
    with _panel(arguments, studio, ["voice", "prosody"]) as panel:
        if path.is_dir() or path.suffix.lower() in voices.AUDIO_SUFFIXES:
            suite = suites.Suite(path.stem, "a recording", "its own", [])
            passages = long.listen(studio, path, minutes=arguments.minutes)
        else:
            suite = suites.read(arguments.text)
            text, place = "\n\n".join(clip.text for clip in suite.clips), {"cache": arguments.cache}
            options = {"minutes": arguments.minutes, "seed": studio.conf["seed"], **place}
            passages = long.speak(studio, text, studio.conf["voice"], **options)
        result = long.survey(studio, passages, panel, suite=suite, out=arguments.output)
    print(long.lines(result))


def _speed(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate speed", formatter_class=HELP)
    parser.add_argument("--sentences", type=_positive, default=20, help="so many (20)")
    _one_voice(parser)
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate import report
    from tts.evaluate.commands import speed, survey

    studio = _studio(arguments, overrides)
    texts = survey.read_sentences([survey.SENTENCES], arguments.sentences, studio.settings.max_chars)
    hardware = report.hardware()
    factors = speed.measure(studio, texts)
    first = speed.first_run(studio)
    arguments.output.mkdir(parents=True, exist_ok=True)
    body = {"rtf": factors, "first_run_seconds": first, "hardware": hardware, "settings": studio.conf}
    (arguments.output / "speed.json").write_text(json.dumps(body, indent=1, default=str) + "\n", "utf-8")
    for name, factor in factors.items():
        print(f"RTF {name:<12} median {factor['median']:.3f}, worst {factor['worst']:.3f}")
    print(
        f"infer.py with a short sentence: {first:.1f} s ({hardware['threads']} threads, load {hardware['load']} before)"
    )


def _cards(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate cards", formatter_class=HELP)
    parser.add_argument(
        "corpora", nargs="*", type=Path, metavar="CORPUS", help="recordings of speakers named as voices"
    )
    parser.add_argument("--voices", nargs="+", metavar="VOICE", help="names or voice files (those that ship)")
    parser.add_argument("--texts", default="ordinary", metavar="SUITE", help="what is spoken (ordinary)")
    parser.add_argument("--sentences", type=_positive, default=10, help="so many, spread over all (10)")
    parser.add_argument("--seeds", type=_positive, default=3, help="takes of each (3)")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts import corpus, voices
    from tts.evaluate import suites
    from tts.evaluate.commands import cards

    names = arguments.voices or voices.names()
    for path in map(voices.find, names):
        voices.about(path)  # raises for what is no voice
    speakers = corpus.by_speaker(arguments.corpora)
    suite, studio = suites.read(arguments.texts).first(arguments.sentences), _studio(arguments, overrides)
    with _panel(arguments, studio, list(cards.JUDGES)) as panel:
        options = {"seeds": arguments.seeds, "cache": arguments.cache, "out": arguments.output}
        result = cards.survey(studio, panel, names, speakers, suite, **options)
    print(cards.table(result))
    print(f"\n{len(suite.clips)} sentences, {arguments.seeds} takes; waves and mels in {arguments.output}")


def _cloning(argv: list[str], overrides: list[str]) -> None:
    parser = Parser(prog="python -m tts.evaluate cloning", formatter_class=HELP)
    parser.add_argument("corpora", nargs="+", type=Path, metavar="CORPUS", help="recordings that training never saw")
    parser.add_argument("--speakers", nargs="+", metavar="NAME", help="only these (all)")
    parser.add_argument("--seconds", type=_positive, default=10, help="of each that are heard (10)")
    parser.add_argument("--texts", default="clone", metavar="SUITE", help="what is spoken (clone)")
    parser.add_argument("--sentences", type=_positive, default=3, help="so many, spread over all (3)")
    parser.add_argument("--seeds", type=_positive, default=1, help="takes of each (1)")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts import corpus
    from tts.evaluate import suites
    from tts.evaluate.commands import cloning

    recordings = corpus.by_speaker(arguments.corpora)
    if unknown := [name for name in arguments.speakers or () if name not in recordings]:
        raise ValueError(f"no speaker {unknown[0]!r} in these corpora: there are {', '.join(list(recordings)[:20])}")
    recordings = {name: recordings[name] for name in arguments.speakers or recordings}
    suite, studio = suites.read(arguments.texts).first(arguments.sentences), _studio(arguments, overrides)
    speakers, short = cloning.cut(studio, recordings, arguments.seconds, arguments.output)
    with _panel(arguments, studio, list(cloning.JUDGES)) as panel:
        options = {"seeds": arguments.seeds, "cache": arguments.cache, "out": arguments.output}
        result = cloning.survey(studio, panel, speakers, suite, **options)
    print(cloning.table(result))
    if short:
        print(f"\ntoo few seconds to clone and to know by: {', '.join(short)}")


COMMANDS = {
    "compare": _compare,
    "stops": _stops,
    "ranking": _ranking,
    "hearing": _hearing,
    "long": _long,
    "speed": _speed,
    "cards": _cards,
    "cloning": _cloning,
}


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets (default: conf/infer.yaml's)")
    parser.add_argument(
        "--recogniser",
        default="sphinx",
        metavar="NAME",
        help="sphinx, whisper=DIR, ctc[=FILE], gpt[=DIR] (sphinx)",
    )
    parser.add_argument(
        "--embedding", default="resemblyzer", metavar="NAME", help="of voices: resemblyzer, or a TorchScript file"
    )
    parser.add_argument(
        "--workers", type=_positive, default=os.cpu_count() or 1, help="judges at work at once (all cores)"
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/judge-cache"), help="opinions kept (runs/judge-cache)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("runs/evaluate"), metavar="OUT", help="(runs/evaluate)"
    )


def _one_voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", help="of tts (default: conf/infer.yaml's)")


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _panel(arguments: argparse.Namespace, studio, names: list[str]):
    from tts.judges import judges, recognisers
    from tts.judges.panel import Panel

    listener = recognisers.choose(arguments.recogniser, studio.weights)
    convened = judges.convene(names, listener=listener, embedding=arguments.embedding)
    return Panel(convened, cache=arguments.cache, workers=arguments.workers)


def _studio(arguments: argparse.Namespace, overrides: list[str]):
    from tts.evaluate.subjects import Studio

    conf = settings.compose(overrides)
    conf["voice"] = vars(arguments).get("voice") or conf["voice"]
    return Studio(weights=arguments.weights or settings.ROOT / conf["weights"], conf=conf)


if __name__ == "__main__":
    sys.exit(main())
