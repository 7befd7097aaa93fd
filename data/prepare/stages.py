"""One source through its stages: hash → ingest → segment → words → score → rate → cut, every result in the ledger.

What a worker does here depends on its source and the plan alone.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from data.pack.recording import Recipe, encode
from data.prepare import judge as judges
from data.prepare.dedup import fingerprint
from data.prepare.ingest import Lazy, Refused, decoded
from data.prepare.ledger import Ledger, Record, digest, processor_time
from data.prepare.plan import Plan
from data.prepare.segment import segment
from data.prepare.sources import Source
from data.prepare.spell import Speller
from data.prepare.words import hearer, words
from tts.audio import set_level
from tts.checkpoint import fingerprint as file_hash
from tts.files import whole

EDITION = 4  # raised when a stage comes to other results from the same input
NUMBERED = re.compile(r"(?i)(speaker|spk|voice)?[ _-]?\d+")  # in another source, the same number is somebody else


@dataclass(frozen=True)
class Job:
    """One source for one worker."""

    source: Source
    plan: Plan
    work: Path


@dataclass(frozen=True)
class Outcome:
    """What became of a source: where its results are, or why it has none."""

    source: Source
    sha256: str = ""
    keys: dict | None = None  # stage -> key in the ledger
    refused: str = ""
    seconds: dict | None = None  # stage -> processor time that its results took to make, now or earlier
    audio: float = 0.0  # seconds


@dataclass(frozen=True)
class Clip:
    """A clip of a source with everything that is known about it."""

    id: str
    start: float  # seconds
    end: float
    words: list  # (text, start, end, heard, speaker)
    scores: dict
    speaker: str
    reason: str  # why a judge sets it aside; empty where none does

    @property
    def text(self) -> str:
        return " ".join(word[0] for word in self.words)


def process(job: Job) -> Outcome:
    """All stages of one source. Never raises for a bad source; a full disk or a missing package is not its fault."""
    torch.set_num_threads(1)
    source, keys, seconds, audio = job.source, {}, {}, 0.0
    try:
        ledger = Ledger(job.work / "ledger")
        with decoded(source, job.plan.ingest, job.plan.recipe.audio.sample_rate, job.work / "decoded") as lazy:
            for stage, record in _stages(source, job.plan, ledger, lazy):
                keys[stage], seconds[stage] = record.key, record.seconds
                if stage == "ingest":
                    audio = record.value.get("seconds", 0.0)
                    source = _tagged(source, record.value.get("tags", {}))
                if "refused" in record.value:
                    return Outcome(source, _sha(ledger, keys), None, record.value["refused"], seconds, audio)
        return Outcome(source, _sha(ledger, keys), keys, "", seconds, audio)
    except (ModuleNotFoundError, KeyboardInterrupt):
        raise
    except OSError as error:
        if error.filename and os.fsdecode(error.filename) == source.path:  # gone or unreadable; others may not be
            return Outcome(source, refused=error.strerror or "cannot be read")
        raise
    except Exception as error:
        return Outcome(source, refused=f"unforeseen {type(error).__name__}: {' '.join(str(error).split())[:200]}")


def _tagged(source: Source, tags: dict[str, str]) -> Source:
    """What the file says of itself, where nothing beside it does."""
    terms = tags.get("license") or tags.get("copyright") or ""
    return replace(source, title=source.title or tags.get("title", ""), licence=source.licence or terms)


def _sha(ledger: Ledger, keys: dict) -> str:
    record = ledger.get("hash", keys["hash"])
    return record.value["sha256"] if record else ""


def _stages(source: Source, plan: Plan, ledger: Ledger, lazy: Lazy) -> Iterator[tuple[str, Record]]:
    """Each stage with its record, made only where the ledger has none; ends at the first refusal."""

    def once(stage: str, inputs: list, make) -> Record:
        def kept() -> dict:
            try:
                return make()
            except Refused as error:
                return {"refused": str(error)}

        return ledger.once(stage, [EDITION, *inputs], kept)

    told = os.stat(source.path)
    hashed = once("hash", [source.path, told.st_size, told.st_mtime_ns], lambda: {"sha256": file_hash(source.path)})
    yield "hash", hashed
    rate = plan.recipe.audio.sample_rate
    suffix = os.path.splitext(source.path)[1].lower()
    found = once("ingest", [hashed.value["sha256"], suffix, asdict(plan.ingest), rate, _version("av")], lazy.describe)
    yield "ingest", found
    if "refused" in found.value:
        return

    parts = once(
        "segment",
        [found.key, asdict(plan.segment), _version("silero-vad"), _version("onnxruntime")],
        lambda: segment(lazy.open(), plan.segment),
    )
    yield "segment", parts
    if "refused" in parts.value:
        return

    speller = _speller(plan.weights)
    beside = [[os.path.splitext(path)[1].lower(), file_hash(path)] for path in source.beside]
    inputs = [parts.key, asdict(plan.words), beside, source.text, speller.fingerprint]
    if not beside and not source.text:
        inputs.append(hearer(plan.words.recogniser).identity())
    said = once(
        "words",
        inputs,
        lambda: words(source, lazy.open(), parts.value, found.value["loudness"], plan.words, speller),
    )
    yield "words", said
    if "refused" in said.value:
        return

    scored = once("score", [said.key, _version("resemblyzer")], lambda: _score(lazy, said.value, parts.value))
    yield "score", scored
    clips = clips_of(source, hashed.value["sha256"], plan, said.value, scored.value, {})
    yield "rate", _rate(ledger, scored, clips, plan, lazy)
    cut = partial(_cut, lazy, said.value["clips"], plan.recipe, _blob(ledger, said, plan.recipe))
    yield "cut", once("cut", [said.key, _format(plan.recipe)], cut)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ModuleNotFoundError(f"{package} is not installed: run `uv sync`") from None


@lru_cache(1)
def _speller(weights: str) -> Speller:
    return Speller(Path(weights))


def _score(lazy: Lazy, said: dict, parts: dict) -> dict:
    """Quick scores of all clips, and their speakers' vectors in half precision."""
    samples = lazy.open()
    scores, voices = [], []
    for clip, own, agreement in zip(said["clips"], _dealt(said), said["agreement"], strict=True):
        if not own or clip[1] - clip[0] < 0.5:
            scores.append({})
            voices.append([])
            continue
        mean, alike = judges.voice(samples.clip(*clip), samples.rate)
        told = {"agreement": agreement, "one_speaker": round(alike, 4)}
        scores.append(told | judges.score(samples, clip, own, parts["speech"]))
        voices.append([round(float(x), 4) for x in mean])
    return {"scores": scores, "voices": voices}


