"""What will be said, without speaking: the words, phonemes, pause and notices of each portion. Needs no torch."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from tts.synthesis.portions import nothing_to_say, portions
from tts.text.detection import language_of
from tts.text.language import Language, language, named
from tts.text.tokenizer import PhonemeTokenizer, SentencePieceTokenizer, Tokenizer
from tts.text.user_lexicon import UserLexicon

TOKENIZERS = {"phonemes": PhonemeTokenizer, "sentencepiece": SentencePieceTokenizer}


@dataclass(frozen=True)
class Explanation:
    """One portion as it will be said."""

    text: str  # as written; empty for the later parts of a sentence that is cut because its words are many
    words: str
    phonemes: str  # as the GPT gets them, each word in braces
    pause: str | None  # what ends after it, a key of `pauses`; None at the end
    notices: list[str]


def explain(text: str, tokenizer: Tokenizer, read_in: Language, max_chars: int) -> Iterator[Explanation]:
    """Every portion of a text, cut and read as for speaking."""
    for portion in portions(text, max_chars, read_in):
        ids = tokenizer.encode(portion.words)
        silent = tokenizer.silent_ids.issuperset(ids)
        notices = list(portion.notices)
        if silent and portion.written.strip():
            notices.append(nothing_to_say(portion.written))
        phonemes = "" if silent else tokenizer.decode(ids)
        yield Explanation(portion.written, portion.words, phonemes, None if silent else portion.pause, notices)


def language_with(lexicon: str | None, tokenizer: Tokenizer) -> Language:
    """The tokenizer's language, after the user's own readings if a file of them is given."""
    if not lexicon:
        return tokenizer.language
    return UserLexicon.read(Path(lexicon).expanduser(), tokenizer).before(tokenizer.language)


def reader_of(
    tokenizer: Tokenizer, text: str, *, asked: str, told: str = "", tell: Callable[[str], None] = lambda notice: None
) -> Tokenizer:
    """The tokenizer of some weights for a text, which is read in the language that `language_of` says.

    `tell` gets a notice if that is not the language of the weights.
    """
    own = tokenizer.language.name
    name = language_of(text, asked=asked, told=told, default=own)
    if name == own:
        if told.strip() and named(told) is None and asked == "auto":
            tell(f"the text says that its language is {told!r}; it is read as {own.title()}")
        return tokenizer
    reader = tokenizer.reading(name)
    lacking = ", ".join(phone for phone in getattr(reader, "replaced", ()) if " " not in phone)
    how = f"; phones that these weights lack are said as the nearest of {own.title()}: {lacking}" if lacking else ""
    tell(f"read as {name.title()}{how}")
    return reader


def reading(tokenizer: Tokenizer, name: str) -> Language:
    """The language of this name for a tokenizer: tagged, unless it is its own."""
    return tokenizer.language if name == tokenizer.language.name else language(name).tagged()


def read_in(tokenizer: Tokenizer, text: str, *, asked: str, told: str = "") -> Language:
    """The language that `language_of` says, for a tokenizer."""
    return reading(tokenizer, language_of(text, asked=asked, told=told, default=tokenizer.language.name))


def passages(tokenizer: Tokenizer) -> dict[str, Language]:
    """The languages that the weights have learned, by name: passages in them are read in them."""
    return {name: reading(tokenizer, name) for name in tokenizer.learned}


def tokenizer_of(weights: Path) -> Tokenizer:
    """The tokenizer that the GPT in a folder of weights reads with, from the header of its file."""
    spec = _header(weights, "extra", "text")
    try:
        tokenizer = TOKENIZERS[spec.pop("name")]
    except KeyError:
        raise ValueError(
            f"the gpt in {weights} does not say how it reads: export it with its tokenizer's spec"
        ) from None
    return tokenizer(**spec)


def sample_rate_of(weights: Path) -> int:
    """The sample rate, in Hz, at which the nets in a folder of weights speak."""
    return _header(weights, "audio", "sample_rate")


def _header(weights: Path, section: str, key: str) -> Any:
    try:
        return header_of(weights, section)[key]
    except (KeyError, TypeError):
        raise ValueError(f"{weights / 'gpt.safetensors'} does not say its {key}: export it with this version") from None


def header_of(weights: Path, section: str) -> dict[str, Any]:
    """What the file of the GPT in a folder says about itself."""
    path = weights / "gpt.safetensors"
    if not path.is_file():
        raise ValueError(f"no gpt.safetensors in {weights}: give a folder of weights with --weights")
    try:
        with safe_open(path, framework="numpy") as file:
            return json.loads((file.metadata() or {})[section])
    except (SafetensorError, json.JSONDecodeError, KeyError, TypeError):
        raise ValueError(f"{path} does not say its {section}: export it with this version") from None
