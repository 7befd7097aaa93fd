"""Text ids and a speaker to the codes that say them, as `gpt.model.GPT` begins, and how well codes say a text."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float, Int

from tts.engine.nets import OnnxNets
from tts.engine.steps import OnnxGeneration
from tts.records import Sampling


class OnnxGpt:
    """The pieces of the GPT, but for its step."""

    def __init__(self, nets: OnnxNets):
        self.nets = nets
        self.known = nets.about["gpt"]

    def begin(
        self, ids: Sequence[int], speaker: Float[np.ndarray, "1 P D"], sampling: Sampling, random: np.random.Generator
    ) -> OnnxGeneration:
        """Read what comes before the first code; steps draw the codes."""
        beyond = sampling.guidance / self.known["guidance"]  # what the weights hold
        sampling = replace(sampling, guidance=beyond)
        stream = self._stream(ids)
        times, prosody = self._prosody(stream, speaker, sampling, random)
        logits, kept = self._read(stream, sampling.pace * times, prosody, speaker, sampling.guidance != 1)
        filled = kept[0].shape[2]
        room = self.known["max_len"] - filled
        if room < 1:
            raise ValueError(f"{len(ids)} text ids leave no room for speech: split the text")
        limit = min(max(1, math.ceil(len(ids) * sampling.max_codes_per_id)), room)
        return OnnxGeneration(logits, kept, sampling, random.random((limit, 2)), filled)

    def understood(self, codes: Int[np.ndarray, "1 L"], ids: Sequence[int]) -> float:
        """How well the GPT, listening, finds a text in codes: `GPT.text_score`."""
        known, count, stream = self.known, len(ids) + 1, self._stream(ids)
        nobody = np.zeros((1, known["speaker_latents"], known["width"]), np.float32)
        (log_gaps,) = self.nets("gpt_gaps", stream=stream, speaker=nobody)
        pace = float(np.exp(log_gaps).sum()) / count  # codes per id
        guessed = codes.shape[1] / (np.array(known["paces"])[:, None] * pace)
        times = np.minimum(np.arange(count + 1) / guessed, 1) * codes.shape[1]
        (scores,) = self.nets("gpt_listen", codes=codes, stream=stream, times=times.astype(np.float32))
        return float(np.logaddexp.reduce(scores) - math.log(len(scores))) / count

    def _stream(self, ids: Sequence[int]) -> Int[np.ndarray, "1 S2"]:
        """The ids of a text as the GPT has them, between their start and their stop."""
        known = self.known
        return np.array([[known["start_text"], *(id + known["first_text"] for id in ids), known["stop_text"]]])

    def _read(
        self,
        stream: Int[np.ndarray, "1 S2"],
        times: Float[np.ndarray, "1 S2"],
        prosody: Float[np.ndarray, "1 4 S1"] | None,
        speaker: Float[np.ndarray, "1 P D"],
        guided: bool,
    ) -> tuple[Float[np.ndarray, "B V"], list[Float[np.ndarray, "B H K d"]]]:
        """What comes before the first code: the logits of that, and keys and values of each block.

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
        return logits, kept

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
                given = {"stream": stream, "speaker": speaker, "log_gaps": log_gaps}
                drawn, steps = np.float32(sampling.prosody) * noise, self.known["prosody_steps"]
                for step in range(steps):
                    (velocity,) = self.nets("gpt_prosody", x=drawn, time=np.full(1, step / steps, np.float32), **given)
                    drawn = drawn + velocity / np.float32(steps)
                told = np.concatenate((drawn, np.ones_like(drawn[:, :1])), axis=1)
                floor = self.known["gap_floor"]
                departure = np.exp(drawn[:, 0] * self.known["gap_scale"])
                log_gaps = np.log(np.maximum((np.exp(log_gaps) + floor) * departure - floor, 1e-3))
        times = np.pad(np.cumsum(np.exp(log_gaps), axis=1, dtype=np.float32), ((0, 0), (1, 0)))
        return times, told
