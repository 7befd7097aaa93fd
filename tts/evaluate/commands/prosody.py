"""How lively speech is: how far its gaps, pitch, rate and pauses spread, beside recordings of the same sentences.

Even and monotonous speech can have the right means. The command fails if a spread is surely less than `--least` times
the recorded one, so liveliness cannot be lost unnoticed.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import align
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, make_panel, make_studio, positive
from tts.evaluate.estimates import REPLICATES, SEED, Estimate
from tts.evaluate.faults import phone_counter
from tts.evaluate.judging import judge_takes, synthesise_takes
from tts.evaluate.measures import Row
from tts.evaluate.subjects import SUBJECTS, Studio, Subject
from tts.evaluate.suites import Suite, SuiteClip, read_suite
from tts.evaluate.wave_cache import WaveCache
from tts.judges.panel import Panel

FEWEST = 8  # sentences of a speaker; with fewer, intervals are too narrow
QUANTITIES = {
    "gaps": "gaps between sounds, s",
    "pitch": "F0 within a sentence, semitones",
    "rate": "log of phones per second, between sentences",
    "pauses": "share of pauses, between sentences",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clips", metavar="CLIPS", help="recordings of speakers named as the voices; others are cloned")
    parser.add_argument("--seeds", type=positive, default=3, help="takes of each sentence (3)")
    parser.add_argument("--limit", type=positive, default=300, help="at most so many clips, spread over all (300)")
    parser.add_argument(
        "--least", type=float, default=0.85, metavar="SHARE", help="least share of the recorded spread (0.85)"
    )
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    suite, studio = read_suite(arguments.clips).first(arguments.limit), make_studio(arguments, overrides)
    with make_panel(arguments, studio, ["prosody"]) as panel:
        places = {"cache": arguments.cache, "out": arguments.output}
        found = measure_spreads(suite, studio, panel, SUBJECTS["tts-own"], seeds=arguments.seeds, **places)
    print(spread_table(found))
    print(f"\n{arguments.seeds} takes of each sentence; all figures are in {arguments.output / 'prosody.json'}")
    demand_spread(found, arguments.least)


@dataclass(frozen=True)
class Spread:
    """The standard deviation of one quantity, in the recordings of a speaker and in speech of the same sentences."""

    speaker: str
    quantity: str  # of `QUANTITIES`
    recorded: Estimate
    spoken: Estimate
    share: Estimate | None  # spoken / recorded, paired by sentence; None if the recordings have no spread

    @property
    def verdict(self) -> str:
        """Where the spoken spread lies beside the interval of the recorded one."""
        if self.recorded.low <= self.spoken.value <= self.recorded.high:
            return "as recorded"
        return "less" if self.spoken.value < self.recorded.low else "more"


def demand_spread(found: Sequence[Spread], least: float) -> None:
    """Raise ValueError that names each spread whose share is less, its whole interval considered."""
    lacking = [f"{own.quantity} of {own.speaker} {own.share}" for own in found if own.share and own.share.high < least]
    if lacking:
        raise ValueError(f"less than {least:g} of the recorded spread: {', '.join(lacking)}")


def measure_spreads(
    suite: Suite, studio: Studio, panel: Panel, subject: Subject, *, seeds: int, cache: Path, out: Path
) -> list[Spread]:
    """Speak the text of each clip, measure the waves as the recordings, write `out`/prosody.json, return the spreads.

    Raises ValueError if a speaker has too few recordings.
    """
    by_speaker: dict[str, list[SuiteClip]] = defaultdict(list)
    for clip in suite.clips:
        if clip.path:
            by_speaker[clip.speaker].append(clip)
    fewest = min(map(len, by_speaker.values()), default=0)
    if fewest < FEWEST:
        raise ValueError(f"{suite.name}: {fewest} recordings of a speaker say too little: give {FEWEST} or more")
    out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    found: list[Spread] = []
    with WaveCache(cache) as waves:
        for speaker, clips in by_speaker.items():
            moments = []
            for name, own, count in (("recording", SUBJECTS["recording"], 1), (f"speech of {speaker}", subject, seeds)):
                takes = [(clip, seed) for clip in clips for seed in range(count)]
                made = synthesise_takes(name, own, studio, takes, waves)
                judged = judge_takes(name, own, takes, made, studio, panel, {}, phone_counter(studio.audio))
                values = [
                    values_of(row, hear_gaps(studio, clip.text, wave.wave))
                    for row, (clip, _), wave in zip(judged, takes, made, strict=True)
                ]
                moments.append({key: _moments([each[key] for each in values], count) for key in QUANTITIES})
                rows += judged
            found += [compare_spreads(speaker, key, *(own[key] for own in moments)) for key in QUANTITIES]
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    spreads = [{**vars(own), "verdict": own.verdict} for own in found]
    report.write_report(out / "prosody.json", {"spreads": spreads, "seeds": seeds, **pinned}, rows=rows)
    return found


@torch.inference_mode()
def hear_gaps(studio: Studio, text: str, wave: Float[Tensor, " N"]) -> Float[np.ndarray, " G"]:
    """Seconds from each sound of a text to the next, as the codec hears them in a wave."""
    speech, device = studio.speech, studio.device
    ids = torch.tensor([speech.tokenizer.encode(speech.language.normalise(text).text)], device=device)
    codes = studio.codec.encode(wave[None].to(device), torch.tensor([len(wave)], device=device))
    text_len = torch.tensor([ids.shape[1]], device=device)
    times = align.spoken(studio.codec.spell(codes), codes, ids, text_len, speech.tokenizer)
    return (times[0, 1:-1].diff() / float(studio.codec.code_rate)).cpu().numpy()


def values_of(row: Row, gaps: Float[np.ndarray, " G"]) -> dict[str, Float[np.ndarray, " _"]]:
    """What one wave adds to each quantity; nothing where it has no speech."""
    heard = row.opinion("prosody")
    if not heard["span"]:
        return dict.fromkeys(QUANTITIES, np.zeros(0))
    return {
        "gaps": gaps,
        # Two values around 0 have the variance that was measured.
        "pitch": heard["pitch_range"] * np.array([-1.0, 1.0]) if heard["pitch_range"] else np.zeros(0),
        "rate": np.log([max(1, row.phones) / heard["span"]]),
        "pauses": np.array([heard["pause_seconds"] / heard["span"]]),
    }


def _moments(values: Sequence[Float[np.ndarray, " _"]], seeds: int) -> Float[np.ndarray, "C S 3"]:
    """The number of values, their sum and the sum of their squares, for each clip and seed."""
    return np.array([(len(own), own.sum(), np.square(own).sum()) for own in values]).reshape(-1, seeds, 3)


def compare_spreads(
    speaker: str, quantity: str, recorded: Float[np.ndarray, "C 1 3"], spoken: Float[np.ndarray, "C S 3"]
) -> Spread:
    """Standard deviations from moments, and their intervals by a bootstrap over clips and seeds."""
    count, seeds = spoken.shape[:2]
    random = np.random.default_rng(SEED)
    clips = random.integers(count, size=(REPLICATES, count))
    takes = random.integers(seeds, size=clips.shape)
    truth, ours = _deviations(recorded[clips, 0]), _deviations(spoken[clips, takes])
    told, said = (float(_deviations(own.reshape(1, -1, 3))[0]) for own in (recorded, spoken))
    share = _interval(said / told, ours[truth > 0] / truth[truth > 0]) if told else None
    return Spread(speaker, quantity, _interval(told, truth), _interval(said, ours), share)


def _deviations(moments: Float[np.ndarray, "R C 3"]) -> Float[np.ndarray, " R"]:
    number, total, squares = moments.sum(1).T
    number = np.maximum(number, 1)
    return np.sqrt(np.maximum(squares / number - np.square(total / number), 0))


def _interval(value: float, drawn: Float[np.ndarray, " R"]) -> Estimate:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(value, float(low), float(high))


def spread_table(found: Sequence[Spread]) -> str:
    """For a terminal; also valid Markdown."""
    head = ["voice", "spread of", "recordings", "speech", "share", "verdict"]
    rows = [
        [own.speaker, QUANTITIES[own.quantity], str(own.recorded), str(own.spoken), str(own.share or "-"), own.verdict]
        for own in found
    ]
    return report.markdown_table([head, *rows])
