"""Counts `trigrams.tsv`: `python -m tts.text.learning.train_detection english=EN.txt german=DE.txt`.

The file that ships was counted on both sides of Tatoeba's sentence pairs (CC BY 2.0 FR). `--check` says how many lines
of other files are recognised.
"""

import argparse
from collections import Counter
from math import log
from pathlib import Path

from tts.cli import Parser, UsageError, exit_code, run_as_program
from tts.files import whole
from tts.text.detection import FILE, STEP, detect, trigrams
from tts.text.language import TABLE

MOST = 2500  # trigrams of each language
SMOOTHING = 0.5  # added to every count


def count(paths: dict[str, Path]) -> list[str]:
    """The lines of the file."""
    counts = {name: trigrams(path.read_text(encoding="utf-8")) for name, path in paths.items()}
    kept = sorted({trigram for found in counts.values() for trigram, _ in found.most_common(MOST)})
    columns = [[_prob(found, trigram, len(kept)) for trigram in ["", *kept]] for found in counts.values()]
    rows = zip(["", *kept], *columns, strict=True)
    return ["\t".join(["trigram", *paths]), *("\t".join(map(str, row)) for row in rows)]


def _prob(found: Counter[str], trigram: str, kinds: int) -> int:
    """Minus the logarithm, in steps; what the file lacks counts as seen once."""
    seen = found[trigram] if trigram else 1
    return round(-log((seen + SMOOTHING) / (sum(found.values()) + SMOOTHING * kinds)) / STEP)


def check(name: str, path: Path) -> str:
    """How the lines of a file are taken, those of another default first."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    found = Counter(detect(line, "doubtful") for line in lines)
    return f"{path}: of {len(lines)} {name} lines " + ", ".join(
        f"{found[kind]} {kind}" for kind in [*TABLE, "doubtful"]
    )


def files(given: list[str]) -> dict[str, Path]:
    """Files by the names of languages."""
    found = {}
    for one in given:
        name, equals, path = one.partition("=")
        if not equals or name not in TABLE or not Path(path).is_file():
            raise UsageError(f"{one!r} is no LANGUAGE=FILE: languages are {', '.join(TABLE)}, and the file must exist")
        found[name] = Path(path)
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = Parser(prog="python -m tts.text.learning.train_detection", description=__doc__.splitlines()[0])
    parser.add_argument("text", nargs="*", metavar="LANGUAGE=FILE", help="texts to count, one of each language")
    parser.add_argument("-o", "--out", type=Path, default=FILE, help="where to write the counts")
    parser.add_argument("--check", nargs="+", default=[], metavar="LANGUAGE=FILE", help="lines to recognise")
    options: argparse.Namespace = parser.parse_args(arguments)
    if not (options.text or options.check):
        raise UsageError(f"nothing to do: give texts or --check; see {parser.prog} --help")
    if options.text:
        with whole(options.out) as file:
            file.write(("\n".join(count(files(options.text))) + "\n").encode())
    for name, path in files(options.check).items():
        print(check(name, path))


if __name__ == "__main__":
    run_as_program(lambda: exit_code("train_detection", main))
