"""Stage 3: what is said, word by word, and when: from a text, from a transcript with times, or from a recogniser.

Whatever wrote the words, the codec's own hearing (`data/prepare/spell.py`) places them and says how well they fit
(`data/prepare/align.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import numpy as np

from data.prepare.align import Piece, align, align_cues, place
from data.prepare.ingest import Refused, Samples
from data.prepare.sources import TRANSCRIPTS, Source
from data.prepare.spell import Speller, Spelling, Word
from tts import document
from tts.document.subtitles import Cue, read_cues
from tts.types import Recogniser

SPHINX = "sphinx"
SLACK = 0.5  # seconds that a transcript's times may be off
BLOCK = 0.01  # seconds over which energy is taken
CLOSURE = 6  # blocks: a stop closes for less than this, a pause lasts longer
QUIET = 3e-4  # -35 dB of active speech, where the room is quieter than that
ABOVE_NOISE = 4.0  # 6 dB above the noise floor
JOINED = 0.04  # seconds: a shorter gap between words has no silence worth looking for
LONGEST_EDGE = 0.6  # seconds: no phoneme goes on for longer than this


class Hearer(Recogniser, Protocol):
    """A recogniser that says which it is."""

    def identity(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Words:
    """Which recogniser, and when a text is believed; see conf/prepare.yaml."""

    recogniser: str
    heard: float

    def __post_init__(self):
        if self.recogniser == SPHINX:
            return
        from tts.judges.whisper import Whisper

        if Whisper(Path(self.recogniser)).missing:
            raise ValueError(
                f"words.recogniser={self.recogniser}: neither {SPHINX} nor the folder of a faster-whisper model, "
                f"which holds {' and '.join(Whisper.files)}"
            )


def words(source: Source, samples: Samples, segments: dict, loudness: float, settings: Words, speller: Speller) -> dict:
    """Words with times, the clips they fall into, and where they came from. Raises Refused."""
    gain = 10 ** ((speller.audio.level - max(loudness, -50.0)) / 20)
    spelling = speller.spell(samples, gain)
    origin, found = _given(source, speller, spelling, settings.heard)
    if origin:
        told = spelling.explained(found)
        if told < settings.heard:
            raise Refused(f"its {origin} is of something else: it explains {told:.0%} of what is heard")
    else:
        origin, found = settings.recogniser, _recognised(samples, segments["clips"], spelling, settings, speller)
        if not found:
            raise Refused(f"no text beside it, and {settings.recogniser} heard no words")
    found = refine(found, samples)
    clips, forced = settle(segments["clips"], found)
    return {
        "origin": origin,
        "heard": round(float(np.mean([word.heard for word in found])), 4),
        "clips": [[round(start, 4), round(end, 4)] for start, end in clips],
        "moved": forced,
        "agreement": _agreement(clips, found, spelling),
        "words": [
            [word.text, round(word.start, 3), round(word.end, 3), round(word.heard, 3), word.speaker] for word in found
        ],
    }


def _given(source: Source, speller: Speller, spelling: Spelling, believed: float) -> tuple[str, list[Word]]:
    """Words of the first thing beside the source that says what is said; nothing if there is none."""
    reasons = []
    for path in map(Path, source.beside):
        try:
            if path.suffix.lower() in TRANSCRIPTS:
                return "transcript", _from_cues(read_cues(path), speller, spelling, believed)
            text = document.read(path).text
        except (ValueError, OSError) as error:
            reasons.append(f"{path.name!r}: {error}")
            continue
        if text.strip():
            return "text", align(speller.words(text), spelling, believed)
    if source.text.strip():
        return "text", align(speller.words(source.text), spelling, believed)
    if reasons:
        raise Refused(f"what lies beside it cannot be read: {reasons[0]}")
    return "", []


def _from_cues(cues: list[Cue], speller: Speller, spelling: Spelling, believed: float) -> list[Word]:
    """A transcript's times are trusted if its words are heard at them; else its text is aligned as any other."""
    groups = [(cue.start, cue.end, speller.words(cue.text, cue.speaker)) for cue in cues]
    timed = align_cues(groups, spelling, SLACK)
    if spelling.explained(timed) >= believed:
        return timed
    return align([word for _, _, group in groups for word in group], spelling, believed)


def _agreement(clips, found: Sequence[Word], spelling: Spelling) -> list[float]:
    """Of each clip, how much of what is heard in it its words explain: those whose middle lies in it."""
    middles = [(word.start + word.end) / 2 for word in found]
    out = []
    for start, end in clips:
        first, last = np.searchsorted(middles, (start, end))
        out.append(round(spelling.explained(found[first:last], start, end), 4))
    return out


