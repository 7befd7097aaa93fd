"""A whole recording: decoded with bounds, cut at pauses into clips of up to half a minute, and heard clip by clip."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tts.alignment.recording import Samples, unpacked
from tts.alignment.segment import SegmentConfig, segment
from tts.audio import resample
from tts.transcription.formats import Transcription
from tts.transcription.listener import Asked, HeardSegment, Listener

RATE = 24_000  # Hz, as which recordings are decoded
MAX_HOURS = 24.0
LIMITS = {"max_channels": 8, "max_gb": 4.0, "max_missing": 0.1}  # of the decoder, see `unpacked`
CUTS = SegmentConfig(
    min_seconds=2.0,
    max_seconds=28.0,  # Whisper hears half a minute
    target_seconds=15.0,
    max_pause=2.0,
    min_pause=0.2,
    margin=0.2,
    vad_threshold=0.5,
)


@dataclass(frozen=True)
class HeardClip:
    """What was heard in a clip, in the language that it is in, and up to where in seconds."""

    language: str
    segments: list[HeardSegment]
    stop: float


@contextmanager
def decoded(path: Path, *, max_hours: float) -> Iterator[Samples]:
    """The samples of a recording, kept on disk meanwhile. Raises ValueError that says why it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        yield samples_of(path, Path(folder) / "samples", max_hours=max_hours)


def samples_of(path: Path, raw: Path, *, max_hours: float) -> Samples:
    """The same in a file of the caller's."""
    unpacked(path, RATE, raw, max_hours=max_hours, **LIMITS)
    return Samples(raw, RATE)


def hear(samples: Samples, listener: Listener, asked: Asked) -> Iterator[HeardClip]:
    """What is said, clip by clip; nothing where nobody speaks. A language of None is that of the first clip.

    Times count from the start of the recording.
    """
    _, clips = segment(samples, CUTS)
    for start, stop in clips:
        start = max(0.0, start)
        wave = resample(samples.clip(start, stop), samples.rate, listener.rate)
        heard = listener.hear(wave, asked)
        asked = replace(asked, language=heard.language)
        yield HeardClip(heard.language, [one.later(start) for one in heard.segments], stop)


def gathered(clips: Sequence[HeardClip], seconds: float, listener: Listener, asked: Asked) -> Transcription:
    """All that was heard in a recording of this length."""
    language = clips[-1].language if clips else asked.language or "en"
    segments = [segment for clip in clips for segment in clip.segments]
    task = "translate" if asked.translate else "transcribe"
    return Transcription(language, listener.languages.get(language, language), seconds, segments, task)


def transcribed(file: Path, listener: Listener, asked: Asked, quiet: bool) -> Transcription:
    """What is said in a file, with a bar unless `quiet`. Raises ValueError if nobody speaks, or it cannot be read."""
    with decoded(file, max_hours=MAX_HOURS) as samples:
        seconds = len(samples) / samples.rate
        parts = []
        with bar(seconds, quiet) as tell:
            for part in hear(samples, listener, asked):
                parts.append(part)
                tell(part.stop)
    heard = gathered(parts, seconds, listener, asked)
    if not heard.segments:
        raise ValueError("nobody speaks in it")
    return heard


@contextmanager
def bar(seconds: float, quiet: bool) -> Iterator[Callable[[float], object]]:
    """How far a recording is, which is told in seconds."""
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar}| {n:.0f} of {total:.0f} s [{elapsed}<{remaining}]"
    with tqdm(total=seconds, disable=True if quiet else None, leave=False, bar_format=shape) as shown:
        yield lambda place: shown.update(min(place, seconds) - shown.n)
