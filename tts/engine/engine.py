"""Text in, speech out, one sentence at a time, by the pieces of an export; it neither streams nor imports torch."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from jaxtyping import Float, Int
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tts import voices
from tts.engine.edges import trimmed
from tts.engine.sampling import choose
from tts.engine.spectral import Spectra, polar
from tts.export import ABOUT, FORMAT
from tts.synthesis.explain import TOKENIZERS
from tts.synthesis.listen import listen
from tts.synthesis.portions import check_text, portions

ROOM = 128  # positions by which the caches grow
KNOTS = {"uniform": lambda u: u, "cosine": lambda u: 1 - np.cos(u * np.pi / 2)}  # of `diffusion.process`

Wave = Float[np.ndarray, " N"]


class OnnxNets:
    """The files of an export as functions of arrays by name. Raises ValueError that names a file that is not right."""

    def __init__(self, folder: Path, threads: int):
        self.folder = folder
        try:
            self.about = json.loads((folder / ABOUT).read_text("utf-8"))
        except (OSError, ValueError):
            raise ValueError(f"{folder} is no export: make one with python -m tts.export -o {folder}") from None
        if self.about.get("format") != FORMAT:
            raise ValueError(f"{folder} has format {self.about.get('format')!r}, expected {FORMAT!r}: export it again")
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = threads
        self.options.log_severity_level = 3
        self.sessions: dict[str, onnxruntime.InferenceSession] = {}

    def __call__(self, name: str, **inputs: np.ndarray) -> list[np.ndarray]:
        if name not in self.sessions:
            self.sessions[name] = self._open(name)
        return self.sessions[name].run(None, inputs)

    def has(self, name: str) -> bool:
        return name in self.about["pieces"]

    def _open(self, name: str) -> onnxruntime.InferenceSession:
        path = self.folder / f"{name}.onnx"
        try:
            session = onnxruntime.InferenceSession(path, self.options, providers=["CPUExecutionProvider"])
        except Exception as error:  # of ONNX Runtime, whose errors share no class
            raise ValueError(f"{path} cannot be read ({str(error).splitlines()[0]}): export it again") from None
        if session.get_modelmeta().custom_metadata_map.get("weights") != self.about["weights"]:
            raise ValueError(f"{path} is of other weights than {ABOUT} beside it: export them together")
        return session


@dataclass(frozen=True)
class Voice:
    """The speaker latents of a voice file."""

    acoustic: Float[np.ndarray, "1 P D"]
    decoder: Float[np.ndarray, "1 P2 D2"]


class OnnxEngine:
    """An export that speaks."""

    def __init__(self, folder: Path, *, threads: int):
        """Raises ValueError if the folder holds no whole export, or one whose decoder this cannot sample."""
        self.nets = OnnxNets(folder, threads)
        about = self.nets.about
        self.audio, self.gpt, self.specs = about["audio"], about["gpt"], about["specs"]
        self.fingerprint = about["fingerprint"]
        self.decoder, process = about["decoder"], self.specs["diffusion"]["process"]
        self.knots = KNOTS.get(process.get("knots"))
        if self.knots is None:
            raise ValueError(f"the decoder in {folder} has a process that this engine cannot sample: use torch")
        spec = dict(about["text"])
        self.tokenizer = TOKENIZERS[spec.pop("name")](**spec)
        self.language = self.tokenizer.language
        self.spectra = Spectra(self.audio)

    def voice(self, path: Path) -> Voice:
        """Read a voice file. Raises ValueError if it was made for other weights, or is tuned."""
        voices.check_fingerprint(path, self.fingerprint)
        if voices.is_tuned(path):
            raise ValueError(f"{path} is tuned, and the nets of an export cannot change: speak with infer.py -v {path}")
        try:
            latents = load_file(path)
            return Voice(latents["acoustic"][None], latents["decoder"][None])
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"{path} is not a complete voice file ({error})") from None

    def say(self, text: str, voice: Voice, *, conf: Mapping[str, Any], seed: int) -> Iterator[Wave]:
        """The sound of each portion of a text, with the pause after it. `conf` is like conf/infer.yaml."""
        check_text(text)
        said: Counter[str] = Counter()  # how often each sentence came
        for portion in portions(text, conf["max_chars"], self.language):
            ids = self.tokenizer.encode(portion.words)
            if self.tokenizer.silent_ids.issuperset(ids):
                continue
            said[portion.words] += 1
            own = derived(seed, f"{portion.words}\n{said[portion.words]}")
            wave = self.speak(portion.words, ids, voice, conf=conf, seed=own)
            pause = conf["pauses"][portion.pause] * conf["pause"] / conf["speed"] if portion.pause else 0.0
            yield np.pad(wave, (0, round(pause * self.audio["sample_rate"])))

    def speak(self, words: str, ids: list[int], voice: Voice, *, conf: Mapping[str, Any], seed: int) -> Wave:
        """One normalised sentence, spoken again after a fault; the best attempt is kept."""
        best, least = None, (math.inf, math.inf)
        for attempt in range(conf["retries"] + 1):
            random = np.random.default_rng(derived(seed, f"attempt {attempt}"))
            drawn = self.draw_codes(ids, voice, conf["sampling"], random)
            faults, loss = self.heard(drawn[0], words, len(ids), conf)
            if (faults, loss) < least:
                best, least = drawn, (faults, loss)
            if not faults:
                break
        mel = self.mel(*best, voice, conf=conf, random=np.random.default_rng(seed))
        return trimmed(self.wave(stretched(mel, conf["speed"])), self.audio)

    def draw_codes(
        self, ids: list[int], voice: Voice, sampling: Mapping[str, Any], random: np.random.Generator
    ) -> tuple[Int[np.ndarray, "1 L"], Float[np.ndarray, "1 L D"]]:
        """Codes until the GPT stops, and its latents at them."""
        known, rows = self.gpt, 1 if sampling["guidance"] == 1 else 2
        content = np.array(ids) + known["first_text"]
        stream = np.array([[known["start_text"], *content, known["stop_text"]]])
        times, prosody = self.draw_prosody(stream, voice, sampling, random)
        untold = stream.copy()
        untold[:, 1:-1] = known["padding"]
        inputs = {
            "stream": np.concatenate((stream, untold))[:rows],
            "times": np.repeat(sampling["pace"] * times, rows, axis=0),
            "speaker": np.repeat(voice.acoustic, rows, axis=0),
        }
        if prosody is not None:
            inputs["prosody"] = np.concatenate((prosody, 0 * prosody))[:rows]
        logits, *kept = self.nets("gpt_prefix", **inputs)
        filled = kept[0].shape[2]
        room = known["max_len"] - filled
        if room < 1:
            raise ValueError(f"{len(ids)} text ids leave no room for speech: split the text")
        limit = min(max(1, math.ceil(len(ids) * sampling["max_codes_per_id"])), room)
        uniforms = random.random((limit, 2))
        names = [f"{part}{number}" for number in range(len(kept) // 2) for part in ("keys", "values")]
        caches = dict(zip(names, (grown(own) for own in kept), strict=True))
        codes: list[int] = []
        latents = []
        for step in range(limit):
            row = logits[0] if rows == 1 else logits[1] + sampling["guidance"] * (logits[0] - logits[1])
            if step == 0:
                row[-1] = -np.inf  # speech of no codes has nothing to decode
            code = choose(row, codes, uniforms[step], sampling)
            if code == known["codes"]:
                break
            codes.append(code)
            if filled == caches[names[0]].shape[2]:
                caches = {name: grown(own) for name, own in caches.items()}
            hidden = np.where(np.arange(caches[names[0]].shape[2]) < filled, 0, -np.inf).astype(np.float32)
            at = {"code": np.full(rows, code), "time": np.array([step + 1], np.float32), "hidden": hidden}
            logits, latent, *new = self.nets("gpt_step", **at, **caches)
            for name, own in zip(names, new, strict=True):
                caches[name][:, :, filled] = own[:, :, 0]
            filled += 1
            latents.append(latent[:1])
        return np.array([codes]), np.stack(latents, axis=1)

    def draw_prosody(
        self, stream: Int[np.ndarray, "1 S2"], voice: Voice, sampling: Mapping[str, Any], random: np.random.Generator
    ) -> tuple[Float[np.ndarray, "1 S2"], Float[np.ndarray, "1 4 S1"] | None]:
        """When each text id will be spoken, and its prosody as the GPT hears it, None for GPTs that hear none."""
        (log_gaps,) = self.nets("gpt_gaps", stream=stream, speaker=voice.acoustic)
        told = None
        if self.nets.has("gpt_prosody"):
            told = np.zeros((1, self.gpt["channels"] + 1, log_gaps.shape[1]), np.float32)
            if sampling["prosody"]:
                noise = random.standard_normal((1, self.gpt["channels"], log_gaps.shape[1]), np.float32)
                given = {"noise": sampling["prosody"] * noise, "stream": stream, "speaker": voice.acoustic}
                (drawn,) = self.nets("gpt_prosody", log_gaps=log_gaps, **given)
                told = np.concatenate((drawn, np.ones_like(drawn[:, :1])), axis=1)
                floor = self.gpt["gap_floor"]
                departure = np.exp(drawn[:, 0] * self.gpt["gap_scale"])
                log_gaps = np.log(np.maximum((np.exp(log_gaps) + floor) * departure - floor, 1e-3))
        times = np.pad(np.cumsum(np.exp(log_gaps), axis=1, dtype=np.float32), ((0, 0), (1, 0)))
        return times, told

    def heard(self, codes: Int[np.ndarray, "1 L"], words: str, ids: int, conf: Mapping[str, Any]) -> tuple[int, float]:
        """How many faults there are, and the nats of the check."""
        count = codes.shape[1]
        long = count >= math.ceil(conf["sampling"]["max_codes_per_id"] * ids)
        misfits = int(long or count < max(1.0, conf["min_codes_per_id"] * ids))
        if not conf["listen"] or not self.nets.has("codec_spelling"):
            return misfits, 0.0
        (spelling,) = self.nets("codec_spelling", codes=codes)
        verdict = listen(spelling[0], words, self.tokenizer)
        return misfits + len(verdict.faults), verdict.loss

    def mel(
        self,
        codes: Int[np.ndarray, "1 L"],
        latents: Float[np.ndarray, "1 L D"],
        voice: Voice,
        *,
        conf: Mapping[str, Any],
        random: np.random.Generator,
    ) -> Float[np.ndarray, "1 M T"]:
        """Codes to a mel, by Euler's method."""
        (coarse,) = self.nets("codec_mel", codes=codes)
        told = {"codes": codes, "coarse": coarse, "speaker": voice.decoder}
        if self.specs["diffusion"]["latent_width"]:
            told["latents"] = latents
        steps, guidance = self._decoding(conf)
        rows = 1 if guidance == 1 else 2
        hidden, shown, who = (own[:rows] for own in self.nets("decoder_condition", **told))
        time = self.knots(np.linspace(0, 1, steps + 1))
        x = random.standard_normal(coarse.shape[:0:-1], np.float32).T[None] * self.specs["diffusion"]["temperature"]
        for start, stop in zip(time, time[1:], strict=False):
            at = {"x": np.repeat(x, rows, axis=0), "time": np.full(rows, start, np.float32)}
            (velocity,) = self.nets("decoder_step", **at, hidden=hidden, coarse=shown, speaker=who)
            free = velocity[-1:]
            x = (x + (stop - start) * (free + guidance * (velocity[:1] - free))).astype(np.float32)
        return x

    def _decoding(self, conf: Mapping[str, Any]) -> tuple[int, float]:
        """Steps and guidance of the decoder. Raises ValueError if they are asked of one that has its own."""
        own = {name: self.decoder[name] for name in ("steps", "guidance")}
        asked = {name: conf[name] for name in own if conf[name] is not None and conf[name] != own[name]}
        if asked and not self.decoder["guidable"]:
            raise ValueError(f"this decoder was distilled to {own['steps']} steps: leave {' and '.join(asked)} out")
        return tuple((own | asked).values())

    def wave(self, mel: Float[np.ndarray, "1 M T"]) -> Wave:
        """A mel to its sound."""
        magnitude, state = self.nets("vocoder_magnitude", mel=mel)
        start = self.specs["vocoder"]["start"]
        size = magnitude[0].T
        spectrum = self.spectra.griffin_lim(size, start["iterations"], start["momentum"])
        features = self.spectra.relations(self.spectra.forward(self.spectra.inverse(spectrum)))
        factor, turn = self.nets("vocoder_phase", features=features, state=state)
        return self.spectra.inverse(polar(size * factor[0].T, np.angle(spectrum) + turn[0].T))


def grown(cache: Float[np.ndarray, "B H K d"]) -> Float[np.ndarray, "B H K2 d"]:
    """A cache with more room."""
    return np.pad(cache, ((0, 0), (0, 0), (0, ROOM), (0, 0)))


def stretched(mel: Float[np.ndarray, "1 M T"], speed: float) -> Float[np.ndarray, "1 M T2"]:
    """Another tempo: frames are interpolated in time."""
    if speed == 1:
        return mel
    old, size = mel.shape[2], max(1, round(mel.shape[2] / speed))
    at = ((np.arange(size) + 0.5) * speed - 0.5).clip(0, old - 1)
    return np.stack([np.interp(at, np.arange(old), row) for row in mel[0]])[None].astype(np.float32)


def derived(seed: int, text: str) -> int:
    """A seed that depends on nothing but its arguments."""
    return int.from_bytes(hashlib.sha256(f"{seed}\n{text}".encode("utf-8", "surrogatepass")).digest()[:8], "big")
