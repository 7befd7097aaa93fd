"""Speaks a list of sentences, or takes recordings of them, and counts those that do not stop where they should."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor
from tqdm import tqdm

from tts import checkpoint
from tts.audio import AudioConfig, open_wave, set_level
from tts.evaluate import report
from tts.evaluate.figures import share
from tts.evaluate.judges import Panel
from tts.evaluate.stops import Utterance, faults
from tts.evaluate.subjects import Studio, read_clips
from tts.pipeline import derive_seed, trim
from tts.settings import CONF
from tts.text.normalise import normalise
from tts.text.sentences import split

SENTENCES = Path(__file__).parent / "sentences.txt"
KINDS = ("ran on", "stopped early", "repeats")
KEPT = 20  # waves of offenders


@dataclass(frozen=True)
class Spoken:
    """A sentence as a wave, before anyone has judged it."""

    text: str
    wave: Float[Tensor, " N"]
    fault: str | None  # by the pipeline's own account
    attempts: int


def read_sentences(path: Path, count: int, max_chars: int) -> list[str]:
    """The first so many sentences of a text file; lines that start with # are remarks."""
    if not path.is_file():
        raise ValueError(f"no text file {path}: give one, or none for the sentences that come with the project")
    lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip() and not line.startswith("#")]
    sentences = [sentence.text.strip() for line in lines for sentence in split(line, max_chars)]
    if not sentences:
        raise ValueError(f"{path} holds no sentence")
    return sentences[:count]


def speak(studio: Studio, texts: Sequence[str], *, seed: int) -> list[Spoken]:
    """Every sentence in the default voice, with the safeguards a user has."""
    voice, spoken = studio.voice(studio.conf["voice"]), []
    for text in tqdm(texts, desc="speaking", unit="sentence", leave=False):
        own = derive_seed(seed, text)
        take = studio.speech.speak(normalise(text).text, voice, settings=studio.settings, seed=own)
        spoken.append(Spoken(text, set_level(take.wave, studio.audio), take.fault, take.attempts))
    return spoken


def listen(studio: Studio, folder: Path, count: int) -> list[Spoken]:
    """Recordings instead of our own speech: what the detector wrongly calls faulty."""
    return [
        Spoken(clip.text, trim(studio.recording(clip.path), studio.audio.sample_rate), None, 1)
        for clip in read_clips(folder, count)
    ]


def survey(studio: Studio, spoken: Sequence[Spoken], panel: Panel, *, out: Path) -> dict[str, Any]:
    """Judge, write `out`/stops.json and the waves of offenders, and return the figures."""
    rate = studio.audio.sample_rate
    texts = [normalise(item.text).text for item in spoken]
    opinions = panel.ask([item.wave for item in spoken], rate, texts, "judging")
    utterances = [
        Utterance(
            text=text,
            seconds=round(len(item.wave) / rate, 4),
            heard=opinion["heard"],
            **opinion["aligned"],
            fault=item.fault,
            attempts=item.attempts,
        )
        for text, item, opinion in zip(texts, spoken, opinions, strict=True)
    ]
    found = faults(utterances, phone_counter(studio.audio))
    figures = {kind: share(found.count(kind), len(found)) for kind in KINDS}
    figures["any"] = share(sum(map(bool, found)), len(found))
    figures["spoken more than once"] = share(sum(item.attempts > 1 for item in spoken), len(found))
    offenders = [
        {"fault": kind, "text": item.text, "heard": utterance.heard, "seconds": utterance.seconds}
        for kind, item, utterance in zip(found, spoken, utterances, strict=True)
        if kind
    ]
    (out / "audio").mkdir(parents=True, exist_ok=True)
    for number, wave in enumerate([item.wave for kind, item in zip(found, spoken, strict=True) if kind][:KEPT]):
        with open_wave(out / "audio" / f"stops-{number:02}.wav", rate) as file:
            file.write(wave)
    pinned = report.circumstances(
        judges=panel.identities, weights=studio.weights, texts=[item.text for item in spoken], conf=studio.conf
    )
    body = {"figures": figures, "sentences": len(found), "offenders": offenders, **pinned}
    report.write(out / "stops.json", body, rows=utterances)
    return {"figures": figures, "offenders": offenders}


def phone_counter(audio: AudioConfig) -> Callable[[str], int]:
    """Sounds in a text by the project's English tokenizer, whatever the weights read with."""
    tokenizer = checkpoint.build(OmegaConf.to_container(OmegaConf.load(CONF / "text" / "english.yaml")), audio)
    return lambda text: sum(id not in tokenizer.silent_ids for id in tokenizer.encode(text))


def lines(result: dict[str, Any], total: int) -> str:
    """The figures for a terminal."""
    shares = [
        f"{name:<22} {100 * figure.value:5.2f} % [{100 * figure.low:.2f}, {100 * figure.high:.2f}]"
        for name, figure in result["figures"].items()
    ]
    worst = [
        f"  {item['fault']}: {item['text']} | heard: {item['heard']} ({item['seconds']:.1f} s)"
        for item in result["offenders"]
    ]
    return "\n".join([f"of {total} sentences", *shares, *worst])
