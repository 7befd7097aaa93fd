"""What it gains to choose among takes: several ways to pick from a pool of takes of each sentence.

A way is judged by the character error rate of its picks, and by its cost beside that of one take. The recogniser that
judges is never one of the nets that pick.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from tts import voices
from tts.audio import set_level
from tts.evaluate import report
from tts.evaluate.arguments import add_shared, add_suites, make_panel, make_studio, positive
from tts.evaluate.estimates import Estimate, Ratio, estimate
from tts.evaluate.stopwatch import Stopwatch
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import SENTENCES, Suite, SuiteClip, read_sentences
from tts.evaluate.wave_cache import CachedWave, WaveCache, hash_code, hash_nets, hash_parts, speech_settings
from tts.files import fingerprint
from tts.judges.judge import Expected
from tts.judges.panel import Evidence, Panel
from tts.records import SpeakerLatents
from tts.synthesis.portions import closed
from tts.synthesis.speaking import derive_seed
from tts.synthesis.wave import trim
from tts.types import Codes, Speech

FEWEST = 2  # sentences; with one, there is no interval


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_suites(parser)
    parser.add_argument("--sentences", type=positive, default=60, help="at most so many (60)")
    parser.add_argument("--seeds", type=positive, default=3, help="pools of each sentence (3)")
    parser.add_argument("--candidates", type=positive, default=4, help="takes to choose from, and twice as many (4)")
    add_shared(parser)


def execute(arguments: argparse.Namespace, overrides: Sequence[str]) -> None:
    studio = make_studio(arguments, overrides)
    texts = read_sentences(arguments.texts or [SENTENCES], arguments.sentences, studio.settings.max_chars)
    with make_panel(arguments, studio, ["heard"]) as panel:
        places = {"cache": arguments.cache, "out": arguments.output}
        results = rank_ways(studio, texts, panel, seeds=arguments.seeds, size=arguments.candidates, **places)
    print(ranking_table(results))


@dataclass(frozen=True, kw_only=True)
class ScoredTake:
    """The scores of one take of a sentence."""

    codes: int  # how many it has
    likely: float  # mean log p(code | text), nats
    understood: float  # mean log p(text id | codes), nats
    faults: int  # that the pipeline finds
    loss: float  # nats that the codec's spelling loses against the text


@dataclass(frozen=True, kw_only=True)
class TakePool:
    """Takes of one sentence: 2 `size` takes of one batch, then those that the pipeline adds while it finds faults.

    `seconds` are the times to "draw", "hear" (check for faults), "understand" or rate as "likely", each for "one" take,
    for "many" (`size`), for "double" as many, and for all "tries" of the pipeline.
    """

    size: int
    takes: list[ScoredTake]
    seconds: dict[str, float]

    def among(self, of: str) -> list[int]:
        """The numbers of the takes that this word stands for."""
        added = range(2 * self.size, len(self.takes))
        return {"one": [0], "many": [*range(self.size)], "double": [*range(2 * self.size)], "tries": [0, *added]}[of]


@dataclass(frozen=True)
class Way:
    """How to pick from a pool: among which takes, by which scores, and which is best; without `value`, any take."""

    says: str  # {many} and {double} stand for numbers of takes
    of: str
    asks: tuple[str, ...] = ()
    value: Callable[[ScoredTake], Any] | None = None

    def picks(self, pool: TakePool) -> list[int]:
        """The best take, the first of equals; all takes if any is as good."""
        among = pool.among(self.of)
        return [max(among, key=lambda number: self.value(pool.takes[number]))] if self.value else among

    def codes(self, pool: TakePool) -> int:
        """Codes drawn to have the choice."""
        return sum(pool.takes[number].codes for number in pool.among(self.of))

    def seconds(self, pool: TakePool) -> float:
        """Seconds spent on drawing and scoring."""
        return sum(pool.seconds[f"{what} {self.of}"] for what in ("draw", *self.asks))


def _whole(take: ScoredTake) -> tuple[int, float]:
    return -take.faults, take.understood


WAYS = (
    Way("one take", "one"),
    Way("again while faults are heard", "tries", ("hear",), lambda take: (-take.faults, -take.loss)),
    Way("any of {many}", "many"),
    Way("likeliest of {many}", "many", ("likely",), lambda take: take.likely),
    Way("best understood of {many}", "many", ("understand",), lambda take: take.understood),
    Way("clearest of {many}", "many", ("hear",), lambda take: -take.loss),
    Way("fewest faults, best understood of {many}", "many", ("hear", "understand"), _whole),
    Way("best understood of {double}", "double", ("understand",), lambda take: take.understood),
    Way("fewest faults, best understood of {double}", "double", ("hear", "understand"), _whole),
)


@dataclass(frozen=True, kw_only=True)
class WayResult:
    """The figures of one way."""

    way: str
    cer: Estimate
    above_one: Estimate  # CER minus that of one take, paired by sentence
    codes: float  # times those of one take
    seconds: float  # times those of one take, rendering included


class PoolMaker:
    """Makes pools of takes, and measures how long each step takes."""

    def __init__(self, studio: Studio, size: int):
        self.studio = studio
        self.size = size
        self.speech = studio.speech
        self.voice: SpeakerLatents = studio.voice(studio.conf["voice"])
        self.watch = Stopwatch(studio.device)

    @torch.inference_mode()
    def fill(self, text: str, seed: int) -> tuple[TakePool, list[Speech]]:
        """A pool for a normalised sentence, and its takes as codes. The first take is the pipeline's first attempt."""
        self.watch.seconds.clear()
        for name, count in (("one", 1), ("many", self.size), ("double", 2 * self.size)):
            takes, found = self._draw(text, derive_seed(seed, "attempt 0"), name, count)
        takes, found, last = list(takes), list(found), found[0]
        for attempt in range(1, self.studio.settings.retries + 1):
            if not last.faults:
                break
            again, (last,) = self._draw(text, derive_seed(seed, f"attempt {attempt}"), "tries", 1)
            takes, found = [*takes, *again], [*found, last]
        seconds = dict(self.watch.seconds)
        for what in ("draw", "hear"):
            seconds[f"{what} tries"] = seconds[f"{what} one"] + seconds.get(f"{what} tries", 0.0)
        return TakePool(size=self.size, takes=found, seconds=seconds), takes

    def _draw(self, text: str, seed: int, name: str, count: int) -> tuple[list[Speech], list[ScoredTake]]:
        """So many takes in one batch; their times are added up under this name."""
        settings = replace(self.studio.settings, candidates=count, listen=True)
        speech, watch = self.speech, self.watch
        drawn = watch.wrap(f"draw {name}", speech.draw)(text, self.voice, settings=settings, seed=seed)
        heard = watch.wrap(f"hear {name}", speech.hear)(drawn.codes, text, settings)
        understood = watch.wrap(f"understand {name}", speech.understood)(drawn.codes, text).tolist()
        likely = watch.wrap(f"likely {name}", self._likely)(drawn.codes, text).tolist()
        lengths = drawn.codes.length.tolist()
        takes = [
            Speech(
                Codes(drawn.codes.ids[item : item + 1, :length], drawn.codes.length[item : item + 1]),
                drawn.latents[item : item + 1, :length],
            )
            for item, length in enumerate(lengths)
        ]
        values = zip(lengths, likely, understood, heard, strict=True)
        return takes, [
            ScoredTake(codes=n, likely=p, understood=q, faults=len(own.faults), loss=own.loss)
            for n, p, q, own in values
        ]

    def render(self, take: Speech, seed: int) -> torch.Tensor:
        """The wave of a take, at the level of every corpus."""
        studio = self.studio
        wave = self.speech.render(take.codes, take.latents, self.voice, settings=studio.settings, seed=seed)
        wave = trim(wave, studio.audio)
        return torch.from_numpy(set_level(wave, studio.audio)) if len(wave) else torch.zeros(studio.audio.hop)

    def _likely(self, codes: Codes, text: str) -> torch.Tensor:
        ids, lengths = self.speech.batch(text, len(codes.length))
        speaker = torch.from_numpy(self.voice.acoustic).to(self.studio.device).expand(len(ids), -1, -1)
        return self.speech.acoustic.code_score(ids, lengths, speaker, codes)


