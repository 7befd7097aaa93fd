"""Every subject on the same held-out clips, judged alike: the table of figures."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from tts.audio import open_wave, set_level
from tts.evaluate import report
from tts.evaluate.judges import Panel
from tts.evaluate.report import Row
from tts.evaluate.subjects import Clip, Studio, Subject
from tts.evaluate.text import character_edits, word_edits

SAMPLES = 3  # clips whose waves and mels are kept
PICTURED = ("recording", "resynthesis", "tts")


def compare(
    clips: list[Clip], subjects: dict[str, Subject], studio: Studio, panel: Panel, *, seeds: int, out: Path
) -> dict[str, Any]:
    """Make, time and judge every wave, write `out`, return the summary. No judge works while waves are timed."""
    (out / "audio").mkdir(parents=True, exist_ok=True)
    samples = [clips[index * len(clips) // SAMPLES] for index in range(min(SAMPLES, len(clips)))]
    rows: list[Row] = []
    mels: dict[str, dict[str, Tensor]] = {clip.id: {} for clip in samples}
    for name, subject in subjects.items():
        takes = [(clip, seed) for clip in clips for seed in range(seeds if subject.seeded else 1)]
        waves, costs = synthesise(subject, studio, takes, label=f"{name}: making")
        texts = [clip.text for clip, _ in takes]
        opinions = panel.ask(waves, studio.audio.sample_rate, texts, f"{name}: judging")
        for (clip, seed), wave, cost, opinion in zip(takes, waves, costs, opinions, strict=True):
            rows.append(_row(name, clip, seed, len(wave) / studio.audio.sample_rate, cost, opinion))
            if clip in samples and seed == 0:
                with open_wave(out / "audio" / f"{clip.id}-{name}.wav", studio.audio.sample_rate) as file:
                    file.write(wave)
                if name in PICTURED:
                    mels[clip.id][name] = studio.log_mel(wave[None].to(studio.device))[0].cpu()
    summary = report.summarise(rows)
    pinned = report.circumstances(
        judges=panel.identities, weights=studio.weights, texts=[clip.text for clip in clips], conf=studio.conf
    )
    about = {
        "subjects": {name: subject.says for name, subject in subjects.items()},
        "seeds": seeds,
        "clips": len(clips),
    }
    report.write(out / "report.json", {"figures": summary, "about": about, **pinned}, rows=rows)
    if any(mels.values()):
        report.draw(out / "mels.png", mels, frame_rate=float(studio.audio.frame_rate))
    return summary


@torch.inference_mode()
def synthesise(
    subject: Subject, studio: Studio, takes: Iterable[tuple[Clip, int]], *, label: str
) -> tuple[list[Tensor], list[float]]:
    """A wave for each take, at the level of every corpus, and the seconds it took; the first is made twice."""
    waves, costs = [], []
    for clip, seed in tqdm(takes, desc=label, unit="wave", leave=False):
        for path in (clip.path, clip.reference):
            studio.recording(path)  # read before the clock runs
        if not waves:
            subject.speak(studio, clip, seed)
        start = time.perf_counter()
        wave = subject.speak(studio, clip, seed).float().cpu()
        costs.append(time.perf_counter() - start)
        # A net that says nothing at all is judged, as silence.
        waves.append(set_level(wave, studio.audio) if len(wave) else torch.zeros(studio.audio.hop))
    return waves, costs


def _row(subject: str, clip: Clip, seed: int, seconds: float, compute: float, opinion: dict[str, Any]) -> Row:
    word, words = word_edits(clip.text, opinion["heard"])
    character, characters = character_edits(clip.text, opinion["heard"])
    return Row(
        subject=subject,
        clip=clip.id,
        seed=seed,
        text=clip.text,
        heard=opinion["heard"],
        word_edits=word,
        words=words,
        character_edits=character,
        characters=characters,
        mos=opinion["mos"]["overall"],
        seconds=round(seconds, 4),
        compute=round(compute, 4),
    )
