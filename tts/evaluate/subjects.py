"""What is judged side by side: the recording of a sentence, and ever more of it made by our nets.

A subject is a way to get a wave for a held-out clip. Each next one in `SUBJECTS` replaces one more part of the truth
by a net, so the difference between two lines is what one net costs.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor

from tts import checkpoint, voices
from tts.audio import AudioConfig, LogMel, decode, resample, set_level
from tts.pipeline import NETS, Settings, TextToSpeech, pick_device
from tts.settings import CONF
from tts.types import Codes, Condition, Mel, SpeakerLatents
from tts.voices.clone import make

GRIFFIN_LIM = {"name": "griffin_lim", "iterations": 32, "momentum": 0.99}  # the baseline, as usually run
MAX_SECONDS = 60.0  # of one clip
FLITE_VOICE = "slt"


@dataclass(frozen=True)
class Clip:
    """A held-out recording and its words; `reference` is another recording of the same speaker."""

    id: str
    speaker: str
    text: str
    path: Path
    reference: Path


def read_clips(folder: Path, limit: int | None) -> list[Clip]:
    """The clips with text of a folder with metadata.csv and audio/ID.*; with a limit, spread over the whole list.

    A clip's reference is the next one of its speaker. Only a speaker's one and only clip is its own.
    """
    table = folder / "metadata.csv"
    if not table.is_file():
        raise ValueError(f"no {table}: give a folder with metadata.csv (id|speaker|text|seconds) and audio/ID.*")
    files = {path.stem: path for path in sorted((folder / "audio").glob("*"))}
    header, *lines = table.read_text("utf-8-sig").splitlines()
    if header.split("|")[:3] != ["id", "speaker", "text"]:
        raise ValueError(f"{table} starts with {header[:60]!r}: expected the header id|speaker|text|seconds")
    rows = [fields for fields in (line.split("|") for line in lines) if len(fields) > 2 and fields[2].strip()]
    missing = [fields[0] for fields in rows if fields[0] not in files]
    if missing or not rows:
        raise ValueError(f"{folder}: " + (f"no audio file for {missing[0]!r}" if missing else "no clip has a text"))
    by_speaker: dict[str, list[str]] = {}
    for name, speaker, *_ in rows:
        by_speaker.setdefault(speaker, []).append(name)
    clips = []
    for name, speaker, text, *_ in rows:
        own = by_speaker[speaker]
        other = own[(own.index(name) + 1) % len(own)]
        clips.append(Clip(name, speaker, text, files[name], files[other]))
    count = min(limit or len(clips), len(clips))
    return [clips[index * len(clips) // count] for index in range(count)]


class Studio:
    """Recordings, the baseline and the nets, each loaded when first asked for."""

    def __init__(self, *, weights: Path, conf: dict):
        self.weights = weights
        self.conf = conf
        self.settings = Settings.parse(conf)
        self.device = pick_device(conf["device"])
        # Some hundred clips at most: each is read, and each voice known, once for all subjects.
        self.recording = lru_cache(maxsize=512)(self._recording)
        self.voice = lru_cache(maxsize=512)(self._voice)
        self.net = lru_cache(maxsize=None)(self._net)

    @cached_property
    def speech(self) -> TextToSpeech:
        return TextToSpeech.load(self.weights, self.conf["device"])

    @cached_property
    def audio(self) -> AudioConfig:
        """That of the weights; without any (recordings and baselines need none) that of conf."""
        there = [name for name in NETS if (self.weights / f"{name}.safetensors").is_file()]
        if there:
            return checkpoint.load(self.weights / f"{there[-1]}.safetensors").audio
        return AudioConfig(**OmegaConf.load(CONF / "audio" / "24khz.yaml"))

    @cached_property
    def log_mel(self) -> LogMel:
        return LogMel(self.audio).to(self.device)

    @cached_property
    def griffin_lim(self) -> torch.nn.Module:
        return checkpoint.build(GRIFFIN_LIM, self.audio).to(self.device)

    def _net(self, name: str) -> Any:
        loaded = checkpoint.load(self.weights / f"{name}.safetensors")
        if loaded.audio != self.audio:
            raise ValueError(f"{name} in {self.weights} was trained on another mel: use weights of one family")
        return loaded.net.to(self.device)

    def _recording(self, path: Path) -> Float[Tensor, " N"]:
        return set_level(decode(path, self.audio.sample_rate, MAX_SECONDS), self.audio)

    def _voice(self, name: str) -> SpeakerLatents:
        """Latents of a shipped voice or a voice file; anything else is recordings to clone."""
        path, speech = voices.find(name), self.speech
        if path.suffix == voices.SUFFIX:
            return voices.load(path, fingerprint=speech.fingerprint)
        nets = {"acoustic": speech.acoustic, "decoder": speech.decoder}
        return make(voices.clips(path), **nets, audio=speech.audio, device=speech.device)

    def mel(self, path: Path) -> Mel:
        wave = self.recording(path).to(self.device)
        return self.log_mel.measure(wave[None], torch.tensor([len(wave)], device=self.device))

    def codes(self, path: Path) -> Codes:
        wave = self.recording(path).to(self.device)
        return self.net("dvae").encode(wave[None], torch.tensor([len(wave)], device=self.device))


Speak = Callable[[Studio, Clip, int], Float[Tensor, " N"]]


@dataclass(frozen=True)
class Subject:
    """A way to a wave, the nets it takes, and whether another seed gives another wave."""

    speak: Speak
    nets: tuple[str, ...]
    seeded: bool
    says: str


def recording(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    return studio.recording(clip.path)


def griffin_lim(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    return studio.griffin_lim(studio.mel(clip.path).frames)[0]


def vocoded(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    return studio.net("vocoder")(studio.mel(clip.path).frames)[0]


def coarse(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    return studio.net("vocoder")(studio.net("dvae").decode(studio.codes(clip.path)).frames)[0]


def resynthesis(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    """As `TextToSpeech.render`, with the codes of the recording and the speaker of another one."""
    codes, decoder, settings = studio.codes(clip.path), studio.net("diffusion"), studio.settings
    mel = decoder.decode(
        Condition(codes, studio.net("dvae").decode(codes)),
        decoder.speaker_latents(studio.mel(clip.reference)),
        steps=settings.steps,
        guidance=settings.guidance,
        generator=torch.Generator(studio.device).manual_seed(seed),
    )
    return studio.net("vocoder")(mel.frames)[0]


def default_voice(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    return say(studio, clip.text, studio.conf["voice"], seed)


def clips_voice(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    """In the voice that ships under the speaker's name, or else in that of another recording of the speaker."""
    return say(studio, clip.text, clip.speaker if clip.speaker in voices.names() else str(clip.reference), seed)


