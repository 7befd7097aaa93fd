"""All sources to one folder of shards: dedup → split → pack, in the order of the sources' hashes.

What is kept depends on no other order, so executors, workers and interruptions change no byte of the shards.
"""

from pathlib import Path

from data.pack.pack import Rejected, clip_key, finish
from data.prepare.dedup import Print, Seen
from data.prepare.ledger import Ledger
from data.prepare.plan import Plan
from data.prepare.report import Tally
from data.prepare.sources import Odd
from data.prepare.stages import Clip, Outcome, result
from data.shards import open_shards
from data.split import Candidate, Verdict, assign, text_key
from tts.text.language import language


def gather(folder: Path, outcomes: list[Outcome], odd: list[Odd], plan: Plan, work: Path, tally: Tally) -> dict:
    """Write the shards and what lies beside them; returns the statistics."""
    ledger = Ledger(work / "ledger")
    tally.odd(odd)
    rejected = [Rejected(corpus="", id=item.name, reason=item.reason) for item in odd]
    kept = _whole(sorted(outcomes, key=lambda outcome: (outcome.sha256, outcome.source.name)), rejected, tally)
    with Seen(work / "seen.sqlite", plan.dedup) as seen:
        candidates = _judged(kept, ledger, plan, seen, rejected, tally)
    verdicts = assign(candidates, val_share=plan.val_share, speaker_split=plan.speaker_split)
    splits = {candidate.id: verdict for candidate, verdict in zip(candidates, verdicts, strict=True)}
    licences: dict[str, set[str]] = {}
    with open_shards(folder, int(plan.shard_mb * 2**20)) as writer:
        for outcome in kept:
            tally.source(outcome, ledger)
            found = result(ledger, outcome, plan)
            for clip, place in zip(found.clips, found.sounds, strict=True):
                verdict = splits.get(clip.id)
                if verdict is None:
                    continue
                corpus = outcome.source.corpus
                if verdict.split is None:
                    rejected.append(Rejected(corpus=corpus, id=clip.id, reason=verdict.reason))
                    tally.unsplit(clip, verdict.reason)
                    continue
                description = describe(outcome, clip, verdict, place["sha256"])
                sound = found.read(place)
                writer.write(sound, description, key=clip_key(corpus, clip.id), format=plan.recipe.format)
                licences.setdefault(corpus, set()).add(description["licence"])
                tally.kept(outcome, clip, description, sound)
    corpora = {name: {"licence": "; ".join(sorted(own))} for name, own in sorted(licences.items())}
    return finish(folder, writer, rejected, audio=plan.recipe.audio, corpora=corpora)


def _whole(outcomes: list[Outcome], rejected: list[Rejected], tally: Tally) -> list[Outcome]:
    """Sources that went through all stages, each once."""
    kept: list[Outcome] = []
    first: dict[str, str] = {}  # hash -> name
    for outcome in outcomes:
        source, reason = outcome.source, outcome.refused
        if not reason and outcome.sha256 in first:
            reason = f"the same bytes as {first[outcome.sha256]}"
        if reason:
            rejected.append(Rejected(corpus=source.corpus, id=source.name, reason=reason))
            tally.refused(outcome, reason)
        else:
            first[outcome.sha256] = source.name
            kept.append(outcome)
    return kept


def _judged(
    outcomes: list[Outcome], ledger: Ledger, plan: Plan, seen: Seen, rejected: list[Rejected], tally: Tally
) -> list[Candidate]:
    """Clips that no judge sets aside and that sound like none before."""
    candidates = []
    for outcome in outcomes:
        corpus, found = outcome.source.corpus, result(ledger, outcome, plan)
        for clip, place in zip(found.clips, found.sounds, strict=True):
            reason = clip.reason
            if not reason:
                sound = Print(bytes.fromhex(place["bits"]), tuple(place["marks"]))
                twin = seen.twin(clip.id, place["sha256"], sound)
                reason = f"sounds like {twin}" if twin else ""
            tally.judged(clip, reason)
            if reason:
                rejected.append(Rejected(corpus=corpus, id=clip.id, reason=reason))
                continue
            key = text_key(clip.text)
            candidates.append(Candidate(id=clip.id, corpus=corpus, speaker=clip.speaker, text_key=key, heldout=False))
    return candidates


def describe(outcome: Outcome, clip: Clip, verdict: Verdict, sha256: str) -> dict:
    """The JSON of a clip. Times are seconds of the source."""
    source = outcome.source
    return {
        "id": clip.id,
        "speaker": clip.speaker,
        "text": clip.text,
        "spoken": language().normalise(clip.text).text,
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
