"""A long reading: whether voice, pitch, pace or loudness drift, and whether there are clicks at joins of sentences.

A recording of a long reading can be measured alike, to compare with what human readers do.
"""

import argparse
import time
from collections.abc import Callable, Sequence
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
from tts.audio import decode, set_level
from tts.encoding import open_wave
from tts.evaluate import plots, report
from tts.evaluate.arguments import add_shared, add_voice, make_panel, make_studio, positive
from tts.evaluate.estimates import REPLICATES, SEED, Estimate, wilson
from tts.evaluate.faults import phone_counter
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Suite, read_clips, read_suite
from tts.evaluate.wave_cache import CachedWave, WaveCache, hash_code, hash_nets, hash_parts, speech_settings
from tts.files import fingerprint
from tts.judges.panel import Evidence, Panel
from tts.records import SpeakerLatents
from tts.text.language import language
from tts.text.sentences import SENTENCE

WINDOW = 10.0  # seconds of one point in time, at least
PASSAGE = 160  # characters that are spoken at once, at least
ANCHOR = 6  # first windows, with whose voice all later windows are compared
BLOCK = 4  # windows that the bootstrap draws together, since neighbours are alike
FEWEST = ANCHOR + 2 * BLOCK
EDGE, AROUND = 0.002, 0.03  # seconds beside a join: where a click may be, and what it is compared with
CLICK, FAINT = 10.0, 3e-3  # times the RMS around; and a jump too soft to be heard

QUANTITIES = {
    "similarity": "cosine to the voice of the first windows",
    "pitch": "F0, Hz",
    "rate": "phones per second",
    "loudness": "loudness, LUFS",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "text", nargs="?", default="reading", metavar="TEXT", help="suite or text (reading), or a recording"
    )
    parser.add_argument("--minutes", type=positive, default=10, help="at most so many (10)")
    add_voice(parser)
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    studio, path = make_studio(arguments, overrides), Path(arguments.text)
    with make_panel(arguments, studio, ["voice", "prosody"]) as panel:
        if path.is_dir() or path.suffix.lower() in voices.AUDIO_SUFFIXES:
            suite = Suite(path.stem, "a recording", "its own", [])
            passages = cut_recording(studio, path, minutes=arguments.minutes)
        else:
            suite = read_suite(arguments.text)
            text = "\n\n".join(clip.text for clip in suite.clips)
            options = {"minutes": arguments.minutes, "seed": studio.conf["seed"], "cache": arguments.cache}
            passages = read_aloud(studio, text, studio.conf["voice"], **options)
        result = measure_drift(studio, passages, panel, suite=suite, out=arguments.output)
    print(describe_drift(result))


@dataclass(frozen=True)
class SpokenPassage:
    """The wave of some sentences, and the samples at which its parts were joined."""

    text: str  # "" if unknown
    wave: Float[Tensor, " N"]
    joins: list[int]


def read_aloud(studio: Studio, text: str, voice: str, *, minutes: float, seed: int, cache: Path) -> list[SpokenPassage]:
    """Read a text aloud for so many minutes. Each passage is kept, so that a stopped run goes on where it stopped."""
    rate, known = studio.audio.sample_rate, studio.voice(voice)
    about = {
        "subject": "long",
        "voice": [fingerprint(path) for path in voices.clips(voices.find(voice))],
        "weights": hash_nets(studio.weights),
        "settings": speech_settings(studio.conf),
        "code": hash_code(),
    }
    passages, done = [], 0.0
    with WaveCache(cache) as waves, tqdm(total=round(60 * minutes), desc="reading", unit="s", leave=False) as bar:
        for number, part in enumerate(split_passages(text, studio.settings.max_chars)):
            key = hash_parts(text=part, number=number, seed=seed, **about)
            made = waves.get(key) or waves.put(key, _read_passage(studio, part, known, seed + number), rate)
            passages.append(SpokenPassage(part, made.wave, made.codes))
            bar.update(round(len(made.wave) / rate))
            done += len(made.wave) / rate
            if done >= 60 * minutes:
                break
    return passages


def _read_passage(studio: Studio, text: str, voice: SpeakerLatents, seed: int) -> CachedWave:
    start, waves, joins = time.perf_counter(), [], []
    for chunk in studio.speech.say(text, voice, settings=studio.settings, seed=seed):
        before = sum(map(len, waves))
        joins += [before, before + len(chunk.take.wave)] if chunk.take else []
        waves.append(torch.from_numpy(chunk.wave))
    pause = torch.zeros(round(studio.settings.silence(SENTENCE) * studio.audio.sample_rate))
    # Each passage keeps its own level, since drift of loudness is measured; one gain for all comes later.
    wave = torch.cat([*waves, pause]).clamp(-1, 1)
    return CachedWave(wave, joins, round(time.perf_counter() - start, 4))


