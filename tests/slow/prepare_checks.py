"""Slow checks of `python -m data prepare`; their figures are in docs/corpus.md. A CORPUS has audio/ and metadata.csv.

uv run python tests/slow/prepare_checks.py words CORPUS  words in clips; their times, where it has a segments.csv
uv run python tests/slow/prepare_checks.py withheld CORPUS  its text withheld: what a recogniser writes, and how well
uv run python tests/slow/prepare_checks.py beside CORPUS  its texts as RSS, Podcasting 2.0, Whisper and EPUB beside it
uv run python tests/slow/prepare_checks.py wrong CORPUS  each recording with the text of another
uv run python tests/slow/prepare_checks.py voices CORPUS  clips of one speaker, and of two spliced
uv run python tests/slow/prepare_checks.py long BOOK --hours 2 --voice kal16  a book read by flite, in one file: words
                                                            in clips, memory; --stretch 1.5 reads it slower
uv run python tests/slow/prepare_checks.py speed CORPUS [--mos]  against what the libraries need by themselves
uv run python tests/slow/prepare_checks.py growth CORPUS  ten times the recordings: time and memory
uv run python tests/slow/prepare_checks.py twins SHARDS --times 2000  what dedup costs as more clips are known
uv run python tests/slow/prepare_checks.py executors CORPUS  the same shards from local, slurm, ray, ray with a token
uv run python tests/slow/prepare_checks.py kills CORPUS --times 50
uv run python tests/slow/prepare_checks.py hostile CORPUS  a folder of broken files around the recordings of CORPUS
uv run python tests/slow/prepare_checks.py full CORPUS FOLDER  FOLDER: an empty one on a file system of a few MB
"""

import argparse
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]  # the checks look into the project's modules too
from prepare_runs import executors, full, growth, hostile, kills, speed, twins  # noqa: E402
from prepare_words import beside, long, voices, withheld, words, wrong  # noqa: E402

CHECKS = (words, withheld, beside, wrong, voices, long, speed, growth, twins, executors, kills, hostile, full)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    checks = {check.__name__: check for check in CHECKS}
    parser.add_argument("check", choices=checks)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--voice", default="slt")
    parser.add_argument("--stretch", type=float)
    parser.add_argument("--mos", action="store_true", help="speed: DNSMOS too, as by default")
    args = parser.parse_args()
    args.source = args.source.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        checks[args.check](args, Path(scratch))


if __name__ == "__main__":
    main()
