"""Judges that run offline: pocketsphinx hears, DNSMOS rates; in processes of their own, and nothing is judged twice.

Both are weak and old, and therefore fixed: figures compare only with figures of the same judges. Every wave comes to
them at 16 kHz and 16 bits, and what they said is kept under the hash of exactly those samples.
"""

import hashlib
import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from tqdm import tqdm

from tts.audio import resample
from tts.evaluate.text import words

RATE = 16_000  # Hz, of both judges
SHORTEST = 0.1  # seconds; less is no speech, and no judge takes it
LOUD = 0.01  # of the loudest 10 ms: 20 dB below, where speech is and breath is not
UNREAD = {"whole": True, "stray": 0.0}  # of words that cannot be looked for


@runtime_checkable
class Judge(Protocol):
    """Wave to an opinion that JSON can hold. `identity` changes whenever the opinion might.

    A judge that is told the words `reads`, and takes them as a third argument of `judge`.
    """

    reads: bool

    @staticmethod
    def identity() -> str: ...

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> Any: ...


class Sphinx:
    """pocketsphinx with its own US English model and default settings: a `tts.types.Recogniser`.

    Utterances are given whole, which normalises the cepstrum over the utterance: what is heard then does not depend
    on what was heard before.
    """

    reads = False

    @staticmethod
    def identity() -> str:
        return f"pocketsphinx {_version('pocketsphinx')}, whole utterances"

    def __init__(self):
        from pocketsphinx import Decoder

        self.decoder = Decoder(samprate=RATE, loglevel="FATAL")

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        self.decoder.start_utt()
        self.decoder.process_raw(to_pcm(wav, sample_rate).tobytes(), full_utt=True)
        self.decoder.end_utt()
        heard = self.decoder.hyp()
        return heard.hypstr if heard else ""

    judge = transcribe


