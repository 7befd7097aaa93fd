"""What the rest of the code asks of a language. Languages are found by name, so nothing imports one of them directly.

Another language is a package `tts/text/NAME/` with a `Language`, a line in `TABLE` and in `CODES`, and a file of
symbols like `conf/text/german.yaml`; docs/languages.md goes through it, and says what is English only. A voice speaks
the language that its tokenizer's spec names, and reads others with the sounds that it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from typing import NamedTuple

from tts.text.lexicon import Lexicon
from tts.text.sentences import Abbreviations, Joints, Sentence, split_sentences

TABLE = {"english": "tts.text.english:ENGLISH", "german": "tts.text.german:GERMAN"}
CODES = {"en": "english", "de": "german"}  # of ISO 639


class Normal(NamedTuple):
    """A text as it is said, and what a user should know about how it was read."""

    text: str
    notices: list[str]


def no_choice(text: str) -> Mapping[int, str]:
    """Of a language whose words are said in one way each."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Language:
    """How one language is read aloud."""

    name: str  # in `TABLE`
    code: str  # in `CODES`
    normalise: Callable[[str], Normal]  # any text to the words and punctuation that are said
    fold: Callable[[str], str]  # a word as the lexicon spells it: small letters, for English without accents
    abbreviations: Abbreviations
    joints: Joints
    read_lexicon: Callable[[], Lexicon]
    note: str  # what is said before a note of a book
    by: str  # what is said between a title and its author
    # of a normalised text: where a homograph's first letter is -> the phones meant there, with spaces
    choose: Callable[[str], Mapping[int, str]] = no_choice
    guess: Callable[[str], list[str]] = list  # phones of a folded word that the lexicon lacks, or else its letters
    # phones that voices of other languages may lack, and pairs with them -> those of English that come nearest, with
    # spaces between phones; "" is silence
    nearest: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""  # before what is said, for a tokenizer of another language; see `tagged`

    @cached_property
    def lexicon(self) -> Lexicon:
        """How words are pronounced; read from its file when first asked for."""
        return self.read_lexicon()

    def tagged(self) -> "Language":
        """This language for texts among those of another: what is said begins with <de>, say, as tokenizers know it."""
        return replace(self, tag=f"<{self.code}> ")

    def split(self, text: str, max_chars: int) -> list[Sentence]:
        """Sentences of at most `max_chars` characters; marks of Markdown, HTML and notes are left out."""
        return split_sentences(text, max_chars, self.abbreviations, self.joints, self.knows)

    def knows(self, word: str) -> bool:
        """Whether the lexicon has a word, in any case of letters."""
        return self.fold(word) in self.lexicon


def named(name: str) -> str | None:
    """The name in `TABLE` of a language given by name or code (de, de-AT, German); None for one that is not there."""
    name = name.strip().lower()
    return name if name in TABLE else CODES.get(name.replace("_", "-").partition("-")[0])


def code_of(name: str) -> str | None:
    """The code of a language that `named` knows."""
    found = named(name)
    return next((code for code, own in CODES.items() if own == found), None)


def every() -> list[Language]:
    """All languages, in the order of `TABLE`."""
    return [language(name) for name in TABLE]


def language(name: str = "english") -> Language:
    """The language of this name. Raises ValueError that lists the known ones."""
    if name not in TABLE:
        raise ValueError(f"unknown language {name!r}; known are {', '.join(TABLE)}")
    module, attribute = TABLE[name].split(":")
    return getattr(import_module(module), attribute)
