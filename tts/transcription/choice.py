"""Which listener hears: chosen by name, and loaded."""

from pathlib import Path

from tts.transcription.listener import Listener

USAGE = "nets, whisper, or whisper=FOLDER"


def make(option: str, weights: Path) -> Listener:
    """A listener by its name. Raises ValueError if there is none, and ModuleNotFoundError for a package."""
    name, _, place = option.partition("=")
    if name == "nets" and not place:
        from tts.transcription.nets import NetListener

        return NetListener(weights / "dvae.safetensors")
    if name == "whisper":
        from tts.transcription.whisper import WhisperListener

        return WhisperListener(Path(place).expanduser() if place else None)
    raise ValueError(f"no listener {option!r}: use {USAGE}")