def say(studio: Studio, text: str, voice: str, seed: int) -> Float[Tensor, " N"]:
    chunks = studio.speech.stream(text, studio.voice(voice), settings=studio.settings, seed=seed)
    return torch.cat([chunk.wave for chunk in chunks])


def flite(studio: Studio, clip: Clip, seed: int) -> Float[Tensor, " N"]:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "flite.wav"
        command = ["flite", "-voice", FLITE_VOICE, "-t", clip.text, "-o", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        wave = decode(file, 16_000, MAX_SECONDS)
    return set_level(resample(wave, 16_000, studio.audio.sample_rate), studio.audio)


SUBJECTS = {
    "recording": Subject(recording, (), seeded=False, says="the recordings, at the level of every corpus"),
    "griffin-lim": Subject(griffin_lim, (), seeded=False, says="mel of the recording, Griffin-Lim"),
    "vocoder": Subject(vocoded, ("vocoder",), seeded=False, says="mel of the recording, vocoder"),
    "coarse": Subject(coarse, ("dvae", "vocoder"), seeded=False, says="codes of the recording, dvae's mel, vocoder"),
    "resynthesis": Subject(
        resynthesis, ("dvae", "diffusion", "vocoder"), seeded=True, says="codes of the recording, diffusion, vocoder"
    ),
    "tts": Subject(default_voice, NETS, seeded=True, says="text, all four nets, default voice"),
    "tts-own": Subject(clips_voice, NETS, seeded=True, says="text, all four nets, the voice of the clip"),
    "flite": Subject(flite, (), seeded=False, says=f"text, flite {FLITE_VOICE}: another system to compare"),
}


def choose(names: list[str] | None, *, weights: Path) -> dict[str, Subject]:
    """The subjects of these names, or all that can be had here. Raises ValueError for what cannot."""
    reasons = {name: _lacks(name, weights) for name in names or SUBJECTS}
    if names and any(reasons.values()):
        raise ValueError(next(filter(None, reasons.values())))
    return {name: SUBJECTS[name] for name, reason in reasons.items() if not reason}


def _lacks(name: str, weights: Path) -> str | None:
    if name not in SUBJECTS:
        return f"no subject {name!r}: choose from {', '.join(SUBJECTS)}"
    missing = [net for net in SUBJECTS[name].nets if not (weights / f"{net}.safetensors").is_file()]
    if missing:
        return f"{name} needs {', '.join(missing)}, not found in {weights}: give --weights DIR, or other --subjects"
    if name == "flite" and not shutil.which("flite"):
        return "flite is not installed: leave it out of --subjects, or install it (Debian: flite)"
    return None
