"""All sources into one folder of shards: dedup → split → pack, in the order of the sources' hashes.

No other order matters, so executors, workers and interruptions change no byte of the shards.
"""

from pathlib import Path

from data.pack.pack import Rejected, finish
from data.prepare.cache import ResultCache
from data.prepare.clips import PreparedClip, SourceResult, load_result
from data.prepare.config import PrepareConfig
from data.prepare.dedup import AcousticFingerprint, ClipIndex
from data.prepare.sources import SkippedFile
from data.prepare.stages import Outcome, load_aligner
from data.prepare.tally import Tally
from data.shards import open_shards
from data.split import Assignment, SplitItem, assign, text_key


def gather_shards(
    folder: Path, outcomes: list[Outcome], skipped: list[SkippedFile], config: PrepareConfig, work: Path, tally: Tally
) -> dict:
    """Write the shards and the files beside them; returns the statistics."""
    cache = ResultCache(work / "cache")
    tally.add_skipped(skipped)
    rejected = [Rejected(corpus="", id=file.name, reason=file.reason) for file in skipped]
    kept = _usable(sorted(outcomes, key=lambda outcome: (outcome.sha256, outcome.source.name)), rejected, tally)
    with ClipIndex(work / "clips.sqlite", config.dedup) as index:
        items = _accepted(kept, cache, config, index, rejected, tally)
    assignments = assign(items, val_share=config.val_share, speaker_split=config.speaker_split)
    splits = {item.id: assignment for item, assignment in zip(items, assignments, strict=True)}
    licences: dict[str, set[str]] = {}
    with open_shards(folder, int(config.shard_mb * 2**20)) as writer:
        for outcome in kept:
            result = _result(cache, outcome, config)
            tally.add_source(outcome, result)
            for clip, place in zip(result.clips, result.sounds, strict=True):
                assignment = splits.get(clip.id)
                if assignment is None:
                    continue
                corpus = outcome.source.corpus
                if assignment.split is None:
                    rejected.append(Rejected(corpus=corpus, id=clip.id, reason=assignment.reason))
                    tally.add_unsplit(clip, assignment.reason)
                    continue
                description = _description(outcome, clip, assignment, place["sha256"])
                sound = result.read(place)
                writer.write(sound, description, format=config.recipe.format, times=place["times"])
                licences.setdefault(corpus, set()).add(description["licence"])
                tally.add_kept(outcome, clip, description, sound)
    spoken_in = {"language": config.words.read_in}
    corpora = {name: {"licence": "; ".join(sorted(own)), **spoken_in} for name, own in sorted(licences.items())}
    aligner = load_aligner(config.weights, config.recipe.audio)
    alignment = aligner.about if aligner else None
    return finish(folder, writer, rejected, audio=config.recipe.audio, corpora=corpora, alignment=alignment)


def _result(cache: ResultCache, outcome: Outcome, config: PrepareConfig) -> SourceResult:
    return load_result(cache, outcome.source, outcome.sha256, outcome.keys, config)


def _usable(outcomes: list[Outcome], rejected: list[Rejected], tally: Tally) -> list[Outcome]:
    """Sources that were not refused, each once even if several files have the same bytes."""
    kept: list[Outcome] = []
    first: dict[str, str] = {}  # hash -> name
    for outcome in outcomes:
        source, reason = outcome.source, outcome.refused
        if not reason and outcome.sha256 in first:
            reason = f"the same bytes as {first[outcome.sha256]}"
        if reason:
            rejected.append(Rejected(corpus=source.corpus, id=source.name, reason=reason))
            tally.add_refused(outcome, reason)
        else:
            first[outcome.sha256] = source.name
            kept.append(outcome)
    return kept


def _accepted(
    outcomes: list[Outcome],
    cache: ResultCache,
    config: PrepareConfig,
    index: ClipIndex,
    rejected: list[Rejected],
    tally: Tally,
) -> list[SplitItem]:
    """Clips that passed all thresholds and duplicate no earlier clip."""
    items = []
    for outcome in outcomes:
        corpus, result = outcome.source.corpus, _result(cache, outcome, config)
        for clip, place in zip(result.clips, result.sounds, strict=True):
            reason = clip.reason
            if not reason:
                sound = AcousticFingerprint(bytes.fromhex(place["bits"]), tuple(place["marks"]))
                earlier = index.add(clip.id, place["sha256"], sound)
                reason = f"sounds like {earlier}" if earlier else ""
            tally.add_judged(clip, reason)
            if reason:
                rejected.append(Rejected(corpus=corpus, id=clip.id, reason=reason))
                continue
            key = text_key(clip.text)
            items.append(SplitItem(id=clip.id, corpus=corpus, speaker=clip.speaker, text_key=key, heldout=False))
    return items


def _description(outcome: Outcome, clip: PreparedClip, assignment: Assignment, sha256: str) -> dict:
    """The JSON of a clip. Times are seconds of the source."""
    source = outcome.source
    return {
        "id": clip.id,
        "speaker": clip.speaker,
        "text": clip.text,
        "spoken": clip.spoken,
        "language": clip.language,
        "corpus": source.corpus,
        "seconds": round(clip.seconds, 4),
        "split": assignment.split,
        "licence": source.licence or "unknown",
        "source": source.name,
        "source_sha256": outcome.sha256,
        "origin": source.origin,
        "title": source.title,
        "start": clip.start,
        "end": clip.end,
        "words": [{key: value for key, value in word.to_json().items() if key != "speaker"} for word in clip.words],
        "scores": clip.scores,
        "sha256": sha256,
    }
