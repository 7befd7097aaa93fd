"""A small corpus that the project computes itself: no speech, but sound in which letters can be heard.

Every letter has a pitch of its own above the speaker's, vowels are harmonic and consonants noisy, so text
and sound correspond, speakers differ, and a net can learn something from it in seconds.
"""

from pathlib import Path

import numpy as np
import soundfile

from data.module import SpeechData
from data.pack.pack import PackOptions, pack
from data.pack.recording import Recipe
from tts.types import AudioConfig

RATE = 24000  # Hz
LETTER = 0.07  # seconds
WORDS = "ada bee cold dune echo fable gold hill iron jade kite lamp moon nest oak pine quill rain stone tide".split()
PITCHES = (90.0, 130.0, 180.0, 230.0)  # Hz, one per speaker


def speak(text: str, pitch: float, rng: np.random.Generator) -> np.ndarray:
    """A wave of the text, `LETTER` seconds per character, with a little silence around it."""
    time = np.arange(round(LETTER * RATE)) / RATE
    ramp = np.minimum(1.0, np.minimum(time, LETTER - time) / 0.008)
    parts = [np.zeros(RATE // 4)]
    for letter in text.lower():
        if not letter.isalpha():
            parts.append(np.zeros(len(time)))
            continue
        step = ord(letter) - ord("a")
        if letter in "aeiou":
            tone = sum(np.sin(2 * np.pi * pitch * k * (1 + step / 40) * time) / k for k in range(1, 9))
        else:
            tone = rng.standard_normal(len(time)) * (1 + np.sin(2 * np.pi * 60 * (step + 2) * time))
        parts.append(0.2 * ramp * tone)
    parts.append(np.zeros(RATE // 4))
    wave = np.concatenate(parts)
    return 0.5 * wave / np.abs(wave).max() + 1e-4 * rng.standard_normal(len(wave))


def make_corpus(folder: Path, *, speakers: int = 2, clips: int = 12, heldout: int = 2, words: int = 3) -> Path:
    """A metadata.csv corpus of `clips` clips per speaker, the first `heldout` of the first speaker held out."""
    rng = np.random.default_rng(0)
    (folder / "audio").mkdir(parents=True)
    lines = ["id|speaker|text|seconds"]
    for speaker in range(speakers):
        for clip in range(clips):
            text = " ".join(rng.choice(WORDS, words)).capitalize() + "."
            wave = speak(text, PITCHES[speaker % len(PITCHES)], rng)
            name = f"s{speaker}-{clip:03d}"
            soundfile.write(folder / "audio" / f"{name}.flac", wave, RATE)
            lines.append(f"{name}|speaker{speaker}|{text}|{len(wave) / RATE:.3f}")
    (folder / "metadata.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    (folder / "heldout_ids.txt").write_text("".join(f"s0-{clip:03d}\n" for clip in range(heldout)), encoding="utf-8")
    (folder / "README.md").write_text(
        "# Computed\nLicence: CC0 1.0, made by tests/helpers/corpus.py.\n", encoding="utf-8"
    )
    return folder


def make_shards(folder: Path, audio: AudioConfig, *sources: Path, **changes) -> Path:
    """Pack `sources`, or a small corpus made for the purpose, into `folder` in this process."""
    recipe = {"format": "flac", "min_seconds": 0.5, "max_seconds": 20.0, "trim": True, "codec": None}
    options = {"exclude": frozenset(), "val_share": 0.25, "speaker_split": "auto", "shard_mb": 0.5, "workers": 0}
    options |= {"language": "auto"}
    recipe |= {name: value for name, value in changes.items() if name in recipe}
    options |= {name: value for name, value in changes.items() if name in options}
    if unknown := changes.keys() - recipe.keys() - options.keys():
        raise ValueError(f"pack has no option {sorted(unknown)}")
    sources = sources or (make_corpus(folder.with_name(f"{folder.name}-corpus")),)
    pack(list(sources), folder, PackOptions(recipe=Recipe(audio=audio, **recipe), **options))
    return folder


def speech_data(path: Path | str | list[str], audio: AudioConfig, **changes) -> SpeechData:
    """What reads shards, each clip whole and without its text, unless `changes` say otherwise."""
    settings = {
        "tokenizer": None,
        "batch_seconds": 8.0,
        "max_seconds": 15.0,
        "crop_seconds": None,
        "reference_seconds": 1.0,
        "prompt_seconds": None,
        "letters": 0.0,
        "weights": {},
        "needs_text": False,
        "new_speakers": False,
        "seed": 1,
        "workers": 0,
    }
    return SpeechData(path=path if isinstance(path, list) else str(path), audio=audio, **(settings | changes))
