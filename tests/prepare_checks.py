"""Slow checks of `python -m data prepare`; their figures are in docs/corpus.md.

uv run python tests/prepare_checks.py words FOLDER          word times against FOLDER/segments.csv (longform_lj001)
uv run python tests/prepare_checks.py kills SOURCE --times 50
uv run python tests/prepare_checks.py hostile SOURCE        a folder of broken files around the recordings of SOURCE
uv run python tests/prepare_checks.py growth SOURCE         ten times the sources: time and memory
uv run python tests/prepare_checks.py executors SOURCE      the same shards from local, ray and slurm
uv run python tests/prepare_checks.py full SOURCE FOLDER    FOLDER: an empty one on a small file system
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
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
QUIET = ["--", "judge.mos=0"]


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


def words(args, scratch: Path) -> None:
    """Share of the text's words that are in clips in their order, and errors of word times at segment borders."""
    done = run([args.source], scratch / "out", *QUIET)
    print(done.stdout, done.stderr[-300:])
    said = [word for clip in clips(scratch / "out") for word in clip["words"]]
    with open(args.source / "metadata.csv", encoding="utf-8") as file:
        text = file.read().split("\n")[1].split("|")[2].split()
    from difflib import SequenceMatcher

    found = [word for item in said for word in item["text"].split()]
    same = sum(block.size for block in SequenceMatcher(None, text, found, autojunk=False).get_matching_blocks())
    print(f"words in clips: {same} of {len(text)} = {same / len(text):.2%}")
    with open(args.source / "segments.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="|", quoting=csv.QUOTE_NONE))
    times = np.array([(word["start"], word["end"]) for word in said])
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
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"largest process: {peak:.2f} GB")


def growth(args, scratch: Path) -> None:
    """The same recordings once and ten times, each copy with other bytes and another pitch, so that all are new."""
    from tts.audio import decode

    for count in (1, 10):
        folder = scratch / f"corpus{count}" / "audio"
        folder.mkdir(parents=True)
        rows = []
        for line in (args.source / "metadata.csv").read_text("utf-8").split("\n")[1:]:
            if not line:
                continue
            id, speaker, text, _ = line.split("|")
            wave = decode(next((args.source / "audio").glob(id + ".*")), 24000).numpy()
            for copy in range(count):
                rate = 24000 + 150 * copy  # played faster: another voice, and no near duplicate
                soundfile.write(folder / f"{id}x{copy}.flac", wave, rate)
                rows.append(f"{id}x{copy}|{speaker}|{text}|0")
        table = "\n".join(["id|speaker|text|seconds", *rows, ""])
        (folder.parent / "metadata.csv").write_text(table, encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        done = run([folder.parent], scratch / f"out{count}", "--workers", "1", *QUIET)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"x{count}: exit {done.returncode}, {time.monotonic() - start:.0f} s, {busy:.0f} s of processor, "
            f"largest process so far {after.ru_maxrss / 2**20:.2f} GB"
        )


def executors(args, scratch: Path) -> None:
    found = {}
    runs = {"local 0": ["--workers", "0"], "local 2": ["--workers", "2"]}
    runs["ray"] = ["--executor", "ray", "--workers", "2"]
    runs["slurm"] = ["--executor", "slurm", "--slurm-cluster", "local", "--workers", "2"]
    for name, more in runs.items():
        out = scratch / name.replace(" ", "")
        start = time.monotonic()
        done = run([args.source], out, *more, *QUIET)
        found[name] = shards(out) if done.returncode == 0 else done.stderr[-600:]
        same = found[name] == found["local 0"]
        print(f"{name}: exit {done.returncode}, {time.monotonic() - start:.0f} s, same shards: {same}", flush=True)
        if done.returncode:
            print(done.stderr[-1500:])


def full(args, scratch: Path) -> None:
    """Pack onto a file system that is too small, then make room and run again."""
    out = args.folder / "out"
    filler = args.folder / "filler"
    done = run([args.source], out, *QUIET)
    assert done.returncode == 0, done.stderr
    wanted = shards(out)
    shutil.rmtree(out)
    with open(filler, "wb") as file:  # leave half of what the shards need
        free = shutil.disk_usage(args.folder).free
        need = sum(json.loads((args.folder / "need").read_text())) if (args.folder / "need").exists() else 0
        file.write(bytes(max(0, free - (need or 1_500_000))))
    done = run([args.source], out, *QUIET)
    left = sorted(path.name for path in args.folder.iterdir())
    print(f"full: exit {done.returncode}, error lines: {done.stderr.strip().splitlines()[-1:]}, left: {left}")
    filler.unlink()
    done = run([args.source], out, *QUIET)
    print(f"with room: exit {done.returncode}, equal shards: {shards(out) == wanted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=("words", "kills", "hostile", "growth", "executors", "full"))
    parser.add_argument("source", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.source = args.source.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        globals()[args.check](args, Path(scratch))


if __name__ == "__main__":
    main()
