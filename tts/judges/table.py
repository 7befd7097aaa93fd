"""All judges and all recognisers by name: one line adds one."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

from tts.judges.judge import Judge
from tts.judges.mos import DistillMos, Dnsmos
from tts.judges.nets import CodecCtc, GptRecogniser
from tts.judges.prosody import LikenessJudge, ProsodyJudge
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.similarity import Resemblyzer, SpeakerJudge, TorchScriptEncoder
from tts.judges.sphinx import Sphinx, SphinxAligner
from tts.judges.whisper import Whisper

RECOGNISERS: dict[str, type[SpeechRecogniser]] = {
    "sphinx": Sphinx,
    "whisper": Whisper,
    "ctc": CodecCtc,
    "gpt": GptRecogniser,
}

JUDGES: dict[str, type[Judge]] = {  # in the order of their measures in reports
    "heard": SpeechRecogniser,  # one of the table above
    "aligned": SphinxAligner,
    "mos": Dnsmos,
    "distillmos": DistillMos,
    "voice": SpeakerJudge,  # resemblyzer, or another encoder from a file
    "likeness": LikenessJudge,
    "prosody": ProsodyJudge,
}
ENGLISH_ONLY = frozenset({"aligned"})


def best_recogniser() -> str:
    """The name of the recogniser that hears best, of those that need no file and are installed."""
    return "whisper" if Whisper.is_installed() else "sphinx"


def make_recogniser(option: str, weights: Path, language: str = "english") -> SpeechRecogniser:
    """A recogniser as --recogniser names it, NAME or NAME=PLACE, which hears this language."""
    name, _, place = option.partition("=")
    if name not in RECOGNISERS:
        known = ", ".join(kind.usage for kind in RECOGNISERS.values())
        raise ValueError(f"no recogniser {option!r}: use {known}")
    recogniser = RECOGNISERS[name].from_option(place, weights)
    if language == recogniser.language:
        return recogniser
    if not is_dataclass(recogniser) or "language" not in {field.name for field in fields(recogniser)}:
        raise ValueError(f"{name} hears English only, not {language.title()}: use whisper")
    return replace(recogniser, language=language)


def make_judges(names: Sequence[str], *, recogniser: SpeechRecogniser, embedding: str) -> dict[str, Judge]:
    """The judges of these names; `embedding` is resemblyzer, or a TorchScript file."""
    if unknown := [name for name in names if name not in JUDGES]:
        raise ValueError(f"no judge {unknown[0]!r}: choose from {', '.join(JUDGES)}")
    encoder = Resemblyzer() if embedding == "resemblyzer" else TorchScriptEncoder(Path(embedding))
    chosen = {"heard": recogniser, "voice": encoder}
    return {name: chosen.get(name) or kind() for name, kind in JUDGES.items() if name in names}
