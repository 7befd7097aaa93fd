"""What choosing among takes is worth: a pool of takes of each sentence, and several ways to pick from it.

A way is judged by what an outside recogniser hears in its picks, and by what it costs beside one take. Whoever picks,
the GPT or the codec, never judges.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from tts import voices
from tts.audio import set_level
from tts.evaluate import archive, report
from tts.evaluate.archive import Archive, Made
from tts.evaluate.commands.speed import Clock
from tts.evaluate.figures import Figure, Ratio, figure
from tts.evaluate.subjects import Studio
from tts.evaluate.suites import Clip, Suite
from tts.files import fingerprint
from tts.judges.panel import Evidence, Panel
from tts.judges.recognisers import Listener
from tts.judges.wer import character_edits
from tts.synthesis.pipeline import derive_seed
from tts.synthesis.portions import closed
from tts.synthesis.wave import trim
from tts.types import Codes, SpeakerLatents, Speech

FEWEST = 2  # sentences; one has no interval


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One take of a sentence, as codes, and what is thought of it."""

    codes: int
    likely: float  # mean log p(code | text), nats
    understood: float  # mean log p(text id | codes), nats
    faults: int  # that the pipeline hears
    loss: float  # nats that the codec's spelling loses against the text


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Takes of one sentence: twice `size` that were drawn together, then the attempts that the pipeline adds to the
    first one while it hears faults. `seconds` are what it took to "draw", "hear" or ask about "one", "many" (`size`)
    or "double" so many, or all "tries" of the pipeline.
    """

    size: int
    takes: list[Candidate]
    seconds: dict[str, float]

    def among(self, of: str) -> list[int]:
        """The takes that these words mean, by their number."""
        added = range(2 * self.size, len(self.takes))
        return {"one": [0], "many": [*range(self.size)], "double": [*range(2 * self.size)], "tries": [0, *added]}[of]


@dataclass(frozen=True)
class Way:
    """How to pick from a pool: among which takes, whom to ask about them, and what is best; without that, any."""

    says: str  # {many} and {double}: so many takes
    of: str
    asks: tuple[str, ...] = ()
    value: Callable[[Candidate], Any] | None = None

    def picks(self, pool: Pool) -> list[int]:
        """The one that is best, the first of equals; all of them where each is as good."""
        among = pool.among(self.of)
        return [max(among, key=lambda number: self.value(pool.takes[number]))] if self.value else among

    def codes(self, pool: Pool) -> int:
        """Drawn to have the choice."""
        return sum(pool.takes[number].codes for number in pool.among(self.of))

    def seconds(self, pool: Pool) -> float:
        """Spent on drawing and asking."""
        return sum(pool.seconds[f"{what} {self.of}"] for what in ("draw", *self.asks))


def _whole(take: Candidate) -> tuple[int, float]:
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
class Line:
    """One way in figures."""

    way: str
    cer: Figure
    above_one: Figure  # CER minus that of one take, paired by sentence
    codes: float  # times those of one take
    seconds: float  # times those of one take, sounding it included


class Booth:
    """Speaks one sentence after the other into pools, with a clock at hand."""

    def __init__(self, studio: Studio, size: int):
        self.studio = studio
        self.size = size
        self.speech = studio.speech
        self.voice: SpeakerLatents = studio.voice(studio.conf["voice"])
        self.clock = Clock(studio.device)

    @torch.inference_mode()
    def fill(self, text: str, seed: int) -> tuple[Pool, list[Speech]]:
        """A pool for a normalised sentence, its first take the pipeline's first attempt; and the takes as codes."""
        self.clock.seconds.clear()
        for name, count in (("one", 1), ("many", self.size), ("double", 2 * self.size)):
            takes, found = self._draw(text, derive_seed(seed, "attempt 0"), name, count)
        takes, found, last = list(takes), list(found), found[0]
        for attempt in range(1, self.studio.settings.retries + 1):
            if not last.faults:
                break
            again, (last,) = self._draw(text, derive_seed(seed, f"attempt {attempt}"), "tries", 1)
            takes, found = [*takes, *again], [*found, last]
        seconds = dict(self.clock.seconds)
        for what in ("draw", "hear"):
            seconds[f"{what} tries"] = seconds[f"{what} one"] + seconds.get(f"{what} tries", 0.0)
        return Pool(size=self.size, takes=found, seconds=seconds), takes

    def _draw(self, text: str, seed: int, name: str, count: int) -> tuple[list[Speech], list[Candidate]]:
        """So many takes in one batch, everything on the clock under this name."""
        settings = replace(self.studio.settings, candidates=count, listen=True)
        speech, clock = self.speech, self.clock
        drawn = clock.wrap(f"draw {name}", speech.draw)(text, self.voice, settings=settings, seed=seed)
        heard = clock.wrap(f"hear {name}", speech.hear)(drawn.codes, text, settings)
        understood = clock.wrap(f"understand {name}", speech.understood)(drawn.codes, text).tolist()
        likely = clock.wrap(f"likely {name}", self._likely)(drawn.codes, text).tolist()
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
            Candidate(codes=n, likely=p, understood=q, faults=len(own.faults), loss=own.loss) for n, p, q, own in values
        ]

    def sound(self, take: Speech, seed: int) -> torch.Tensor:
        """The wave of a take, at the level of every corpus."""
        studio = self.studio
        wave = self.speech.render(take.codes, take.latents, self.voice, settings=studio.settings, seed=seed)
        wave = trim(wave, studio.audio.sample_rate)
        return set_level(wave, studio.audio) if len(wave) else torch.zeros(studio.audio.hop)

    def _likely(self, codes: Codes, text: str) -> torch.Tensor:
        ids, lengths = self.speech.batch(text, len(codes.length))
        speaker = self.voice.acoustic.to(self.studio.device).expand(len(ids), -1, -1)
        return self.speech.acoustic.code_score(ids, lengths, speaker, codes)


