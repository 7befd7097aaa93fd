"""The user's own readings of words, which go before all rules of a language.

One entry a line: a word, its reading and, if wanted, a context, apart by tabs or commas. Lines that start with # are
passed over.

    gif, JH IH1 F
    Nguyen, win
    bass, B EY1 S, guitar band music

A reading is phones or other words. It is phones if all of its parts are phones and one has two letters, or if it
stands in braces. A word in small letters is found in any case, another only as it is written. With a context, the
reading holds in sentences with one of its words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tts.text.characters import tidy
from tts.text.language import Language
from tts.text.tokenizer import Tokenizer

MAX_BYTES = 2**20
POSSESSIVE = "'s"


@dataclass(frozen=True)
class Reading:
    """How one entry is read."""

    said: str  # words, or phones in braces
    possessive: str  # the same with 's
    context: frozenset[str]  # words in small letters; none: everywhere


@dataclass(frozen=True)
class UserLexicon:
    """Readings by word; of several for one word, the first whose context fits."""

    readings: dict[str, list[Reading]]
    pattern: re.Pattern[str]

    @classmethod
    def read(cls, path: Path, tokenizer: Tokenizer) -> "UserLexicon":
        """From a file. Raises ValueError with its name and line for what is no entry."""
        if not path.is_file():
            raise ValueError(f"no lexicon {str(path)!r}: give a text file with a word and its reading on each line")
        data = path.read_bytes()[: MAX_BYTES + 1]
        if len(data) > MAX_BYTES:
            raise ValueError(f"lexicon {str(path)!r} is larger than {MAX_BYTES >> 20} MB")
        try:
            lines = tidy(data.decode("utf-8-sig")).splitlines()
        except UnicodeDecodeError:
            raise ValueError(f"lexicon {str(path)!r} is not UTF-8: save it as plain UTF-8 text") from None
        readings: dict[str, list[Reading]] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            word, reading, context = _fields(line, f"{path}, line {number}")
            readings.setdefault(word, []).append(_reading(word, reading, context, tokenizer, f"{path}, line {number}"))
        longest = sorted(readings, key=len, reverse=True)
        words = "|".join(re.escape(word) if not word.islower() else f"(?i:{re.escape(word)})" for word in longest)
        return cls(readings, re.compile(rf"(?<!\w)(?P<word>{words or '(?!)'})(?P<ending>{POSSESSIVE})?(?!\w)"))

    def apply(self, sentence: str) -> str:
        """A sentence with its words replaced."""
        sentence = tidy(sentence)
        around = frozenset(re.findall(r"\w+", sentence.lower()))

        def say(match: re.Match[str]) -> str:
            word = match["word"]
            for reading in self.readings.get(word) or self.readings.get(word.lower(), ()):
                if not reading.context or reading.context & around:
                    return reading.possessive if match["ending"] else reading.said
            return match[0]

        return self.pattern.sub(say, sentence)

    def before(self, language: Language) -> Language:
        """The language with these readings before its rules."""
        normalise: Callable = language.normalise
        return replace(language, normalise=lambda text: normalise(self.apply(text)))


def _fields(line: str, where: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in line.split("\t" if "\t" in line else ",", 2)]
    if len(parts) < 2 or not all(parts[:2]):
        raise ValueError(f"{where}: {line.strip()!r} is no entry: write word, reading or word, reading, context")
    return parts[0], parts[1], parts[2] if len(parts) > 2 else ""


def _reading(word: str, reading: str, context: str, tokenizer: Tokenizer, where: str) -> Reading:
    braces = reading.startswith("{") and reading.endswith("}")
    phones = " ".join(reading.strip("{}").split())
    try:
        tokenizer.encode(f"{{{phones}}}")
        spoken = braces or any(len(phone.rstrip("012")) > 1 for phone in phones.split())
    except ValueError as error:
        if braces:
            raise ValueError(f"{where}: {error}") from None
        spoken = False
    words = frozenset(re.findall(r"\w+", context.lower()))
    if not spoken:
        return Reading(reading, reading + POSSESSIVE, words)
    lexicon = tokenizer.language.lexicon.with_words({word: phones})
    with_ending = lexicon.phones(word + POSSESSIVE) or [*phones.split(), "Z"]
    return Reading(f"{{{phones}}}", f"{{{' '.join(with_ending)}}}", words)
