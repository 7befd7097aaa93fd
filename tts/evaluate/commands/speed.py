"""How fast this machine speaks: real-time factors of the whole path and of each net, and a first run from the shell."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import torch

from tts.evaluate import report
from tts.evaluate.arguments import add_shared, add_voice, make_studio, positive
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import SENTENCES, read_sentences
from tts.files import whole
from tts.settings import ROOT
from tts.synthesis.pipeline import TextToSpeech

SHORT = "The kettle is on."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sentences", type=positive, default=20, help="so many (20)")
    add_voice(parser)
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    studio = make_studio(arguments, overrides)
    texts = read_sentences([SENTENCES], arguments.sentences, studio.settings.max_chars)
    hardware = report.hardware()
    factors = real_time_factors(studio, texts)
    first = first_run(studio)
    body = {"rtf": factors, "first_run_seconds": first, "hardware": hardware, "settings": studio.conf}
    with whole(arguments.output / "speed.json") as file:
        file.write((json.dumps(body, indent=1, default=str) + "\n").encode())
    for name, factor in factors.items():
        print(f"RTF {name:<12} median {factor['median']:.3f}, worst {factor['worst']:.3f}")
    threads, load = hardware["threads"], hardware["load"]
    print(f"infer.py with a short sentence: {first:.1f} s ({threads} threads, load {load} before)")


class Stopwatch:
    """Adds up the seconds that functions take, by name."""

    def __init__(self, device: torch.device):
        self.device = device
        self.seconds: dict[str, float] = defaultdict(float)

    def now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def wrap(self, name: str, function: Callable) -> Callable:
        def timed(*arguments, **options):
            start = self.now()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[name] += self.now() - start

        return timed


def time_nets(speech: TextToSpeech, watch: Stopwatch) -> None:
    """Time all calls that the pipeline makes to each net."""
    gpt, dvae, diffusion, vocoder = speech.acoustic, speech.codec, speech.decoder, speech.vocoder
    speech.acoustic = SimpleNamespace(
        generate=watch.wrap("gpt", gpt.generate), text_score=watch.wrap("gpt", gpt.text_score)
    )
    speech.codec = SimpleNamespace(
        decode=watch.wrap("dvae", dvae.decode), spell=dvae.spell, grain=dvae.grain, code_rate=dvae.code_rate
    )
    speech.decoder = SimpleNamespace(extend=watch.wrap("diffusion", diffusion.extend))
    speech.vocoder = SimpleNamespace(extend=watch.wrap("vocoder", vocoder.extend))


def real_time_factors(studio: Studio, texts: Sequence[str]) -> dict[str, Any]:
    """Median and worst RTF over the texts, of the whole path and of each net, after a first sentence to warm up."""
    voice = studio.conf["voice"]
    studio.voice(voice)  # needs the nets themselves, not the timed ones
    watch = Stopwatch(studio.device)
    time_nets(studio.speech, watch)
    studio.say(SHORT, voice, 0)
    factors: dict[str, list[float]] = defaultdict(list)
    for seed, text in enumerate(texts):
        watch.seconds.clear()
        start = watch.now()
        wave = studio.say(text, voice, seed)
        total, seconds = watch.now() - start, len(wave) / studio.audio.sample_rate
        factors["whole path"].append(total / seconds)
        for name, spent in watch.seconds.items():
            factors[name].append(spent / seconds)
    return {name: {"median": median(values), "worst": max(values)} for name, values in factors.items()}


def first_run(studio: Studio) -> float:
    """Seconds that `infer.py` takes for a short sentence, after a first run that filled the disk cache."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(ROOT / "infer.py"), SHORT, "-q", "-o", str(Path(scratch) / "short.wav")]
        command += ["--weights", str(studio.weights.resolve()), "-v", studio.conf["voice"]]
        for _ in range(2):
            start = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise ValueError(f"infer.py failed: {done.stderr.strip() or done.returncode}")
        return time.perf_counter() - start
