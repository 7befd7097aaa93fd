"""One source through its stages: hash → ingest → segment → words → score → rate → cut. Every result is cached.

The results depend on the source and the configuration alone, not on the executor.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from data.pack.alignment import Aligner
from data.pack.recording import encode
from data.prepare import judge
from data.prepare.cache import CachedResult, ResultCache, digest, processor_time
from data.prepare.clips import PreparedClip, cut_inputs, judge_clips
from data.prepare.config import PrepareConfig
from data.prepare.dedup import acoustic_fingerprint
from data.prepare.ingest import LazySamples, SourceRefused, lazy_samples
from data.prepare.segment import segment
from data.prepare.sources import Source
from data.prepare.words import Transcript, find_words
from tts.alignment.spell import Speller
from tts.audio import set_level
from tts.files import fingerprint, whole
from tts.types import AudioConfig

SHORTEST = 0.5  # seconds: shorter clips get no scores


@dataclass(frozen=True)
class SourceJob:
    """One source for one worker."""

    source: Source
    config: PrepareConfig
    work: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a source: the keys of its results, or the reason why it was refused."""

    source: Source
    sha256: str = ""
    keys: dict | None = None  # stage -> key in the cache
    refused: str = ""
    seconds: dict | None = None  # stage -> processor time that its result took, in this run or an earlier one
    audio: float = 0.0  # length of the recording in seconds


def process_source(job: SourceJob) -> Outcome:
    """All stages of one source. A bad source is refused; a full disk or a missing package raises."""
    torch.set_num_threads(1)
    source, keys, seconds, audio = job.source, {}, {}, 0.0
    try:
        cache = ResultCache(job.work / "cache")
        rate = job.config.recipe.audio.sample_rate
        with lazy_samples(source, job.config.ingest, rate, job.work / "decoded") as lazy:
            for stage, record in _stages(source, job.config, cache, lazy):
                keys[stage], seconds[stage] = record.key, record.seconds
                if stage == "ingest":
                    audio = record.value.get("seconds", 0.0)
                    source = _with_tags(source, record.value.get("tags", {}))
                if "refused" in record.value:
                    return Outcome(source, _sha256(cache, keys), None, record.value["refused"], seconds, audio)
        return Outcome(source, _sha256(cache, keys), keys, "", seconds, audio)
    except (ModuleNotFoundError, KeyboardInterrupt):
        raise
    except OSError as error:
        if error.filename and os.fsdecode(error.filename) == source.path:  # only this file is gone or unreadable
            return Outcome(source, refused=error.strerror or "cannot be read")
        raise
    except Exception as error:
        return Outcome(source, refused=f"unforeseen {type(error).__name__}: {' '.join(str(error).split())[:200]}")


def _with_tags(source: Source, tags: dict[str, str]) -> Source:
    """The source with title and licence from the tags of the file, if nothing beside it gives them."""
    terms = tags.get("license") or tags.get("copyright") or ""
    return replace(source, title=source.title or tags.get("title", ""), licence=source.licence or terms)


def _sha256(cache: ResultCache, keys: dict) -> str:
    record = cache.get("hash", keys["hash"])
    return record.value["sha256"] if record else ""


def _stages(
    source: Source, config: PrepareConfig, cache: ResultCache, lazy: LazySamples
) -> Iterator[tuple[str, CachedResult]]:
    """The record of each stage, computed only if the cache lacks it; ends at the first refusal."""

    def once(stage: str, inputs: list, compute) -> CachedResult:
        def value() -> dict:
            try:
                return compute()
            except SourceRefused as error:
                return {"refused": str(error)}

        return cache.once(stage, inputs, value)

    status = os.stat(source.path)
    hashed = once(
        "hash", [source.path, status.st_size, status.st_mtime_ns], lambda: {"sha256": fingerprint(source.path)}
    )
    yield "hash", hashed
    rate = config.recipe.audio.sample_rate
    suffix = os.path.splitext(source.path)[1].lower()
    found = once("ingest", [hashed.value["sha256"], suffix, asdict(config.ingest), rate, _version("av")], lazy.describe)
    yield "ingest", found
    if "refused" in found.value:
        return

    segments = once(
        "segment",
        [found.key, asdict(config.segment), _version("silero-vad"), _version("onnxruntime")],
        lambda: segment(lazy.open(), config.segment),
    )
    yield "segment", segments
    if "refused" in segments.value:
        return

    speller = _speller(config.weights)
    beside = [[os.path.splitext(path)[1].lower(), fingerprint(path)] for path in source.beside]
    inputs = [segments.key, asdict(config.words), beside, source.text, speller.fingerprint]
    recogniser = None if source.has_text else config.recogniser()
    if recogniser:
        inputs.append(recogniser.identity())

    def transcribe() -> dict:
        clips, loudness = segments.value["clips"], found.value["loudness"]
        return find_words(source, lazy.open(), clips, loudness, config.words, speller, recogniser).to_json()

    words = once("words", inputs, transcribe)
    yield "words", words
    if "refused" in words.value:
        return

    transcript, speech = Transcript.from_json(words.value), segments.value["speech"]
    scored = once("score", [words.key, _version("resemblyzer")], lambda: _score(lazy, transcript, speech))
    yield "score", scored
    clips = judge_clips(source, hashed.value["sha256"], config, transcript, scored.value, {})
    yield "rate", _rate(cache, scored, clips, config, lazy)
    inputs = cut_inputs(words, config.recipe)
    cut = partial(_cut, lazy, clips, config, cache.binary("cut", inputs))
    yield "cut", once("cut", inputs, cut)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ModuleNotFoundError(f"{package} is not installed: run `uv sync`") from None


