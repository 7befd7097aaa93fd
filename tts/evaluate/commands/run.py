"""Every subject on the same texts, judged alike: made, timed, asked about, counted, written down."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from tts import voices
from tts.audio import open_wave, set_level
from tts.evaluate import archive, page, plots, report
from tts.evaluate.archive import Archive, Made
from tts.evaluate.commands.survey import phone_counter
from tts.evaluate.measures import Row, perplexity
from tts.evaluate.stops import Utterance, faults, lengths
from tts.evaluate.subjects import Studio, Subject, is_made
from tts.evaluate.suites import Clip, Suite
from tts.files import fingerprint
from tts.judges.panel import Evidence, Panel
from tts.judges.recognisers import UNREAD, Listener
from tts.judges.wer import character_edits, word_edits

SAMPLES = 3  # clips whose waves and mels are kept as files
PICTURED = ("recording", "resynthesis", "tts")
OWN_PACE = 10  # waves of a speaker from which a pace is learned; with fewer, that of all speakers


def run(
    suite: Suite, subjects: Mapping[str, Subject], studio: Studio, panel: Panel, *, seeds: int, cache: Path, out: Path
) -> dict[str, Any]:
    """Make, time and judge every wave, write `out`, return the summary. No judge works while waves are timed."""
    (out / "audio").mkdir(parents=True, exist_ok=True)
    clips = suite.clips
    samples = [clips[index * len(clips) // SAMPLES].id for index in range(min(SAMPLES, len(clips)))]
    counter = phone_counter(studio.audio)
    targets = _targets(clips, studio, panel)
    rows: list[Row] = []
    sounds: dict[tuple[str, str, int], bytes] = {}
    mels: dict[str, dict[str, Tensor]] = {clip: {} for clip in samples}
    codebooks: dict[str, dict[str, float]] = {}
    store = Archive(cache)
    try:
        for name, subject in subjects.items():
            own = [clip for clip in clips if subject.fits(clip, studio)]
            takes = [(clip, seed) for clip in own for seed in range(seeds if subject.seeded else 1)]
            if not takes:
                continue
            made = synthesise(name, subject, studio, takes, store)
            rows += judge(name, subject, takes, made, studio, panel, targets, counter)
            if codes := [code for each in made for code in each.codes]:
                codebooks[name] = perplexity(codes, studio.codec.codebook_size)
            for (clip, seed), each in zip(takes, made, strict=True):
                sounds[name, clip.id, seed] = page.opus(each.wave, studio.audio.sample_rate)
                if clip.id in samples and seed == 0:
                    with open_wave(out / "audio" / f"{clip.id}-{name}.wav", studio.audio.sample_rate) as file:
                        file.write(each.wave)
                    if name in PICTURED:
                        mels[clip.id][name] = studio.log_mel(each.wave[None].to(studio.device))[0].cpu()
    finally:
        store.close()
    if not rows:
        raise ValueError(
            f"none of {', '.join(subjects)} can speak {suite.name}: it has no recordings; try tts or flite"
        )
    summary = report.summarise(rows) | {"codebooks": codebooks}
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    about = {
        "subjects": {name: subjects[name].says for name in summary["subjects"]},
        "seeds": seeds,
        "clips": len(clips),
        "suite": {"name": suite.name, "says": suite.says, "licence": suite.licence},
    }
    pictures = {"figures.png": plots.figures(out / "figures.png", summary)}
    if any(mels.values()):
        pictures["mels.png"] = plots.mels(out / "mels.png", mels, frame_rate=float(studio.audio.frame_rate))
    body = {"figures": summary, "about": about, **pinned}
    page.write(out / "report.html", body, rows, sounds, pictures.values())
    report.write(out / "report.json", body, rows=rows)  # last: whoever sees it sees all of the others
    return summary


@torch.inference_mode()
def synthesise(
    name: str, subject: Subject, studio: Studio, takes: Sequence[tuple[Clip, int]], store: Archive
) -> list[Made]:
    """A wave for each take, at the level of every corpus, and the seconds it took. The first one is made twice."""
    weights = {net: fingerprint(studio.weights / f"{net}.safetensors") for net in subject.nets}
    settings = {name: value for name, value in studio.conf.items() if name not in ("limits", "weights")}
    made, warm = [], False
    for clip, seed in tqdm(takes, desc=f"{name}: making", unit="wave", leave=False):
        heard = [archive.hash_wave(studio.recording(path)) for path in (clip.path, clip.reference) if path]
        key = archive.key(
            subject=name,
            text=clip.text,
            speaker=clip.speaker,
            voice=_voice(subject, clip, studio),
            heard=heard,
            seed=seed,
            weights=weights,
            settings=settings if subject.nets else None,
            code=archive.code(),
        )
        if not (each := store.get(key)):
            if not warm:
                subject.speak(studio, clip, seed)
            warm = True
            studio.codec_codes()
            start = time.perf_counter()
            wave = subject.speak(studio, clip, seed).float().cpu()
            compute = round(time.perf_counter() - start, 4)
            # A net that says nothing at all is judged, as silence.
            wave = set_level(wave, studio.audio) if len(wave) else torch.zeros(studio.audio.hop)
            each = store.put(key, Made(wave, studio.codec_codes(), compute), studio.audio.sample_rate)
        made.append(each)
    return made


def _voice(subject: Subject, clip: Clip, studio: Studio) -> str | None:
    """Hash of the voice file that a subject speaks with, if it does."""
    name = {"default": studio.conf["voice"], "clip": clip.speaker}.get(subject.voice)
    if subject.hears or name is None or (subject.voice == "clip" and not is_made(name)):
        return None
    return archive.key(files=[fingerprint(path) for path in voices.clips(voices.find(name))])


def _targets(clips: Sequence[Clip], studio: Studio, panel: Panel) -> dict[str, dict[Path, np.ndarray]]:
    """What each speaker's recordings sound like: embeddings by speaker and file."""
    if "voice" not in panel.judges:
        return {}
    files = {path: clip.speaker for clip in clips for path in (clip.path, clip.reference) if path}
    evidence = [Evidence(studio.recording(path)) for path in files]
    opinions = panel.ask(evidence, studio.audio.sample_rate, "voices: listening", only=("voice",))
    targets: dict[str, dict[Path, np.ndarray]] = defaultdict(dict)
    for (path, speaker), opinion in zip(files.items(), opinions, strict=True):
        if opinion["voice"] is not None:
            targets[speaker][path] = np.array(opinion["voice"])
    return targets