class Aligner:
    """pocketsphinx told what was said, to find when: whether the wave holds all the words, and speech besides them.

    Words without a place in the wave leave the search no path to the end. Speech without a place in the words is put
    down as silence, which its loudness betrays. Words that pocketsphinx does not know are left out, and then nothing
    besides can be told from them.
    """

    reads = True

    @staticmethod
    def identity() -> str:
        return f"pocketsphinx {_version('pocketsphinx')}, aligned to the words"

    def __init__(self):
        from pocketsphinx import Decoder

        self.decoder = Decoder(samprate=RATE, loglevel="FATAL", lm=None)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int, text: str) -> dict[str, Any]:
        said = words(text)
        known = [word for word in said if self.decoder.lookup_word(word)]
        if not known:
            return UNREAD
        pcm = to_pcm(wav, sample_rate)
        self.decoder.set_align_text(" ".join(known))
        self.decoder.start_utt()
        self.decoder.process_raw(pcm.tobytes(), full_utt=True)
        self.decoder.end_utt()
        found = list(self.decoder.seg()) if self.decoder.hyp() else []
        spoken = [segment for segment in found if segment.word[0] not in "<["]  # neither silence nor noise
        if len(spoken) < len(known):
            return {"whole": False, "stray": 0.0}
        frame = RATE // 100
        power = np.square(pcm[: len(pcm) // frame * frame].reshape(-1, frame).astype(np.float64)).mean(1)
        outside = np.ones(len(power), bool)
        for segment in spoken:
            outside[segment.start_frame : segment.end_frame + 1] = False
        stray = (outside & (power > LOUD * power.max())).sum() / 100
        return {"whole": True, "stray": float(stray) if len(known) == len(said) else 0.0}


class Dnsmos:
    """DNSMOS P.835 (Reddy et al. 2022, arXiv 2110.01763): overall, signal and background on a scale of 1 to 5."""

    reads = False

    @staticmethod
    def identity() -> str:
        return f"speechmos {_version('speechmos')}, onnxruntime {_version('onnxruntime')}"

    def __init__(self):
        from onnxruntime import InferenceSession, SessionOptions
        from speechmos.dnsmos import DNSMOS

        models = Path(sys.modules[DNSMOS.__module__].__file__).parent / "dnsmos_models"
        paths = str(models / "sig_bak_ovr.onnx"), str(models / "model_v8.onnx")
        self.rater = DNSMOS(*paths)
        options = SessionOptions()
        options.intra_op_num_threads = 1  # there is a judge for each core; threads of their own would only jostle
        self.rater.onnx_sess, self.rater.p808_onnx_sess = (InferenceSession(path, options) for path in paths)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> dict[str, float]:
        rated = self.rater(to_pcm(wav, sample_rate).astype(np.float32) / 32768, RATE, False)
        return {
            "overall": float(rated["ovrl_mos"]),
            "signal": float(rated["sig_mos"]),
            "noise": float(rated["bak_mos"]),
        }


JUDGES: dict[str, type] = {"heard": Sphinx, "mos": Dnsmos}
STOP_JUDGES: dict[str, type] = {"heard": Sphinx, "aligned": Aligner}
# Of a wave too short to be judged.
SILENT = {
    "heard": "",
    "mos": {"overall": 1.0, "signal": 1.0, "noise": 1.0},
    "aligned": {"whole": False, "stray": 0.0},
}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ValueError(f"{package} judges, and is not installed: run with `uv run --group judge`") from None


def to_pcm(wav: Float[Tensor, " N"], sample_rate: int) -> np.ndarray:
    """16-bit samples at the judges' rate; a wave that already is such stays the same to the bit."""
    samples = resample(wav.float(), sample_rate, RATE).numpy() * 32768
    return np.clip(np.rint(samples), -32768, 32767).astype(np.int16)


class Panel:
    """Judges by name, each asked once per wave: opinions are kept in a small database under the hash of the samples."""

    def __init__(self, judges: Mapping[str, type], *, cache: Path, workers: int):
        if workers < 1:
            raise ValueError(f"{workers} workers cannot judge: use 1 or more")
        self.judges = dict(judges)
        self.identities = {name: judge.identity() for name, judge in judges.items()}
        self.pool = None
        if workers > 1:  # spawned, since torch's threads do not survive a fork
            self.pool = ProcessPoolExecutor(workers, get_context("spawn"), _start, (self.judges,))
        cache.mkdir(parents=True, exist_ok=True)
        self.cache = sqlite3.connect(cache / "opinions.sqlite", timeout=60)
        self.cache.execute("CREATE TABLE IF NOT EXISTS opinions (key TEXT PRIMARY KEY, opinion TEXT NOT NULL)")

    def __enter__(self) -> "Panel":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
        self.cache.close()

    def ask(self, waves: Sequence[Tensor], sample_rate: int, texts: Sequence[str], label: str) -> list[dict[str, Any]]:
        """For each wave (and its words) what each judge says, {judge: opinion}; `label` stands at the progress bar."""
        if self.pool is None:
            _start(self.judges)
        opinions: list[dict[str, Any]] = [{} for _ in waves]
        pending = {}
        with tqdm(total=len(waves) * len(self.judges), desc=label, unit="opinion", leave=False) as bar:
            for index, (wave, text) in enumerate(zip(waves, texts, strict=True)):
                pcm = to_pcm(wave, sample_rate)
                for name, judge in self.judges.items():
                    told = (text,) if judge.reads else ()
                    key = self._key(name, pcm, *told)
                    known = self.cache.execute("SELECT opinion FROM opinions WHERE key = ?", (key,)).fetchone()
                    if known:
                        opinions[index][name] = json.loads(known[0])
                        bar.update()
                    elif self.pool:
                        pending[self.pool.submit(_judge, name, pcm, *told)] = (index, name, key)
                    else:
                        opinions[index][name] = self._keep(key, _judge(name, pcm, *told))
                        bar.update()
            for future in as_completed(pending):
                index, name, key = pending[future]
                opinions[index][name] = self._keep(key, future.result())
                bar.update()
        return opinions

    def _key(self, name: str, pcm: np.ndarray, *told: str) -> str:
        head = "\n".join([self.identities[name], *told, ""])
        return hashlib.sha256(head.encode() + pcm.tobytes()).hexdigest()

    def _keep(self, key: str, opinion: Any) -> Any:
        with self.cache:
            self.cache.execute("INSERT OR REPLACE INTO opinions VALUES (?, ?)", (key, json.dumps(opinion)))
        return opinion


_classes: dict[str, type] = {}  # of this process
_sitting: dict[str, Judge] = {}  # those that have been asked something


def _start(judges: dict[str, type]) -> None:
    _classes.clear()
    _sitting.clear()
    _classes.update(judges)
    if get_context().current_process().name != "MainProcess":
        torch.set_num_threads(1)


def _judge(name: str, pcm: np.ndarray, *told: str) -> Any:
    if len(pcm) < SHORTEST * RATE:
        return SILENT[name]
    if name not in _sitting:
        _sitting[name] = _classes[name]()
    return _sitting[name].judge(torch.from_numpy(pcm.astype(np.float32) / 32768), RATE, *told)