@lru_cache(1)
def _speller(weights: str) -> Speller:
    return Speller(Path(weights))


def _score(lazy: LazySamples, transcript: Transcript, speech: list) -> dict:
    """The fast scores and the speaker embedding of each clip; none of a clip without words."""
    samples = lazy.open()
    scores, voices = [], []
    for clip, words, agreement in zip(transcript.clips, transcript.words_by_clip(), transcript.agreement, strict=True):
        start, end = clip
        if not words or end - start < SHORTEST:
            scores.append({})
            voices.append([])
            continue
        embedding, similarity = judge.speaker_embedding(torch.from_numpy(samples.clip(start, end)), samples.rate)
        known = {"agreement": agreement, "one_speaker": round(similarity, 4)}
        scores.append(known | judge.score_clip(samples, clip, words, speech))
        voices.append([round(float(x), 4) for x in embedding])
    return {"scores": scores, "voices": voices}


def _rate(
    cache: ResultCache, scored: CachedResult, clips: list[PreparedClip], config: PrepareConfig, lazy: LazySamples
) -> CachedResult:
    """DNSMOS of the clips that pass the fast scores. Ratings are kept when thresholds change."""
    key = digest("rate", [scored.key, _version("speechmos") if config.judge.mos else ""])
    record = cache.get("rate", key) or CachedResult(key, {}, 0.0)
    wanted = [clip for clip in clips if not clip.reason and clip.id not in record.value] if config.judge.mos else []
    if not wanted:
        return record
    start = processor_time()
    samples = lazy.open()
    rated = {clip.id: judge.mos(torch.from_numpy(samples.clip(clip.start, clip.end)), samples.rate) for clip in wanted}
    return cache.put("rate", key, record.value | rated, record.seconds + processor_time() - start)


@lru_cache(1)
def load_aligner(weights: str, audio: AudioConfig) -> Aligner | None:
    """What finds the times of phonemes in clips; None if the codec was trained for another audio configuration."""
    return Aligner(Path(weights), audio) if _speller(weights).audio == audio else None


def _cut(lazy: LazySamples, clips: list[PreparedClip], config: PrepareConfig, target: Path) -> dict:
    """Bring every clip to the same level, encode it and find the times of its phonemes.

    The encoded clips go into `target`, one after another. All clips are cut, whatever the thresholds say of them.
    """
    samples, recipe, out = lazy.open(), config.recipe, []
    aligner = load_aligner(config.weights, recipe.audio)

    def encoded() -> Iterator[bytes]:
        offset = 0
        for clip in clips:
            wave = samples.clip(clip.start, clip.end)
            levelled = set_level(wave, recipe.audio)
            data = encode(levelled, samples.rate, recipe.format) if len(wave) else b""
            known = aligner and clip.words
            times = aligner.times(torch.from_numpy(levelled), clip.spoken, clip.language) if known else []
            sound, sha256 = acoustic_fingerprint(torch.from_numpy(wave), samples.rate), hashlib.sha256(data).hexdigest()
            place = {"offset": offset, "size": len(data), "sha256": sha256}
            place["times"] = [round(time, 4) for time in times]
            out.append(place | {"bits": sound.bits.hex(), "marks": sound.marks})
            offset += len(data)
            yield data

    with whole(target, shared=True) as file:
        file.writelines(encoded())
    return {"clips": out}