def rank_ways(
    studio: Studio, texts: Sequence[str], panel: Panel, *, seeds: int, size: int, cache: Path, out: Path
) -> list[WayResult]:
    """Fill pools, judge the picks, write `out`/ranking.json, and return the figures of each way."""
    speech = studio.speech
    said = [text for text in (closed(speech.language.normalise(text).text) for text in texts) if speech.sayable(text)]
    if len(said) < FEWEST:
        raise ValueError(f"{len(said)} sentences with words give no interval: give {FEWEST} or more")
    takes = [(text, seed) for text in said for seed in range(seeds)]
    with WaveCache(cache) as waves:
        made = _make_pools(studio, takes, size, waves)
    heard = [(index, number) for index, (_, waves) in enumerate(made) for number in waves]
    evidence = [Evidence(made[index][1][number].wave, takes[index][0]) for index, number in heard]
    opinions = panel.ask(evidence, studio.audio.sample_rate, "judging", only=("heard",))
    edits = {}
    for (index, number), opinion in zip(heard, opinions, strict=True):
        figures = panel.judges["heard"].figures(opinion["heard"], Expected(takes[index][0]))
        edits[index, number] = figures["character_edits"], figures["characters"]
    lines = _results(made, edits, seeds)
    clips = [SuiteClip(str(number), "", text, None, None) for number, text in enumerate(said)]
    suite = Suite("ranking", "sentences spoken one by one", "", clips)
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    rows = [
        _Row(text=text, seed=seed, pool=pool, edits={n: edits[index, n] for n in waves})
        for index, ((text, seed), (pool, waves)) in enumerate(zip(takes, made, strict=True))
    ]
    out.mkdir(parents=True, exist_ok=True)
    body = {"figures": [vars(line) for line in lines], "sentences": len(said), "seeds": seeds}
    report.write_report(out / "ranking.json", body | pinned, rows=rows)
    return lines


