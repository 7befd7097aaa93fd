"""`python -m data synth`: a corpus for anyone without recordings, spoken from books by another system."""

import hashlib
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import soundfile
from tqdm import tqdm

from data.pack.corpora import HEADER
from data.pack.engines import Engine
from data.split import text_key
from tts import document
from tts.files import replacing
from tts.text.language import language

SPEAKER = re.compile(r"\w+", re.ASCII)
SHORTEST, LONGEST = 20, 160  # characters of a sentence
# Whole sentences of plain words: nothing that another system and our own normaliser might read differently.
PLAIN = re.compile(r"[\"'“”‘’]?[A-Z][A-Za-z ,;:\"'“”‘’—–-]+[.!?][\"'”’]?")
README = """# Speech made by {engine}
Licence: {licence}, from the texts of {books}.
Synthetic: {engine}, voices {voices}.
"""


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """One sentence for one speaker."""

    speaker: str
    text: str

    @property
    def id(self) -> str:
        return f"{self.speaker}-{hashlib.sha256(self.text.encode()).hexdigest()[:12]}"


def synthesise(
    books: list[Path], folder: Path, *, engine: Engine, voices: list[str], hours: list[float], seed: int, workers: int
) -> None:
    """Make a metadata.csv corpus in `folder`; clips that are there already are kept, so a stopped run goes on.

    Each of `voices` is a voice of the engine or NAME=VOICE, where NAME is what the corpus calls the speaker.
    """
    for voice in voices:
        engine.check(voice.rpartition("=")[2])
    speakers = named(voices)
    if len(hours) not in (1, len(voices)):
        raise ValueError(f"{len(hours)} figures after --hours for {len(voices)} voices; give one, or one each")
    engine.start()
    sentences = plain_sentences("\n\n".join(document.read(book).text for book in books))
    if not sentences:
        raise ValueError(f"no plain sentence of {SHORTEST} to {LONGEST} characters in {', '.join(map(str, books))}")
    each = hours * len(voices) if len(hours) == 1 else hours
    characters = [some * 3600 * engine.characters_per_second for some in each]
    utterances = deal(sentences, list(speakers), characters, seed)
    (folder / "audio").mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max(1, workers)) as pool:
        try:
            speak = partial(_speak, engine, speakers, folder=folder / "audio")
            spoken = pool.map(speak, utterances)
            seconds = list(tqdm(spoken, total=len(utterances), unit="clip", desc="speaking", dynamic_ncols=True))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    lines = [
        f"{utterance.id}|{utterance.speaker}|{utterance.text}|{length:.3f}"
        for utterance, length in zip(utterances, seconds, strict=True)
        if length
    ]
    if not lines:
        raise ValueError(f"{engine.name} spoke none of the {len(utterances)} sentences")
    (folder / "metadata.csv").write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    titles = ", ".join(book.name for book in books)
    (folder / "README.md").write_text(
        README.format(engine=engine.name, licence=engine.licence, books=titles, voices=", ".join(voices)),
        encoding="utf-8",
    )


def named(voices: list[str]) -> dict[str, str]:
    """The voice of each speaker. Raises ValueError for names that are unfit for a file, or given twice."""
    speakers = {}
    for voice in voices:
        name, equals, own = voice.partition("=")
        if not SPEAKER.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a speaker, in letters, digits and _: give NAME={own or voice}")
        if name in speakers:
            raise ValueError(f"two voices are called {name!r}: give one of them as NAME={own or voice}")
        speakers[name] = own if equals else voice
    return speakers


def plain_sentences(text: str) -> list[str]:
    """Sentences fit to be spoken, each once, in the order of the books."""
    found: dict[str, str] = {}
    for sentence in language().split(text, LONGEST):
        words = " ".join(sentence.text.split())
        if SHORTEST <= len(words) <= LONGEST and PLAIN.fullmatch(words):
            found.setdefault(text_key(words), words)
    return list(found.values())


def deal(sentences: list[str], speakers: list[str], characters: list[float], seed: int) -> list[Utterance]:
    """Give each speaker a number of characters; speakers share sentences only when the books are too short for all."""
    order = sentences[:]
    random.Random(seed).shuffle(order)
    utterances, position = [], 0
    for speaker, wanted in zip(speakers, characters, strict=True):
        left = wanted
        for _ in order:
            if left <= 0:
                break
            text = order[position % len(order)]
            utterances.append(Utterance(speaker=speaker, text=text))
            left -= len(text)
            position += 1
    return utterances


def _speak(engine: Engine, speakers: dict[str, str], utterance: Utterance, *, folder: Path) -> float:
    """Seconds of the spoken clip; 0 where the engine fails, as each does on a few sentences."""
    path = folder / f"{utterance.id}.wav"
    if not path.is_file():
        try:
            with replacing(path) as wave:
                engine.speak(utterance.text, speakers[utterance.speaker], wave)
        except EOFError:
            return 0.0
    return soundfile.info(path).duration