def _dealt(said: dict) -> list[list]:
    """The words of each clip: those whose middle lies in it."""
    middles = np.array([(word[1] + word[2]) / 2 for word in said["words"]])
    borders = [np.searchsorted(middles, clip) for clip in said["clips"]]
    return [said["words"][first:last] for first, last in borders]


def clips_of(source: Source, sha256: str, plan: Plan, said: dict, scored: dict, rated: dict) -> list[Clip]:
    """The clips of a source with scores, speakers and the judges' verdicts."""
    known = [index for index, scores in enumerate(scored["scores"]) if scores]
    numbers = judges.cluster(np.array([scored["voices"][index] for index in known]), plan.judge.same_speaker)
    several = len(set(numbers)) > 1
    labels = dict(zip(known, numbers, strict=True))
    out = []
    for index, (clip, own) in enumerate(zip(said["clips"], _dealt(said), strict=True)):
        scores, id = scored["scores"][index], f"{sha256[:12]}-{round(clip[0] * 1000):08d}"
        reason = judges.verdict(
            scores, clip[1] - clip[0], bool(scores), plan.judge, plan.segment.min_seconds, plan.segment.max_seconds
        )
        named = {word[4] for word in own}
        if len(named) > 1 and not reason:
            reason = "more than one speaker by its transcript"
        if id in rated:
            scores = scores | {"mos": rated[id]}
            reason = reason or (f"DNSMOS {rated[id]:.2f}" if rated[id] < plan.judge.mos else "")
        speaker = next(iter(named)) if len(named) == 1 else ""
        if NUMBERED.fullmatch(speaker):
            speaker = f"{sha256[:12]}-{speaker}"
        elif not speaker and several:
            speaker = "-".join(filter(None, (source.speaker, sha256[:12], str(labels.get(index, 0)))))
        speaker = speaker or source.speaker or sha256[:12]
        out.append(Clip(id, clip[0], clip[1], own, scores, speaker, reason))
    return out


def _rate(ledger: Ledger, scored: Record, clips: list[Clip], plan: Plan, lazy: Lazy) -> Record:
    """DNSMOS of clips that the quick judges let through; a rating once given is kept, whatever thresholds become."""
    inputs = [EDITION, scored.key, _version("speechmos") if plan.judge.mos else ""]
    key = digest("rate", inputs)
    record = ledger.get("rate", key) or Record(key, {}, 0.0)
    wanted = [clip for clip in clips if not clip.reason and clip.id not in record.value] if plan.judge.mos else []
    if not wanted:
        return record
    start = processor_time()
    samples = lazy.open()
    rated = {clip.id: judges.rate(samples.clip(clip.start, clip.end), samples.rate) for clip in wanted}
    return ledger.put("rate", key, record.value | rated, record.seconds + processor_time() - start)


def _cut(lazy: Lazy, clips: list, recipe: Recipe, blob: Path) -> dict:
    """Every clip levelled and encoded, one behind the other in `blob`, and their fingerprints."""
    samples, out = lazy.open(), []

    def encoded() -> Iterator[bytes]:
        offset = 0
        for start, end in clips:
            wave = samples.clip(start, end)
            data = encode(set_level(wave, recipe.audio), samples.rate, recipe.format) if len(wave) else b""
            sound, sha256 = fingerprint(wave, samples.rate), hashlib.sha256(data).hexdigest()
            place = {"offset": offset, "size": len(data), "sha256": sha256}
            out.append(place | {"bits": sound.bits.hex(), "marks": sound.marks})
            offset += len(data)
            yield data

    with whole(blob, shared=True) as file:
        file.writelines(encoded())
    return {"clips": out}


@dataclass(frozen=True)
class Result:
    """The clips of a source, where the sound of each lies in a file, and that file."""

    clips: list[Clip]
    sounds: list[dict]  # offset, size, sha256, and fingerprint: bits, marks
    file: Path

    def read(self, sound: dict) -> bytes:
        with open(self.file, "rb") as file:
            file.seek(sound["offset"])
            return file.read(sound["size"])


def result(ledger: Ledger, outcome: Outcome, plan: Plan) -> Result:
    """What the ledger holds of a source that was not refused."""
    said, scored, rated, cut = (ledger.get(stage, outcome.keys[stage]) for stage in ("words", "score", "rate", "cut"))
    ratings = rated.value if rated and plan.judge.mos else {}
    clips = clips_of(outcome.source, outcome.sha256, plan, said.value, scored.value, ratings)
    return Result(clips, cut.value["clips"], _blob(ledger, said, plan.recipe))


def _blob(ledger: Ledger, said: Record, recipe: Recipe) -> Path:
    return ledger.blob("cut", [EDITION, said.key, _format(recipe)])


def _format(recipe: Recipe) -> list:
    return [recipe.format, asdict(recipe.audio)]
