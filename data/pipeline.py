"""`python -m data prepare`: recordings of hours in, shards of clips out.

    find → for each source, by an executor: ingest → segment → words → judge → cut    (every result in the ledger)
         → for all in one order: dedup → split → pack → report

What a worker does depends on its source and the settings alone, and what follows goes by the hash of the sources, so
executors, workers and interruptions change no byte of the shards.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from data import judge as judges
from data.align import Speller
from data.dedup import Dedup, Print, Seen, fingerprint
from data.ingest import Ingest, Lazy, Refused, decoded
from data.judge import Judge
from data.ledger import Ledger, Record, digest, processor_time, write_whole
from data.pack import Rejected, check_target, clip_key, finish, replacing
from data.prepare import Recipe, encode
from data.segment import Segment, segment
from data.shards import open_shards
from data.sources import Odd, Source, find
from data.split import Candidate, Verdict, assign, text_key
from data.words import Words, hearer, words
from tts.audio import set_level
from tts.checkpoint import fingerprint as file_hash
from tts.settings import ROOT
from tts.text.normalise import normalise

EDITION = 1  # raised when a stage comes to other results from the same input
STAGES = ("hash", "ingest", "segment", "words", "score", "rate", "cut")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides what the shards hold, but the sources."""

    recipe: Recipe
    weights: str  # of the codec that spells
    ingest: Ingest
    segment: Segment
    words: Words
    judge: Judge
    dedup: Dedup
    val_share: float
    speaker_split: str
    shard_mb: float

    def __post_init__(self):
        if self.recipe.audio.sample_rate * 512 % 16_000:
            raise ValueError(
                f"prepare needs a rate of whole 32 ms, such as 24000 Hz; got {self.recipe.audio.sample_rate}"
            )


def plan(conf: dict, *, recipe: Recipe, args: Any) -> Plan:
    """A plan from conf/prepare.yaml as plain data, and from what the command line says of packing."""
    weights = Path(conf["weights"]).expanduser()
    return Plan(
        recipe=recipe,
        weights=str(weights if weights.is_absolute() else ROOT / weights),
        ingest=Ingest(**conf["ingest"]),
        segment=Segment(**conf["segment"]),
        words=Words(**conf["words"]),
        judge=Judge(**conf["judge"]),
        dedup=Dedup(**conf["dedup"]),
        val_share=args.val_share,
        speaker_split=args.speaker_split,
        shard_mb=args.shard_mb,
    )


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
                audio = record.value.get("seconds", audio) if stage == "ingest" else audio
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
        inputs.append(_recogniser(plan.words.recogniser))
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
    recipe = [plan.recipe.format, asdict(plan.recipe.audio)]
    blob = ledger.blob("cut", [EDITION, said.key, recipe])
    yield "cut", once("cut", [said.key, recipe], lambda: _cut(lazy, said.value["clips"], plan.recipe, blob))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ModuleNotFoundError(f"{package} is not installed: run `uv sync`") from None


def _recogniser(name: str) -> str:
    """What changes when the recogniser might hear something else."""
    hearer(name)
    return f"pocketsphinx {_version('pocketsphinx')}" if name == "sphinx" else file_hash(Path(name) / "model.bin")


@lru_cache(1)
def _speller(weights: str) -> Speller:
    return Speller(Path(weights))


