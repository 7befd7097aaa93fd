"""Slow checks of `python -m data prepare`; their figures are in docs/corpus.md. A CORPUS has audio/ and metadata.csv.

uv run python tests/prepare_checks.py words CORPUS          words in clips; their times, where it has a segments.csv
uv run python tests/prepare_checks.py withheld CORPUS       its text withheld: what a recogniser writes, and how well
uv run python tests/prepare_checks.py beside CORPUS         its texts as RSS, Podcasting 2.0, Whisper and EPUB beside it
uv run python tests/prepare_checks.py wrong CORPUS          each recording with the text of another
uv run python tests/prepare_checks.py voices CORPUS         clips of one speaker, and of two spliced
uv run python tests/prepare_checks.py long BOOK --hours 2 --voice kal16    a book read by flite, in one file: words in
                                                            clips, memory; --stretch 1.5 reads it slower
uv run python tests/prepare_checks.py speed CORPUS [--mos]  against what the libraries need by themselves
uv run python tests/prepare_checks.py growth CORPUS         ten times the recordings: time and memory
uv run python tests/prepare_checks.py twins SHARDS --times 2000    what dedup costs as more clips are known
uv run python tests/prepare_checks.py executors CORPUS      the same shards from local, slurm, ray, and ray with a token
uv run python tests/prepare_checks.py kills CORPUS --times 50
uv run python tests/prepare_checks.py hostile CORPUS        a folder of broken files around the recordings of CORPUS
uv run python tests/prepare_checks.py full CORPUS FOLDER    FOLDER: an empty one on a file system of a few MB
"""

import argparse
import csv
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from beside import epub, feed, podcast, whisper  # noqa: E402

CLUSTER = "127.0.0.1:6399"
QUIET = ["--", "judge.mos=0"]
# Every clip with words is kept, to see all that was found.
OPEN = [*QUIET, *(f"judge.{name}=0" for name in ("agreement", "word_agreement", "min_rate", "bandwidth"))]
OPEN += ["judge.snr=-20", "judge.max_rate=100", "judge.untold=60", "judge.clipping=1", "judge.music=1"]
OPEN += ["judge.one_speaker=-1"]


def command(sources, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "data", "prepare", *map(str, sources), "-o", str(out), *more]


def run(sources, out: Path, *more: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(sources, out, *more), cwd=ROOT, capture_output=True, text=True, errors="replace")


def shards(out: Path) -> dict[str, str]:
    """Everything of a folder that must not change, by hash."""
    files = [*sorted(out.glob("*.tar")), out / "index.json", out / "stats.json", out / "rejected.jsonl"]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def clips(out: Path) -> list[dict]:
    found = []
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as tar:
            found += [json.load(tar.extractfile(member)) for member in tar if member.name.endswith(".json")]
    return sorted(found, key=lambda clip: (clip["source"], clip["start"]))


@dataclass(frozen=True)
class Row:
    """A recording of a corpus."""

    path: Path
    speaker: str
    text: str


def table(corpus: Path) -> list[Row]:
    lines = (corpus / "metadata.csv").read_text("utf-8").split("\n")[1:]
    rows = [line.split("|") for line in lines if line]
    return [Row(next((corpus / "audio").glob(f"{id}.*")), speaker, text) for id, speaker, text, _ in rows]


def report(out: Path) -> dict:
    return json.loads((out / "report.json").read_text("utf-8"))


def processor_seconds(out: Path) -> float:
    """What all stages took together, without the start of the processes."""
    return sum(row["processor_seconds"] for row in report(out)["stages"].values())


def largest() -> str:
    return f"largest process {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20:.2f} GB"


def plain(text: str) -> list[str]:
    from tts.evaluate.text import words

    return words(text)


def in_clips(text: str, found: list[dict]) -> str:
    """Words of a text that clips hold, in their order."""
    said = [word for clip in found for word in clip["text"].split()]
    whole = text.split()
    same = sum(block.size for block in SequenceMatcher(None, whole, said, autojunk=False).get_matching_blocks())
    return f"{same} of {len(whole)} words in clips = {same / len(whole):.2%}"