def _recognised(samples: Samples, clips, spelling: Spelling, settings: Words, speller: Speller) -> list[Word]:
    """Words that a recogniser hears in each clip, placed by the codec."""
    recogniser = hearer(settings.recogniser)
    out: list[Word] = []
    for start, end in clips:
        text = recogniser.transcribe(samples.clip(start, end), samples.rate)
        heard = speller.words(text)
        low, high = round(start * spelling.rate), min(round(end * spelling.rate), len(spelling))
        out += place(heard, Piece(0, len(heard), low, high, loose=False), spelling) if heard else []
    return out


@lru_cache(1)
def hearer(name: str) -> Hearer:
    """pocketsphinx, or the faster-whisper model in a folder. Raises ModuleNotFoundError that says how to get either."""
    from tts.judges.sphinx import Sphinx  # what only recordings without a text need
    from tts.judges.whisper import Whisper

    package, group = ("pocketsphinx", "judge") if name == SPHINX else ("faster_whisper", "whisper")
    if find_spec(package) is None:
        raise ModuleNotFoundError(
            f"{package} writes the words of what has no text, and is not installed: run with `uv run --group {group}`"
        )
    return Sphinx() if name == SPHINX else Whisper(Path(name))


def refine(found: Sequence[Word], samples: Samples) -> list[Word]:
    """Move borders of words from the peaks of their phonemes to where the sound begins and ends.

    CTC marks the middle of a phoneme rather than its span. Between two words the border is where it is quietest; beside
    a pause, a word goes on while it sounds.
    """
    power, threshold = energy(samples)
    out = list(found)
    for index in range(len(out) + 1):
        before = out[index - 1] if index else None
        after = out[index] if index < len(out) else None
        low = before.end if before else after.start - LONGEST_EDGE
        high = after.start if after else before.end + LONGEST_EDGE
        end, start = _borders(power, threshold, low, high)
        if before:
            out[index - 1] = replace(before, end=max(end, before.start + BLOCK))
        if after:
            out[index] = replace(after, start=max(0.0, start))
    return out


def _borders(power: np.ndarray, threshold: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Where the word before ends and the one after begins, in seconds, between the peaks at `low` and `high`."""
    middle = (low + high) / 2
    first, last = max(int(low / BLOCK), 0), min(int(np.ceil(high / BLOCK)), len(power))
    if high - low < JOINED or last <= first:
        return middle, middle
    quiet = _runs(power[first:last] <= threshold[first:last])
    if not len(quiet):
        quietest = (first + int(power[first:last].argmin()) + 0.5) * BLOCK
        return (quietest, quietest) if high - low < LONGEST_EDGE else (low, high)
    end, start = (first + int(quiet[0, 0])) * BLOCK, (first + int(quiet[-1, 1])) * BLOCK
    return min(max(low, end), low + LONGEST_EDGE), max(min(high, start), high - LONGEST_EDGE)


def _runs(quiet: np.ndarray) -> np.ndarray:
    """Starts and ends of silences; the closure of a stop, which is as quiet, is too short for one."""
    borders = np.flatnonzero(np.diff(quiet.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    return borders[borders[:, 1] - borders[:, 0] >= min(CLOSURE, len(quiet))]


def energy(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Power of each 10 ms, and what counts as sound there: judged against speech and noise of the minute around."""
    block, minute = round(BLOCK * samples.rate), 6000
    power, threshold = np.empty((2, len(samples) // block), np.float32)
    for first in range(0, len(power), minute):
        last = min(first + minute, len(power))
        own = samples.read(first * block, last * block).view(-1, block).square().mean(1)
        active = own[own >= own.max() * 1e-3].mean()
        noise = own.quantile(0.05)
        power[first:last] = own
        threshold[first:last] = (noise * ABOVE_NOISE).clamp(active * 1e-4, active * 10**-1.5).clamp_min(active * QUIET)
    return power, threshold


def settle(clips: Sequence[Sequence[float]], found: Sequence[Word]) -> tuple[list[tuple[float, float]], int]:
    """Clips whose borders lie in no word, and how many had to be moved."""
    clips = [(float(start), float(end)) for start, end in clips]
    starts = np.array([word.start for word in found])
    moved = 0
    for index, (start, end) in enumerate(clips):
        new_start, new_end = _outside(start, found, starts), _outside(end, found, starts)
        if index and new_start < clips[index - 1][1]:
            new_start = clips[index - 1][1]
        moved += (new_start, new_end) != (start, end)
        clips[index] = (new_start, max(new_end, new_start))
    return clips, moved


def _outside(time: float, found: Sequence[Word], starts: np.ndarray) -> float:
    """The time itself, or the nearer border of the word that it lies in."""
    index = int(np.searchsorted(starts, time, "right")) - 1
    if index < 0 or not found[index].start < time < found[index].end:
        return time
    word = found[index]
    return word.start if time - word.start < word.end - time else word.end
