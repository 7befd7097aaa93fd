"""`python -m data pack`: corpora in, a whole folder of shards out, or nothing."""

import json
import multiprocessing
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from tqdm import tqdm

from data.pack.corpora import Clip, Corpus, read_corpus
from data.pack.recording import Prepared, Recipe, prepare
from data.shards import INDEX, OURS, SHARD_NAME, SPLITS, Entry, ShardWriter, open_shards, safe_name, write_index
from data.split import Candidate, Verdict, assign, text_key
from tts.types import AudioConfig


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to pack; see `--help`."""

    recipe: Recipe
    exclude: frozenset[str]  # ids
    val_share: float
    speaker_split: str  # auto, always or never
    shard_mb: float
    workers: int


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A clip that was set aside."""

    corpus: str
    id: str
    reason: str


def pack(sources: list[Path], out: Path, options: Options) -> dict:
    """Pack every source into `out` and return the statistics. Replaces an older pack only once the new one is whole."""
    check_target(out)
    corpora = [read_corpus(source) for source in sources]
    names = Counter(corpus.name for corpus in corpora)
    if max(names.values()) > 1:
        raise ValueError(f"two sources are called {names.most_common(1)[0][0]!r}; rename one folder")
    with replacing(out) as folder:
        return _fill(folder, corpora, options)


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of `out` once the block is done, and goes if it fails."""
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = out.with_name(f".{out.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
        _swap(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_target(out: Path) -> None:
    """Only an empty place or an older pack may be replaced."""
    if out.is_dir():
        names = {file.name for file in out.iterdir()}
        if names and not (INDEX in names and all(name in OURS or SHARD_NAME.fullmatch(name) for name in names)):
            raise ValueError(f"{out} holds other files; choose a new folder for the shards")
    elif out.exists():
        raise ValueError(f"{out} is a file; choose a new folder for the shards")


def _swap(new: Path, out: Path) -> None:
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    new.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _fill(folder: Path, corpora: list[Corpus], options: Options) -> dict:
    rejected = [
        Rejected(corpus=corpus.name, id=entry, reason=reason)
        for corpus in corpora
        for entry, reason in corpus.malformed
    ]
    chosen = list(_choose(corpora, options, rejected))
    licences = {corpus.name: corpus.licence for corpus in corpora}
    with open_shards(folder, int(options.shard_mb * 2**20)) as writer:
        for clip, verdict, prepared in _prepared(chosen, options):
            if prepared.reason:
                rejected.append(Rejected(corpus=clip.corpus, id=clip.id, reason=prepared.reason))
            else:
                _write(writer, clip, verdict, prepared, options.recipe.format, licences[clip.corpus])
    about = {name: {"licence": licence} for name, licence in licences.items()}
    return finish(folder, writer, rejected, audio=options.recipe.audio, corpora=about)


def finish(
    folder: Path,
    writer: ShardWriter,
    rejected: list[Rejected],
    *,
    audio: AudioConfig,
    corpora: dict[str, dict],
    alignment: dict | None = None,
) -> dict:
    """Write what lies beside the tars, the index last, and return the statistics.

    `alignment` says what the times of the clips come from (`Aligner.about`); None where they have none.
    """
    if not writer.entries:
        raise ValueError(f"no usable clip in {len(rejected)}; the first was set aside for: {rejected[0].reason}")
    stats = statistics(writer.entries, rejected)
    with open(folder / "rejected.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in rejected)
    (folder / "stats.json").write_text(json.dumps(stats, indent=1, ensure_ascii=False), encoding="utf-8")
    write_index(folder, audio=audio, corpora=corpora, writer=writer)
    return stats


def _choose(corpora: list[Corpus], options: Options, rejected: list[Rejected]) -> Iterator[tuple[Clip, Verdict]]:
    """Clips that have a split, in the order of their corpora; the others are set aside."""
    clips, candidates = [], []
    for corpus in corpora:
        seen = set()
        for clip in corpus.clips:
            if clip.id in seen or clip.id in options.exclude:
                reason = "the id occurs twice" if clip.id in seen else "excluded by --exclude"
                rejected.append(Rejected(corpus=corpus.name, id=clip.id, reason=reason))
                continue
            seen.add(clip.id)
            clips.append(clip)
            candidates.append(
                Candidate(
                    id=clip.id,
                    corpus=clip.corpus,
                    speaker=clip.speaker,
                    text_key=text_key(clip.text),
                    heldout=clip.id in corpus.heldout,
                )
            )
    verdicts = assign(candidates, val_share=options.val_share, speaker_split=options.speaker_split)
    for clip, verdict in zip(clips, verdicts, strict=True):
        if verdict.split is None:
            rejected.append(Rejected(corpus=clip.corpus, id=clip.id, reason=verdict.reason))
        else:
            yield clip, verdict


def _prepared(chosen: list[tuple[Clip, Verdict]], options: Options) -> Iterator[tuple[Clip, Verdict, Prepared]]:
    work = partial(prepare, recipe=options.recipe)
    clips = [clip for clip, _ in chosen]
    bar = partial(tqdm, total=len(clips), unit="clip", desc="packing", dynamic_ncols=True)
    if options.workers == 0:
        for (clip, verdict), prepared in zip(chosen, bar(map(work, clips)), strict=True):
            yield clip, verdict, prepared
        return
    # spawn: a fork of a process that has run torch's threads may hang.
    with multiprocessing.get_context("spawn").Pool(options.workers, _worker) as pool:
        results = bar(pool.imap(work, clips, chunksize=8))
        for (clip, verdict), prepared in zip(chosen, results, strict=True):
            yield clip, verdict, prepared


def _worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    torch.set_num_threads(1)


def _write(writer: ShardWriter, clip: Clip, verdict: Verdict, prepared: Prepared, format: str, licence: str) -> None:
    description = {
        "id": clip.id,
        "speaker": clip.speaker,
        "text": clip.text,
        "spoken": prepared.spoken,
        "corpus": clip.corpus,
        "seconds": round(prepared.seconds, 4),
        "split": verdict.split,
        "licence": licence,
    }
    writer.write(prepared.data, description, key=clip_key(clip.corpus, clip.id), format=format)


def clip_key(corpus: str, id: str) -> str:
    """The name of a clip in tars."""
    return f"{safe_name(corpus)}/{safe_name(id)}"


def statistics(entries: list[Entry], rejected: list[Rejected]) -> dict:
    """Hours, clips and speakers per corpus and split, and how many clips were set aside."""
    groups = defaultdict(list)
    for entry in entries:
        groups[entry.corpus, entry.split].append(entry)
    corpora: dict[str, dict] = {}
    for (corpus, split), group in sorted(groups.items(), key=lambda item: (item[0][0], SPLITS.index(item[0][1]))):
        corpora.setdefault(corpus, {})[split] = {
            "hours": round(sum(entry.seconds for entry in group) / 3600, 4),
            "clips": len(group),
            "speakers": len({entry.speaker for entry in group}),
            "transcribed": sum(bool(entry.spoken) for entry in group),
        }
    return {"corpora": corpora, "rejected": dict(sorted(Counter(item.corpus for item in rejected).items()))}


def describe(stats: dict) -> str:
    """The statistics as a table for people."""
    lines = [f"{'corpus':40} {'split':5} {'hours':>8} {'clips':>7} {'speakers':>8}"]
    for corpus, splits in stats["corpora"].items():
        for split, row in splits.items():
            lines.append(f"{corpus:40.40} {split:5} {row['hours']:8.3f} {row['clips']:7} {row['speakers']:8}")
    aside = sum(stats["rejected"].values())
    return "\n".join(
        [*lines, f"{aside} clips set aside, with reasons in rejected.jsonl" if aside else "none set aside"]
    )
