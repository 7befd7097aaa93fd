"""`python -m data synth`: a corpus for anyone without recordings, spoken by the program flite from books."""

import hashlib
import random
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import soundfile
from tqdm import tqdm

from data.pack.corpora import HEADER
from data.split import text_key
from tts import document
from tts.text.language import language

VOICES = ("slt", "rms", "awb", "kal", "kal16")  # built into flite; it takes paths and addresses too, we do not
SHORTEST, LONGEST = 20, 160  # characters of a sentence
CHARACTERS_PER_SECOND = 16.4  # of slt, rms and awb together, without silence at the ends; measured on three books
TIMEOUT = 60  # seconds for one sentence, a thousand times what it takes
# Whole sentences of plain words: nothing that flite and our own normaliser might read differently.
PLAIN = re.compile(r"[\"'“”‘’]?[A-Z][A-Za-z ,;:\"'“”‘’—–-]+[.!?][\"'”’]?")
MISSING = "flite is not installed; get it with `apt install flite` or from https://github.com/festvox/flite"
README = """# Speech made by flite
Licence: speech made by the program flite (BSD-like licence, Carnegie Mellon University), from the texts of {books}.
Voices: {voices}.
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One sentence for one voice."""

    voice: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.voice}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def synthesise(
    books: list[Path], folder: Path, *, voices: list[str], hours: list[float], seed: int, workers: int
) -> None:
    """Make a metadata.csv corpus in `folder`; clips that are there already are kept, so a stopped run goes on."""
    flite = shutil.which("flite")
    if flite is None:
        raise ValueError(MISSING)
    unknown = [voice for voice in voices if voice not in VOICES]
    if unknown or len(hours) not in (1, len(voices)):
        raise ValueError(
            f"unknown voice {unknown[0]!r}; known are {', '.join(VOICES)}"
            if unknown
            else f"{len(hours)} figures after --hours for {len(voices)} voices; give one, or one each"
        )
    sentences = plain_sentences("\n\n".join(document.read(book).text for book in books))
    if not sentences:
        raise ValueError(f"no plain sentence of {SHORTEST} to {LONGEST} characters in {', '.join(map(str, books))}")
    jobs = deal(sentences, voices, hours * len(voices) if len(hours) == 1 else hours, seed)
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        try:
            spoken = pool.map(lambda job: _speak(flite, job, folder / "audio"), jobs)
            seconds = list(tqdm(spoken, total=len(jobs), unit="clip", desc="speaking", dynamic_ncols=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    lines = [
        f"{job.id}|{job.voice}|{job.text}|{length:.3f}" for job, length in zip(jobs, seconds, strict=True) if length
    ]
    if not lines:
        raise ValueError("flite spoke none of the sentences; try `flite -voice slt -t hello -o hello.wav`")
    (folder / "metadata.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    titles = ", ".join(book.name for book in books)
    (folder / "README.md").write_text(README.format(books=titles, voices=", ".join(voices)), encoding="utf-8")


def plain_sentences(text: str) -> list[str]:
    """Sentences fit to be spoken, each once, in the order of the books."""
    found: dict[str, str] = {}
    for sentence in language().split(text, LONGEST):
        words = " ".join(sentence.text.split())
        if SHORTEST <= len(words) <= LONGEST and PLAIN.fullmatch(words):
            found.setdefault(text_key(words), words)
    return list(found.values())


def deal(sentences: list[str], voices: list[str], hours: list[float], seed: int) -> list[Job]:
    """Give each voice its hours; voices share sentences only when the books are too short for all."""
    order = sentences[:]
    random.Random(seed).shuffle(order)
    jobs, position = [], 0
    for voice, wanted in zip(voices, hours, strict=True):
        left = wanted * 3600.0
        for _ in order:
            if left <= 0:
                break
            text = order[position % len(order)]
            jobs.append(Job(voice=voice, text=text))
            left -= len(text) / CHARACTERS_PER_SECOND
            position += 1
    return jobs


def _speak(flite: str, job: Job, folder: Path) -> float:
    """Seconds of the spoken clip; 0 where flite fails, as it does on a few sentences."""
    path = folder / f"{job.id}.wav"
    if not path.is_file():
        with tempfile.TemporaryDirectory(prefix=".speak", dir=folder.parent) as scratch:
            words, wave = Path(scratch) / "text", Path(scratch) / "wave.wav"
            # A file, not an argument: no sentence can look like an option or a command.
            words.write_text(language().normalise(job.text).text, encoding="utf-8")
            command = [flite, "-voice", job.voice, "-f", str(words), "-o", str(wave)]
            try:
                subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                return 0.0
            if not wave.is_file() or wave.stat().st_size <= 44:
                return 0.0
            wave.replace(path)
    return soundfile.info(path).duration