@dataclass(frozen=True, kw_only=True)
class _Row:
    text: str
    seed: int
    pool: TakePool
    edits: dict[int, tuple[int, int]]  # of candidates that were picked: character edits, characters


def _make_pools(
    studio: Studio, takes: Sequence[tuple[str, int]], size: int, cache: WaveCache
) -> list[tuple[TakePool, dict[int, CachedWave]]]:
    """A pool for each sentence and seed, and the waves that any way picks from it, by their index."""
    maker, made, rate = PoolMaker(studio, size), [], studio.audio.sample_rate
    about = {
        "voice": [fingerprint(path) for path in voices.clips(voices.find(studio.conf["voice"]))],
        "weights": hash_nets(studio.weights),
        "settings": speech_settings(studio.conf),
        "code": hash_code() + fingerprint(__file__),
        "size": size,
    }
    for text, seed in tqdm(takes, desc="speaking", unit="sentence", leave=False):
        own = derive_seed(derive_seed(studio.conf["seed"], text), f"take {seed}")
        key = hash_parts(ranking=text, seed=own, **about)
        if known := cache.get_data(key):
            pool = TakePool(**known | {"takes": [ScoredTake(**take) for take in known["takes"]]})
            made.append((pool, {number: cache.get(f"{key} {number}") for number in _picks(pool)}))
            continue
        if not any(maker.watch.seconds.values()):
            maker.render(maker.fill(text, own)[1][0], own)  # the first one is made twice, the second time warm
        pool, speeches = maker.fill(text, own)
        waves = {}
        for number in _picks(pool):
            start = maker.watch.now()
            wave = maker.render(speeches[number], own).cpu()
            spent = round(maker.watch.now() - start, 4)
            waves[number] = cache.put(
                f"{key} {number}", CachedWave(wave, speeches[number].codes.ids[0].tolist(), spent), rate
            )
        cache.put_data(key, asdict(pool))  # last: if it is there, so are the waves
        made.append((pool, waves))
    return made


def _picks(pool: TakePool) -> list[int]:
    return sorted({number for way in WAYS for number in way.picks(pool)})


def _results(
    made: Sequence[tuple[TakePool, dict[int, CachedWave]]], edits: dict[tuple[int, int], tuple[int, int]], seeds: int
) -> list[WayResult]:
    """The figures of every way; the pools of one sentence, one a seed, follow each other."""
    lines, one = [], None
    for way in WAYS:
        picked = np.array([[edits[index, n] for n in way.picks(pool)] for index, (pool, _) in enumerate(made)])
        top, bottom = np.moveaxis(picked.reshape(len(made) // seeds, -1, 2), 2, 0).astype(float)
        sounding = sum(np.mean([waves[n].compute for n in way.picks(pool)]) for pool, waves in made)
        codes = sum(way.codes(pool) for pool, _ in made)
        seconds = sum(way.seconds(pool) for pool, _ in made) + sounding
        ratio = Ratio(top, bottom)
        one = one or (ratio, codes, seconds)
        lines.append(
            WayResult(
                way=way.says.format(many=made[0][0].size, double=2 * made[0][0].size),
                cer=estimate(ratio),
                above_one=estimate(ratio, minus=one[0]),
                codes=round(codes / one[1], 3),
                seconds=round(float(seconds / one[2]), 3),
            )
        )
    return lines


def ranking_table(lines: Sequence[WayResult]) -> str:
    """A line for each way, as Markdown."""
    head = ["kept", "CER", "CER - one take", "codes", "seconds"]
    rows = [[x.way, str(x.cer), str(x.above_one), f"{x.codes:.2f}", f"{x.seconds:.2f}"] for x in lines]
    return report.markdown_table([head, *rows])
