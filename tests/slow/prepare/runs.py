"""Checks of the run as a whole: its cost, and that it survives kills, full disks and broken files."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import soundfile

from tests.slow.prepare.common import (
    FAST,
    ROOT,
    clips,
    command,
    largest,
    processor_seconds,
    report,
    run,
    shards,
)
from tts.corpus import read_recordings

CLUSTER = "127.0.0.1:6399"


def speed(args, scratch: Path) -> None:
    """Processor time of each stage, and of the libraries alone on the same recordings."""
    done = run([args.source], scratch / "out", *([] if args.mos else FAST))
    assert done.returncode == 0, done.stderr
    rated = clips(scratch / "out") if args.mos else []
    told, alone = report(scratch / "out"), libraries([row.path for row in read_recordings(args.source)], rated)
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
    from tts.judges.mos import Dnsmos

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
            wave, low = (torch.from_numpy(decode(path, rate, max_seconds=1e9)) for rate in (24000, 16000))
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
    """kill -9 at random moments, then a run to the end, whose shards are compared with those of an undisturbed run."""
    start = time.monotonic()
    assert run([args.source], scratch / "whole", *FAST).returncode == 0
    took, rng, killed = time.monotonic() - start, random.Random(args.seed), 0
    wanted, out = shards(scratch / "whole"), scratch / "again"
    while killed < args.times:
        # Most kills come at any moment of a whole run, some at any moment of a run that finds much of its work done.
        process = subprocess.Popen(
            command([args.source], out, *FAST), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        began = time.monotonic()
        try:
            process.wait(rng.uniform(0, took) if rng.random() < 0.7 else rng.uniform(0, took / 3))
            took = time.monotonic() - began  # the run ended before the kill
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
            print(f"kill {killed}", flush=True)
        if out.is_dir() and shards(out) != wanted:
            raise SystemExit(f"after {killed} kills there are other shards under the final name")
        if rng.random() < 0.2:  # start afresh now and then, or most kills would find all work done
            shutil.rmtree(out.with_name("again.work"), ignore_errors=True)
            shutil.rmtree(out, ignore_errors=True)
    done = run([args.source], out, *FAST)
    print(f"{killed} kills; the last run: exit {done.returncode}; equal shards: {shards(out) == wanted}")


def hostile_folder(folder: Path, good: Path) -> None:
    """Broken files of every kind, made from one good recording of at least ten seconds, in any format."""
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
    done = run([scratch / "hostile", args.source], scratch / "out", *FAST)
    print(done.stdout, done.stderr[-500:], f"exit {done.returncode}")
    for line in (scratch / "out" / "rejected.jsonl").read_text().splitlines():
        print(line)
    print(largest())


def growth(args, scratch: Path) -> None:
    """The same recordings once and ten times; every copy has another pitch, so that none is a duplicate."""
    from tts.audio import decode

    for count in (1, 10):
        folder = scratch / f"corpus{count}" / "audio"
        folder.mkdir(parents=True)
        rows = []
        for row in read_recordings(args.source):
            wave = decode(row.path, 24000, max_seconds=1e5)
            for copy in range(count):
                # Speeds 3 % apart sound like other voices, and are no duplicates to the fingerprints.
                rate = round(24000 * (1 if count == 1 else 0.86 + 0.03 * copy))
                soundfile.write(folder / f"{row.path.stem}x{copy}.flac", wave, rate)
                rows.append(f"{row.path.stem}x{copy}|{row.speaker}|{row.text}|0")
        lines = "\n".join(["id|speaker|text|seconds", *rows, ""])
        (folder.parent / "metadata.csv").write_text(lines, encoding="utf-8")
        start = time.monotonic()
        done = run([folder.parent], scratch / f"out{count}", "--workers", "1", *FAST)
        assert done.returncode == 0, done.stderr
        hours = report(scratch / f"out{count}")["hours"]
        print(
            f"x{count}: {hours['in']:.2f} h in, {hours['kept']:.2f} kept, {time.monotonic() - start:.0f} s, stages "
            f"{processor_seconds(scratch / f'out{count}'):.1f} s of processor, {largest()} so far",
            flush=True,
        )
        print({name: row["processor_seconds"] for name, row in report(scratch / f"out{count}")["stages"].items()})


def twins(args, scratch: Path) -> None:
    """Time of the search for a duplicate as the number of clips grows; SOURCE is a folder of shards."""
    from omegaconf import OmegaConf

    from data.index import read_index
    from data.prepare.dedup import ClipIndex, DedupConfig, acoustic_fingerprint
    from data.reader import ShardReader

    index, reader = read_index(args.source), ShardReader(24000)
    entries = [entry for entry in index.clips if entry.seconds > 2]
    random.Random(args.seed).shuffle(entries)
    config, took = DedupConfig(**OmegaConf.load(ROOT / "conf" / "prepare.yaml").dedup), []
    with ClipIndex(scratch / "clips.sqlite", config) as known:
        for entry in entries[: args.times]:
            wave = reader.read(entry, 0, round(entry.seconds * 24000))
            sound = acoustic_fingerprint(wave, 24000)
            start = time.process_time()
            twin = known.add(entry.key, entry.key, sound)
            took.append((time.process_time() - start, bool(twin)))
    for part in np.array_split(np.array(took), 5):
        print(f"{len(part)} more clips: {part[:, 0].mean() * 1000:.2f} ms each, {int(part[:, 1].sum())} twins")


def executors(args, scratch: Path) -> None:
    """Shards of each executor, compared with those of a run in one process; the last one uses a wrong Ray token."""
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
            done = run([args.source], out, *more, *FAST)
        found = shards(out) if done.returncode == 0 else None
        wanted = wanted or found
        print(f"{name}: exit {done.returncode}, {time.monotonic() - start:.0f} s, same shards: {found == wanted}")
        if done.returncode:
            print(done.stderr[-1500:])


@contextmanager
def cluster(token: Path) -> Iterator[None]:
    """A Ray cluster on this machine that requires a token."""
    asks = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token), "RAY_worker_niceness": "0"}
    start = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", "--port", CLUSTER.rpartition(":")[2]]
    start += ["--num-cpus", "2", "--include-dashboard=false", "--disable-usage-stats"]
    head = subprocess.Popen(start, env=os.environ | asks, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(20)  # its port answers before the rest is ready
        yield
    finally:
        head.terminate()
        head.wait()


def full(args, scratch: Path) -> None:
    """Pack onto a file system that is too small, then make room and run again."""
    out = args.folder / "out"
    filler = args.folder / "filler"
    done = run([args.source], out, *FAST)
    assert done.returncode == 0, done.stderr
    wanted, need = shards(out), sum(path.stat().st_size for path in out.iterdir())
    shutil.rmtree(out)
    with open(filler, "wb") as file:  # leave half of what the shards need; the results are cached already
        file.write(bytes(max(0, shutil.disk_usage(args.folder).free - need // 2)))
    done = run([args.source], out, *FAST)
    left = sorted(path.name for path in args.folder.iterdir())
    print(f"full: exit {done.returncode}, error: {done.stderr.strip().splitlines()}, left: {left}")
    filler.unlink()
    done = run([args.source], out, *FAST)
    print(f"with room: exit {done.returncode}, equal shards: {shards(out) == wanted}")
