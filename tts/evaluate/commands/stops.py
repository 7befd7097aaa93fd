"""Speaks sentences, or takes recordings, and counts those that run on, stop early, skip words or repeat them."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from tts.audio import set_level
from tts.encoding import open_wave
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, add_suites, add_voice, make_panel, make_studio, positive
from tts.evaluate.estimates import wilson
from tts.evaluate.faults import KINDS, SpokenSentence, classify_faults, phone_counter
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import SENTENCES, Suite, SuiteClip, read_clips, read_sentences
from tts.judges.panel import Evidence, Panel
from tts.synthesis.portions import closed
from tts.synthesis.speaking import derive_seed
from tts.synthesis.wave import trim
from tts.text.language import language

KEPT = 20  # waves of faulty sentences


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_suites(parser, ", or a folder of recordings, to see how often the detector is wrong")
    parser.add_argument("--sentences", type=positive, default=300, help="at most so many (300)")
    add_voice(parser)
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    studio = make_studio(arguments, overrides)
    names = arguments.texts or [SENTENCES]
    folder = Path(names[0])
    with make_panel(arguments, studio, ["heard", "aligned"]) as panel:
        if folder.is_dir():
            spoken = recorded_sentences(studio, folder, arguments.sentences)
        else:
            texts = read_sentences(names, arguments.sentences, studio.settings.max_chars)
            spoken = speak_sentences(studio, texts, seed=studio.conf["seed"])
        result = count_faults(studio, spoken, panel, out=arguments.output)
    print(describe_faults(result, len(spoken)))


@dataclass(frozen=True)
class UnjudgedSentence:
    """A sentence as a wave that has not been judged."""

    text: str  # as it is said
    wave: Float[Tensor, " N"]
    fault: str | None  # of `KINDS`, if the pipeline itself reports one
    attempts: int


def speak_sentences(studio: Studio, texts: Sequence[str], *, seed: int) -> list[UnjudgedSentence]:
    """All sentences in the default voice, with the same safeguards as for users; those without words are left out."""
    voice, spoken = studio.voice(studio.conf["voice"]), []
    for text in tqdm(texts, desc="speaking", unit="sentence", leave=False):
        said = closed(studio.speech.language.normalise(text).text)
        if not studio.speech.sayable(said):
            continue
        take = studio.speech.speak(said, voice, settings=studio.settings, seed=derive_seed(seed, text))
        own = (take.fault or "").split("; ")
        fault = next((kind for kind in KINDS if any(each.startswith(kind) for each in own)), None)
        wave = torch.from_numpy(set_level(take.wave, studio.audio))
        spoken.append(UnjudgedSentence(said, wave, fault, take.attempts))
    return spoken


def recorded_sentences(studio: Studio, folder: Path, count: int) -> list[UnjudgedSentence]:
    """Recordings instead of synthesised speech: any fault found in them is a mistake of the detector."""
    normalise = language().normalise
    return [
        UnjudgedSentence(
            normalise(clip.text).text,
            torch.from_numpy(trim(studio.recording(clip.path).numpy(), studio.audio)),
            None,
            1,
        )
        for clip in read_clips(folder, count)
    ]


def count_faults(studio: Studio, spoken: Sequence[UnjudgedSentence], panel: Panel, *, out: Path) -> dict[str, Any]:
    """Judge, write `out`/stops.json and the waves of faulty sentences, and return the figures."""
    rate = studio.audio.sample_rate
    opinions = panel.ask([Evidence(item.wave, item.text) for item in spoken], rate, "judging")
    sentences = [
        SpokenSentence(
            text=item.text,
            seconds=round(len(item.wave) / rate, 4),
            heard=opinion["heard"],
            **opinion["aligned"],
            fault=item.fault,
            attempts=item.attempts,
        )
        for item, opinion in zip(spoken, opinions, strict=True)
    ]
    found = classify_faults(sentences, phone_counter(studio.audio))
    figures = {kind: wilson(found.count(kind), len(found)) for kind in KINDS}
    figures["any"] = wilson(sum(map(bool, found)), len(found))
    figures["spoken more than once"] = wilson(sum(item.attempts > 1 for item in spoken), len(found))
    offenders = [
        {"fault": kind, "text": item.text, "heard": sentence.heard, "seconds": sentence.seconds}
        for kind, item, sentence in zip(found, spoken, sentences, strict=True)
        if kind
    ]
    (out / "audio").mkdir(parents=True, exist_ok=True)
    for number, wave in enumerate([item.wave for kind, item in zip(found, spoken, strict=True) if kind][:KEPT]):
        with open_wave(out / "audio" / f"stops-{number:02}.wav", rate) as file:
            file.write(wave)
    clips = [SuiteClip(str(number), "", item.text, None, None) for number, item in enumerate(spoken)]
    suite = Suite("stops", "sentences spoken one by one", "", clips)
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    body = {"figures": figures, "sentences": len(found), "offenders": offenders, **pinned}
    report.write_report(out / "stops.json", body, rows=sentences)
    return {"figures": figures, "offenders": offenders}


def describe_faults(result: dict[str, Any], total: int) -> str:
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