def _score(lazy: Lazy, said: dict, parts: dict) -> dict:
    """Quick scores of all clips, and their speakers' vectors in half precision."""
    samples = lazy.open()
    scores, voices = [], []
    for clip, own in zip(said["clips"], _dealt(said), strict=True):
        if not own or clip[1] - clip[0] < 0.5:
            scores.append({})
            voices.append([])
            continue
        mean, alike = judges.voice(samples.clip(*clip), samples.rate)
        scores.append(judges.score(samples, clip, own, parts["speech"]) | {"one_speaker": round(alike, 4)})
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
        name = next(iter(named)) if len(named) == 1 else ""
        speaker = name or source.speaker or sha256[:12]
        if several and not name:
            speaker = f"{speaker}-{labels.get(index, 0)}"
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

    write_whole(blob, encoded())
    return {"clips": out}


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """One run at a time in a work folder."""
    work.mkdir(parents=True, exist_ok=True)
    with open(work / "lock", "w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # not on Windows
            pass
        except OSError:
            raise ValueError(f"another run is at work in {work}: wait for it, or stop it") from None
        yield


def prepare(roots: list[Path], out: Path, plan: Plan, executor) -> dict:
    """Sources to shards; returns the statistics. Everything on the way lies in OUT.work, which may be deleted."""
    from data import report  # draws; only here

    check_target(out)
    work = out.with_name(f"{out.name}.work")
    sources, odd = find(roots)
    if not sources:
        raise ValueError(
            f"no recordings in {', '.join(map(str, roots))}" + (f": {odd[0].name}: {odd[0].reason}" if odd else "")
        )
    started = time.monotonic()
    with _locked(work):
        _sweep(work)
        jobs = [Job(source, plan, work) for source in sources]
        with Progress(sources) as progress:
            outcomes = executor.map(process, jobs, lambda job: Outcome(job.source, refused="its worker died"), progress)
            done = sorted(outcomes, key=lambda outcome: (outcome.sha256, outcome.source.name))
        with replacing(out) as folder:
            tally = report.Tally(plan)
            start = processor_time()
            stats = _pack(folder, done, odd, plan, work, tally)
            tally.stages["dedup, split, pack"] = processor_time() - start
            report.write(folder, tally, stats, wall=time.monotonic() - started, workers=executor.workers)
    return stats


class Progress:
    """A bar over the bytes of the sources, with hours of audio per hour of the clock."""

    def __init__(self, sources: list[Source]):
        self.sizes = {source.path: os.lstat(source.path).st_size for source in sources}
        self.start, self.audio = time.monotonic(), 0.0

    def __enter__(self) -> "Progress":
        from tqdm import tqdm

        shape = "{desc} {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}B [{elapsed}<{remaining}{postfix}]"
        total = sum(self.sizes.values())
        # disable=None: no bar where nobody watches, such as in a log file.
        self.bar = tqdm(total=total, unit_scale=True, desc="preparing", bar_format=shape, disable=None)
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def __call__(self, job: Job, outcome: Outcome) -> None:
        self.audio += outcome.audio
        pace = self.audio / max(time.monotonic() - self.start, 1e-6)
        self.bar.set_postfix_str(f"{pace:.1f} audio-hours per hour", refresh=False)
        self.bar.update(self.sizes[job.source.path])


def _sweep(work: Path) -> None:
    """Remove what a killed run left half done."""
    shutil.rmtree(work / "decoded", ignore_errors=True)
    for path in work.glob("ledger/*/*/.*"):
        path.unlink(missing_ok=True)


def _pack(folder: Path, done: list[Outcome], odd: list[Odd], plan: Plan, work: Path, tally) -> dict:
    """Shards of all sources in the order of their hashes: what is kept depends on no other order."""
    ledger = Ledger(work / "ledger")
    rejected = [Rejected(corpus="", id=item.name, reason=item.reason) for item in odd]
    tally.odd(odd)
    candidates: list[Candidate] = []
    sources: list[Outcome] = []
    first: dict[str, str] = {}
    with Seen(work / "seen.sqlite", plan.dedup) as seen:
        for outcome in done:
            source, reason = outcome.source, outcome.refused
            if not reason and outcome.sha256 in first:
                reason = f"the same bytes as {first[outcome.sha256]}"
            if reason:
                rejected.append(Rejected(corpus=source.corpus, id=source.name, reason=reason))
                tally.refused(outcome, reason, ledger)
                continue
            first[outcome.sha256] = source.name
            sources.append(outcome)
            clips, sounds, _ = _records(ledger, outcome, plan)
            for clip, sound in zip(clips, sounds, strict=True):
                reason = clip.reason
                if not reason:
                    twin = seen.twin(
                        clip.id, sound["sha256"], Print(bytes.fromhex(sound["bits"]), tuple(sound["marks"]))
                    )
                    reason = f"sounds like {twin}" if twin else ""
                tally.judged(outcome, clip, reason)
                if reason:
                    rejected.append(Rejected(corpus=source.corpus, id=clip.id, reason=reason))
                else:
                    candidates.append(
                        Candidate(
                            id=clip.id,
                            corpus=source.corpus,
                            speaker=clip.speaker,
                            text_key=text_key(clip.text),
                            heldout=False,
                        )
                    )
    verdicts = assign(candidates, val_share=plan.val_share, speaker_split=plan.speaker_split)
    splits = {candidate.id: verdict for candidate, verdict in zip(candidates, verdicts, strict=True)}
    corpora: dict[str, dict] = {}
    with open_shards(folder, int(plan.shard_mb * 2**20)) as writer:
        for outcome in sources:
            clips, sounds, blob = _records(ledger, outcome, plan)
            tally.source(outcome, ledger)
            for clip, sound in zip(clips, sounds, strict=True):
                if clip.id not in splits:
                    continue
                if splits[clip.id].split is None:
                    rejected.append(Rejected(corpus=outcome.source.corpus, id=clip.id, reason=splits[clip.id].reason))
                    tally.unsplit(outcome, clip, splits[clip.id].reason)
                    continue
                description = describe(outcome, clip, splits[clip.id], sound["sha256"])
                key = clip_key(outcome.source.corpus, clip.id)
                sound = read_part(blob, sound["offset"], sound["size"])
                writer.write(sound, description, key=key, format=plan.recipe.format)
                about = corpora.setdefault(outcome.source.corpus, {"licence": set()})
                about["licence"].add(description["licence"])
                tally.kept(outcome, clip, description, sound)
    corpora = {name: {"licence": "; ".join(sorted(about["licence"]))} for name, about in sorted(corpora.items())}
    return finish(folder, writer, rejected, audio=plan.recipe.audio, corpora=corpora)


def _records(ledger: Ledger, outcome: Outcome, plan: Plan) -> tuple[list[Clip], list[dict], Path]:
    """Clips of a source, where their sound lies in a file, and that file."""
    said, scored, rated, sounds = (
        ledger.get(stage, outcome.keys[stage]) for stage in ("words", "score", "rate", "cut")
    )
    clips = clips_of(
        outcome.source, outcome.sha256, plan, said.value, scored.value, rated.value if rated and plan.judge.mos else {}
    )
    recipe = [plan.recipe.format, asdict(plan.recipe.audio)]
    return clips, sounds.value["clips"], ledger.blob("cut", [EDITION, said.key, recipe])


def read_part(path: Path, offset: int, size: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(size)


def describe(outcome: Outcome, clip: Clip, verdict: Verdict, sha256: str) -> dict:
    """The JSON of a clip. Times are seconds of the source."""
    source = outcome.source
    return {
        "id": clip.id,
        "speaker": clip.speaker,
        "text": clip.text,
        "spoken": normalise(clip.text).text,
        "corpus": source.corpus,
        "seconds": round(clip.end - clip.start, 4),
        "split": verdict.split,
        "licence": source.licence or "unknown",
        "source": source.name,
        "source_sha256": outcome.sha256,
        "origin": source.origin,
        "title": source.title,
        "start": clip.start,
        "end": clip.end,
        "words": [{"text": word[0], "start": word[1], "end": word[2], "heard": word[3]} for word in clip.words],
        "scores": clip.scores,
        "sha256": sha256,
    }
