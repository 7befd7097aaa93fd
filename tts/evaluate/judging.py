"""From clips to rows: waves are synthesised and timed, then judged."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from tts import voices
from tts.audio import set_level
from tts.evaluate.faults import SpokenSentence, classify_faults, relative_lengths
from tts.evaluate.measures import Row
from tts.evaluate.subjects import Studio, Subject, is_made
from tts.evaluate.suites import SuiteClip
from tts.evaluate.wave_cache import CachedWave, WaveCache, hash_code, hash_parts, hash_wave, speech_settings
from tts.files import fingerprint
from tts.judges.judge import Expected
from tts.judges.panel import Evidence, Panel
from tts.judges.sphinx import UNKNOWN

OWN_PACE = (
    10  # waves of a speaker from which a pace is learned; a speaker with fewer gets the pace of all such speakers
)

Embeddings = Mapping[str, Mapping[Path, np.ndarray]]  # of recordings, by speaker and file


@torch.inference_mode()
def synthesise_takes(
    name: str, subject: Subject, studio: Studio, takes: Sequence[tuple[SuiteClip, int]], cache: WaveCache
) -> list[CachedWave]:
    """The wave of each take, at the level of all corpora, and its seconds of computing; the first is made twice."""
    weights = {net: fingerprint(studio.weights / f"{net}.safetensors") for net in subject.nets}
    made, warm = [], False
    for clip, seed in tqdm(takes, desc=f"{name}: making", unit="wave", leave=False):
        key = hash_parts(
            subject=name,
            text=clip.text,
            speaker=clip.speaker,
            voice=_hash_voice(subject, clip, studio),
            heard=[hash_wave(studio.recording(path)) for path in (clip.path, clip.reference) if path],
            seed=seed,
            weights=weights,
            settings=speech_settings(studio.conf) if subject.nets else None,
            code=hash_code(),
        )
        if not (wave := cache.get(key)):
            if not warm:
                subject.speak(studio, clip, seed)
            warm = True
            wave = cache.put(key, _synthesise(subject, studio, clip, seed), studio.audio.sample_rate)
        made.append(wave)
    return made


def _synthesise(subject: Subject, studio: Studio, clip: SuiteClip, seed: int) -> CachedWave:
    studio.codec_codes()
    start = time.perf_counter()
    wave = subject.speak(studio, clip, seed).float().cpu()
    compute = round(time.perf_counter() - start, 4)
    # A net that says nothing at all is judged, as silence.
    levelled = set_level(wave.numpy(), studio.audio) if len(wave) else np.zeros(studio.audio.hop, np.float32)
    return CachedWave(torch.from_numpy(levelled), studio.codec_codes(), compute)


def _hash_voice(subject: Subject, clip: SuiteClip, studio: Studio) -> str | None:
    """Hash of the files of the voice that a subject speaks with, if it has any."""
    name = {"default": studio.conf["voice"], "clip": clip.speaker}.get(subject.voice)
    if subject.hears or name is None or (subject.voice == "clip" and not is_made(name)):
        return None
    return hash_parts(files=[fingerprint(path) for path in voices.clips(voices.find(name))])


def embed_speakers(clips: Sequence[SuiteClip], studio: Studio, panel: Panel) -> Embeddings:
    """Embeddings of the recordings of each speaker; none without the judge of voices."""
    if "voice" not in panel.judges:
        return {}
    files = {path: clip.speaker for clip in clips for path in (clip.path, clip.reference) if path}
    evidence = [Evidence(studio.recording(path)) for path in files]
    opinions = panel.ask(evidence, studio.audio.sample_rate, "voices: listening", only=("voice",))
    embeddings: dict[str, dict[Path, np.ndarray]] = defaultdict(dict)
    for (path, speaker), opinion in zip(files.items(), opinions, strict=True):
        if opinion["voice"] is not None:
            embeddings[speaker][path] = np.array(opinion["voice"])
    return embeddings


def judge_takes(
    name: str,
    subject: Subject,
    takes: Sequence[tuple[SuiteClip, int]],
    made: Sequence[CachedWave],
    studio: Studio,
    panel: Panel,
    embeddings: Embeddings,
    phones: Callable[[str], int],
) -> list[Row]:
    """A row for each wave; `embeddings` are those of the speakers' recordings, `phones` counts the phones of a text."""
    rate = studio.audio.sample_rate
    evidence = [
        Evidence(wave.wave, clip.expected, studio.recording(clip.path) if clip.path else None)
        for (clip, _), wave in zip(takes, made, strict=True)
    ]
    hears_words = "heard" in panel.judges and panel.judges["heard"].words
    rows = []
    for (clip, seed), wave, opinions in zip(takes, made, panel.ask(evidence, rate, f"{name}: judging"), strict=True):
        known = embeddings.get(clip.speaker, {}) if subject.is_speaker(clip, studio) else {}
        others = [embedding for path, embedding in known.items() if path != clip.path]  # not of the same words
        expected = Expected(clip.expected, others)
        rows.append(
            Row(
                subject=name,
                clip=clip.id,
                speaker=clip.speaker,
                kind=clip.kind,
                seed=seed,
                text=clip.expected,
                opinions={judge: panel.judges[judge].figures(own, expected) for judge, own in opinions.items()},
                phones=phones(clip.expected),
                length=None,
                fault=None,
                judged=hears_words,
                codes=len(wave.codes),
                seconds=round(len(wave.wave) / rate, 4),
                compute=wave.compute,
            )
        )
    return _with_faults(rows, panel, phones)


def _with_faults(rows: Sequence[Row], panel: Panel, phones: Callable[[str], int]) -> list[Row]:
    """The rows with lengths and faults, at the pace of each speaker who has enough of them."""
    count = Counter(row.speaker for row in rows)
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.speaker if count[row.speaker] >= OWN_PACE else ""].append(index)
    found = list(rows)
    for indices in groups.values():
        sentences = [_sentence(rows[index], panel) for index in indices]
        lengths, faults = relative_lengths(sentences, phones), classify_faults(sentences, phones)
        for index, length, fault in zip(indices, lengths, faults, strict=True):
            silent = rows[index].opinion("prosody").get("span") == 0  # whatever a recogniser hears in silence
            judged = rows[index].judged or silent
            fault = "stopped early" if silent else fault
            found[index] = replace(rows[index], length=round(length, 4), fault=fault if judged else None, judged=judged)
    return found


def _sentence(row: Row, panel: Panel) -> SpokenSentence:
    aligned = row.opinions.get("aligned") or UNKNOWN
    return SpokenSentence(
        text=row.text,
        spelt=panel.judges["heard"].spell(row.text) if "heard" in panel.judges else row.text,
        seconds=row.seconds,
        heard=row.opinion("heard").get("text", ""),
        whole=aligned["whole"],
        stray=aligned["stray"],
        fault=None,
        attempts=1,
    )
