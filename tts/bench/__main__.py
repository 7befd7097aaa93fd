"""How fast speaking is here: the machine, each net against it, and the whole, side by side with others.

  python -m tts.bench                                    everything, in one or two minutes on an idle machine
  python -m tts.bench nets --sizes base large            only the nets, with random weights
  python -m tts.bench speech --against main~3            two revisions, sentence by sentence
  python -m tts.bench speech --with steps=4 --with guidance=1,steps=4    settings against those of conf/infer.yaml
  python -m tts.bench speech start --onnx onnx           the nets as they were exported, beside them
  python -m tts.bench speech --peer kokoro=PYTHON --peer piper=PYTHON    rivals, each in its environment
  python -m tts.bench speech --whole 4 --cores 2 --onnx onnx     whole texts, as a book is spoken, and wall time
  python -m tts.bench speech --sentences 1 --sizes large --peer tortoise=PYTHON    at TorToiSe's size, in some minutes

Parts: machine, nets, speech, growth, start. With one core, times are of the processor, so that other load on the
machine changes them little; with more, they are wall time. Ours draws codes in one thread and sounds in another, so
--cores 2 with one thread is how it speaks where two cores are free. Settings of conf/infer.yaml may follow after --.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tts import settings
from tts.bench.systems import PEERS
from tts.cli import Parser, exit_code, run_as_program

PARTS = ("machine", "nets", "speech", "growth", "start")
GROWTH = (1, 4, 16)  # sentences of a text


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark and return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    cut = argv.index("--") if "--" in argv else len(argv)

    def command() -> None:
        arguments = _parser().parse_args(argv[:cut])
        settings.compose(argv[cut + 1 :])  # a wrong one is found before anything is measured
        _run(arguments, argv[cut + 1 :])

    return exit_code("tts.bench", command)


def _parser() -> Parser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog="python -m tts.bench", description=__doc__, formatter_class=shape)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all)")
    parser.add_argument("--sentences", type=int, default=8, metavar="N", help="that each system speaks (8)")
    parser.add_argument("--whole", type=int, default=0, metavar="N", help="so many sentences are a text, not streamed")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], metavar="N", help="that ours takes (1)")
    parser.add_argument("--cores", type=int, metavar="N", help="that are used, and threads of peers (--threads)")
    parser.add_argument("--sizes", nargs="+", default=[], metavar="SIZE", help="of random nets, as in conf/model")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder of the four nets")
    parser.add_argument("-v", "--voice", help="that speaks: a name, or a recording")
    parser.add_argument("--against", action="append", default=[], metavar="REV", help="another revision of the tree")
    parser.add_argument(
        "--with", dest="others", action="append", default=[], metavar="KEY=VALUE,...", help="other settings"
    )
    parser.add_argument("--onnx", action="append", default=[], type=Path, metavar="DIR", help="an export that speaks")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help=", ".join(PEERS))
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/bench"), metavar="DIR", help="(runs/bench)")
    return parser


def _run(arguments: argparse.Namespace, overrides: list[str]) -> None:
    wrong = [part for part in arguments.parts if part not in PARTS]
    counts = arguments.sentences, *arguments.threads, 1 if arguments.cores is None else arguments.cores
    if wrong or min(counts) < 1 or arguments.whole < 0:
        raise ValueError(f"no part {wrong[0]!r}: parts are {', '.join(PARTS)}" if wrong else "numbers are 1 or more")
    sizes = sorted({path.stem for path in (settings.CONF / "model" / "gpt").iterdir()})
    if unknown := [size for size in arguments.sizes if size not in sizes]:
        raise ValueError(f"no size {unknown[0]!r}: sizes are {', '.join(sizes)}")
    from tts.bench import report
    from tts.evaluate.report import hardware
    from tts.files import whole
    from tts.provenance import revision

    parts = arguments.parts or PARTS
    body: dict[str, Any] = {"revision": revision(), "hardware": hardware(), "settings": overrides}
    if "machine" in parts or "nets" in parts:
        body |= _machine_and_nets(arguments, nets="nets" in parts)
    if "speech" in parts:
        body["speech"] = _speech(arguments, overrides)
    if "growth" in parts:
        body["growth"] = _growth(arguments, overrides)
    if "start" in parts:
        from tts.bench.start import from_shell, installed_bytes

        engines = ["torch", *(f"onnx={folder}" for folder in arguments.onnx)]
        starts = [from_shell(engine, overrides, arguments.weights, arguments.voice) for engine in engines]
        body["start"] = {"engines": starts, "installed_bytes": installed_bytes()}
    for name, content in (("bench.json", json.dumps(body, indent=1).encode()), ("bench.png", report.picture(body))):
        with whole(arguments.output / name) as file:
            file.write(content)
    print("\n".join(report.lines(body)))


def _machine_and_nets(arguments: argparse.Namespace, *, nets: bool) -> dict[str, Any]:
    import torch

    from tts.bench.machine import measure
    from tts.bench.nets import at_size, time_nets
    from tts.synthesis.pipeline import TextToSpeech

    body: dict[str, Any] = {"machine": {}, "nets": []}
    weights = arguments.weights or settings.ROOT / settings.compose([])["weights"]
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        machine = measure()
        body["machine"][threads] = {"flops": machine.flops, "bandwidth": machine.bandwidth}
        if not nets:
            continue
        speech = TextToSpeech.load(weights, "cpu")
        given = {"gpt": speech.acoustic, "dvae": speech.codec, "diffusion": speech.decoder, "vocoder": speech.vocoder}
        for size in ("given", *arguments.sizes):
            own = given if size == "given" else at_size(size, speech.audio)
            own["gpt"].stepping = speech.acoustic.stepping
            for timing in time_nets(own, size, machine):
                body["nets"].append(asdict(timing) | {"share": timing.share, "threads": threads})
    return body


def _speech(arguments: argparse.Namespace, overrides: list[str]) -> list[dict[str, Any]]:
    """Ours with each number of threads, and everything that it is compared with, in one run."""
    from tqdm import tqdm

    from tts.bench.races import race, ratio
    from tts.bench.systems import Own, peer

    own, joined = Own(arguments.weights, arguments.voice, arguments.whole > 0), max(1, arguments.whole)
    sentences = _sentences(arguments.sentences)
    texts = [" ".join(sentences[start : start + joined]) for start in range(0, len(sentences), joined)]
    with ExitStack() as stack:
        first = arguments.threads[0]
        ours = {"threads": first, "cores": arguments.cores or first}
        systems = [own.sized(size, overrides, **ours) for size in arguments.sizes]
        systems += [
            own.speaking("ours", overrides, threads=threads, cores=arguments.cores or threads)
            for threads in arguments.threads
        ]
        for other in arguments.others:
            more = [*overrides, *other.split(",")]
            settings.compose(more)
            systems.append(own.speaking(other, more, **ours))
        for commit in arguments.against:
            tree = stack.enter_context(_tree_of(commit))
            systems.append(own.speaking(commit, overrides, **ours, tree=tree))
        systems += [own.exported(one, overrides, **ours) for one in arguments.onnx]
        systems += [peer(spec, cores=ours["cores"]) for spec in arguments.peer]
        running = [stack.enter_context(system) for system in systems]
        bar = stack.enter_context(tqdm(total=len(texts), disable=None, leave=False, unit=" sentences"))
        results = race(running, texts, lambda done: bar.update(done - bar.n))
    return [result.summary() | {"ratio": ratio(result, results[0])} for result in results]


def _growth(arguments: argparse.Namespace, overrides: list[str]) -> list[dict[str, float]]:
    """Time for each second of speech, and memory, of longer and longer texts."""
    from tts.bench.races import Result
    from tts.bench.systems import Own

    sentences, grown = _sentences(max(GROWTH)), []
    own = Own(arguments.weights, arguments.voice)
    threads = arguments.threads[0]
    with own.speaking("ours", overrides, threads=threads, cores=arguments.cores or threads) as system:
        system.say(sentences[0], 0)
        for count in GROWTH:
            spoken = system.say(" ".join(sentences[:count]), 0)
            (factor,) = Result("ours", system.cores, system.loading, [spoken]).factors
            grown.append({"sentences": count, "seconds_per_second": factor, "memory_bytes": spoken.memory})
    return grown


def _sentences(count: int) -> Sequence[str]:
    from tts.evaluate.suites import SENTENCES, read_sentences

    return read_sentences([SENTENCES], count, settings.compose([])["max_chars"])


@contextmanager
def _tree_of(commit: str) -> Iterator[Path]:
    """The files of a revision in a folder of their own. Raises ValueError if git has none."""
    git = ["git", "-C", str(settings.ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        done = subprocess.run([*git, "add", "--detach", str(tree), commit], capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f"no revision {commit!r}: {done.stderr.strip().splitlines()[-1]}")
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], capture_output=True)


if __name__ == "__main__":
    run_as_program(main)
