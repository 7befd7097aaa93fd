"""`python -m tts.voices tune`: recordings of one person to the file of a tuned voice."""

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from tts import checkpoint, corpus, settings, voices
from tts.cli import printable
from tts.files import fingerprint, whole
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import Resemblyzer, SpeakerJudge, TorchScriptEncoder
from tts.judges.table import best_recogniser, make_recogniser
from tts.judges.whisper import Whisper
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Settings
from tts.voices.clone import average, cache_folder
from tts.voices.tuning import material
from tts.voices.tuning.learner import Learner, stage_of
from tts.voices.tuning.material import GivenRecording, LearnedClip
from tts.voices.tuning.score import Examiner
from tts.voices.tuning.tune import Clock, Tuning

METHOD = 1  # raise this when tuning does something else, so that what an older version began is not gone on with
# Settings that only say when to end: a run that was stopped may go on with others.
ENDS = ("minutes", "rounds", "patience", "threads", "limits")
SHARE = 5  # at most one clip in so many is held out


def tune(paths: Sequence[Path], target: Path, *, weights: Path, conf: Mapping[str, Any], card: voices.About) -> str:
    """Learn a voice, write its file, and say in one line what came out.

    `conf` is like conf/tune.yaml. A run that was stopped goes on. Raises ValueError if the recordings are not enough
    speech of one person, or if nothing was gained.
    """
    clock = Clock(60 * conf["minutes"])
    torch.set_num_threads(conf["threads"])
    embedding, recogniser = _judges(conf, weights)
    sources = material.sources(paths)
    speech = TextToSpeech.load(weights, "cpu")
    folder = _folder(sources, speech, conf)
    shape = "{percentage:3.0f}%|{bar}| {desc} [{elapsed}<{remaining} at most]"
    with tqdm(total=round(clock.limit), disable=None, leave=False, bar_format=shape) as bar:

        def tell(notice: str) -> None:
            bar.write(f"tts.voices: note: {printable(notice)}", file=sys.stderr)

        def watch(doing: str) -> None:
            bar.set_description_str(doing, refresh=False)
            bar.update(min(bar.total, round(clock.spent)) - bar.n)

        clips = prepare(sources, speech, folder, conf=conf, embedding=embedding, recogniser=recogniser, tell=tell)
        learned, heldout = split(clips, conf["heldout"])
        material.check_texts(heldout, recogniser, speech.audio.sample_rate, conf["most_cer"])
        speaking = Settings.parse(settings.compose(["retries=0"]))
        tuning = Tuning(
            _learners(speech, learned, heldout, weights, conf, tell),
            average([clip.wave.numpy() for clip in learned], speech),
            speech.acoustic,
            Examiner(speech, speaking, heldout, embedding, recogniser, conf["seed"]),
            conf=conf,
            folder=folder,
            clock=clock,
            tell=tell,
            watch=watch,
        )
        voice = tuning.run()
    seconds = sum(len(clip.wave) for clip in learned) / speech.audio.sample_rate
    made = f"tts.voices.tuning: rank {conf['rank']}, round {tuning.progress.best} on {seconds:.0f} s of speech"
    voices.save(target, voice, replace(card, made=made, fingerprint=speech.fingerprint))
    shutil.rmtree(folder, ignore_errors=True)
    before, after = tuning.progress.scores[0], tuning.progress.scores[tuning.progress.best]
    return (
        f"{target}: round {tuning.progress.best} of {tuning.progress.round} in {clock.spent / 60:.1f} minutes; "
        f"on {len(heldout)} held-out clips similarity {before.similarity:.2f} -> {after.similarity:.2f}, "
        f"CER {before.cer:.3f} -> {after.cer:.3f}"
    )


def prepare(
    sources: Sequence[GivenRecording],
    speech: TextToSpeech,
    folder: Path,
    *,
    conf: Mapping[str, Any],
    embedding: SpeakerJudge,
    recogniser: SpeechRecogniser,
    tell: material.Tell,
) -> list[LearnedClip]:
    """The clips to learn from, their texts heard where there is none. Raises ValueError if they will not do."""
    rate = speech.audio.sample_rate
    clips = material.cut(sources, rate, longest=conf["longest"], most=conf["most_seconds"], tell=tell)
    kept = folder / "heard.json"
    known = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    for place, clip in enumerate(clips):
        if own := known.get(clip.name):
            clips[place] = replace(clip, text=own["text"], voice=tuple(own["voice"]))
    clips = material.with_texts(clips, recogniser if isinstance(recogniser, Whisper) else None, rate)
    clips = material.identified(clips, embedding, rate)
    with whole(kept) as file:
        file.write(json.dumps({clip.name: {"text": clip.text, "voice": clip.voice} for clip in clips}).encode())
    clips = material.readable(clips, speech, tell)
    clips = material.of_one_person(clips, conf["least_alike"], tell)
    seconds, least = sum(len(clip.wave) for clip in clips) / rate, conf["least_seconds"]
    if seconds < least:
        raise ValueError(f"{seconds:.0f} s of speech are too few: tuning needs {least:g} s of one person")
    return clips


def split(clips: Sequence[LearnedClip], count: int) -> tuple[list[LearnedClip], list[LearnedClip]]:
    """The clips to learn from, and those to judge by, at even distances."""
    able = [clip for clip in clips if clip.voice]
    heldout = corpus.evenly(able, max(1, min(count, len(able) // SHARE)))
    return [clip for clip in clips if clip not in heldout], heldout


def _judges(conf: Mapping[str, Any], weights: Path) -> tuple[SpeakerJudge, SpeechRecogniser]:
    """Who tells speakers apart and who listens. Raises ValueError that says how to install what is missing."""
    name = conf["embedding"]
    embedding = Resemblyzer() if name == "resemblyzer" else TorchScriptEncoder(Path(name))
    recogniser = make_recogniser(best_recogniser() if conf["recogniser"] == "auto" else conf["recogniser"], weights)
    for judge in (embedding, recogniser):
        judge.identity()
    return embedding, recogniser


def _folder(sources: Sequence[GivenRecording], speech: TextToSpeech, conf: Mapping[str, Any]) -> Path:
    """What a run keeps lies in a folder named by all that decides what it learns."""
    decisive = {key: value for key, value in conf.items() if key not in ENDS}
    told = [(fingerprint(source.path), source.text) for source in sources]
    asked = json.dumps([METHOD, speech.fingerprint, decisive, told], sort_keys=True)
    folder = cache_folder().parent / "tuning" / hashlib.sha256(asked.encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _learners(
    speech: TextToSpeech,
    clips: Sequence[LearnedClip],
    heldout: Sequence[LearnedClip],
    weights: Path,
    conf: Mapping[str, Any],
    tell: material.Tell,
) -> dict[str, Learner]:
    """The nets that learn."""
    header, _ = checkpoint.read(weights / "diffusion.safetensors")
    nets = {"acoustic": "gpt", "decoder": "diffusion"}
    if header["spec"]["process"]["name"] in ("jumps", "reflow"):
        tell("the decoder was distilled and learns from its teacher only, so the GPT alone is tuned")
        del nets["decoder"]
    given = {"rank": conf["rank"], "seed": conf["seed"], "seconds": conf["batch_seconds"]}
    return {
        net: Learner(stage_of(file, weights, speech.tokenizer, conf), clips, heldout, **given)
        for net, file in nets.items()
    }
