"""Steps of the exported GPT: sentences that are drawn at once are rows of the same step."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from tts.engine.nets import OnnxNets
from tts.engine.sampling import choose
from tts.records import Sampling

ROOM = 64  # positions by which caches grow
PIECE = "gpt_step"
Drawn = tuple[int, Float[np.ndarray, "1 D"]]  # a code, and the GPT's latents at it


@dataclass(eq=False)
class OnnxGeneration:
    """The codes of one sentence. With guidance it has two rows: one that is told the text, and one that is not."""

    logits: Float[np.ndarray, "B V"]  # of the next code
    kept: list[Float[np.ndarray, "B H K d"]]  # keys and values of each block; where they lie, `filled` of them count
    sampling: Sampling  # its guidance is beyond what the weights hold
    uniforms: Float[np.ndarray, "limit 2"]  # one pair for each code that there may be
    filled: int  # positions in its caches
    codes: list[int] = field(default_factory=list)
    over: bool = False  # nobody wants more of it

    @property
    def rows(self) -> int:
        return len(self.logits)

    def chosen(self) -> int | None:
        """The next code; None if there is none."""
        step = len(self.codes)
        if step == len(self.uniforms):
            return None
        row = self.logits[0]
        if self.rows > 1:
            row = self.logits[1] + self.sampling.guidance * (self.logits[0] - self.logits[1])
        if step == 0:
            row[-1] = -np.inf  # speech of no codes has nothing to decode
        code = choose(row, self.codes, self.uniforms[step], vars(self.sampling))
        return None if code == len(row) - 1 else code


class Rows:
    """Arrays of the rows of a step, and the piece that reads and writes them where they lie."""

    def __init__(self, nets: OnnxNets, like: list[np.ndarray], rows: int, room: int):
        """With `room` positions in the caches, which are else like those of a generation."""
        known = nets.about["gpt"]
        self.caches = [np.zeros((rows, part.shape[1], room, part.shape[3]), np.float32) for part in like]
        self.code, self.time = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        self.filled = np.zeros(rows, np.int32)
        self.logits = np.zeros((rows, known["codes"] + 1), np.float32)
        self.latent = np.zeros((rows, known["width"]), np.float32)
        names = [f"{part}{number}" for number in range(len(like) // 2) for part in ("keys", "values")]
        read = {"code": self.code, "time": self.time, "filled": self.filled}
        read |= dict(zip(names, self.caches, strict=True))
        written = {f"new_{name}": read[name] for name in names} | {"logits": self.logits, "latent": self.latent}
        self.run = nets.bound(PIECE, read, written)


class OnnxSteps:
    """Makes steps. Each row has a place in caches that lie side by side, into which a step writes what is new."""

    def __init__(self, nets: OnnxNets):
        self.nets = nets
        self.rows: Rows | None = None
        self.places: dict[OnnxGeneration, slice] = {}  # which rows are whose

    def advance(self, generations: Sequence[OnnxGeneration]) -> list[Drawn | None]:
        """One code of each, with its latents; None for one that has ended. If it raises, none has gone on."""
        chosen = [own.chosen() for own in generations]
        codes = {own: code for own, code in zip(generations, chosen, strict=True) if code is not None}
        if codes:
            self._place(codes)
            for own, code in codes.items():
                place = self.places[own]
                self.rows.code[place], self.rows.time[place] = code, len(own.codes) + 1
                self.rows.filled[place] = own.filled
            self.rows.run()
        return [None if code is None else self._read(own, code) for own, code in zip(generations, chosen, strict=True)]

    def _read(self, own: OnnxGeneration, code: int) -> Drawn:
        """What the step has given one of them."""
        place = self.places[own]
        own.logits = self.rows.logits[place].copy()
        own.codes.append(code)
        own.filled += 1
        return code, self.rows.latent[place][:1].copy()

    def _place(self, wanted: Collection[OnnxGeneration]) -> None:
        """Give places to these, with room for one more position, and to no others."""
        reach = 1 + max(own.filled for own in wanted)
        if self.places.keys() == set(wanted) and reach <= self.rows.caches[0].shape[2]:
            return
        for own in self.places.keys() - set(wanted):  # these caches go; a place elsewhere is left alone
            if own.over:
                own.kept = []
            elif own.kept[0].base is self.rows.caches[0]:
                own.kept = [part[:, :, : own.filled].copy() for part in own.kept]
        rows = Rows(self.nets, next(iter(wanted)).kept, sum(own.rows for own in wanted), reach + ROOM)
        places, row = {}, 0
        for own in wanted:
            places[own] = slice(row, row + own.rows)
            row += own.rows
            for cache, part in zip(rows.caches, own.kept, strict=True):
                cache[places[own], :, : own.filled] = part[:, :, : own.filled]
        self.rows, self.places = rows, places
        for own, place in places.items():
            own.kept = [cache[place] for cache in rows.caches]


def rows_agree(nets: OnnxNets, rows: int) -> bool:
    """Whether a step gives a row the same bytes alone, in pairs, and among so many, on this processor."""
    sampling = Sampling(**dict.fromkeys(Sampling.__dataclass_fields__, 0) | {"guidance": 1.0})  # always the likeliest
    _, heads, _, width = nets.shapes(PIECE)["keys0"]
    blocks = sum(name.startswith("keys") for name in nets.shapes(PIECE))

    def generation(number: int) -> OnnxGeneration:
        random, filled = np.random.default_rng(number), 8 + number
        kept = [random.standard_normal((1, heads, filled, width), np.float32) for _ in range(2 * blocks)]
        logits = random.standard_normal((1, nets.about["gpt"]["codes"] + 1), np.float32)
        return OnnxGeneration(logits, kept, sampling, np.zeros((1, 2)), filled)

    def latents(many: int) -> list[np.ndarray]:
        return [latent for _, latent in OnnxSteps(nets).advance([generation(number) for number in range(many)])]

    whole = latents(rows)
    return all(np.array_equal(few, whole[: len(few)]) for few in map(latents, range(1, rows)))
