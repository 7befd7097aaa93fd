"""A text to the bytes that a client gets, piece by piece: the work of one turn of the engine."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from torch import Tensor

from tts.narration.encode import provenance
from tts.narration.mark import marked
from tts.server.sound import Format
from tts.synthesis.pipeline import TextToSpeech
from tts.synthesis.speaking import Chunk, Settings
from tts.types import SpeakerLatents


@dataclass
class Usage:
    """What a turn has read and said so far."""

    ids: int = 0  # of the text, as the GPT reads it
    codes: int = 0  # that the GPT has spoken
    seconds: float = 0.0  # of sound, pauses included
    faults: int = 0  # sentences in which the check found one

    def watch(self, chunks: Iterable[Chunk], speech: TextToSpeech) -> Iterator[Tensor]:
        """The waves of the chunks, (1, samples); each is counted as it passes."""
        for chunk in chunks:
            self.seconds += len(chunk.wave) / speech.audio.sample_rate
            if chunk.take:
                self.ids += len(speech.tokenizer.encode(chunk.portion.words))
                self.codes += int(chunk.take.codes.length.sum())
                self.faults += bool(chunk.take.faults)
            yield chunk.wave[None]


def spoken(
    text: str,
    latents: SpeakerLatents,
    *,
    voice: str,
    speech: TextToSpeech,
    settings: Settings,
    seed: int,
    format: Format,
    mark: bool,
    usage: Usage,
) -> Iterator[bytes]:
    """Speak a text into a format. Raises ValueError if nobody can say it, and closes what it holds when it is left."""
    rate = speech.audio.sample_rate
    chunks = speech.stream(text, latents, settings=settings, seed=seed)
    waves = usage.watch(chunks, speech)
    waves = marked(waves, rate) if mark else waves
    yield from format.encode(waves, rate, provenance(speech.fingerprint, voice))