def cut_recording(studio: Studio, path: Path, *, minutes: float) -> list[SpokenPassage]:
    """A recording of a long reading: one file, or the clips of a folder in their order."""
    rate = studio.audio.sample_rate
    if path.is_dir():
        clips = read_clips(path, None)
        passages = [SpokenPassage(clip.text, torch.from_numpy(decode(clip.path, rate)), [0]) for clip in clips]
    else:
        whole = torch.from_numpy(decode(path, rate))
        passages = [SpokenPassage("", part, []) for part in whole.split(round(WINDOW * rate))]
    ends = np.cumsum([len(passage.wave) / rate for passage in passages])
    return [passage for passage, end in zip(passages, ends, strict=True) if end <= 60 * minutes]


def split_passages(text: str, max_chars: int) -> list[str]:
    """Whole sentences, at least `PASSAGE` characters at a time."""
    passages: list[str] = []
    for sentence in language().split(text, max_chars):
        if passages and len(passages[-1]) < PASSAGE:
            passages[-1] += f" {sentence.text.strip()}"
        else:
            passages.append(sentence.text.strip())
    return passages


def measure_drift(
    studio: Studio, passages: Sequence[SpokenPassage], panel: Panel, *, suite: Suite, out: Path
) -> dict[str, Any]:
    """Measure, write `out`/long.json, a picture and the sound, and return the figures."""
    rate = studio.audio.sample_rate
    out.mkdir(parents=True, exist_ok=True)
    whole = torch.from_numpy(set_level(np.concatenate([passage.wave for passage in passages]), studio.audio))
    windows = measure_windows(passages, whole, panel, phone_counter(studio.audio), rate)
    trends = {
        name: fit_trend([(window["minute"], window[name]) for window in windows]) | {"says": says}
        for name, says in QUANTITIES.items()
        if sum(window[name] is not None for window in windows) >= 2 * BLOCK
    }
    starts = np.cumsum([0, *(len(passage.wave) for passage in passages)])
    joins = [int(start + join) for start, passage in zip(starts[:-1], passages, strict=True) for join in passage.joins]
    clicking = [join for join in joins if has_click(whole, join, rate)]
    with open_wave(out / "long.flac", rate) as file:
        file.write(whole)
    plots.plot_drift(out / "long.png", windows, trends)
    result = {
        "minutes": round(len(whole) / rate / 60, 3),
        "trends": trends,
        "clicks": wilson(len(clicking), len(joins)) if joins else None,
        "joins": len(joins),
        "clicks_at_seconds": [round(join / rate, 3) for join in clicking],
    }
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    report.write_report(out / "long.json", {"figures": result, "windows": windows, **pinned}, rows=[])
    return result


def measure_windows(
    passages: Sequence[SpokenPassage], whole: Float[Tensor, " N"], panel: Panel, phones: Callable[[str], int], rate: int
) -> list[dict[str, float | None]]:
    """For each window of passages that together last `WINDOW` seconds: its time, and each quantity."""
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
        raise ValueError(f"{stop / rate:.0f} s are no long reading: it has {FEWEST * WINDOW:.0f} s and more")
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


def fit_trend(points: Sequence[tuple[float, float | None]]) -> dict[str, Any]:
    """A straight line through points of (minute, value), and the change in ten minutes with its interval.

    Least squares. For the interval, residuals are drawn in blocks (Künsch 1989), so that neighbours stay alike.
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
    # Residuals are too small, since two numbers were fitted to the same values.
    slopes = slope + (slopes - slope) * np.sqrt(count / max(1, count - 2))
    low, high = 10 * np.percentile(slopes, [2.5, 97.5])
    figure = Estimate(float(10 * slope), float(low), float(high))
    return {
        "start": float(start),
        "per_minute": float(slope),
        "figure": figure,
        "verdict": "no trend seen" if low <= 0 <= high else "trend",
    }


def has_click(wave: Float[Tensor, " N"], join: int, rate: int) -> bool:
    """Whether the wave jumps at a join: its second difference there is large beside that around it."""
    edge, around = round(EDGE * rate), round(AROUND * rate)
    start = max(0, join - around)
    bend = np.abs(np.diff(wave[start : join + around].double().numpy(), n=2))
    if not len(bend):
        return False
    at = slice(max(0, join - start - edge), join - start + edge)
    near = bend[at].max(initial=0.0)
    rest = np.delete(bend, np.arange(len(bend))[at])
    return bool(near > max(FAINT, CLICK * np.sqrt(np.square(rest).mean() if len(rest) else 0.0)))


def describe_drift(result: dict[str, Any]) -> str:
    """The figures for a terminal."""
    rows = [["in ten minutes", "change", "verdict"]]
    rows += [[trend["says"], str(trend["figure"]), trend["verdict"]] for trend in result["trends"].values()]
    clicked = result["clicks"]
    tail = f"clicks at {100 * clicked.value:.1f} % of {result['joins']} joins" if clicked else "no joins"
    return f"{report.markdown_table(rows)}\n\n{result['minutes']:.1f} minutes; {tail}"
