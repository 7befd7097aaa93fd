"""Subjects: the ways to get a wave for a clip, from its recording to speech from text alone.

From one subject in `SUBJECTS` to the next, one more net takes part, so the difference between two of them is the loss
that one net causes.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from omegaconf import OmegaConf
from torch import Tensor

from tts import align, checkpoint, voices
from tts.audio import decode, resample, set_level
from tts.evaluate.suites import SuiteClip
from tts.mel import LogMel
from tts.records import SpeakerLatents
from tts.settings import CONF
from tts.synthesis.pipeline import NETS, TextToSpeech, pick_device
from tts.synthesis.speaking import Settings
from tts.text.language import named
from tts.types import AudioConfig, Codec, Codes, Condition, Mel

GRIFFIN_LIM = {"name": "griffin_lim", "iterations": 32, "momentum": 0.99}  # the baseline, as usually run
MAX_SECONDS = 60.0  # of one clip
FLITE_VOICE = "slt"


class Tap:
    """A codec that remembers the codes it has decoded."""

    def __init__(self, codec: Codec):
        self.codec = codec
        self.codes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.codec, name)

    def decode(self, codes: Codes) -> Mel:
        self.codes += codes.ids[0, : int(codes.length[0])].tolist()
        return self.codec.decode(codes)


class Studio:
    """Recordings, the baseline and the nets; each is loaded when it is first needed."""

    def __init__(self, *, weights: Path, conf: dict):
        self.weights = weights
        self.conf = conf
        self.settings = Settings.parse(conf)
        self.language = named(conf["language"]) or "english"  # of the texts
        self.device = pick_device(conf["device"])
        torch.set_num_threads(conf["threads"])
        # Some hundred clips at most: all subjects share what is read and computed.
        self.recording = lru_cache(maxsize=512)(self._recording)
        self.voice = lru_cache(maxsize=512)(self._voice)
        self.net = lru_cache(maxsize=None)(self._net)

    @cached_property
    def speech(self) -> TextToSpeech:
        speech = TextToSpeech.load(self.weights, self.conf["device"])
        speech.codec = self.codec
        speech.read_with(speech.tokenizer.reading(self.language))
        return speech

    @cached_property
    def codec(self) -> Tap:
        return Tap(self.net("dvae"))

    def codec_codes(self) -> list[int]:
        """The codes decoded since the last call."""
        if "codec" not in vars(self):  # not loaded
            return []
        codes, self.codec.codes = self.codec.codes, []
        return codes

    def say(self, text: str, voice: str, seed: int) -> Float[Tensor, " N"]:
        """A text of any length, as a user hears it."""
        before = len(self.codec.codes)
        chunks = list(self.speech.say(text, self.voice(voice), settings=self.settings, seed=seed))
        # Codes are decoded in windows that overlap; each counts once.
        takes = [chunk.take for chunk in chunks if chunk.take]
        self.codec.codes[before:] = [code for take in takes for code in take.codes.ids[0].tolist()]
        return torch.from_numpy(np.concatenate([chunk.wave for chunk in chunks]))

    @cached_property
    def audio(self) -> AudioConfig:
        """The mel settings of the weights, or those of conf if there are no weights, which recordings do not need."""
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
        return torch.from_numpy(set_level(decode(path, self.audio.sample_rate, MAX_SECONDS), self.audio))

    def _voice(self, name: str) -> SpeakerLatents:
        """Latents of a shipped voice or of a voice file; any other path holds recordings to clone."""
        source = voices.resolve(name, print)
        return voices.latents_of(source, self.speech, cache=False, tell=print)

    def mel(self, path: Path) -> Mel:
        wave = self.recording(path).to(self.device)
        return self.log_mel.measure(wave[None], torch.tensor([len(wave)], device=self.device))

    def codes(self, path: Path) -> Codes:
        wave = self.recording(path).to(self.device)
        return self.codec.encode(wave[None], torch.tensor([len(wave)], device=self.device))


Speak = Callable[[Studio, SuiteClip, int], Float[Tensor, " N"]]


@dataclass(frozen=True)
class Subject:
    """A way to get a wave, the nets it needs, what it needs of a clip, and whether its wave depends on the seed."""

    speak: Speak
    nets: tuple[str, ...]
    seeded: bool
    says: str
    hears: bool = True  # needs the recording of the text
    voice: str = "clip"  # in whose voice it speaks: that of the "clip", the "default" one, or "none" of them

    def fits(self, clip: SuiteClip) -> bool:
        """Whether the clip has what this subject needs."""
        own = self.voice != "clip" or clip.reference is not None or is_made(clip.speaker)
        return own and (clip.path is not None or not self.hears)

    def is_speaker(self, clip: SuiteClip, studio: Studio) -> bool:
        """Whether this subject should sound like the speaker of the clip."""
        return self.voice == "clip" or (self.voice == "default" and clip.speaker == studio.conf["voice"])


def is_made(voice: str) -> bool:
    """Whether this is the name of a voice that ships, or of a voice file."""
    return voice in voices.names() or Path(voice).suffix == voices.SUFFIX


def recording(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    return studio.recording(clip.path)


def griffin_lim(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    return studio.griffin_lim(studio.mel(clip.path).frames)[0]


def vocoded(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    return studio.net("vocoder")(studio.mel(clip.path).frames)[0]


def coarse(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    return studio.net("vocoder")(studio.codec.decode(studio.codes(clip.path)).frames)[0]


def resynthesis(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    """As `TextToSpeech.render`, with the codes of the recording and the voice of another recording of the speaker."""
    return refined(studio, clip, studio.codes(clip.path), None, seed)


def latents(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    """As `resynthesis`, and the decoder also gets the GPT's latents of these codes, given the text and the speaker."""
    speech, codes = studio.speech, studio.codes(clip.path)
    ids = speech.tokenizer.encode(speech.language.normalise(clip.text).text)
    text, text_len = torch.tensor([ids], device=studio.device), torch.tensor([len(ids)], device=studio.device)
    speaker = speech.acoustic.speaker_latents(studio.mel(clip.reference))
    times = align.spoken(studio.codec.spell(codes), codes, text, text_len, speech.tokenizer)
    return refined(studio, clip, codes, speech.acoustic.latents(text, text_len, speaker, codes, times), seed)