def words(args, scratch: Path) -> None:
    """Share of the text's words that are in clips in their order, and errors of word times at segment borders."""
    done = run([args.source], scratch / "out", *QUIET)
    print(done.stdout, done.stderr[-300:])
    found = clips(scratch / "out")
    rows = sorted(table(args.source), key=lambda row: row.path.name)
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
    """WER of all that a recogniser writes; how much of it is kept, and how much of that is right."""
    from tts.evaluate.text import word_edits

    rows = sorted(table(args.source), key=lambda row: row.path.name)
    (scratch / "alone").mkdir()
    for row in rows:
        shutil.copy(row.path, scratch / "alone")
    for name, settings in (("all that is heard", OPEN), ("what the judges let through", QUIET)):
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
    """Processor time of pocketsphinx alone, from every tenth clip."""
    from tts.audio import decode
    from tts.evaluate.recognisers import Sphinx

    waves = {row.path.name: decode(row.path, 24000, max_seconds=1e5) for row in table(corpus)}
    recogniser, seconds, heard = Sphinx(), 0.0, 0.0
    for clip in found[::10]:
        wave = waves[clip["source"]][round(clip["start"] * 24000) : round(clip["end"] * 24000)]
        start = time.process_time()
        recogniser.transcribe(wave, 24000)
        seconds, heard = seconds + time.process_time() - start, heard + len(wave) / 24000
    return seconds / heard * sum(len(wave) for wave in waves.values()) / 24000


def beside(args, scratch: Path) -> None:
    """The first recording with a feed and a Podcasting 2.0 transcript, the second with Whisper's, all with one book."""
    rows = sorted(table(args.source), key=lambda row: row.path.name)
    run([args.source], scratch / "told", *OPEN)
    rng = random.Random(args.seed)
    show = scratch / "show"
    show.mkdir()
    for row in rows:
        shutil.copy(row.path, show)
    for row, kind in zip(rows, ("podcast", "whisper"), strict=False):
        timed = [word for clip in clips(scratch / "told") if row.path.name in clip["source"] for word in clip["words"]]
        # Eight words to a cue, and times that are some tenths off, as those of others are.
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
    done = run([show], scratch / "out", *QUIET)
    print(done.stdout, done.stderr[-300:], report(scratch / "out")["words_from"])
    for row in rows:
        own = [clip for clip in clips(scratch / "out") if clip["source"] == row.path.name]
        about = {name: {clip[name] for clip in own} for name in ("title", "speaker", "licence", "origin")}
        print(row.path.name, in_clips(row.text, own), about)


def wrong(args, scratch: Path) -> None:
    """Of each recording with its own text, and with the text of the next: how much is kept.

    Where the corpus has no texts, what pocketsphinx writes of the first so many recordings stands for them.
    """
    rows = sorted(table(args.source), key=lambda row: row.path.name)
    if not any(row.text for row in rows):
        rows = written(rows[: args.times], scratch)
    for name, shift in (("its own text", 0), ("the text of another", 1)):
        folder = scratch / f"shift{shift}"
        folder.mkdir()
        for index, row in enumerate(rows):
            shutil.copy(row.path, folder)
            (folder / f"{row.path.stem}.txt").write_text(rows[(index + shift) % len(rows)].text, encoding="utf-8")
        done = run([folder], scratch / f"out{shift}", *QUIET)
        if done.returncode:
            print(f"{name}: nothing kept: {done.stderr[-300:].strip()}")
            continue
        told, kept = report(scratch / f"out{shift}"), {clip["source"] for clip in clips(scratch / f"out{shift}")}
        print(
            f"{name}: {told['hours']['kept'] * 60:.2f} of {told['hours']['in'] * 60:.2f} min kept, of {len(kept)} of "
            f"{len(rows)} recordings; {told['words_from']}"
        )
        print({reason: row["count"] for reason, row in told["losses"].items()})


