"""What a voice is tuned on: clips of a few seconds and their texts, all of one person, or a reason why they are not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tts import align, corpus, voices
from tts.audio import decode, resample, set_level
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import SpeakerJudge
from tts.judges.wer import character_edits
from tts.judges.whisper import Whisper
from tts.synthesis.pipeline import TextToSpeech
from tts.types import Codes
from tts.vad import RATE, SECONDS
from tts.voices.clone import MAX_CLIP, SHORTEST
from tts.voices.speech import spoken_frames, without_clicks

MARGIN = 5  # frames of 32 ms kept around the speech of a clip
LEAST_PIECE = 3.0  # seconds
LEAST_HEARD = 2.0  # seconds; of shorter clips it is not asked who speaks
FEWEST = 3  # clips of whose speaker something is known
STRANGERS = 0.1  # share of the clips that is left out if somebody else speaks in them; more are refused
LONGEST_TEXT = 1_000_000  # bytes of a text beside a clip

Tell = Callable[[str], None]  # takes a notice for the user


@dataclass(frozen=True)
class GivenRecording:
    """A recording, and what it is said to say."""

    path: Path
    text: str | None


@dataclass(frozen=True, eq=False)
class LearnedClip:
    """A recording or a piece of one, as training takes it."""

    name: str  # the path of the recording, and the number of the piece
    wave: Float[Tensor, " N"]  # trimmed, at the level of training
    text: str  # as written
    spoken: str = ""  # normalised
    ids: tuple[int, ...] = ()  # of `spoken`
    times: tuple[float, ...] = ()  # seconds at which its start, each id and its end are heard
    voice: tuple[float, ...] = ()  # embedding of who speaks; empty if the clip is too short to tell


def sources(paths: Sequence[Path]) -> list[GivenRecording]:
    """The recordings at paths: files, folders of files, or folders with metadata.csv.

    A text is that of metadata.csv, or of the file beside the recording that ends in .txt.
    """
    found = []
    for path in paths:
        if (path / "metadata.csv").is_file():
            rows = corpus.read_recordings(path)
            if len(names := dict.fromkeys(row.speaker for row in rows)) > 1:
                first, second = list(names)[:2]
                raise ValueError(f"{path} has {len(names)} speakers, such as {first} and {second}: give one person's")
            found += [GivenRecording(row.path, row.text.strip() or None) for row in rows]
        elif path.suffix == voices.SUFFIX:
            raise ValueError(f"{path} is a voice file: tuning needs recordings")
        else:
            found += [GivenRecording(file, _text_beside(file)) for file in voices.clips(path)]
    if missing := [source.path for source in found if not source.path.is_file()]:
        raise ValueError(f"no such recording: {missing[0]}")
    return found


def _text_beside(path: Path) -> str | None:
    beside = path.with_suffix(".txt")
    if not beside.is_file() or beside == path:
        return None
    if beside.stat().st_size > LONGEST_TEXT:
        raise ValueError(f"{beside} is too long for the text of a clip: give what is said in {path.name}")
    try:
        return beside.read_text("utf-8-sig").strip() or None
    except UnicodeDecodeError:
        raise ValueError(f"{beside} is no text in UTF-8: save it as such") from None


def cut(found: Sequence[GivenRecording], rate: int, *, longest: float, most: float, tell: Tell) -> list[LearnedClip]:
    """The speech of recordings, `most` seconds in all, in clips of at most `longest` seconds, without their level.

    A clip that is a piece of a recording has no text. Raises ValueError if there is no speech.
    """
    clips, left, reasons = [], most, []
    for number, source in enumerate(found):
        if left <= 0:
            tell(f"{most:g} s of speech are enough: {len(found) - number} recordings are left out")
            break
        try:
            pieces = _pieces(decode(source.path, rate, MAX_CLIP), rate, longest, source.path, tell)
        except ValueError as error:
            reasons.append(str(error))
            continue
        for place, wave in enumerate(pieces):
            if left > 0:
                whole = len(pieces) == 1
                name = str(source.path) if whole else f"{source.path}, piece {place + 1}"
                clips.append(LearnedClip(name, wave, (whole and source.text) or ""))
                left -= len(wave) / rate
    if not clips:
        raise ValueError(reasons[0] if reasons else "no recordings to learn from: give some")
    for reason in reasons:
        tell(f"left out: {reason}")
    return clips


def _pieces(
    wave: Float[np.ndarray, " N"], rate: int, longest: float, path: Path, tell: Tell
) -> list[Float[Tensor, " K"]]:
    """The stretches of a recording that hold speech, each at most `longest` seconds. Raises ValueError if none does."""
    wave = wave - wave.mean()
    likely, size = spoken_frames(resample(wave, rate, RATE), tell), round(SECONDS * rate)
    most, found, start = int(longest / SECONDS), [], 0
    while start < len(likely):
        stop = len(likely) if len(likely) - start <= most else start + _pause(likely[start : start + most])
        (spoken,) = np.nonzero(likely[start:stop])
        if len(spoken) * SECONDS >= SHORTEST:
            first, last = start + max(0, spoken[0] - MARGIN), min(start + spoken[-1] + 1 + MARGIN, stop)
            found.append(torch.from_numpy(without_clicks(wave[first * size : last * size])))
        start = stop
    if not found:
        raise ValueError(f"{path} holds no {SHORTEST:g} s of speech")
    return found


def _pause(likely: np.ndarray) -> int:
    """Where to cut: in the middle of the longest pause that leaves a piece of some length, or else at the end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], likely, [True])).astype(int)))
    runs = [(stop - start, (start + stop) // 2) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
    return int(max((run for run in runs if run[1] * SECONDS >= LEAST_PIECE), default=(0, len(likely)))[1])


def with_texts(clips: Sequence[LearnedClip], whisper: Whisper | None, rate: int) -> list[LearnedClip]:
    """The clips, those without a text as Whisper hears them. Raises ValueError if it is not there."""
    if not whisper and (lacking := [clip.name for clip in clips if not clip.text]):
        raise ValueError(
            f"{len(lacking)} of {len(clips)} clips have no text, such as {lacking[0]}: put what is said into NAME.txt "
            "beside each recording of a few seconds, or let Whisper hear it: uv sync --group whisper"
        )
    return [clip if clip.text else replace(clip, text=whisper.transcribe(clip.wave, rate)) for clip in clips]


@torch.no_grad()
def readable(clips: Sequence[LearnedClip], speech: TextToSpeech, tell: Tell) -> list[LearnedClip]:
    """The clips at the level of training, with the ids of their texts and their times, without those of empty texts."""
    found, rate = [], speech.audio.sample_rate
    for clip in clips:
        wave = torch.from_numpy(set_level(clip.wave.numpy(), speech.audio))
        spoken = speech.language.normalise(clip.text).text.strip()
        ids = speech.tokenizer.encode(spoken)
        if speech.tokenizer.silent_ids.issuperset(ids):
            tell(f"left out: {clip.name}, whose text has nothing to say: {clip.text[:60]!r}")
            continue
        codes: Codes = speech.codec.encode(wave[None], torch.tensor([len(wave)]))
        text, length = torch.tensor([ids]), torch.tensor([len(ids)])
        times = align.spoken(speech.codec.spell(codes), codes, text, length, speech.tokenizer)[0]
        seconds = (times / float(speech.codec.code_rate)).clamp(max=len(wave) / rate)
        found.append(replace(clip, wave=wave, spoken=spoken, ids=tuple(ids), times=tuple(seconds.tolist())))
    if not found:
        raise ValueError("no text has anything to say: give what is said in the recordings")
    return found


def identified(clips: Sequence[LearnedClip], judge: SpeakerJudge, rate: int) -> list[LearnedClip]:
    """The clips with the embeddings of who speaks in them, where these are not known."""

    def voice(clip: LearnedClip) -> tuple[float, ...]:
        asked = not clip.voice and len(clip.wave) >= LEAST_HEARD * rate
        return tuple(judge.judge(clip.wave, rate) or ()) if asked else tuple(clip.voice)

    return [replace(clip, voice=voice(clip)) for clip in clips]


def of_one_person(clips: Sequence[LearnedClip], least_alike: float, tell: Tell) -> list[LearnedClip]:
    """The clips without a few in which somebody else speaks. Raises ValueError if these are more than a few."""
    kept, spare = list(clips), int(STRANGERS * len(clips))
    while True:
        known = [clip for clip in kept if clip.voice]
        if len(known) < FEWEST:
            raise ValueError(f"{len(known)} clips of {LEAST_HEARD:g} s or more are too few: tuning needs {FEWEST}")
        cosine, side = two_kinds(np.array([clip.voice for clip in known]))
        if cosine >= least_alike:
            return kept
        fewer = int(np.bincount(side).argmin())
        other, one = (
            [clip for clip, kind in zip(known, side, strict=True) if kind == own] for own in (fewer, 1 - fewer)
        )
        if len(other) > spare:
            raise ValueError(
                f"more than one person speaks: {one[0].name} and {other[0].name} are alike by {cosine:.2f}, "
                f"and by {least_alike:g} or more if one does; give recordings of one person"
            )
        for clip in other:
            tell(f"left out: {clip.name}, in which somebody else seems to speak")
        kept, spare = [clip for clip in kept if clip not in other], spare - len(other)


def check_texts(clips: Sequence[LearnedClip], recogniser: SpeechRecogniser, rate: int, most_cer: float) -> None:
    """Raise ValueError unless the recogniser hears about the texts of these clips in them."""
    edits = [character_edits(recogniser.spell(clip.text), recogniser.transcribe(clip.wave, rate)) for clip in clips]
    cer = sum(wrong for wrong, _ in edits) / max(1, sum(count for _, count in edits))
    if cer > most_cer:
        raise ValueError(
            f"something else is heard than the texts of {', '.join(clip.name for clip in clips)} (CER {cer:.2f}, "
            f"{most_cer:g} at most): give what is said in each recording"
        )


def two_kinds(voices: Float[np.ndarray, "C D"]) -> tuple[float, np.ndarray]:
    """The cosine of the means of two kinds of clips, and the kind of each, 0 or 1 (spherical 2-means)."""
    first = voices[(voices @ voices.mean(0)).argmin()]
    means = np.stack((first, voices[(voices @ first).argmin()]))
    side = np.zeros(len(voices), int)
    for _ in range(20):
        side = (voices @ means.T).argmax(1)
        if len(set(side)) < 2:
            return 1.0, side
        means = np.stack([voices[side == kind].mean(0) for kind in (0, 1)])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
    return float(means[0] @ means[1]), side
