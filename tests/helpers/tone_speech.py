"""Speech made of tones, with letters, words and speakers, and judges that understand it.

Every letter is a short harmonic tone with two formants of its own. Silence parts letters and words, and speakers differ
in pitch. The recogniser reads the letters from the spectrum, so tests need no recordings and no trained nets.
"""

from pathlib import Path

import numpy as np
import soundfile
import torch

from helpers import nano
from helpers.fake_judges import FakeMos
from tts import settings
from tts.evaluate.subjects import Studio
from tts.judges.panel import Panel
from tts.judges.prosody import ProsodyJudge
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import TorchScriptEncoder

RATE = 24000  # Hz
LETTER, GAP, SPACE = 0.07, 0.02, 0.07  # seconds
LOWS, HIGHS = (500, 900, 1300, 1700), (2200, 2600, 3000, 3400, 3800, 4200, 4600)  # Hz
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PITCHES = {"ann": 190.0, "bob": 115.0}  # Hz


def speak_tones(text: str, pitch: float) -> np.ndarray:
    """A wave of the text; any other character is a longer silence."""
    time = np.arange(round(LETTER * RATE)) / RATE
    ramp = np.minimum(1.0, np.minimum(time, LETTER - time) / 0.004)
    number = np.arange(1, int(5000 / pitch))
    harmonics, phases = number * pitch, 0.7 * number**2  # phases that spread the energy over a period
    parts = [np.zeros(round(0.1 * RATE))]
    for letter in text.lower():
        place = LETTERS.find(letter)
        if place < 0:
            parts.append(np.zeros(round(SPACE * RATE)))
            continue
        low, high = LOWS[place % 4], HIGHS[place // 4]
        gains = sum(np.exp(-(((harmonics - f) / 110) ** 2)) for f in (low, high)) + 0.15 * (harmonics < 450)
        tone = gains @ np.sin(2 * np.pi * harmonics[:, None] * time + phases[:, None])
        parts += [ramp * tone, np.zeros(round(GAP * RATE))]
    wave = np.concatenate([*parts, np.zeros(round(0.1 * RATE))])
    return 0.3 * wave / np.abs(wave).max() + 1e-4 * np.random.default_rng(len(text)).standard_normal(len(wave))


def write_corpus(folder: Path, texts: list[str]) -> Path:
    """Every text by every speaker."""
    (folder / "audio").mkdir(parents=True)
    lines = ["id|speaker|text|seconds"]
    for speaker, pitch in PITCHES.items():
        for number, text in enumerate(texts):
            wave = speak_tones(text, pitch)
            soundfile.write(folder / "audio" / f"{speaker}{number}.flac", wave, RATE)
            lines.append(f"{speaker}{number}|{speaker}|{text}|{len(wave) / RATE:.2f}")
    (folder / "metadata.csv").write_text("\n".join([*lines, ""]))
    return folder


def write_repeated(folder: Path) -> Path:
    """Three short sentences, each read twice by every speaker."""
    return write_corpus(
        folder, 2 * ["a fine day for tones", "nobody hears the same word twice", "all the rest is quiet"]
    )


class ToneRecogniser(SpeechRecogniser):
    """Reads the letters of tone speech."""

    def identity(self) -> str:
        return "tone recogniser 1"

    def transcribe(self, wav, sample_rate):
        hop = sample_rate // 100
        frames = wav[: len(wav) // hop * hop].reshape(-1, hop)
        power = frames.square().mean(1).numpy()
        if power.max() < 1e-7:
            return ""
        loud = power > 0.01 * power.max()
        edges = np.flatnonzero(np.diff(np.concatenate(([0], loud.astype(int), [0]))))
        text, last = "", None
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            if stop - start < 0.4 * LETTER * 100:
                continue
            if last is not None and start - last > (GAP + 0.5 * SPACE) * 100:
                text += " "
            text += self._letter(wav[start * hop : stop * hop].numpy(), sample_rate)
            last = stop
        return text

    @staticmethod
    def _letter(wave: np.ndarray, rate: int) -> str:
        spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
        frequency = np.fft.rfftfreq(len(wave), 1 / rate)

        def loudest(formants: tuple[int, ...]) -> int:
            return int(np.argmax([spectrum[np.abs(frequency - f) < 190].sum() for f in formants]))

        place = loudest(LOWS) + 4 * loudest(HIGHS)
        return LETTERS[place] if place < 26 else "z"


class PitchNet(torch.nn.Module):
    """Embeds speakers by their period, where the autocorrelation is largest: similar periods are similar voices."""

    def forward(self, wav: torch.Tensor) -> torch.Tensor:
        power = torch.fft.rfft(wav, n=2 * wav.shape[1]).abs().square()
        lags = torch.arange(60, 200)  # samples at 16 kHz
        period = torch.fft.irfft(power)[:, 60:200].argmax(1, keepdim=True) + 60
        return torch.exp(-(((lags - period) / 30.0) ** 2))


def write_pitch_net(path: Path) -> Path:
    torch.jit.script(PitchNet()).save(str(path))
    return path


def panel(folder: Path) -> Panel:
    """Judges that understand tones, with their net and their cache in `folder`."""
    net = TorchScriptEncoder(write_pitch_net(folder / "net.pt"))
    judges = {"heard": ToneRecogniser(), "mos": FakeMos(), "voice": net, "prosody": ProsodyJudge()}
    return Panel(judges, cache=folder / "cache", workers=1)


def studio(folder: Path) -> Studio:
    """Nano nets, written to `folder`, that speak as fast as they can."""
    overrides = ["device=cpu", "steps=1", "retries=0", "sampling.max_codes_per_id=2.0"]
    return Studio(weights=nano.weights(folder), conf=settings.compose(overrides))
