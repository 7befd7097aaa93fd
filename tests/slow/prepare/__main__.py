"""Slow checks of `python -m data prepare`, run from the checkout: `python -m tests.slow.prepare CHECK SOURCE`.

Their figures are in docs/corpus.md. A CORPUS is a folder with audio/ and metadata.csv.

What is in the clips:
  words CORPUS            share of the words in clips; errors of their times, if the corpus has a segments.csv
  withheld CORPUS         the text withheld: what a recogniser writes, and how much of it is right
  beside CORPUS           the texts given as RSS, Podcasting 2.0, Whisper and EPUB files beside the recordings
  wrong CORPUS            each recording with the text of another
  voices CORPUS           speaker similarity within clips of one speaker, and of two speakers spliced
  long BOOK --hours 2 --voice kal16 [--stretch 1.5]
                          a book read by flite into one file, at normal or slower speed: words in clips, memory

The run as a whole:
  speed CORPUS [--mos]    processor time, compared with that of the libraries alone
  growth CORPUS           time and memory for ten times as many recordings
  twins SHARDS --times 2000
                          time of the search for duplicates as the number of clips grows
  executors CORPUS        equal shards from local, slurm, ray, and ray with a token
  kills CORPUS --times 50 equal shards after kill -9 at random moments
  hostile CORPUS          a folder of broken files beside the recordings of CORPUS
  full CORPUS FOLDER      a full disk; FOLDER is an empty one on a file system of a few MB
"""

import argparse
import tempfile
from pathlib import Path

from tests.slow.prepare.content import beside, long, voices, withheld, words, wrong
from tests.slow.prepare.runs import executors, full, growth, hostile, kills, speed, twins

CHECKS = (words, withheld, beside, wrong, voices, long, speed, growth, twins, executors, kills, hostile, full)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.slow.prepare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checks = {check.__name__: check for check in CHECKS}
    parser.add_argument("check", choices=checks, metavar="CHECK", help=f"one of {', '.join(checks)}")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="the CORPUS, BOOK or SHARDS of the check")
    parser.add_argument("folder", type=Path, nargs="?", metavar="FOLDER", help="for full only")
    parser.add_argument("--times", type=int, default=50, help="repetitions, or recordings that are read (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="of random moments and orders")
    parser.add_argument("--hours", type=float, default=1.0, help="long: hours to read (default: 1)")
    parser.add_argument("--voice", default="slt", help="long: flite's voice")
    parser.add_argument("--stretch", type=float, help="long: how much slower flite speaks")
    parser.add_argument("--mos", action="store_true", help="speed: with DNSMOS, as by default")
    args = parser.parse_args()
    args.source = args.source.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        checks[args.check](args, Path(scratch))


if __name__ == "__main__":
    main()
