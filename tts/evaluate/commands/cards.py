"""The figures on the cards of voices: all read the same sentences and are judged beside their recordings."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tts import corpus, voices
from tts.encoding import open_wave
from tts.evaluate import plots, report
from tts.evaluate.arguments import add_shared, make_panel, make_studio, positive
from tts.evaluate.estimates import Estimate
from tts.evaluate.faults import phone_counter
from tts.evaluate.judging import judge_takes, synthesise_takes
from tts.evaluate.measures import MEASURES
from tts.evaluate.subjects import SUBJECTS, Studio
from tts.evaluate.suites import Suite, read_suite
from tts.evaluate.wave_cache import WaveCache
from tts.judges.panel import Evidence, Panel

JUDGES = ("heard", "mos", "voice", "prosody")
SUBJECT = "tts-own"
RECORDINGS = 40  # of each speaker, spread over all
FEWEST = 4  # recordings, two in each half


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "corpora", nargs="*", type=Path, metavar="CORPUS", help="recordings of speakers named as the voices"
    )
    parser.add_argument("--voices", nargs="+", metavar="VOICE", help="names or voice files (all that ship)")
    parser.add_argument("--texts", default="ordinary", metavar="SUITE", help="what is spoken (ordinary)")
    parser.add_argument("--sentences", type=positive, default=10, help="so many, spread over all (10)")
    parser.add_argument("--seeds", type=positive, default=3, help="takes of each (3)")
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    names = arguments.voices or voices.names()
    for path in map(voices.find, names):
        voices.about(path)  # raises ValueError if it is no voice
    speakers = corpus.by_speaker(arguments.corpora)
    suite, studio = read_suite(arguments.texts).first(arguments.sentences), make_studio(arguments, overrides)
    with make_panel(arguments, studio, JUDGES) as panel:
        options = {"seeds": arguments.seeds, "cache": arguments.cache, "out": arguments.output}
        result = make_cards(studio, panel, names, speakers, suite, **options)
    print(card_table(result))
    print(f"\n{len(suite.clips)} sentences, {arguments.seeds} takes; waves and mels in {arguments.output}")


def make_cards(
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
    """Speak, judge, write `out`/cards.json, and the wave and the mel of the first sentence of each voice.

    `recordings` are by voice. A voice without recordings gets only the figures that need none.
    """
    out.mkdir(parents=True, exist_ok=True)
    subject, rate = SUBJECTS[SUBJECT], studio.audio.sample_rate
    known = {name: _RecordedSpeaker(studio, panel, recordings[name]) for name in names if name in recordings}
    phones, rows, cards = phone_counter(studio.audio), [], {}
    with WaveCache(cache) as waves:
        for voice in names:
            clips = [replace(clip, id=f"{_plain(voice)}-{clip.id}", speaker=voice) for clip in suite.clips]
            takes = [(clip, seed) for clip in clips for seed in range(seeds)]
            made = synthesise_takes(_plain(voice), subject, studio, takes, waves)
            embeddings = {voice: known[voice].embeddings} if voice in known else {}
            own = judge_takes(SUBJECT, subject, takes, made, studio, panel, embeddings, phones)
            cards[voice] = {
                **{name: MEASURES[name].estimate(own) for name in ("cer", "mos", "rate", "similarity")},
                **_pitch([row.opinion("prosody") for row in own]),
            }
            if voice in known:
                cards[voice] |= known[voice].beside(cards[voice]["similarity"])
            rows += own
            with open_wave(out / f"{_plain(voice)}.ogg", rate) as file:
                file.write(made[0].wave)
            mel = studio.log_mel(made[0].wave[None].to(studio.device))[0].cpu()
            plots.plot_small_mel(out / f"{_plain(voice)}.png", mel, frame_rate=float(studio.audio.frame_rate))
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    report.write_report(
        out / "cards.json", {"cards": cards, "seeds": seeds, "sentences": len(suite.clips), **pinned}, rows=rows
    )
    return cards


class _RecordedSpeaker:
    """What the judges say of the recordings of one speaker."""

    def __init__(self, studio: Studio, panel: Panel, paths: Sequence[Path]):
        paths = corpus.evenly(paths, RECORDINGS)
        evidence = [Evidence(studio.recording(path)) for path in paths]
        only = ("voice", "prosody", "mos")
        opinions = panel.ask(evidence, studio.audio.sample_rate, "recordings: listening", only=only)
        self.embeddings = {
            path: np.array(opinion["voice"]) for path, opinion in zip(paths, opinions, strict=True) if opinion["voice"]
        }
        if len(self.embeddings) < FEWEST:
            raise ValueError(f"{len(self.embeddings)} recordings beside {paths[0]}: two halves need {FEWEST} or more")
        self.pitch = _pitch([opinion["prosody"] for opinion in opinions])
        self.mos = float(np.mean([opinion["mos"]["overall"] for opinion in opinions]))

    def beside(self, similarity: Estimate | None) -> dict[str, Any]:
        """Figures of the recordings, and the likeness of the voice: 1 if it is as similar as two halves of them are."""
        halves = halves_agree(np.stack(list(self.embeddings.values())))
        share = similarity and Estimate(*(value / halves for value in vars(similarity).values()))
        return {
            "likeness": share,
            "halves": halves,
            "recorded": {**self.pitch, "mos": self.mos},
        }


def halves_agree(embeddings: Float[np.ndarray, "K D"]) -> float:
    """The mean cosine of each embedding to the mean of the other half: the similarity of the recordings themselves."""
    first, second = embeddings[::2], embeddings[1::2]
    return float(np.mean([*(first @ _unit(second.mean(0))), *(second @ _unit(first.mean(0)))]))


def _unit(values: Float[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
    return values / np.linalg.norm(values)


def _pitch(prosodies: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Median of the waves' median F0 in Hz, and the mean spread within a wave in semitones."""
    voiced = [each for each in prosodies if each["pitch"]]
    if not voiced:
        return {"pitch": None, "pitch_range": None}
    return {
        "pitch": float(np.median([each["pitch"] for each in voiced])),
        "pitch_range": float(np.mean([each["pitch_range"] for each in voiced])),
    }


def _plain(voice: str) -> str:
    return Path(voice).stem if voice.endswith(voices.SUFFIX) else voice


def card_table(cards: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as Markdown, with those of the recordings in brackets."""
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
    return report.markdown_table(lines)


def _short(found: Estimate | None) -> str:
    return "-" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
