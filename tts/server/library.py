"""The voices of a service: those that ship, and each user's own, which nobody else sees.

A user's voices lie in `FOLDER/USER/VOICE-ID.safetensors`. Names that users give stand in the files alone; an id that a
request names is looked up among those that are there. So nothing that a request says ever becomes a path.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tts import voices
from tts.records import SpeakerLatents
from tts.synthesis.speaking import Speaking
from tts.voices.clone import make
from tts.voices.mix import mix

KEPT = 64  # voices in memory


@dataclass(frozen=True)
class Voice:
    """A voice that a user may speak with."""

    id: str  # of a voice that ships: its name
    name: str
    path: Path
    card: voices.About

    @property
    def created(self) -> int:
        """Seconds since 1970."""
        return int(self.path.stat().st_mtime)

    @property
    def ships(self) -> bool:
        return self.id == self.name


class VoiceLibrary:
    """All voices, by user. What needs the nets is to be called in the engine's thread."""

    def __init__(self, folder: Path, speech: Speaking, aliases: Mapping[str, str]):
        self.folder, self.speech = folder, speech
        cards = {name: voices.about(voices.find(name)) for name in voices.names()}
        self.shipped = [
            Voice(name, name, voices.find(name), card)
            for name, card in cards.items()
            if card.fingerprint == speech.fingerprint
        ]
        self.aliases = aliases
        self._latents = lru_cache(KEPT)(lambda path: voices.load(path, fingerprint=speech.fingerprint))

    def own(self, user: str) -> list[Voice]:
        """The voices that a user has made for the nets that speak here, the oldest first."""
        found = []
        for path in (self.folder / user).glob(f"voice_*{voices.SUFFIX}"):
            try:
                card = voices.about(path)
            except ValueError:  # it was deleted meanwhile, or is damaged
                continue
            if card.fingerprint == self.speech.fingerprint:
                found.append(Voice(path.name.removesuffix(voices.SUFFIX), card.name, path, card))
        return sorted(found, key=lambda voice: (voice.created, voice.id))

    def all(self, user: str) -> list[Voice]:
        """Everything that a user may speak with."""
        return [*self.shipped, *self.own(user)]

    def find(self, user: str, wanted: str) -> Voice | None:
        """A voice by its id or its name; names of OpenAI's voices stand for some of ours."""
        known = self.all(user)
        for one in (wanted, self.aliases.get(wanted)):
            for voice in known:
                if one in (voice.id, voice.name):
                    return voice
        return None

    def usual(self, user: str, conf: Mapping[str, Any], language: str) -> Voice | None:
        """The voice for texts in a language, given by its code, where none is asked for."""
        return self.find(user, voices.usual(conf, language, [voice.name for voice in self.shipped]))

    def latents(self, voice: Voice) -> SpeakerLatents:
        return self._latents(voice.path)

    def clone(self, user: str, name: str, clips: Sequence[Path], language: str) -> Voice:
        """Make a voice from recordings of somebody who speaks this language.

        Raises ValueError, which names the file, if there is too little speech.
        """
        latents = make(clips, self.speech)
        source = "recordings of its user"
        return self._keep(user, name, latents, source=source, made="cloned by the service", language=language)

    def mix(self, user: str, name: str, parts: Sequence[tuple[Voice, float]]) -> Voice:
        """Make a voice between others, each with its share."""
        latents = mix([self.latents(voice) for voice, _ in parts], [share for _, share in parts])
        source = ", ".join(f"{share:g} {voice.name}" for voice, share in parts)
        language = max(parts, key=lambda part: part[1])[0].card.language
        return self._keep(user, name, latents, source=source, made="mixed by the service", language=language)

    def delete(self, voice: Voice) -> None:
        voice.path.unlink(missing_ok=True)

    def _keep(self, user: str, name: str, latents: SpeakerLatents, *, source: str, made: str, language: str) -> Voice:
        id = f"voice_{secrets.token_hex(8)}"
        card = voices.About(
            name=name,
            gender="unknown",
            description="",
            source=source,
            licence="its user's own",
            made=made,
            fingerprint=self.speech.fingerprint,
            language=language,
        )
        path = self.folder / user / f"{id}{voices.SUFFIX}"
        voices.save(path, latents, card)
        return Voice(id, name, path, card)
