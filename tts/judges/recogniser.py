"""Speech recognisers: what they hear is compared with what was meant, in word and character error rates.

Each spells a text in the alphabet in which it hears, words or phones, so that the two can be compared. All make more
mistakes than people. Compare figures of one recogniser only, best as differences from recordings.
"""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from tts.judges.judge import Expected, Judge, Measure
from tts.judges.wer import character_edits, word_edits


class SpeechRecogniser(Judge):
    """A judge whose opinion is what it hears: a `tts.types.Recogniser`."""

    silent: ClassVar[str] = ""
    words: ClassVar[bool] = True  # hears words; without them there is no WER, and no missing word is noticed
    usage: ClassVar[str] = ""  # how --recogniser names it
    language: str = "english"  # that it hears, by name; those that hear others have a field of this name
    measures: ClassVar[Mapping[str, Measure]] = {
        "wer": Measure("word error rate", lambda own: own["word_edits"], lambda own: own["words"], -1, column="WER"),
        "cer": Measure(
            "character error rate", lambda own: own["character_edits"], lambda own: own["characters"], -1, column="CER"
        ),
    }

    @classmethod
    def from_option(cls, place: str, weights: Path) -> "SpeechRecogniser":
        """From what follows `=` in --recogniser, if anything does, and the folder of the nets."""
        if place:
            raise ValueError(f"no recogniser {cls.usage}={place}: use {cls.usage}")
        return cls()

    @abstractmethod
    def transcribe(self, wav: Float[Tensor, " N"], sample_rate: int) -> str: ...

    def spell(self, text: str) -> str:
        """The text in the alphabet of what is heard."""
        return text

    def judge(self, wav: Float[Tensor, " N"], sample_rate: int) -> str:
        return self.transcribe(wav, sample_rate)

    def figures(self, opinion: str | None, expected: Expected) -> dict[str, Any]:
        """What was heard, and its edits; None counts as silence."""
        heard, meant = opinion or "", self.spell(expected.text)
        word, words = word_edits(meant, heard, self.language)
        character, characters = character_edits(meant, heard, self.language)
        return {
            "text": heard,
            "word_edits": word if self.words else None,
            "words": words,
            "character_edits": character,
            "characters": characters,
        }
