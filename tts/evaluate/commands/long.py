"""A long reading: whether voice, pitch, pace or loudness drift, and whether the joins between sentences click.

The same is asked of a recording of a long reading, which tells what readers do anyway.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchaudio
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from tts import voices
from tts.audio import decode, open_wave, set_level
from tts.evaluate import archive, plots, report
from tts.evaluate.archive import Archive, Made
from tts.evaluate.commands.survey import phone_counter
from tts.evaluate.figures import REPLICATES, SEED, Figure, share
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Suite, read_clips
from tts.files import fingerprint
from tts.judges.panel import Evidence, Panel
from tts.text.language import language
from tts.text.sentences import SENTENCE

WINDOW = 10.0  # seconds of one point in time, at least
PASSAGE = 160  # characters that are spoken at once, at least
ANCHOR = 6  # windows at the start that the voice is compared with, and that are no part of its trend
BLOCK = 4  # windows that are drawn together, for neighbours are alike
FEWEST = ANCHOR + 2 * BLOCK
EDGE, AROUND = 0.002, 0.03  # seconds: where a join may click, and what it is compared with
CLICK, FAINT = 10.0, 3e-3  # times the RMS around; and what is too soft to be heard

QUANTITIES = {
    "similarity": "cosine to the voice of the first windows",
    "pitch": "F0, Hz",
    "rate": "phones per second",
    "loudness": "loudness, LUFS",
}


@dataclass(frozen=True)
class Passage:
    """Some sentences as sound, and the samples at which their parts were joined."""

    text: str  # "" if nobody knows
    wave: Float[Tensor, " N"]
    joins: list[int]


def speak(studio: Studio, text: str, voice: str, *, minutes: float, seed: int, cache: Path) -> list[Passage]:
    """Read a text aloud until so many minutes are full, passage by passage; each is kept, so a stopped run goes on."""
    rate, known = studio.audio.sample_rate, studio.voice(voice)
    weights = {path.name: fingerprint(path) for path in sorted(studio.weights.glob("*.safetensors"))}
    settings = {name: value for name, value in studio.conf.items() if name not in ("limits", "weights")}
    who = [fingerprint(path) for path in voices.clips(voices.find(voice))]
    passages, done, store = [], 0.0, Archive(cache)
    try:
        with tqdm(total=round(60 * minutes), desc="reading", unit="s", leave=False) as bar:
            for number, part in enumerate(split_passages(text, studio.settings.max_chars)):
                place = {"text": part, "number": number, "seed": seed, "voice": who}
                key = archive.key(subject="long", **place, weights=weights, settings=settings, code=archive.code())
                if not (made := store.get(key)):
                    start, waves, joins = time.perf_counter(), [], []
                    for chunk in studio.speech.stream(part, known, settings=studio.settings, seed=seed + number):
                        before = sum(map(len, waves))
                        joins += [before, before + len(chunk.take.wave)] if chunk.take else []
                        waves.append(chunk.wave)
                    pause = torch.zeros(round(studio.settings.silence(SENTENCE) * rate))
                    # One gain for all would need all: each passage keeps its own level, which is what is measured.
                    wave = torch.cat([*waves, pause]).clamp(-1, 1)
                    compute = round(time.perf_counter() - start, 4)
                    made = store.put(key, Made(wave, joins, compute), rate)
                passages.append(Passage(part, made.wave, made.codes))
                bar.update(round(len(made.wave) / rate))
                done += len(made.wave) / rate
                if done >= 60 * minutes:
                    break
    finally:
        store.close()
    return passages


def listen(studio: Studio, path: Path, *, minutes: float) -> list[Passage]:
    """A recording of a long reading instead: one file, or the clips of a folder in their order."""
    rate = studio.audio.sample_rate
    if path.is_dir():
        clips = read_clips(path, None)
        passages = [Passage(clip.text, decode(clip.path, rate), [0]) for clip in clips]
    else:
        passages = [Passage("", part, []) for part in decode(path, rate).split(round(WINDOW * rate))]
    ends = np.cumsum([len(passage.wave) / rate for passage in passages])
    return [passage for passage, end in zip(passages, ends, strict=True) if end <= 60 * minutes]


def split_passages(text: str, max_chars: int) -> list[str]:
    """Whole sentences, together at least `PASSAGE` characters."""
    passages: list[str] = []
    for sentence in language().split(text, max_chars):
        if passages and len(passages[-1]) < PASSAGE:
            passages[-1] += f" {sentence.text.strip()}"
        else:
            passages.append(sentence.text.strip())
    return passages


def survey(studio: Studio, passages: Sequence[Passage], panel: Panel, *, suite: Suite, out: Path) -> dict[str, Any]:
    """Measure, write `out`/long.json, a picture and the sound, and return the figures."""
    rate = studio.audio.sample_rate
    out.mkdir(parents=True, exist_ok=True)
    whole = set_level(torch.cat([passage.wave for passage in passages]), studio.audio)
    windows = measure(passages, whole, panel, phone_counter(studio.audio), rate)
    trends = {
        name: trend([(window["minute"], window[name]) for window in windows]) | {"says": says}
        for name, says in QUANTITIES.items()
        if sum(window[name] is not None for window in windows) >= 2 * BLOCK
    }
    starts = np.cumsum([0, *(len(passage.wave) for passage in passages)])
    joins = [int(start + join) for start, passage in zip(starts[:-1], passages, strict=True) for join in passage.joins]
    clicking = [join for join in joins if clicks(whole, join, rate)]
    with open_wave(out / "long.flac", rate) as file:
        file.write(whole)
    plots.drift(out / "long.png", windows, trends)
    result = {
        "minutes": round(len(whole) / rate / 60, 3),
        "trends": trends,
        "clicks": share(len(clicking), len(joins)) if joins else None,
        "joins": len(joins),
        "clicks_at_seconds": [round(join / rate, 3) for join in clicking],
    }
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    report.write(out / "long.json", {"figures": result, "windows": windows, **pinned}, rows=[])
    return result


def measure(
    passages: Sequence[Passage], whole: Float[Tensor, " N"], panel: Panel, phones: Any, rate: int
) -> list[dict[str, float | None]]:
    """One entry for each window of passages that together last `WINDOW` seconds: when, and each quantity."""
    groups: list[tuple[int, int, str]] = []  # first sample, last, text
    start = stop = 0
    texts: list[str] = []
    for passage in passages:
        stop += len(passage.wave)
        texts.append(passage.text)
        if stop - start >= WINDOW * rate:
            groups.append((start, stop, " ".join(texts)))
            start, texts = stop, []
    if len(groups) < FEWEST:
        raise ValueError(f"{stop / rate:.0f} s are no long reading: it takes {FEWEST * WINDOW:.0f} s and more")
    waves = [whole[start:stop] for start, stop, _ in groups]
    opinions = panel.ask([Evidence(wave) for wave in waves], rate, "judging")
    embeddings = [opinion.get("voice") for opinion in opinions]
    anchor = np.mean([known for known in embeddings[:ANCHOR] if known] or [[0.0]], axis=0)
    windows = []
    for index, ((start, stop, text), wave, opinion) in enumerate(zip(groups, waves, opinions, strict=True)):
        prosody, voice = opinion["prosody"], embeddings[index] if index >= ANCHOR else None
        loudness = float(torchaudio.functional.loudness(wave[None], rate))
        similar = float(np.dot(voice, anchor) / np.linalg.norm(anchor)) if voice and np.linalg.norm(anchor) else None
        windows.append(
            {
                "minute": (start + stop) / 2 / rate / 60,
                "similarity": similar,
                "pitch": prosody["pitch"],
                "rate": phones(text) / prosody["span"] if text and prosody["span"] else None,
                "loudness": loudness if np.isfinite(loudness) else None,
            }
        )
    return windows


def trend(points: Sequence[tuple[float, float | None]]) -> dict[str, Any]:
    """A straight line through points of (minute, value), and the change in ten minutes with its interval.

    Least squares; the interval from residuals drawn in blocks (Künsch 1989), which leaves neighbours alike.
    """
    minutes, values = np.array([point for point in points if point[1] is not None], float).T
    design = np.stack([np.ones_like(minutes), minutes], 1)
    solve = np.linalg.pinv(design)
    start, slope = solve @ values
    residuals = values - design @ (start, slope)
    count = len(values)
    begins = np.random.default_rng(SEED).integers(count, size=(REPLICATES, -(-count // BLOCK)))
    index = ((begins[..., None] + np.arange(BLOCK)) % count).reshape(REPLICATES, -1)[:, :count]
    slopes = slope + residuals[index] @ solve[1]
    # Residuals of a fit are too small by the two numbers fitted.
    slopes = slope + (slopes - slope) * np.sqrt(count / max(1, count - 2))
    low, high = 10 * np.percentile(slopes, [2.5, 97.5])
    figure = Figure(float(10 * slope), float(low), float(high))
    return {
        "start": float(start),
        "per_minute": float(slope),
        "figure": figure,
        "verdict": "no trend seen" if low <= 0 <= high else "trend",
    }


def clicks(wave: Float[Tensor, " N"], join: int, rate: int) -> bool:
    """Whether the wave jumps at a join: its second difference there against that around it."""
    edge, around = round(EDGE * rate), round(AROUND * rate)
    start = max(0, join - around)
    bend = np.abs(np.diff(wave[start : join + around].double().numpy(), n=2))
    if not len(bend):
        return False
    at = slice(max(0, join - start - edge), join - start + edge)
    near = bend[at].max(initial=0.0)
    rest = np.delete(bend, np.arange(len(bend))[at])
    return bool(near > max(FAINT, CLICK * np.sqrt(np.square(rest).mean() if len(rest) else 0.0)))


def lines(result: dict[str, Any]) -> str:
    """The figures for a terminal."""
    rows = [["in ten minutes", "change", "verdict"]]
    rows += [[trend["says"], str(trend["figure"]), trend["verdict"]] for trend in result["trends"].values()]
    clicked = result["clicks"]
    tail = f"clicks at {100 * clicked.value:.1f} % of {result['joins']} joins" if clicked else "no joins"
    return f"{report.grid(rows)}\n\n{result['minutes']:.1f} minutes; {tail}"
