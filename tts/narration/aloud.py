"""A script as sound while it is spoken, for whoever listens now. Nothing is stored."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from tts.narration.mix import faded, scaled
from tts.narration.script import Script, Segment
from tts.narration.speaking import paced, pitched
from tts.records import SpeakerLatents
from tts.synthesis.portions import Portion
from tts.synthesis.speaking import Chunk, Settings, Speaking, VoicedPortion

LONGEST = 0.5  # seconds of silence that are given at once, so that a long pause holds up nobody else


def aloud(
    script: Script, voices: Mapping[str, SpeakerLatents], *, speech: Speaking, settings: Settings, seed: int
) -> Iterator[Chunk]:
    """The segments of a script, each in the voice of its role and in its manner, as `speech.stream` gives a text.

    A segment that is higher, lower or louder than its voice comes whole; any other comes while it is spoken. There is
    no pause after the last one.
    """
    rate, last = speech.audio.sample_rate, len(script.segments) - 1
    notices: list[str] = []
    for chunk in speech.stream_portions(_voiced(script, voices, settings), seed=seed):
        segment = script.segments[chunk.portion.index]
        whole = bool(segment.manner.pitch) or segment.manner.volume > 0
        if whole and not chunk.take and segment.words:
            notices += chunk.notices
            continue
        take = pitched(chunk.take, segment.manner, rate) if chunk.take else None
        wave = scaled((take if whole and take else chunk).wave, segment.manner.volume)
        wave = faded(wave, rate) if whole else wave
        yield replace(chunk, wave=wave, take=take, notices=notices + chunk.notices)
        notices = []
        if (take or not segment.words) and chunk.portion.index < last:
            yield from _silence(chunk.portion, round(segment.pause * rate), round(LONGEST * rate))


def _voiced(script: Script, voices: Mapping[str, SpeakerLatents], settings: Settings) -> Iterator[VoicedPortion]:
    for index, segment in enumerate(script.segments):
        yield VoicedPortion(
            portion=_portion(segment, index, script.segments),
            voice=voices[segment.role],
            settings=paced(settings, segment.manner),
        )


def _portion(segment: Segment, index: int, segments: list[Segment]) -> Portion:
    """A segment as the engine has it. Later parts of a sentence have no text of their own."""
    return Portion(
        index=index,
        total=len(segments),
        written=segment.written,
        words=segment.words,
        notices=segment.notices,
        pause=None,
        ends=index == len(segments) - 1 or bool(segments[index + 1].written),
    )


def _silence(portion: Portion, samples: int, most: int) -> Iterator[Chunk]:
    """So many samples of it, at most `most` at once."""
    for start in range(0, samples, most):
        yield Chunk(portion, np.zeros(min(most, samples - start), np.float32), [], None)