def written(rows: list[Row], scratch: Path) -> list[Row]:
    """The recordings of which pocketsphinx writes anything, with that."""
    (scratch / "alone").mkdir()
    for row in rows:
        shutil.copy(row.path, scratch / "alone")
    run([scratch / "alone"], scratch / "written", *OPEN)
    texts = defaultdict(list)
    for clip in clips(scratch / "written"):
        texts[clip["source"]].append(clip["text"])
    return [replace(row, text=" ".join(texts[row.path.name])) for row in rows if row.path.name in texts]


def voices(args, scratch: Path) -> None:
    """How many clips of one speaker are taken for more, and how many splices of two are found."""
    import torch
    from omegaconf import OmegaConf

    from data.judge import voice
    from tts.audio import decode

    torch.set_num_threads(1)
    least = OmegaConf.load(ROOT / "conf" / "prepare.yaml").judge.one_speaker
    rows = table(args.source)[: args.times]
    waves = [decode(row.path, 16000)[: 16000 * 10] for row in rows]
    single = [voice(wave, 16000)[1] for wave in waves]
    pairs = [(k, (k + 1) % len(rows)) for k in range(len(rows)) if rows[k].speaker != rows[(k + 1) % len(rows)].speaker]
    both = [voice(torch.cat([waves[a][: 16000 * 5], waves[b][: 16000 * 5]]), 16000)[1] for a, b in pairs]
    for name, alike in (("one speaker", single), ("two spliced", both)):
        low, middle, high = np.percentile(alike, (5, 50, 95))
        print(
            f"{name}: {np.mean(np.array(alike) < least):.1%} of {len(alike)} below {least:g}; "
            f"5, 50, 95 %: {low:.2f}, {middle:.2f}, {high:.2f}"
        )


def long(args, scratch: Path) -> None:
    """A book, read by flite into one file that lies beside the whole EPUB."""
    from data.books import read_book

    folder, part = scratch / "book", scratch / "part.wav"
    folder.mkdir()
    said = " ".join(read_book(args.source).split())[: round(args.hours * 3600 * 14.5)].split()[:-1]
    slower = ["--setf", f"duration_stretch={args.stretch}"] if args.stretch else []  # voices have paces of their own
    with soundfile.SoundFile(folder / "reading.flac", "w", 16000, 1, "PCM_16") as whole:
        for start in range(0, len(said), 5000):  # flite keeps all that it reads in memory
            (scratch / "text").write_text(" ".join(said[start : start + 5000]), encoding="utf-8")
            subprocess.run(["flite", "-voice", args.voice, *slower, "-f", scratch / "text", part], check=True)
            whole.write(soundfile.read(part, dtype="int16")[0])
    print(f"flite: {largest()}")
    shutil.copy(args.source, folder / f"whole{args.source.suffix}")
    done = run([folder], scratch / "out", *QUIET)
    print(done.stdout, done.stderr[-300:], largest())
    if done.returncode == 0:
        told = report(scratch / "out")
        print(in_clips(" ".join(said), clips(scratch / "out")), told["hours"], told["words_from"])
        print({reason: row["count"] for reason, row in told["losses"].items()})
        print({name: row["hours_per_hour"] for name, row in told["stages"].items()})


def speed(args, scratch: Path) -> None:
    """Processor time of each stage, and of the libraries alone on the same recordings, in one go."""
    done = run([args.source], scratch / "out", *([] if args.mos else QUIET))
    assert done.returncode == 0, done.stderr
    rated = clips(scratch / "out") if args.mos else []
    told, alone = report(scratch / "out"), libraries([row.path for row in table(args.source)], rated)
    whole, least = processor_seconds(scratch / "out"), sum(alone.values())
    hours = told["hours"]["in"]
    quick = sum(
        told["stages"][name]["processor_seconds"] for name in ("ingest", "segment", "cut", "dedup, split, pack")
    )
    for name, row in told["stages"].items():
        print(f"{name}: {row['processor_seconds']:.1f} s, {row['share']:.0%}, {row['hours_per_hour']} h per hour")
    print(
        f"all: {whole:.1f} s, {hours * 3600 / whole:.0f} h per hour; ingest, segment, cut, dedup, split and pack: "
        f"{hours * 3600 / quick:.0f} h per hour"
    )
    print({name: f"{seconds:.1f} s, {hours * 3600 / seconds:.0f}" for name, seconds in alone.items()})
    print(f"the whole takes {whole / least:.2f} of the libraries alone ({least:.1f} s)")