def refined(
    studio: Studio, clip: SuiteClip, codes: Codes, latents: Float[Tensor, "1 L D"] | None, seed: int
) -> Float[Tensor, " N"]:
    """Codes to a wave in the voice of the clip's reference."""
    decoder, settings = studio.net("diffusion"), studio.settings
    mel = decoder.decode(
        Condition(codes, studio.codec.decode(codes), latents),
        decoder.speaker_latents(studio.mel(clip.reference)),
        steps=settings.steps,
        guidance=settings.guidance,
        sampler=settings.sampler,
        generator=torch.Generator(studio.device).manual_seed(seed),
    )
    return studio.net("vocoder")(mel.frames)[0]


def default_voice(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    return studio.say(clip.text, studio.conf["voice"], seed)


def clips_voice(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    """In the voice of the speaker's name, or else in that of another recording of the speaker."""
    return studio.say(clip.text, clip.speaker if is_made(clip.speaker) else str(clip.reference), seed)


def flite(studio: Studio, clip: SuiteClip, seed: int) -> Float[Tensor, " N"]:
    with tempfile.TemporaryDirectory() as scratch:
        text, file = Path(scratch) / "text", Path(scratch) / "flite.wav"
        text.write_text(clip.text, "utf-8")  # in a file, since a text could look like an option
        command = ["flite", "-voice", FLITE_VOICE, "-f", str(text), "-o", str(file)]
        subprocess.run(command, check=True, capture_output=True)
        wave = decode(file, 16_000, MAX_SECONDS)
    return torch.from_numpy(set_level(resample(wave, 16_000, studio.audio.sample_rate), studio.audio))


SUBJECTS = {
    "recording": Subject(recording, (), seeded=False, says="the recordings, at the level of every corpus"),
    "griffin-lim": Subject(griffin_lim, (), seeded=False, says="mel of the recording, Griffin-Lim"),
    "vocoder": Subject(vocoded, ("vocoder",), seeded=False, says="mel of the recording, vocoder"),
    "coarse": Subject(coarse, ("dvae", "vocoder"), seeded=False, says="codes of the recording, dvae's mel, vocoder"),
    "resynthesis": Subject(
        resynthesis, ("dvae", "diffusion", "vocoder"), seeded=True, says="codes of the recording, diffusion, vocoder"
    ),
    "latents": Subject(
        latents, NETS, seeded=True, says="codes of the recording, the GPT's latents at them, diffusion, vocoder"
    ),
    "tts": Subject(
        default_voice, NETS, seeded=True, says="text, all four nets, default voice", hears=False, voice="default"
    ),
    "tts-own": Subject(clips_voice, NETS, seeded=True, says="text, all four nets, the voice of the clip", hears=False),
    "flite": Subject(
        flite,
        (),
        seeded=False,
        says=f"text, flite {FLITE_VOICE}: another system for comparison",
        hears=False,
        voice="none",
    ),
}


def choose_subjects(names: list[str] | None, *, weights: Path) -> dict[str, Subject]:
    """The subjects of these names, or all that work here. Raises ValueError if a named one does not."""
    reasons = {name: _lacks(name, weights) for name in dict.fromkeys(names or SUBJECTS)}
    if names and any(reasons.values()):
        raise ValueError(next(filter(None, reasons.values())))
    return {name: SUBJECTS[name] for name, reason in reasons.items() if not reason}


def _lacks(name: str, weights: Path) -> str | None:
    if name not in SUBJECTS:
        return f"no subject {name!r}: choose from {', '.join(SUBJECTS)}"
    missing = [net for net in SUBJECTS[name].nets if not (weights / f"{net}.safetensors").is_file()]
    if missing:
        return f"{name} needs {', '.join(missing)}, not found in {weights}: give --weights DIR, or other --subjects"
    if name == "latents" and not checkpoint.load(weights / "diffusion.safetensors").spec.get("latent_width"):
        return f"the decoder in {weights} does not hear GPT latents: leave latents out of --subjects"
    if name == "flite" and not shutil.which("flite"):
        return "flite is not installed: leave it out of --subjects, or install it (Debian: flite)"
    return None
