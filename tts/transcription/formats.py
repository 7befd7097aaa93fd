"""What was heard, written down: as text, subtitles, or JSON as OpenAI's API has it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tts.narration.script import NARRATOR
from tts.narration.subtitles import srt, vtt
from tts.narration.timeline import TimedChapter, TimedSegment, TimedWord, Timeline
from tts.transcription.listener import HeardSegment


@dataclass(frozen=True)
class Transcription:
    """All that was heard in a recording."""

    language: str  # ISO 639-1
    name: str  # of the language
    seconds: float
    segments: Sequence[HeardSegment]
    task: str = "transcribe"

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


def as_text(heard: Transcription) -> str:
    """The words alone."""
    return heard.text + "\n"


def as_json(heard: Transcription) -> str:
    """Text, segments and words with their times."""
    return json.dumps(verbose(heard, ("segment", "word")), ensure_ascii=False, indent=1) + "\n"


def verbose(heard: Transcription, granularities: Sequence[str]) -> dict[str, Any]:
    """OpenAI's verbose_json."""
    found: dict[str, Any] = {
        "task": heard.task,
        "language": heard.name,
        "duration": round(heard.seconds, 3),
        "text": heard.text,
    }
    if "word" in granularities:
        words = [word for segment in heard.segments for word in segment.words]
        found["words"] = [{"word": own.text, "start": round(own.start, 3), "end": round(own.stop, 3)} for own in words]
    if "segment" in granularities:
        found["segments"] = [
            {
                "id": number,
                "start": round(segment.start, 3),
                "end": round(segment.stop, 3),
                "text": segment.text,
                "avg_logprob": round(segment.likely, 4),
            }
            for number, segment in enumerate(heard.segments)
        ]
    return found


def as_srt(heard: Transcription) -> str:
    """SubRip."""
    return srt(_timeline(heard))


def as_vtt(heard: Transcription) -> str:
    """WebVTT."""
    return vtt(_timeline(heard))


def _timeline(heard: Transcription) -> Timeline:
    """As one chapter of a narration, whose subtitles are cut and shown in the same way."""
    segments = [_timed(number, segment) for number, segment in enumerate(heard.segments)]
    chapter = TimedChapter(title="", start=0.0, stop=heard.seconds, segments=segments)
    known = {"title": "", "author": "", "narrator": "", "language": heard.language, "synthetic": False}
    return Timeline(seconds=heard.seconds, chapters=[chapter], **known)


def _timed(number: int, segment: HeardSegment) -> TimedSegment:
    words, place = [], 0
    for word in segment.words:
        first = segment.text.find(word.text, place)
        if first >= 0:
            place = first + len(word.text)
            words.append(TimedWord(first=first, last=place, start=word.start, stop=word.stop))
    shown = {"kind": "prose", "level": 0, "role": NARRATOR, "voice": ""}
    times = {"start": segment.start, "stop": segment.stop}
    return TimedSegment(id=str(number), paragraph=number, text=segment.text, words=words, **times, **shown)


FORMATS: dict[str, Callable[[Transcription], str]] = {"txt": as_text, "srt": as_srt, "vtt": as_vtt, "json": as_json}