def libraries(paths: list[Path], rated: list[dict]) -> dict[str, float]:
    """Processor seconds that each library needs by itself, on one core; DNSMOS on the clips that are rated."""
    import io

    import av
    import torch
    from resemblyzer import VoiceEncoder
    from silero_vad import load_silero_vad

    from tts.audio import decode
    from tts.evaluate.judges import Dnsmos

    torch.set_num_threads(1)
    took: dict[str, float] = {}

    def timed(name: str, work: Callable[[], None]) -> None:
        start = time.process_time()
        work()
        took[name] = took.get(name, 0.0) + time.process_time() - start

    def unpack(path: Path) -> None:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                frame.to_ndarray()

    def hear(wave: torch.Tensor) -> None:
        for start in range(0, len(wave) - 511, 512):
            vad(wave[start : start + 512], 16000)

    vad, encoder, rater = load_silero_vad(onnx=True), VoiceEncoder("cpu", verbose=False), Dnsmos()
    with torch.inference_mode():
        for path in paths:
            timed("PyAV", lambda path=path: unpack(path))
            wave, low = decode(path, 24000, max_seconds=1e5), decode(path, 16000, max_seconds=1e9)
            timed("silero-vad", lambda low=low: hear(low))
            for clip in low.split(160000):
                timed("resemblyzer", lambda clip=clip: encoder.embed_utterance(clip.numpy()))
            for clip in rated:
                if Path(clip["source"]).name == path.name:
                    piece = low[round(16000 * clip["start"]) : round(16000 * clip["end"])]
                    timed("DNSMOS", lambda piece=piece: rater.judge(piece, 16000))
            for clip in wave.split(240000):
                timed("FLAC", lambda clip=clip: soundfile.write(io.BytesIO(), clip.numpy(), 24000, format="FLAC"))
    return took


def kills(args, scratch: Path) -> None:
    """kill -9 at random moments, until a run gets through; then compare with an undisturbed one."""
    start = time.monotonic()
    assert run([args.source], scratch / "whole", *QUIET).returncode == 0
    took, rng, killed = time.monotonic() - start, random.Random(args.seed), 0
    wanted, out = shards(scratch / "whole"), scratch / "again"
    while killed < args.times:
        # Most at any moment of a whole run, some at any moment of one that finds its work half done.
        process = subprocess.Popen(
            command([args.source], out, *QUIET), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        began = time.monotonic()
        try:
            process.wait(rng.uniform(0, took) if rng.random() < 0.7 else rng.uniform(0, took / 3))
            took = time.monotonic() - began  # it was through before
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            print(f"kill {killed}", flush=True)
        if out.is_dir() and shards(out) != wanted:
            raise SystemExit(f"after {killed} kills there are other shards under the final name")
        if rng.random() < 0.2:  # begin anew now and then, or most kills would find all done
            shutil.rmtree(out.with_name("again.work"), ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)
    done = run([args.source], out, *QUIET)
    print(f"{killed} kills; the last run: exit {done.returncode}; equal shards: {shards(out) == wanted}")


def hostile_folder(folder: Path, good: Path) -> None:
    """Broken files of every kind, made from one good recording (any format) of at least ten seconds."""
    folder.mkdir(parents=True)
    wave, rate = soundfile.read(good, frames=48000 * 20, dtype="float32")
    wave = wave if wave.ndim == 1 else wave[:, 0]
    (folder / "empty.mp3").write_bytes(b"")
    soundfile.write(folder / "whole.wav", wave, rate)
    (folder / "header.wav").write_bytes((folder / "whole.wav").read_bytes()[:44])
    (folder / "suffix.flac").write_bytes((folder / "whole.wav").read_bytes())
    (folder / "words.ogg").write_text("this is no sound\n" * 100)
    soundfile.write(folder / "whole.mp3", wave, rate, format="MP3")
    (folder / "truncated.mp3").write_bytes((folder / "whole.mp3").read_bytes()[:30000])
    data = bytearray((folder / "whole.wav").read_bytes())
    data[24:28] = bytes(4)
    (folder / "zero_hz.wav").write_bytes(data)
    broken = wave.copy()
    broken[1000:2000] = np.nan
    soundfile.write(folder / "nan.wav", broken, rate, subtype="FLOAT")
    soundfile.write(folder / "eight.wav", np.stack([wave] * 8, 1), rate)
    with soundfile.SoundFile(folder / "silent30h.flac", "w", 8000, 1, "PCM_16") as file:
        for _ in range(30):
            file.write(np.zeros(8000 * 3600, np.int16))
    (folder / "loop").symlink_to(folder)
    (folder / "self.mp3").symlink_to(folder / "self.mp3")
    odd = os.fsencode(folder) + b'/it\'s "odd"\n\xff\xfe.wav'
    with open(odd, "wb") as file:
        file.write((folder / "whole.wav").read_bytes()[:200_000])
    (folder / "whole.wav").rename(folder / "other_book.wav")
    (folder / "other_book.txt").write_text(OTHER, encoding="utf-8")
    (folder / "whole.mp3").unlink()
    (folder / "playlist.mp3").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/etc/hostname\n#EXT-X-ENDLIST\n"
    )


