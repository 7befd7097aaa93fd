"""From recordings of a speaker to the latents by which the nets know the voice, computed once and kept."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from tts import voices
from tts.audio import LogMel, decode, set_level
from tts.checkpoint import fingerprint as hash_file
from tts.types import Acoustic, AudioConfig, Decoder, Mel, SpeakerLatents

WINDOW = 10.0  # seconds of reference heard at once, about what the nets meet in training
SHORTEST = 1.0  # seconds; less of a clip's end is not heard
MAX_WINDOWS = 60  # ten minutes say all that a few latents can hold
MAX_CLIP = 3600.0  # seconds of one file
FAINTEST = 1e-4  # -80 dBFS; a peak below is silence


@torch.inference_mode()
def make(
    clips: Sequence[Path], *, acoustic: Acoustic, decoder: Decoder, audio: AudioConfig, device: torch.device
) -> SpeakerLatents:
    """Latents of a speaker, averaged over windows of the clips."""
    log_mel = LogMel(audio).to(device)
    acoustic_sum, decoder_sum, count = 0.0, 0.0, 0
    for window in _windows(clips, audio):
        length = torch.tensor([len(window)], device=device)
        mel: Mel = log_mel.measure(window[None].to(device), length)
        acoustic_sum = acoustic_sum + acoustic.speaker_latents(mel)[0].double()
        decoder_sum = decoder_sum + decoder.speaker_latents(mel)[0].double()
        count += 1
        if count == MAX_WINDOWS:
            break
    return SpeakerLatents((acoustic_sum / count).float().cpu(), (decoder_sum / count).float().cpu())


def _windows(clips: Sequence[Path], audio: AudioConfig) -> Iterator[Float[Tensor, " N"]]:
    size, shortest = round(WINDOW * audio.sample_rate), round(SHORTEST * audio.sample_rate)
    unheard, heard = "", False
    for path in clips:
        wave = decode(path, audio.sample_rate, MAX_CLIP)
        if len(wave) < shortest:
            unheard = f"{path} is {len(wave) / audio.sample_rate:.2f} s long: a voice needs {SHORTEST:g} s of speech"
        elif wave.abs().max() < FAINTEST:
            unheard = f"{path} is silent: a voice needs speech"
        else:
            heard = True
            wave = set_level(wave, audio)
            yield from (part for part in wave.split(size) if len(part) >= shortest)
    if not heard:
        raise ValueError(unheard)


def clone(
    clips: Sequence[Path],
    *,
    acoustic: Acoustic,
    decoder: Decoder,
    audio: AudioConfig,
    device: torch.device,
    fingerprint: str,
) -> SpeakerLatents:
    """`make`, remembered in the user's cache under the contents of the clips and the weights."""
    digest = hashlib.sha256(fingerprint.encode())
    for path in clips:
        if not path.is_file():
            raise ValueError(f"no such recording: {path}")
        digest.update(bytes.fromhex(hash_file(path)))
    kept = cache_folder() / f"{digest.hexdigest()}{voices.SUFFIX}"
    if kept.is_file():
        try:
            return voices.load(kept, fingerprint=fingerprint)
        except ValueError:
            kept.unlink(missing_ok=True)  # a broken file is made anew
    latents = make(clips, acoustic=acoustic, decoder=decoder, audio=audio, device=device)
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
        pass  # a home that cannot be written to costs the next run a few seconds, and this one nothing
    return latents


def cache_folder() -> Path:
    """Where cloned voices are kept: below XDG_CACHE_HOME, or ~/.cache."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(root) / "triforce" / "voices"
