"""How fast this machine speaks: real-time factors of the whole path and of each net, and a first run from the shell."""

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

from tts.evaluate.subjects import Studio
from tts.settings import ROOT
from tts.synthesis.pipeline import TextToSpeech

SHORT = "The kettle is on."


class Clock:
    """Adds up the seconds that wrapped functions take, by name."""

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


def watch(speech: TextToSpeech, clock: Clock) -> None:
    """Put a clock on what the pipeline asks of each net."""
    gpt, dvae, diffusion, vocoder = speech.acoustic, speech.codec, speech.decoder, speech.vocoder
    speech.acoustic = SimpleNamespace(
        generate=clock.wrap("gpt", gpt.generate), text_score=clock.wrap("gpt", gpt.text_score)
    )
    speech.codec = SimpleNamespace(decode=clock.wrap("dvae", dvae.decode), spell=dvae.spell)
    speech.decoder = SimpleNamespace(decode=clock.wrap("diffusion", diffusion.decode))
    speech.vocoder = clock.wrap("vocoder", vocoder)


def measure(studio: Studio, texts: Sequence[str]) -> dict[str, Any]:
    """Median RTF over the texts, of everything and of each net, once warm."""
    voice = studio.conf["voice"]
    studio.voice(voice)  # needs the nets themselves, before they are watched
    clock = Clock(studio.device)
    watch(studio.speech, clock)
    studio.say(SHORT, voice, 0)
    factors: dict[str, list[float]] = defaultdict(list)
    for seed, text in enumerate(texts):
        clock.seconds.clear()
        start = clock.now()
        wave = studio.say(text, voice, seed)
        total, seconds = clock.now() - start, len(wave) / studio.audio.sample_rate
        factors["whole path"].append(total / seconds)
        for name, spent in clock.seconds.items():
            factors[name].append(spent / seconds)
    return {name: {"median": median(values), "worst": max(values)} for name, values in factors.items()}


def first_run(studio: Studio) -> float:
    """Seconds of `infer.py` with a short sentence, from the shell and back, after a run that warmed the disk cache."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, str(ROOT / "infer.py"), SHORT, "-q", "-o", str(Path(scratch) / "short.wav")]
        command += ["--weights", str(studio.weights.resolve()), "-v", studio.conf["voice"]]
        for _ in range(2):
            start = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise ValueError(f"infer.py failed: {done.stderr.strip() or done.returncode}")
        return time.perf_counter() - start