OTHER = """The Time Traveller, for so it will be convenient to speak of him, was expounding a recondite matter to us.
His pale grey eyes shone and twinkled, and his usually pale face was flushed and animated. The fire burnt brightly, and
the soft radiance of the incandescent lights in the lilies of silver caught the bubbles that flashed and passed in our
glasses. Our chairs, being his patents, embraced and caressed us rather than submitted to be sat upon."""


def hostile(args, scratch: Path) -> None:
    good = sorted(path for path in args.source.rglob("*") if path.suffix in (".opus", ".flac", ".wav", ".mp3"))[0]
    hostile_folder(scratch / "hostile", good)
    done = run([scratch / "hostile", args.source], scratch / "out", *QUIET)
    print(done.stdout, done.stderr[-500:], f"exit {done.returncode}")
    for line in (scratch / "out" / "rejected.jsonl").read_text().splitlines():
        print(line)
    print(largest())


def growth(args, scratch: Path) -> None:
    """The same recordings once and ten times, each copy with other bytes and another pitch, so that all are new."""
    from tts.audio import decode

    for count in (1, 10):
        folder = scratch / f"corpus{count}" / "audio"
        folder.mkdir(parents=True)
        rows = []
        for row in table(args.source):
            wave = decode(row.path, 24000, max_seconds=1e5).numpy()
            for copy in range(count):
                # Played at speeds of 3 % apart: other voices, and no near duplicates.
                rate = round(24000 * (1 if count == 1 else 0.86 + 0.03 * copy))
                soundfile.write(folder / f"{row.path.stem}x{copy}.flac", wave, rate)
                rows.append(f"{row.path.stem}x{copy}|{row.speaker}|{row.text}|0")
        lines = "\n".join(["id|speaker|text|seconds", *rows, ""])
        (folder.parent / "metadata.csv").write_text(lines, encoding="utf-8")
        start = time.monotonic()
        done = run([folder.parent], scratch / f"out{count}", "--workers", "1", *QUIET)
        assert done.returncode == 0, done.stderr
        hours = report(scratch / f"out{count}")["hours"]
        print(
            f"x{count}: {hours['in']:.2f} h in, {hours['kept']:.2f} kept, {time.monotonic() - start:.0f} s, stages "
            f"{processor_seconds(scratch / f'out{count}'):.1f} s of processor, {largest()} so far",
            flush=True,
        )
        print({name: row["processor_seconds"] for name, row in report(scratch / f"out{count}")["stages"].items()})


