"""Text ids and a speaker to codes, as `gpt.model.GPT.draw_codes` draws them."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int

from tts.engine.nets import OnnxNets
from tts.engine.sampling import choose
from tts.records import Sampling

ROOM = 128  # positions by which the caches grow
Drawn = tuple[int, Float[np.ndarray, "1 D"]]  # a code, and the GPT's latents at it


class OnnxGpt:
    """The pieces of the GPT."""

    def __init__(self, nets: OnnxNets):
        self.nets = nets
        self.known = nets.about["gpt"]

    def draw_codes(
        self, ids: Sequence[int], speaker: Float[np.ndarray, "1 P D"], sampling: Sampling, random: np.random.Generator
    ) -> Iterator[Drawn]:
        """Codes until the GPT stops, each with its latents."""
        known, guided = self.known, sampling.guidance != 1
        content = np.array(ids) + known["first_text"]
        stream = np.array([[known["start_text"], *content, known["stop_text"]]])
        times, prosody = self._prosody(stream, speaker, sampling, random)
        logits, caches, filled = self._read(stream, sampling.pace * times, prosody, speaker, guided)
        room = known["max_len"] - filled
        if room < 1:
            raise ValueError(f"{len(ids)} text ids leave no room for speech: split the text")
        limit = min(max(1, math.ceil(len(ids) * sampling.max_codes_per_id)), room)
        uniforms = random.random((limit, 2))
        codes: list[int] = []
        for step in range(limit):
            row = logits[0] if not guided else logits[1] + sampling.guidance * (logits[0] - logits[1])
            if step == 0:
                row[-1] = -np.inf  # speech of no codes has nothing to decode
            code = choose(row, codes, uniforms[step], vars(sampling))
            if code == known["codes"]:
                return
            codes.append(code)
            logits, latent = self._step(code, step + 1, caches, filled)
            filled += 1
            yield code, latent

    def _read(
        self,
        stream: Int[np.ndarray, "1 S2"],
        times: Float[np.ndarray, "1 S2"],
        prosody: Float[np.ndarray, "1 4 S1"] | None,
        speaker: Float[np.ndarray, "1 P D"],
        guided: bool,
    ) -> tuple[np.ndarray, dict[str, np.ndarray], int]:
        """What comes before the first code: its logits, caches with room, and how many places of them are filled.

        With guidance there are two rows: one that is told the text, and one that is not.
        """
        inputs = {"stream": stream, "times": times, "speaker": speaker}
        if prosody is not None:
            inputs["prosody"] = prosody
        if guided:
            untold = stream.copy()
            untold[:, 1:-1] = self.known["padding"]
            others = {"stream": untold, "times": times, "speaker": speaker}
            others["prosody"] = None if prosody is None else np.zeros_like(prosody)
            inputs = {name: np.concatenate((own, others[name])) for name, own in inputs.items()}
        logits, *kept = self.nets("gpt_prefix", **inputs)
        names = [f"{part}{number}" for number in range(len(kept) // 2) for part in ("keys", "values")]
        return logits, dict(zip(names, map(grown, kept), strict=True)), kept[0].shape[2]

    def _step(
        self, code: int, time: int, caches: dict[str, np.ndarray], filled: int
    ) -> tuple[Float[np.ndarray, "B V"], Float[np.ndarray, "1 D"]]:
        """Read one code: the logits of the next one, and the latents at this one. The caches take what is new."""
        rows, _, room, _ = caches["keys0"].shape
        if filled == room:
            caches.update({name: grown(own) for name, own in caches.items()})
            room += ROOM
        hidden = np.where(np.arange(room) < filled, 0, -np.inf).astype(np.float32)
        at = {"code": np.full(rows, code), "time": np.array([time], np.float32), "hidden": hidden}
        logits, latent, *new = self.nets("gpt_step", **at, **caches)
        for cache, own in zip(caches.values(), new, strict=True):
            cache[:, :, filled] = own[:, :, 0]
        return logits, latent[:1]

    def _prosody(
        self,
        stream: Int[np.ndarray, "1 S2"],
        speaker: Float[np.ndarray, "1 P D"],
        sampling: Sampling,
        random: np.random.Generator,
    ) -> tuple[Float[np.ndarray, "1 S2"], Float[np.ndarray, "1 4 S1"] | None]:
        """When each text id will be spoken, and its prosody as the GPT hears it, None for GPTs that hear none."""
        (log_gaps,) = self.nets("gpt_gaps", stream=stream, speaker=speaker)
        told = None
        if self.nets.has("gpt_prosody"):
            channels = self.known["channels"]
            told = np.zeros((1, channels + 1, log_gaps.shape[1]), np.float32)
            if sampling.prosody:
                noise = random.standard_normal((1, channels, log_gaps.shape[1]), np.float32)
                given = {"noise": np.float32(sampling.prosody) * noise, "stream": stream, "speaker": speaker}
                (drawn,) = self.nets("gpt_prosody", log_gaps=log_gaps, **given)
                told = np.concatenate((drawn, np.ones_like(drawn[:, :1])), axis=1)
                floor = self.known["gap_floor"]
                departure = np.exp(drawn[:, 0] * self.known["gap_scale"])
                log_gaps = np.log(np.maximum((np.exp(log_gaps) + floor) * departure - floor, 1e-3))
        times = np.pad(np.cumsum(np.exp(log_gaps), axis=1, dtype=np.float32), ((0, 0), (1, 0)))
        return times, told


def grown(cache: Float[np.ndarray, "B H K d"]) -> Float[np.ndarray, "B H K2 d"]:
    """A cache with more room."""
    return np.pad(cache, ((0, 0), (0, 0), (0, ROOM), (0, 0)))
