"""Speaks a list of sentences, or takes recordings of them, and counts those in which words are missing or too many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor
from tqdm import tqdm

from tts import checkpoint
from tts.audio import open_wave, set_level
from tts.evaluate import report, suites
from tts.evaluate.figures import share
from tts.evaluate.stops import KINDS, Utterance, faults
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Clip, Suite, read_clips
from tts.judges.panel import Evidence, Panel
from tts.settings import CONF
from tts.synthesis.pipeline import derive_seed
from tts.synthesis.portions import closed
from tts.synthesis.wave import trim
from tts.text.language import language
from tts.types import AudioConfig

SENTENCES = "ordinary"  # the suite
KEPT = 20  # waves of offenders


@dataclass(frozen=True)
class Spoken:
    """A sentence as a wave, before anyone has judged it."""

    text: str  # as it is said
    wave: Float[Tensor, " N"]
    fault: str | None  # by the pipeline's own account, if it is of `KINDS`
    attempts: int


def read_sentences(names: Sequence[str], count: int, max_chars: int) -> list[str]:
    """The first so many sentences of suites or text files."""
    texts = [clip.text for name in names for clip in suites.read(name).clips]
    return [sentence.text.strip() for text in texts for sentence in language().split(text, max_chars)][:count]


def speak(studio: Studio, texts: Sequence[str], *, seed: int) -> list[Spoken]:
    """Every sentence in the default voice, with the safeguards a user has; one that cannot be said is left out."""
    voice, spoken = studio.voice(studio.conf["voice"]), []
    for text in tqdm(texts, desc="speaking", unit="sentence", leave=False):
        said = closed(studio.speech.language.normalise(text).text)
        if not studio.speech.sayable(said):
            continue
        take = studio.speech.speak(said, voice, settings=studio.settings, seed=derive_seed(seed, text))
        own = (take.fault or "").split("; ")
        fault = next((kind for kind in KINDS if any(each.startswith(kind) for each in own)), None)
        spoken.append(Spoken(said, set_level(take.wave, studio.audio), fault, take.attempts))
    return spoken


def listen(studio: Studio, folder: Path, count: int) -> list[Spoken]:
    """Recordings instead of our own speech: what the detector wrongly calls faulty."""
    normalise, rate = language().normalise, studio.audio.sample_rate
    return [
        Spoken(normalise(clip.text).text, trim(studio.recording(clip.path), rate), None, 1)
        for clip in read_clips(folder, count)
    ]


def survey(studio: Studio, spoken: Sequence[Spoken], panel: Panel, *, out: Path) -> dict[str, Any]:
    """Judge, write `out`/stops.json and the waves of offenders, and return the figures."""
    rate = studio.audio.sample_rate
    opinions = panel.ask([Evidence(item.wave, item.text) for item in spoken], rate, "judging")
    utterances = [
        Utterance(
            text=item.text,
            seconds=round(len(item.wave) / rate, 4),
            heard=opinion["heard"],
            **opinion["aligned"],
            fault=item.fault,
            attempts=item.attempts,
        )
        for item, opinion in zip(spoken, opinions, strict=True)
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
    clips = [Clip(str(number), "", item.text, None, None) for number, item in enumerate(spoken)]
    suite = Suite("stops", "sentences spoken one by one", "", clips)
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
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
