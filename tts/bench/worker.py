"""Speaks lines of JSON in a process of its own, so that other revisions, settings and systems can take turns with ours.

It is run as a file, and imports whatever tree PYTHONPATH names: `python worker.py KIND JSON`. It gives an
empty answer when it is ready, and one to each line. This file must run with older trees.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

UTTERANCE = 5.0  # seconds that nets with random weights say of any text: they never come to its end


# A text and a seed to the seconds of each piece of sound, as it comes. A pair is seconds of wall and processor time
# that count, of work that is like what was done before.
Speak = Callable[[str, int], Iterator[float | tuple[float, float]]]


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
    return _speaking(speech, voice, Settings.parse(conf), given)


def onnx(given: dict) -> Speak:
    """Nets that were exported, without torch."""
    from tts import settings, voices
    from tts.engine.engine import OnnxEngine
    from tts.engine.nets import OnnxNets
    from tts.synthesis.speaking import Settings

    conf = settings.compose(given["overrides"])
    engine = OnnxEngine(OnnxNets(Path(given["export"]), given["threads"]))
    voice = voices.load(given["voice"] or voices.usual(conf, voices.ENGLISH), fingerprint=engine.fingerprint)
    return _speaking(engine, voice, Settings.parse(conf), given)


def _speaking(speech: Any, voice: Any, how: Any, given: dict) -> Speak:
    chunks = speech.say if given["whole"] else speech.stream

    def speak(text: str, seed: int) -> Iterator[float]:
        for chunk in chunks(text, voice, settings=how, seed=seed):
            yield len(chunk.wave) / speech.audio.sample_rate

    return speak


def sized(given: dict) -> Speak:
    """Nets of a size in conf/model, with random weights."""
    import torch

    from tts import settings
    from tts.bench.nets import at_size
    from tts.records import SpeakerLatents
    from tts.synthesis.pipeline import TextToSpeech
    from tts.synthesis.speaking import Settings

    conf = settings.compose(given["overrides"])
    torch.set_num_threads(given["threads"])
    torch.manual_seed(0)
    shipped = TextToSpeech.load(settings.ROOT / conf["weights"], "cpu")
    nets = at_size(given["size"], shipped.audio)
    gpt, decoder = nets["gpt"], nets["diffusion"]
    gpt.stepping = shipped.acoustic.stepping
    speech = TextToSpeech(
        tokenizer=shipped.tokenizer,
        acoustic=gpt,
        codec=nets["dvae"],
        decoder=decoder,
        vocoder=nets["vocoder"],
        fingerprint="",
        device=shipped.device,
    )
    who = torch.randn(gpt.latents_per_speaker, len(gpt.norm.weight)), torch.randn(decoder.null_speaker.shape)
    voice = SpeakerLatents(*(latents.numpy() for latents in who))
    how = replace(Settings.parse(conf), retries=0)

    def speak(text: str, seed: int) -> Iterator[float]:
        most = UTTERANCE * float(speech.code_rate) / len(speech.tokenizer.encode(text))
        sampling = replace(how.sampling, max_codes_per_id=most)
        take = speech.speak(text, voice, settings=replace(how, sampling=sampling), seed=seed)
        yield float(speech.count(take.codes) / speech.code_rate)

    return speak


def kokoro(given: dict) -> Speak:
    """Kokoro-82M in 8 bits, one sentence at a time."""
    import tempfile

    import soundfile

    from data.pack.engines import ENGINES

    engine = ENGINES["kokoro"]()
    engine.threads = given["threads"]
    engine.start()

    def speak(text: str, seed: int) -> Iterator[float]:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "said.wav"
            engine.speak(text, engine.spoken_by_default[0], path)
            yield soundfile.info(path).duration

    return speak


def tortoise(given: dict) -> Speak:
    """TorToiSe with random weights."""
    from tts.bench.tortoise import speaking

    return speaking(given["threads"], UTTERANCE)


KINDS = {"triforce": triforce, "onnx": onnx, "sized": sized, "kokoro": kokoro, "tortoise": tortoise}


def main(kind: str, given: str) -> None:
    speak = KINDS[kind](json.loads(given))
    answer()
    for line in sys.stdin:
        asked = json.loads(line)
        start, processor = time.perf_counter(), time.process_time()
        first, seconds = None, 0.0
        for piece in speak(asked["text"], asked["seed"]):
            if isinstance(piece, tuple):
                start, processor = start - piece[0], processor - piece[1]
                continue
            seconds += piece
            first = time.perf_counter() - start if first is None and piece else first
        answer(
            wall=time.perf_counter() - start,
            processor=time.process_time() - processor,
            first=first,
            seconds=seconds,
            memory=memory(),
        )


def memory() -> float:
    """Bytes, the most so far."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux, `getrusage` also counts what the parent had when it made this process
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def answer(**values: float | None) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose modules are no names for others
    main(*sys.argv[1:])
