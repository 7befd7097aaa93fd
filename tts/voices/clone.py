"""Computes speaker latents from recordings, and keeps them in the user's cache."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from tts import voices
from tts.audio import decode, probe, set_level
from tts.files import fingerprint as hash_file
from tts.records import REFERENCE_SECONDS, AudioConfig, SpeakerLatents
from tts.synthesis.speaking import Speaking
from tts.voices.speech import find_speech

SHORTEST = 1.0  # least seconds of speech in each recording
MAX_SECONDS = 600.0  # most seconds of speech used in all; more would not change a few latents
MAX_CLIP = 3600.0  # most seconds of one file
METHOD = 3  # raise this when `make` computes something else, so that older cached voices are not used

Tell = Callable[[str], None]  # takes a notice for the user


def readable(clips: Sequence[Path], tell: Tell) -> list[Path]:
    """The recordings whose headers and first samples can be read. `tell` gets a notice for each of the others.

    This needs no net. Raises ValueError if none can be read.
    """
    return _those_that(lambda path: probe(path, MAX_CLIP), clips, tell)


def _those_that(work: Callable[[Path], Any], clips: Sequence[Path], tell: Tell) -> list[Path]:
    """The clips for which `work` raises no ValueError. If it raises one for every clip, the first one is raised."""
    good, reasons = [], []
    for path in clips:
        try:
            work(path)
            good.append(path)
        except ValueError as error:
            reasons.append(error)
    if not good:
        raise reasons[0]
    for reason in reasons:
        tell(f"left out: {reason}")
    return good


def make(clips: Sequence[Path], speech: Speaking, tell: Tell = lambda notice: None) -> SpeakerLatents:
    """The latents of a speaker from recordings. Raises ValueError if none of them holds enough speech."""
    audio, heard = speech.audio, []
    left = round(MAX_SECONDS * audio.sample_rate)

    def listen(path: Path) -> None:
        nonlocal left
        if left > 0:
            heard.append(_speech(path, audio, tell)[:left])
            left -= len(heard[-1])

    _those_that(listen, clips, tell)
    return average(heard, speech)


def average(waves: Iterable[Float[np.ndarray, " _"]], speech: Speaking) -> SpeakerLatents:
    """The latents of a speaker, averaged over windows of speech at the level of training; each counts by its length."""
    acoustic, decoder, heard = 0.0, 0.0, 0
    for wave in waves:
        for window in split_windows(wave, speech.audio):
            own = speech.speaker(window)
            acoustic = acoustic + len(window) * own.acoustic.astype(np.float64)
            decoder = decoder + len(window) * own.decoder.astype(np.float64)
            heard += len(window)
    return SpeakerLatents((acoustic / heard).astype(np.float32), (decoder / heard).astype(np.float32))


def _speech(path: Path, audio: AudioConfig, tell: Tell) -> Float[np.ndarray, " N"]:
    """The speech in a recording, at the level used in training. Raises ValueError if there is too little."""
    wave = decode(path, audio.sample_rate, MAX_CLIP)
    seconds = len(wave) / audio.sample_rate
    if seconds < SHORTEST:
        raise ValueError(f"{path} is {seconds:.2f} s long: a voice needs {SHORTEST:g} s of speech")
    speech = find_speech(wave, audio.sample_rate, path.name, tell)
    if not len(speech):
        raise ValueError(f"{path} is silent: a voice needs speech")
    if len(speech) < SHORTEST * audio.sample_rate:
        seconds = len(speech) / audio.sample_rate
        raise ValueError(f"{path} holds {seconds:.2f} s of speech: a voice needs {SHORTEST:g} s")
    return set_level(speech, audio)


def split_windows(wave: Float[np.ndarray, " N"], audio: AudioConfig) -> list[Float[np.ndarray, " K"]]:
    """Cut the speech into parts of equal length, at most as long as the references in training."""
    size = round(REFERENCE_SECONDS * audio.sample_rate)
    return np.array_split(wave, -(-len(wave) // size)) if len(wave) else []


def clone(clips: Sequence[Path], speech: Speaking, tell: Tell = lambda notice: None) -> SpeakerLatents:
    """`make` with a cache in the user's home. The key is a hash of the clips' contents and of the weights."""
    fingerprint = speech.fingerprint
    digest = hashlib.sha256(f"{METHOD} {fingerprint}".encode())
    for path in clips:
        if not path.is_file():
            raise ValueError(f"no such recording: {path}")
        digest.update(bytes.fromhex(hash_file(path)))
    kept = cache_folder() / f"{digest.hexdigest()}{voices.SUFFIX}"
    if kept.is_file():
        try:
            return voices.load(kept, fingerprint=fingerprint)
        except ValueError:
            kept.unlink(missing_ok=True)  # the file is broken: make it again
    latents = make(clips, speech, tell)
    card = voices.About(
        name=clips[0].stem,
        gender="unknown",
        description="cloned on this machine",
        source=", ".join(path.name for path in clips[:5]),
        licence="the recordings' own",
        made="tts.voices.clone",
        fingerprint=fingerprint,
    )
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        voices.save(kept, latents, card)
    except OSError:
        pass  # the cache cannot be written: the next run computes the latents again, which takes seconds
    return latents


def cache_folder() -> Path:
    """The folder of cloned voices, below XDG_CACHE_HOME or ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(root) / "triforce" / "voices"
