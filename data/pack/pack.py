"""`python -m data pack`: corpora in, a whole folder of shards out, or nothing."""

import json
import multiprocessing
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from data.index import INDEX, SECOND, SPLITS, IndexBuilder, spoken_lengths, write_index
from data.pack.alignment import Aligner
from data.pack.corpora import Corpus, read_corpus
from data.pack.recording import EncodedClip, Recipe, encode_recording
from data.shards import ShardWriter, is_ours, open_shards
from data.split import SplitItem, assign, text_key
from tts.corpus import Recording
from tts.types import AudioConfig


@dataclass(frozen=True, kw_only=True)
class PackOptions:
    """How to pack; see `--help`."""

    recipe: Recipe
    exclude: frozenset[str]  # ids
    val_share: float
    speaker_split: str  # auto, always or never
    shard_mb: float
    workers: int
    language: str = "auto"  # of all texts, by code; auto: of each corpus, by its letters


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A clip that was set aside."""

    corpus: str
    id: str
    reason: str


@dataclass(frozen=True)
class Chosen:
    """A recording that goes into the shards, if it can be read."""

    corpus: Corpus
    recording: Recording
    split: str


def pack(sources: list[Path], out: Path, options: PackOptions) -> dict:
    """Pack every source into `out` and return the statistics. Replaces an older pack only once the new one is whole."""
    check_target(out)
    corpora = [read_corpus(source, options.language) for source in sources]
    names = Counter(corpus.name for corpus in corpora)
    if max(names.values()) > 1:
        raise ValueError(f"two sources are called {names.most_common(1)[0][0]!r}; rename one folder")
    codec, audio = options.recipe.codec, options.recipe.audio
    alignment = Aligner(codec, audio).about if codec else None
    with replacing_folder(out) as folder:
        return _fill(folder, corpora, options, alignment)


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of `out` once the block is done, and is removed if the block fails."""
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
        if names and not (INDEX in names and all(map(is_ours, names))):
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


def _fill(folder: Path, corpora: list[Corpus], options: PackOptions, alignment: dict | None) -> dict:
    rejected = [
        Rejected(corpus=corpus.name, id=entry, reason=reason)
        for corpus in corpora
        for entry, reason in corpus.malformed
    ]
    chosen = list(_choose(corpora, options, rejected))
    with open_shards(folder, int(options.shard_mb * 2**20)) as writer:
        for item, encoded in zip(chosen, _encode(chosen, options), strict=True):
            if encoded.reason:
                rejected.append(Rejected(corpus=item.corpus.name, id=item.recording.id, reason=encoded.reason))
            else:
                _write(writer, item, encoded, options.recipe.format)
    about = {
        corpus.name: {"licence": corpus.licence, "synthetic": corpus.synthetic, "language": corpus.language}
        for corpus in corpora
    }
    return finish(folder, writer, rejected, audio=options.recipe.audio, corpora=about, alignment=alignment)


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
    if not len(writer.clips):
        raise ValueError(f"no usable clip in {len(rejected)}; the first was set aside for: {rejected[0].reason}")
    with open(folder / "rejected.jsonl", "w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in rejected)
    stats = statistics(writer.clips, rejected)
    (folder / "stats.json").write_text(json.dumps(stats, indent=1, ensure_ascii=False), encoding="utf-8")
    write_index(folder, audio=audio, corpora=corpora, shards=writer.shards, clips=writer.clips, alignment=alignment)
    return stats


def _choose(corpora: list[Corpus], options: PackOptions, rejected: list[Rejected]) -> Iterator[Chosen]:
    """Recordings that have a split, in the order of their corpora; the others are set aside."""
    found, items = [], []
    for corpus in corpora:
        seen = set()
        for recording in corpus.recordings:
            if recording.id in seen or recording.id in options.exclude:
                reason = "the id occurs twice" if recording.id in seen else "excluded by --exclude"
                rejected.append(Rejected(corpus=corpus.name, id=recording.id, reason=reason))
                continue
            seen.add(recording.id)
            found.append((corpus, recording))
            items.append(
                SplitItem(
                    id=recording.id,
                    corpus=corpus.name,
                    speaker=recording.speaker,
                    text_key=text_key(recording.text),
                    heldout=recording.id in corpus.heldout,
                )
            )
    assignments = assign(items, val_share=options.val_share, speaker_split=options.speaker_split)
    for (corpus, recording), assignment in zip(found, assignments, strict=True):
        if assignment.split is None:
            rejected.append(Rejected(corpus=corpus.name, id=recording.id, reason=assignment.reason))
        else:
            yield Chosen(corpus, recording, assignment.split)


def _encode(chosen: list[Chosen], options: PackOptions) -> Iterator[EncodedClip]:
    work = partial(_encode_one, recipe=options.recipe)
    recordings = [(item.recording, item.corpus.language) for item in chosen]
    bar = partial(tqdm, total=len(recordings), unit="clip", desc="packing", dynamic_ncols=True)
    if options.workers == 0:
        yield from bar(map(work, recordings))
        return
    # spawn: a fork of a process that has run torch's threads may hang.
    with multiprocessing.get_context("spawn").Pool(options.workers, _worker) as pool:
        yield from bar(pool.imap(work, recordings, chunksize=8))


def _encode_one(item: tuple[Recording, str], recipe: Recipe) -> EncodedClip:
    recording, spoken_in = item
    return encode_recording(recording, recipe, spoken_in)


def _worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    torch.set_num_threads(1)


def _write(writer: ShardWriter, item: Chosen, encoded: EncodedClip, format: str) -> None:
    description = {
        "id": item.recording.id,
        "speaker": item.recording.speaker,
        "text": item.recording.text,
        "spoken": encoded.spoken,
        "corpus": item.corpus.name,
        "seconds": round(encoded.seconds, 4),
        "split": item.split,
        "licence": item.corpus.licence,
        "language": item.corpus.language,
    }
    writer.write(encoded.data, description, format=format, times=encoded.times)


def statistics(clips: IndexBuilder, rejected: list[Rejected]) -> dict:
    """Hours, clips and speakers per corpus and split, and how many clips were set aside."""
    columns = clips.arrays()
    transcribed = spoken_lengths(columns) > 0
    corpora: dict[str, dict] = {}
    for name, corpus in sorted(clips.corpora.items()):
        for split in range(len(SPLITS)):
            own = (columns["corpus"] == corpus) & (columns["split"] == split)
            if own.any():
                corpora.setdefault(name, {})[SPLITS[split]] = {
                    "hours": round(int(columns["seconds"][own].sum()) / SECOND / 3600, 4),
                    "clips": int(own.sum()),
                    "speakers": len(np.unique(columns["speaker"][own])),
                    "transcribed": int(transcribed[own].sum()),
                }
    return {"corpora": corpora, "rejected": dict(sorted(Counter(item.corpus for item in rejected).items()))}


def describe_shards(stats: dict) -> str:
    """The statistics as a table for people."""
    lines = [f"{'corpus':40} {'split':5} {'hours':>8} {'clips':>7} {'speakers':>8}"]
    for corpus, splits in stats["corpora"].items():
        for split, row in splits.items():
            lines.append(f"{corpus:40.40} {split:5} {row['hours']:8.3f} {row['clips']:7} {row['speakers']:8}")
    aside = sum(stats["rejected"].values())
    return "\n".join(
        [*lines, f"{aside} clips set aside, with reasons in rejected.jsonl" if aside else "none set aside"]
    )
