"""pocketsphinx, as a recogniser and for forced alignment."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float
from torch import Tensor

from tts.judges.judge import RATE, Judge, installed, to_pcm
from tts.judges.recogniser import SpeechRecogniser
from tts.judges.wer import normalised_words

LOUD = 0.01  # of the loudest 10 ms: 20 dB below it lies speech, but not breath
UNKNOWN = {"whole": True, "stray": 0.0}  # of a text whose words cannot be looked for


@dataclass(frozen=True)
class Sphinx(SpeechRecogniser):
    """pocketsphinx with its own US English model and default settings.

    It gets whole utterances, so that it normalises the cepstrum over each: what it hears then does not depend on
    earlier utterances.
    """

    packages: ClassVar[tuple[str, ...]] = ("pocketsphinx",)
    usage: ClassVar[str] = "sphinx"

    def identity(self) -> str:
        return f"pocketsphinx {installed('pocketsphinx')}, whole utterances"

    @cached_property
    def decoder(self) -> Any:
        from pocketsphinx import Decoder

        return Decoder(samprate=RATE, loglevel="FATAL")

    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        _decode(self.decoder, to_pcm(wav, sample_rate))
        found = self.decoder.hyp()
        return found.hypstr if found else ""


@dataclass(frozen=True)
class SphinxAligner(Judge):
    """Forced alignment by pocketsphinx: whether the wave holds all words of the text, and speech besides them.

    If words are missing from the wave, the search finds no path to the end. If there is speech besides the words, it
    is aligned as silence; its loudness shows that it is none. Words that pocketsphinx does not know are left out, and
    then nothing can be said about speech besides the words.
    """

    told: ClassVar[str] = "text"
    silent: ClassVar[dict[str, Any]] = {"whole": False, "stray": 0.0}
    packages: ClassVar[tuple[str, ...]] = ("pocketsphinx",)

    def identity(self) -> str:
        return f"pocketsphinx {installed('pocketsphinx')}, aligned to the words"

    @cached_property
    def decoder(self) -> Any:
        from pocketsphinx import Decoder

        return Decoder(samprate=RATE, loglevel="FATAL", lm=None)

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int, text: str) -> dict[str, Any]:
        said = normalised_words(text)
        known = [word for word in said if self.decoder.lookup_word(word)]
        if not known:
            return UNKNOWN
        pcm = to_pcm(wav, sample_rate)
        self.decoder.set_align_text(" ".join(known))
        _decode(self.decoder, pcm)
        found = list(self.decoder.seg()) if self.decoder.hyp() else []
        spoken = [segment for segment in found if segment.word[0] not in "<["]  # neither silence nor noise
        if len(spoken) < len(known):
            return {"whole": False, "stray": 0.0}
        frame = RATE // 100
        power = np.square(pcm[: len(pcm) // frame * frame].reshape(-1, frame).astype(np.float64)).mean(1)
        outside = np.ones(len(power), bool)
        for segment in spoken:
            outside[segment.start_frame : segment.end_frame + 1] = False
        stray = (outside & (power > LOUD * power.max())).sum() / 100
        return {"whole": True, "stray": float(stray) if len(known) == len(said) else 0.0}


def _decode(decoder: Any, pcm: np.ndarray) -> None:
    """Run a decoder over one whole utterance."""
    decoder.start_utt()
    decoder.process_raw(pcm.tobytes(), full_utt=True)
    decoder.end_utt()