def twins(args, scratch: Path) -> None:
    """What looking for a clip's twin costs as more are known; SOURCE is a folder of shards."""
    from omegaconf import OmegaConf

    from data.dedup import Dedup, Seen, fingerprint
    from data.shards import read_index
    from data.stream import ShardReader, Stored

    index, reader = read_index(args.source), ShardReader(24000)
    entries = [entry for entry in index.clips if entry.seconds > 2]
    random.Random(args.seed).shuffle(entries)
    settings, took = Dedup(**OmegaConf.load(ROOT / "conf" / "prepare.yaml").dedup), []
    with Seen(scratch / "seen.sqlite", settings) as seen:
        for entry in entries[: args.times]:
            wave = reader.read(Stored(args.source, entry, ""), 0, round(entry.seconds * 24000))
            sound = fingerprint(wave, 24000)
            start = time.process_time()
            twin = seen.twin(entry.key, entry.key, sound)
            took.append((time.process_time() - start, bool(twin)))
    for part in np.array_split(np.array(took), 5):
        print(f"{len(part)} more clips: {part[:, 0].mean() * 1000:.2f} ms each, {int(part[:, 1].sum())} twins")


def executors(args, scratch: Path) -> None:
    """Shards by each executor against those of this process; the last is a Ray cluster that is told another token."""
    token, other = scratch / "token", scratch / "other"
    token.write_text("0123456789abcdef" * 2)
    other.write_text("fedcba9876543210" * 2)
    ray = ["--executor", "ray", "--workers", "2"]
    runs = {"local 0": ["--workers", "0"], "local 2": ["--workers", "2"], "ray": ray}
    runs["slurm"] = ["--executor", "slurm", "--slurm-cluster", "local", "--workers", "2"]
    runs["ray at an address"] = [*ray, "--ray-address", CLUSTER, "--ray-token", str(token)]
    runs["ray refused"] = [*ray, "--ray-address", CLUSTER, "--ray-token", str(other)]
    wanted = None
    for name, more in runs.items():
        out = scratch / name.replace(" ", "")
        start = time.monotonic()
        with cluster(token) if CLUSTER in more else nullcontext():
            done = run([args.source], out, *more, *QUIET)
        found = shards(out) if done.returncode == 0 else None
        wanted = wanted or found
        print(f"{name}: exit {done.returncode}, {time.monotonic() - start:.0f} s, same shards: {found == wanted}")
        if done.returncode:
            print(done.stderr[-1500:])


@contextmanager
def cluster(token: Path) -> Iterator[None]:
    """A Ray cluster of this machine that asks for a token."""
    asks = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_worker_niceness": "0"}
    start = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", "--port", CLUSTER.rpartition(":")[2]]
    start += ["--num-cpus", "2", "--include-dashboard=false", "--disable-usage-stats"]
    head = subprocess.Popen(start, env=os.environ | asks, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(20)  # its port answers before the rest is there
        yield
    finally:
        head.terminate()
        head.wait()


def full(args, scratch: Path) -> None:
    """Pack onto a file system that is too small, then make room and run again."""
    out = args.folder / "out"
    filler = args.folder / "filler"
    done = run([args.source], out, *QUIET)
    assert done.returncode == 0, done.stderr
    wanted, need = shards(out), sum(path.stat().st_size for path in out.iterdir())
    shutil.rmtree(out)
    with open(filler, "wb") as file:  # leave half of what the shards need; the ledger is there already
        file.write(bytes(max(0, shutil.disk_usage(args.folder).free - need // 2)))
    done = run([args.source], out, *QUIET)
    left = sorted(path.name for path in args.folder.iterdir())
    print(f"full: exit {done.returncode}, error: {done.stderr.strip().splitlines()}, left: {left}")
    filler.unlink()
    done = run([args.source], out, *QUIET)
    print(f"with room: exit {done.returncode}, equal shards: {shards(out) == wanted}")


CHECKS = (words, withheld, beside, wrong, voices, long, speed, growth, twins, executors, kills, hostile, full)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    checks = {check.__name__: check for check in CHECKS}
    parser.add_argument("check", choices=checks)
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--voice", default="slt")
    parser.add_argument("--stretch", type=float)
    parser.add_argument("--mos", action="store_true", help="speed: DNSMOS too, as by default")
    args = parser.parse_args()
    args.source = args.source.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        checks[args.check](args, Path(scratch))


if __name__ == "__main__":
    main()
