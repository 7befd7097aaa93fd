"""Checks of what is in the clips: the right words at the right times, spoken by one speaker."""

import csv
import random
import shutil
import subprocess
import time
from collections import defaultdict
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import soundfile

from tests.helpers.beside import epub, feed, podcast, whisper
from tests.slow.prepare.common import FAST, OPEN, ROOT, clips, in_clips, largest, plain, report, run
from tts.corpus import Recording, read_recordings


def words(args, scratch: Path) -> None:
    """Share of the text's words that are in clips in their order; errors of word times at the borders of segments."""
    done = run([args.source], scratch / "out", *FAST)
    print(done.stdout, done.stderr[-300:])
    found = clips(scratch / "out")
    rows = sorted(read_recordings(args.source), key=lambda row: row.path.name)
    print(in_clips(" ".join(row.text for row in rows), found), report(scratch / "out")["words_from"])
    if not (args.source / "segments.csv").is_file():
        return
    with open(args.source / "segments.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE))
    times = np.array([(word["start"], word["end"]) for clip in found for word in clip["words"]])
    middles = times.mean(1)
    starts, ends = [], []
    for row in rows:
        own = times[(middles > float(row["start"])) & (middles < float(row["end"]))]
        if len(own):
            starts.append(own[0, 0] - float(row["start"]))
            ends.append(own[-1, 1] - float(row["end"]))
    for name, errors in (("start", starts), ("end", ends), ("both", starts + ends)):
        error = np.abs(errors) * 1000
        print(f"{name}: median {np.median(error):.0f} ms, 95 % {np.percentile(error, 95):.0f} ms, of {len(error)}")


def withheld(args, scratch: Path) -> None:
    """WER of what a recogniser writes; how much of it is kept, and how much of that is right."""
    from tts.judges.wer import word_edits

    rows = sorted(read_recordings(args.source), key=lambda row: row.path.name)
    (scratch / "alone").mkdir()
    for row in rows:
        shutil.copy(row.path, scratch / "alone")
    for name, settings in (("all that is heard", OPEN), ("what the judges let through", FAST)):
        done = run([scratch / "alone"], scratch / "out", *settings)
        if done.returncode:
            print(name, done.stderr[-300:])
            continue
        found = clips(scratch / "out")
        text, heard = " ".join(row.text for row in rows), " ".join(clip["text"] for clip in found)
        reference, hypothesis = plain(text), plain(heard)
        blocks = SequenceMatcher(None, reference, hypothesis, autojunk=False).get_matching_blocks()
        edits, count = word_edits(text, heard)
        told = report(scratch / "out")
        print(
            f"{name}: {told['hours']['kept']:.3f} of {told['hours']['in']:.3f} h, {len(hypothesis)} words, "
            f"{sum(block.size for block in blocks) / len(hypothesis):.1%} of them right; WER against the whole text "
            f"{edits / count:.3f}; {told['words_from']}"
        )
    took = report(scratch / "out")["stages"]["words"]["processor_seconds"]
    print(f"words: {took:.0f} s of processor; pocketsphinx alone on the same clips: {_alone(args.source, found):.0f} s")


def _alone(corpus: Path, found: list[dict]) -> float:
    """Processor time of pocketsphinx alone, estimated from every tenth clip."""
    import torch

    from tts.audio import decode
    from tts.judges.sphinx import Sphinx

    waves = {
        row.path.name: torch.from_numpy(decode(row.path, 24000, max_seconds=1e5)) for row in read_recordings(corpus)
    }
    recogniser, seconds, heard = Sphinx(), 0.0, 0.0
    for clip in found[::10]:
        wave = waves[clip["source"]][round(clip["start"] * 24000) : round(clip["end"] * 24000)]
        start = time.process_time()
        recogniser.transcribe(wave, 24000)
        seconds, heard = seconds + time.process_time() - start, heard + len(wave) / 24000
    return seconds / heard * sum(len(wave) for wave in waves.values()) / 24000


def beside(args, scratch: Path) -> None:
    """The first recording with a feed and a Podcasting 2.0 transcript, the second with Whisper's, all with one book."""
    rows = sorted(read_recordings(args.source), key=lambda row: row.path.name)
    run([args.source], scratch / "told", *OPEN)
    rng = random.Random(args.seed)
    show = scratch / "show"
    show.mkdir()
    for row in rows:
        shutil.copy(row.path, show)
    for row, kind in zip(rows, ("podcast", "whisper"), strict=False):
        timed = [word for clip in clips(scratch / "told") if row.path.name in clip["source"] for word in clip["words"]]
        # Eight words per cue, with times that are some tenths of a second off, as they often are.
        groups = [timed[start : start + 8] for start in range(0, len(timed), 8)]
        cues = [
            (
                max(0.0, group[0]["start"] + rng.uniform(-0.3, 0.3)),
                group[-1]["end"] + rng.uniform(-0.3, 0.3),
                " ".join(word["text"] for word in group),
            )
            for group in groups
        ]
        target = show / f"{row.path.stem}.json"
        podcast(target, cues, "The reader") if kind == "podcast" else whisper(target, cues)
    feed(show / "feed.rss", [(row.path.name, f"Episode {n}", "From the feed") for n, row in enumerate(rows, 1)])
    epub(show / "book.epub", {f"c{n}.xhtml": f"<h1>{n}</h1><p>{row.text}</p>" for n, row in enumerate(rows, 1)})
    done = run([show], scratch / "out", *FAST)
    print(done.stdout, done.stderr[-300:], report(scratch / "out")["words_from"])
    for row in rows:
        own = [clip for clip in clips(scratch / "out") if clip["source"] == row.path.name]
        about = {name: {clip[name] for clip in own} for name in ("title", "speaker", "licence", "origin")}
        print(row.path.name, in_clips(row.text, own), about)


def wrong(args, scratch: Path) -> None:
    """How much is kept of each recording with its own text, and with the text of the next one.

    If the corpus has no texts, pocketsphinx transcribes the first `--times` recordings.
    """
    rows = sorted(read_recordings(args.source), key=lambda row: row.path.name)
    if not any(row.text for row in rows):
        rows = written(rows[: args.times], scratch)
    for name, shift in (("its own text", 0), ("the text of another", 1)):
        folder = scratch / f"shift{shift}"
        folder.mkdir()
        for index, row in enumerate(rows):
            shutil.copy(row.path, folder)
            (folder / f"{row.path.stem}.txt").write_text(rows[(index + shift) % len(rows)].text, encoding="utf-8")
        done = run([folder], scratch / f"out{shift}", *FAST)
        if done.returncode:
            print(f"{name}: nothing kept: {done.stderr[-300:].strip()}")
            continue
        told, kept = report(scratch / f"out{shift}"), {clip["source"] for clip in clips(scratch / f"out{shift}")}
        print(
            f"{name}: {told['hours']['kept'] * 60:.2f} of {told['hours']['in'] * 60:.2f} min kept, of {len(kept)} of "
            f"{len(rows)} recordings; {told['words_from']}"
        )
        print({reason: row["count"] for reason, row in told["losses"].items()})


def written(rows: list[Recording], scratch: Path) -> list[Recording]:
    """The recordings in which pocketsphinx hears words, with those words as their texts."""
    (scratch / "alone").mkdir()
    for row in rows:
        shutil.copy(row.path, scratch / "alone")
    run([scratch / "alone"], scratch / "written", *OPEN)
    texts = defaultdict(list)
    for clip in clips(scratch / "written"):
        texts[clip["source"]].append(clip["text"])
    return [replace(row, text=" ".join(texts[row.path.name])) for row in rows if row.path.name in texts]


def voices(args, scratch: Path) -> None:
    """How many clips of one speaker are taken for several, and how many splices of two speakers are found."""
    import torch
    from omegaconf import OmegaConf

    from data.prepare.judge import speaker_embedding
    from tts.audio import decode

    torch.set_num_threads(1)
    least = OmegaConf.load(ROOT / "conf" / "prepare.yaml").judge.one_speaker
    rows = read_recordings(args.source)[: args.times]
    waves = [torch.from_numpy(decode(row.path, 16000)[: 16000 * 10]) for row in rows]
    single = [speaker_embedding(wave, 16000)[1] for wave in waves]
    pairs = [(k, (k + 1) % len(rows)) for k in range(len(rows)) if rows[k].speaker != rows[(k + 1) % len(rows)].speaker]
    both = [speaker_embedding(torch.cat([waves[a][: 16000 * 5], waves[b][: 16000 * 5]]), 16000)[1] for a, b in pairs]
    for name, alike in (("one speaker", single), ("two spliced", both)):
        low, middle, high = np.percentile(alike, (5, 50, 95))
        print(
            f"{name}: {np.mean(np.array(alike) < least):.1%} of {len(alike)} below {least:g}; "
            f"5, 50, 95 %: {low:.2f}, {middle:.2f}, {high:.2f}"
        )


def long(args, scratch: Path) -> None:
    """A book read by flite into one file, beside the whole EPUB."""
    from tts import document

    folder, part = scratch / "book", scratch / "part.wav"
    folder.mkdir()
    said = " ".join(document.read(args.source).text.split())[: round(args.hours * 3600 * 14.5)].split()[:-1]
    slower = ["--setf", f"duration_stretch={args.stretch}"] if args.stretch else []  # voices differ in speed
    with soundfile.SoundFile(folder / "reading.flac", "w", 16000, 1, "PCM_16") as whole:
        for start in range(0, len(said), 5000):  # flite keeps in memory what it reads
            (scratch / "text").write_text(" ".join(said[start : start + 5000]), encoding="utf-8")
            subprocess.run(["flite", "-voice", args.voice, *slower, "-f", scratch / "text", part], check=True)
            whole.write(soundfile.read(part, dtype="int16")[0])
    print(f"flite: {largest()}")
    shutil.copy(args.source, folder / f"whole{args.source.suffix}")
    done = run([folder], scratch / "out", *FAST)
    print(done.stdout, done.stderr[-300:], largest())
    if done.returncode == 0:
        told = report(scratch / "out")
        print(in_clips(" ".join(said), clips(scratch / "out")), told["hours"], told["words_from"])
        print({reason: row["count"] for reason, row in told["losses"].items()})
        print({name: row["hours_per_hour"] for name, row in told["stages"].items()})