def similarity(voice: Sequence[float] | None, clip: Clip, targets: Mapping[Path, np.ndarray]) -> float | None:
    """Cosine between a wave and the mean of its speaker's recordings, that of the same words left out."""
    others = [target for path, target in targets.items() if path != clip.path]
    if voice is None or not others:
        return None
    mean = np.mean(others, axis=0)
    return round(float(np.dot(voice, mean) / np.linalg.norm(mean)), 5)


def judge(
    name: str,
    subject: Subject,
    takes: Sequence[tuple[Clip, int]],
    made: Sequence[Made],
    studio: Studio,
    panel: Panel,
    targets: Mapping[str, Mapping[Path, np.ndarray]],
    counter: Callable[[str], int],
) -> list[Row]:
    """A row for each wave; `targets` are embeddings of each speaker's recordings, `counter` counts a text's sounds."""
    rate = studio.audio.sample_rate
    evidence = [
        Evidence(each.wave, clip.expected, studio.recording(clip.path) if clip.path else None)
        for (clip, _), each in zip(takes, made, strict=True)
    ]
    opinions = panel.ask(evidence, rate, f"{name}: judging")
    rows = []
    for (clip, seed), each, opinion in zip(takes, made, opinions, strict=True):
        listener = panel.judges.get("heard")
        heard = opinion.get("heard")
        meant = listener.spell(clip.expected) if isinstance(listener, Listener) else clip.expected
        words_heard = heard is not None and getattr(listener, "words", True)
        word, words = word_edits(meant, heard or "")
        character, characters = character_edits(meant, heard or "")
        prosody, likeness = opinion.get("prosody") or {}, opinion.get("likeness") or {}
        known = targets.get(clip.speaker, {}) if subject.is_speaker(clip, studio) else {}
        rows.append(
            Row(
                subject=name,
                clip=clip.id,
                speaker=clip.speaker,
                kind=clip.kind,
                seed=seed,
                text=clip.expected,
                heard=heard,
                word_edits=word if words_heard else None,
                words=words,
                character_edits=None if heard is None else character,
                characters=characters,
                mos=opinion["mos"]["overall"] if "mos" in opinion else None,
                similarity=similarity(opinion.get("voice"), clip, known),
                mcd=likeness.get("mcd"),
                f0_error=likeness.get("f0_error"),
                span=prosody.get("span"),
                speech=prosody.get("speech"),
                voiced=prosody.get("voiced"),
                pitch=prosody.get("pitch"),
                pauses=prosody.get("pauses"),
                pause_seconds=prosody.get("pause_seconds"),
                sounds=counter(clip.expected),
                length=None,
                fault=None,
                judged=words_heard,
                codes=len(each.codes),
                seconds=round(len(each.wave) / rate, 4),
                compute=each.compute,
            )
        )
    aligned = [opinion.get("aligned") or UNREAD for opinion in opinions]
    return _find_faults(rows, aligned, panel, counter)


def _find_faults(
    rows: list[Row], aligned: list[dict[str, Any]], panel: Panel, counter: Callable[[str], int]
) -> list[Row]:
    """Rows with lengths and faults, at the pace of each speaker who has enough of them."""
    count = {row.speaker: sum(other.speaker == row.speaker for other in rows) for row in rows}
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.speaker if count[row.speaker] >= OWN_PACE else ""].append(index)
    listener, found = panel.judges.get("heard"), list(rows)
    for indices in groups.values():
        utterances = [
            Utterance(
                text=rows[index].text,
                spelt=listener.spell(rows[index].text) if isinstance(listener, Listener) else rows[index].text,
                seconds=rows[index].seconds,
                heard=rows[index].heard or "",
                **aligned[index],
                fault=None,
                attempts=1,
            )
            for index in indices
        ]
        times = lengths(utterances, counter)
        for index, length, fault in zip(indices, times, faults(utterances, counter), strict=True):
            if rows[index].span == 0:  # nothing sounds, whatever is heard in it
                fault = "stopped early"
            judged = rows[index].judged or rows[index].span == 0
            found[index] = replace(rows[index], length=round(length, 4), fault=fault if judged else None, judged=judged)
    return found