def survey(
    studio: Studio, texts: Sequence[str], panel: Panel, *, seeds: int, size: int, cache: Path, out: Path
) -> list[Line]:
    """Fill pools, judge what was picked, write `out`/ranking.json, and return a line for each way."""
    speech = studio.speech
    said = [text for text in (closed(speech.language.normalise(text).text) for text in texts) if speech.sayable(text)]
    if len(said) < FEWEST:
        raise ValueError(f"{len(said)} sentences that can be said give no interval: give {FEWEST} or more")
    takes = [(text, seed) for text in said for seed in range(seeds)]
    store = Archive(cache)
    try:
        made = _make(studio, takes, size, store)
    finally:
        store.close()
    heard = [(index, number) for index, (_, waves) in enumerate(made) for number in waves]
    evidence = [Evidence(made[index][1][number].wave, takes[index][0]) for index, number in heard]
    opinions = panel.ask(evidence, studio.audio.sample_rate, "judging", only=("heard",))
    listener, edits = panel.judges["heard"], {}
    for (index, number), opinion in zip(heard, opinions, strict=True):
        text = takes[index][0]
        meant = listener.spell(text) if isinstance(listener, Listener) else text
        edits[index, number] = character_edits(meant, opinion["heard"] or "")
    lines = _lines(made, edits, seeds)
    clips = [Clip(str(number), "", text, None, None) for number, text in enumerate(said)]
    suite = Suite("ranking", "sentences spoken one by one", "", clips)
    pinned = report.circumstances(judges=panel.identities, weights=studio.weights, suite=suite, conf=studio.conf)
    rows = [
        _Row(text=text, seed=seed, pool=pool, edits={n: edits[index, n] for n in waves})
        for index, ((text, seed), (pool, waves)) in enumerate(zip(takes, made, strict=True))
    ]
    out.mkdir(parents=True, exist_ok=True)
    body = {"figures": [vars(line) for line in lines], "sentences": len(said), "seeds": seeds}
    report.write(out / "ranking.json", body | pinned, rows=rows)
    return lines


@dataclass(frozen=True, kw_only=True)
class _Row:
    text: str
    seed: int
    pool: Pool
    edits: dict[int, tuple[int, int]]  # of candidates that were picked: character edits, characters


def _make(
    studio: Studio, takes: Sequence[tuple[str, int]], size: int, store: Archive
) -> list[tuple[Pool, dict[int, Made]]]:
    """A pool for each sentence and seed, and the waves that any way picks from it, by their index."""
    booth, made, rate = Booth(studio, size), [], studio.audio.sample_rate
    about = {
        "voice": [fingerprint(path) for path in voices.clips(voices.find(studio.conf["voice"]))],
        "weights": {path.name: fingerprint(path) for path in sorted(studio.weights.glob("*.safetensors"))},
        "settings": {name: value for name, value in studio.conf.items() if name not in ("limits", "weights")},
        "code": archive.code() + fingerprint(__file__),
        "size": size,
    }
    for text, seed in tqdm(takes, desc="speaking", unit="sentence", leave=False):
        own = derive_seed(derive_seed(studio.conf["seed"], text), f"take {seed}")
        key = archive.key(ranking=text, seed=own, **about)
        if known := store.recall(key):
            pool = Pool(**known | {"takes": [Candidate(**take) for take in known["takes"]]})
            made.append((pool, {number: store.get(f"{key} {number}") for number in _picks(pool)}))
            continue
        if not any(booth.clock.seconds.values()):
            booth.sound(booth.fill(text, own)[1][0], own)  # the first one is made twice, the second time warm
        pool, speeches = booth.fill(text, own)
        waves = {}
        for number in _picks(pool):
            start = booth.clock.now()
            wave = booth.sound(speeches[number], own).cpu()
            spent = round(booth.clock.now() - start, 4)
            waves[number] = store.put(
                f"{key} {number}", Made(wave, speeches[number].codes.ids[0].tolist(), spent), rate
            )
        store.note(key, asdict(pool))  # last: whoever finds it finds the waves
        made.append((pool, waves))
    return made


def _picks(pool: Pool) -> list[int]:
    return sorted({number for way in WAYS for number in way.picks(pool)})


def _lines(
    made: Sequence[tuple[Pool, dict[int, Made]]], edits: dict[tuple[int, int], tuple[int, int]], seeds: int
) -> list[Line]:
    """Ways in figures; the pools of a sentence's seeds stand one after the other."""
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
            Line(
                way=way.says.format(many=made[0][0].size, double=2 * made[0][0].size),
                cer=figure(ratio),
                above_one=figure(ratio, minus=one[0]),
                codes=round(codes / one[1], 3),
                seconds=round(float(seconds / one[2]), 3),
            )
        )
    return lines


def table(lines: Sequence[Line]) -> str:
    """For a terminal; also valid Markdown."""
    head = ["kept", "CER", "CER - one take", "codes", "seconds"]
    rows = [[x.way, str(x.cer), str(x.above_one), f"{x.codes:.2f}", f"{x.seconds:.2f}"] for x in lines]
    return report.grid([head, *rows])
