"""The judge's front door.

  python -m tts.evaluate CLIPS -o OUT         every subject on held-out clips: WER, CER, DNSMOS, RTF
  python -m tts.evaluate stops [TEXTS]        sentences that run on, stop early or repeat
  python -m tts.evaluate speed                real-time factors on this machine

Settings of conf/infer.yaml may follow after --, e.g. `-- guidance=2.5 sampling.temperature=0.6`.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from tts import settings

HELP = argparse.RawDescriptionHelpFormatter


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0, or 1 with the reason in one line."""
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    own, overrides = argv[:cut], argv[cut + 1 :]
    command = COMMANDS.get(own[0] if own else "", _compare)
    try:
        command(own if command is _compare else own[1:], overrides)
    except KeyboardInterrupt:
        print("tts.evaluate: interrupted; what was judged so far is kept", file=sys.stderr)
        return 130
    except (ValueError, OSError) as error:
        print(f"tts.evaluate: error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


def _compare(argv: list[str], overrides: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tts.evaluate", description=__doc__, formatter_class=HELP)
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="folder of held-out clips: metadata.csv and audio/")
    parser.add_argument("--subjects", nargs="+", metavar="NAME", help="default: all that can be had here")
    parser.add_argument("--seeds", type=_positive, default=3, help="takes of each clip where a seed matters (3)")
    parser.add_argument("--limit", type=_positive, help="only so many clips, spread over all")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate.compare import compare
    from tts.evaluate.judges import JUDGES, Panel
    from tts.evaluate.report import table
    from tts.evaluate.subjects import choose, read_clips

    clips = read_clips(arguments.clips, arguments.limit)
    studio = _studio(arguments, overrides)
    subjects = choose(arguments.subjects, weights=studio.weights)
    with Panel(JUDGES, cache=arguments.cache, workers=arguments.workers) as panel:
        summary = compare(clips, subjects, studio, panel, seeds=arguments.seeds, out=arguments.output)
    print(table(summary))
    print(f"\n{len(clips)} clips; {arguments.output / 'report.json'} says all")


def _stops(argv: list[str], overrides: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tts.evaluate stops", formatter_class=HELP)
    parser.add_argument(
        "texts",
        type=Path,
        nargs="?",
        metavar="TEXTS",
        help="a text file (default: 300 sentences of the project), or a folder of recordings to try the detector on",
    )
    parser.add_argument("--sentences", type=_positive, default=300, help="so many at most (300)")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate import survey
    from tts.evaluate.judges import STOP_JUDGES, Panel

    studio = _studio(arguments, overrides)
    with Panel(STOP_JUDGES, cache=arguments.cache, workers=arguments.workers) as panel:
        if arguments.texts and arguments.texts.is_dir():
            spoken = survey.listen(studio, arguments.texts, arguments.sentences)
        else:
            path = arguments.texts or survey.SENTENCES
            texts = survey.read_sentences(path, arguments.sentences, studio.settings.max_chars)
            spoken = survey.speak(studio, texts, seed=studio.conf["seed"])
        result = survey.survey(studio, spoken, panel, out=arguments.output)
    print(survey.lines(result, len(spoken)))


def _speed(argv: list[str], overrides: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tts.evaluate speed", formatter_class=HELP)
    parser.add_argument("--sentences", type=_positive, default=20, help="so many (20)")
    _common(parser)
    arguments = parser.parse_args(argv)
    from tts.evaluate import report, speed, survey

    studio = _studio(arguments, overrides)
    texts = survey.read_sentences(survey.SENTENCES, arguments.sentences, studio.settings.max_chars)
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


COMMANDS = {"stops": _stops, "speed": _speed}


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the nets (default: conf/infer.yaml's)")
    parser.add_argument("--voice", help="of tts (default: conf/infer.yaml's)")
    parser.add_argument(
        "--workers", type=_positive, default=os.cpu_count() or 1, help="judges at work at once (all cores)"
    )
    parser.add_argument("--cache", type=Path, default=Path("runs/judge-cache"), help="opinions kept (runs/judge-cache)")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("runs/evaluate"), metavar="OUT", help="(runs/evaluate)"
    )


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _studio(arguments: argparse.Namespace, overrides: list[str]):
    from tts.evaluate.subjects import Studio

    conf = settings.compose(overrides)
    conf["voice"] = arguments.voice or conf["voice"]
    return Studio(weights=arguments.weights or settings.ROOT / conf["weights"], conf=conf)


if __name__ == "__main__":
    sys.exit(main())
