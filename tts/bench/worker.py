"""Speaks lines of JSON in a process of its own, so that other revisions, settings and systems can take turns with ours.

It is run as a file, and imports whatever tree PYTHONPATH names: `python worker.py KIND JSON`. It gives an
empty answer when it is ready, and one to each line. This file must run with older trees.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Speak = Callable[[str, int], Iterator[float]]  # a text and a seed to the seconds of each piece of sound, as it comes


def triforce(given: dict) -> Speak:
    """The nets of the tree."""
    import torch

    from tts import settings, voices
    from tts.synthesis.pipeline import TextToSpeech
    from tts.synthesis.speaking import Settings

    conf = settings.compose(given["overrides"])
    torch.set_num_threads(given["threads"])
    speech = TextToSpeech.load(given["weights"] or settings.ROOT / conf["weights"], "cpu")
    source = voices.resolve(voices.find(given["voice"] or voices.usual(conf, voices.ENGLISH)), print)
    voice = voices.latents_of(source, speech, cache=True, tell=lambda notice: None)
    return _streaming(speech, voice, Settings.parse(conf))


def onnx(given: dict) -> Speak:
    """Nets that were exported, without torch."""
    from tts import settings, voices
    from tts.engine.engine import OnnxEngine
    from tts.engine.nets import OnnxNets
    from tts.synthesis.speaking import Settings

    conf = settings.compose(given["overrides"])
    engine = OnnxEngine(OnnxNets(Path(given["export"]), given["threads"]))
    voice = voices.load(given["voice"] or voices.usual(conf, voices.ENGLISH), fingerprint=engine.fingerprint)
    return _streaming(engine, voice, Settings.parse(conf))


def _streaming(speech: Any, voice: Any, how: Any) -> Speak:
    def speak(text: str, seed: int) -> Iterator[float]:
        for chunk in speech.stream(text, voice, settings=how, seed=seed):
            yield len(chunk.wave) / speech.audio.sample_rate

    return speak


def kokoro(given: dict) -> Speak:
    """Kokoro-82M in 8 bits, one sentence at a time."""
    import tempfile

    import soundfile

    from data.pack.engines import ENGINES

    engine = ENGINES["kokoro"]()
    engine.start()

    def speak(text: str, seed: int) -> Iterator[float]:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "said.wav"
            engine.speak(text, engine.spoken_by_default[0], path)
            yield soundfile.info(path).duration

    return speak


KINDS = {"triforce": triforce, "onnx": onnx, "kokoro": kokoro}


def main(kind: str, given: str) -> None:
    speak = KINDS[kind](json.loads(given))
    answer()
    for line in sys.stdin:
        asked = json.loads(line)
        start, processor = time.perf_counter(), time.process_time()
        first, seconds = None, 0.0
        for piece in speak(asked["text"], asked["seed"]):
            seconds += piece
            first = time.perf_counter() - start if first is None and piece else first
        answer(
            wall=time.perf_counter() - start,
            processor=time.process_time() - processor,
            first=first,
            seconds=seconds,
            memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        )


def answer(**values: float | None) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose modules are no names for others
    main(*sys.argv[1:])
