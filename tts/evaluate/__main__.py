"""Judges speech.

  python -m tts.evaluate SUITE -o OUT         all subjects on the same texts: figures, and a page to listen to
  python -m tts.evaluate compare A B          two such evaluations, paired: which differences are beyond chance
  python -m tts.evaluate stops [SUITES]       sentences that run on, stop early, skip or repeat words
  python -m tts.evaluate ranking [SUITES]     what it gains and costs to choose among takes, or to try again
  python -m tts.evaluate hearing CLIPS        how well the pipeline notices faults, tested on recordings
  python -m tts.evaluate long [TEXT]          ten minutes of reading: drift, and clicks at joins
  python -m tts.evaluate cards [CORPORA]      each voice on the same sentences, beside its recordings
  python -m tts.evaluate cloning CORPORA      voices cloned from a few seconds of unseen speakers: similarity and CER
  python -m tts.evaluate prosody CLIPS        whether gaps, pitch, rate and pauses vary as much as in recordings
  python -m tts.evaluate verification CORPORA how well the speaker net tells unseen speakers apart
  python -m tts.evaluate tokens SHARDS        what tokens of speech tell of phonemes and speakers: purity, PNMI, probes
  python -m tts.evaluate translation TABLE    chrF of translated texts, for weights that learned to translate

SUITE is a folder of held-out clips (metadata.csv and audio/), a text or YAML file, or a suite that ships.
Settings of conf/infer.yaml may follow after --, e.g. `-- guidance=2.5 sampling.temperature=0.6`.
"""

import argparse
import importlib
import sys

from tts.cli import Parser, exit_code, run_as_program

DEFAULT = "run"  # the command of a line that names none
COMMANDS = {  # each module adds its arguments and runs; only the one that is named is imported
    "compare": "tts.evaluate.commands.compare",
    "stops": "tts.evaluate.commands.stops",
    "ranking": "tts.evaluate.commands.ranking",
    "hearing": "tts.evaluate.commands.hearing",
    "long": "tts.evaluate.commands.long",
    "cards": "tts.evaluate.commands.cards",
    "cloning": "tts.evaluate.commands.cloning",
    "prosody": "tts.evaluate.commands.prosody",
    "verification": "tts.evaluate.commands.verification",
    "tokens": "tts.evaluate.commands.tokens",
    "translation": "tts.evaluate.commands.translation",
    DEFAULT: "tts.evaluate.commands.run",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0, or 1 with the reason in one line."""
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)
    own, overrides = argv[:cut], argv[cut + 1 :]
    return exit_code(
        "tts.evaluate", lambda: _run(own, overrides), interrupted="interrupted; what has been judged is kept"
    )


def _run(own: list[str], overrides: list[str]) -> None:
    named = bool(own) and own[0] in COMMANDS
    command = importlib.import_module(COMMANDS[own[0] if named else DEFAULT])
    prog, description = ("python -m tts.evaluate", __doc__) if not named else (f"python -m tts.evaluate {own[0]}", None)
    parser = Parser(
        prog=prog,
        description=description or command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    command.execute(parser.parse_args(own[named:]), overrides)


if __name__ == "__main__":
    run_as_program(main)
