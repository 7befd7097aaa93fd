"""What the card of a voice says of its sound: voices read the same sentences, judged beside their recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tts import voices
from tts.audio import open_wave
from tts.evaluate import plots, report
from tts.evaluate.archive import Archive
from tts.evaluate.commands.run import judge, synthesise
from tts.evaluate.commands.survey import phone_counter
from tts.evaluate.figures import Figure
from tts.evaluate.measures import MEASURES
from tts.evaluate.subjects import SUBJECTS, Studio
from tts.evaluate.suites import Suite
from tts.judges.panel import Evidence, Panel

JUDGES = ("heard", "mos", "voice", "prosody")
SUBJECT = "tts-own"
RECORDINGS = 40  # of each speaker, spread over all
FEWEST = 4  # recordings, two in each half


def survey(
    studio: Studio,
    panel: Panel,
    names: Sequence[str],
    recordings: Mapping[str, Sequence[Path]],
    suite: Suite,
    *,
    seeds: int,
    cache: Path,
    out: Path,
) -> dict[str, Any]:
    """Speak, judge, write `out`/cards.json, and a wave and the mel of the first sentence of each voice.

    `recordings` are by voice; a voice that has none gets the figures that need none.
    """
    out.mkdir(parents=True, exist_ok=True)
    subject, rate, store = SUBJECTS[SUBJECT], studio.audio.sample_rate, Archive(cache)
    known = {name: _Recorded(studio, panel, recordings[name]) for name in names if name in recordings}
    counter, rows, cards = phone_counter(studio.audio), [], {}
    try:
        for voice in names:
            clips = [replace(clip, id=f"{_plain(voice)}-{clip.id}", speaker=voice) for clip in suite.clips]
            takes = [(clip, seed) for clip in clips for seed in range(seeds)]
            made = synthesise(_plain(voice), subject, studio, takes, store)
            targets = {voice: known[voice].timbres} if voice in known else {}
            own = judge(SUBJECT, subject, takes, made, studio, panel, targets, counter)
            moves = panel.ask([Evidence(each.wave) for each in made], rate, "moves", only=("prosody",))
            cards[voice] = {
                **{name: MEASURES[name].figure(own) for name in ("cer", "mos", "rate", "similarity")},
                **_pitch([opinion["prosody"] for opinion in moves]),
            }
            if voice in known:
                cards[voice] |= known[voice].beside(cards[voice]["similarity"])
            rows += own
            with open_wave(out / f"{_plain(voice)}.ogg", rate) as file:
                file.write(made[0].wave)
            mel = studio.log_mel(made[0].wave[None].to(studio.device))[0].cpu()
            plots.portrait(out / f"{_plain(voice)}.png", mel, frame_rate=float(studio.audio.frame_rate))
    finally:
        store.close()
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    report.write(
        out / "cards.json", {"cards": cards, "seeds": seeds, "sentences": len(suite.clips), **pinned}, rows=rows
    )
    return cards


class _Recorded:
    """Recordings of one speaker, as the judges know them."""

    def __init__(self, studio: Studio, panel: Panel, paths: Sequence[Path]):
        count = min(RECORDINGS, len(paths))
        paths = [paths[index * len(paths) // count] for index in range(count)]
        evidence = [Evidence(studio.recording(path)) for path in paths]
        only = ("voice", "prosody", "mos")
        opinions = panel.ask(evidence, studio.audio.sample_rate, "recordings: listening", only=only)
        self.timbres = {
            path: np.array(opinion["voice"]) for path, opinion in zip(paths, opinions, strict=True) if opinion["voice"]
        }
        if len(self.timbres) < FEWEST:
            raise ValueError(f"{len(self.timbres)} recordings beside {paths[0]}: two halves need {FEWEST} or more")
        self.pitch = _pitch([opinion["prosody"] for opinion in opinions])
        self.mos = float(np.mean([opinion["mos"]["overall"] for opinion in opinions]))

    def beside(self, similarity: Figure | None) -> dict[str, Any]:
        """Figures of the recordings, and the voice's likeness: 1 is as like as one half of them is to the other."""
        halves = halves_agree(np.stack(list(self.timbres.values())))
        share = similarity and Figure(*(value / halves for value in vars(similarity).values()))
        return {
            "likeness": share,
            "halves": halves,
            "recorded": {**self.pitch, "mos": self.mos},
        }


def halves_agree(timbres: Float[np.ndarray, "K D"]) -> float:
    """Cosine of each embedding of either half to the mean of the other half, averaged: what `similarity` is to them."""
    first, second = timbres[::2], timbres[1::2]
    return float(np.mean([*(first @ _unit(second.mean(0))), *(second @ _unit(first.mean(0)))]))


def _unit(values: Float[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
    return values / np.linalg.norm(values)


def _pitch(moves: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Median of the waves' median F0 in Hz, and the mean spread within a wave in semitones."""
    voiced = [each for each in moves if each["pitch"]]
    if not voiced:
        return {"pitch": None, "pitch_range": None}
    return {
        "pitch": float(np.median([each["pitch"] for each in voiced])),
        "pitch_range": float(np.mean([each["pitch_range"] for each in voiced])),
    }


def _plain(voice: str) -> str:
    return Path(voice).stem if voice.endswith(voices.SUFFIX) else voice


def table(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as Markdown; those of the recordings stand in brackets."""
    lines = [["voice", "likeness", "CER", "DNSMOS", "F0, Hz", "F0 spread, semitones", "phones/s"]]
    for voice, card in cards.items():
        truth = card.get("recorded", {})

        def beside(name: str, digits: int, value: float | None, truth: Mapping[str, Any] = truth) -> str:
            text = "-" if value is None else f"{value:.{digits}f}"
            return f"{text} ({truth[name]:.{digits}f})" if truth.get(name) else text

        lines.append(
            [
                f"`{_plain(voice)}`",
                _short(card.get("likeness")),
                _short(card["cer"]),
                beside("mos", 2, card["mos"] and card["mos"].value),
                beside("pitch", 0, card["pitch"]),
                beside("pitch_range", 1, card["pitch_range"]),
                "-" if card["rate"] is None else f"{card['rate'].value:.1f}",
            ]
        )
    return report.grid(lines)


def _short(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
