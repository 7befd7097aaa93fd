"""Normalised text to ids and back: phonemes, which the language guesses for unknown words; or SentencePiece pieces.

`spec()` is a plain dict that goes into the header of a checkpoint and rebuilds the tokenizer.
"""

import base64
import binascii
import copy
import random
import re
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tts.text import language as languages
from tts.text.characters import tidy
from tts.text.language import Language

PADDING = 0  # its id in every tokenizer
# Marks to symbols; marks that readers treat alike share one. A mark whose symbol a tokenizer lacks is left out.
UP = "<up>"  # before a capital letter, where a text is written in letters
CLASSES = {**{mark: mark for mark in ',;:?!."'}, **dict.fromkeys("-–—", " - ")}
# A hyphen between two words is a word boundary. Elsewhere it is a dash, at which readers pause.
# W-w-what: one letter, or two or three consonants, before a word that begins with them.
STUTTER = r"(?<![\w'-])(?P<first>(?i:[^\W\d_]|[b-df-hj-np-tv-z]{2,3}))-(?i:(?P=first)-){0,9}(?i:(?=(?P=first)[^\W\d_]))"
TOKEN = re.compile(
    r"\{(?P<inline>[^{}]*)\}"
    rf"|(?P<stutter>{STUTTER})?(?P<word>'?[^\W\d_]+(?:'[^\W\d_]+)*'?)"
    r"|(?P<space>\s+|(?<=[\w'}])-(?=[\w'{]))|(?P<mark>[^\w\s])"
)
INLINE = re.compile(r"\{[^{}]*\}")
TAG = re.compile(r"\s*<([a-z]{2,3})> ")  # of the language in which what is said is read, see `Language.tagged`


@runtime_checkable
class Tokenizer(Protocol):
    """Normalised text to ids. Id 0 is padding, which `encode` never returns."""

    language: Language  # of the texts
    learned: tuple[str, ...]  # names of the languages that the nets with these ids have learned
    vocab_size: int
    silent_ids: frozenset[int]  # ids that make no sound: padding, word boundary, punctuation
    letter_ids: frozenset[int]  # ids of letters, whose sound depends on the word

    def encode(self, text: str, *, letters: float = 0.0, generator: random.Random | None = None) -> list[int]: ...

    def decode(self, ids: list[int]) -> str: ...

    def spec(self) -> dict[str, Any]: ...

    def reading(self, language: str) -> "Tokenizer": ...

    def within(self, count: int) -> "Tokenizer": ...

    def sounds(self, count: int) -> list[int]: ...


class PhonemeTokenizer:
    """Words as phones, those that the lexicon lacks as the language guesses, a space between words, and punctuation.

    `symbols` is the vocabulary in the order of ids: padding first, phones in capitals, letters in lower case.
    `stress` says whether vowels keep their stress digit. `lexicon` is the name of the language's lexicon, or
    name@fingerprint to pin its data. A phone that `symbols` lack is written as those that the language says come
    nearest to it.

    A text begins with a tag of its language where `symbols` have one, as <de>: nets that learned several languages have
    one for each but English, the first. A text that begins with the tag of another language itself is read in that.
    """

    # The default is for weights made before specs named a language.
    def __init__(self, *, symbols: list[str], stress: bool, lexicon: str, language: str = "english"):
        self.language = languages.language(language)
        self.lexicon = self.language.lexicon
        name, _, pinned = lexicon.partition("@")
        if name != self.lexicon.name:
            raise ValueError(f"no lexicon {name!r} in {language}; it has {self.lexicon.name}")
        if pinned and pinned != self.lexicon.fingerprint:
            warnings.warn(
                f"this tokenizer was made with lexicon {lexicon}, here it is {name}@{self.lexicon.fingerprint}: "
                "some words may be pronounced differently from training",
                stacklevel=2,
            )
        if len(set(symbols)) != len(symbols):
            raise ValueError(f"symbols repeat: {sorted({s for s in symbols if symbols.count(s) > 1})}")
        if " " not in symbols[1:]:
            raise ValueError("symbols must start with padding and hold ' ', the word boundary")
        self.stress = stress
        self._use(symbols)
        tagged = [name for code, name in languages.CODES.items() if f"<{code}>" in self.ids]
        self.learned = (next(iter(languages.TABLE)), *tagged) if tagged else (self.language.name,)

    def _use(self, symbols: Sequence[str]) -> None:
        self.symbols = list(symbols)
        self.ids = {symbol: index for index, symbol in enumerate(symbols) if index != PADDING}
        self.vocab_size = len(symbols)
        self.silent_ids = frozenset(i for i, symbol in enumerate(symbols) if i == PADDING or not symbol[0].isalpha())
        self.letter_ids = frozenset(i for i, symbol in enumerate(symbols) if i != PADDING and symbol[0].islower())
        nearest = self.language.nearest.items()
        self.replaced = {phones: near.split() for phones, near in nearest if not self.ids.keys() >= {*phones.split()}}
        self.tag = [tag] if (tag := f"<{self.language.code}>") in self.ids else []
        self._others: dict[str, PhonemeTokenizer] = {}  # by language, for texts that begin with its tag

    def reading(self, language: str) -> "PhonemeTokenizer":
        """A tokenizer with the same symbols for texts of this language: what these weights say of it."""
        if language == self.language.name:
            return self
        lexicon = languages.language(language).lexicon.name
        other = PhonemeTokenizer(symbols=self.symbols, stress=self.stress, lexicon=lexicon, language=language)
        other.learned = self.learned
        return other

    def within(self, count: int) -> "PhonemeTokenizer":
        """The same tokenizer with its first `count` symbols only: how a net that knows no others hears a text."""
        if count >= self.vocab_size:
            return self
        other = copy.copy(self)
        other._use(self.symbols[:count])
        return other

    def sounds(self, count: int) -> list[int]:
        """For each id the one that sounds most like it among the first `count`; 0 for those without a sound there."""
        found = self.origins(self.symbols[:count])
        return [0 if id in self.silent_ids else near or 0 for id, near in enumerate(found)]

    def origins(self, symbols: Sequence[str]) -> list[int | None]:
        """For each id its place among other symbols, or that of the nearest phone; None where there is neither."""
        places = {symbol: place for place, symbol in enumerate(symbols)}
        lacking = self.ids.keys() - places.keys()
        nearest = (
            {phone: near.split() for own in languages.every() for phone, near in own.nearest.items()} if lacking else {}
        )
        stands = {symbol: nearest[symbol][0] for symbol in lacking if nearest.get(symbol)}
        return [places.get(stands.get(symbol, symbol)) for symbol in self.symbols]

    def spec(self) -> dict[str, Any]:
        """Plain data from which `tts.checkpoint.build` makes this tokenizer again, without the user's own words."""
        return {
            "name": "phonemes",
            "language": self.language.name,
            "symbols": self.symbols,
            "stress": self.stress,
            "lexicon": f"{self.lexicon.name}@{self.lexicon.fingerprint}",
        }

    def with_words(self, words: Mapping[str, str]) -> "PhonemeTokenizer":
        """The same tokenizer with the user's own words and their phones. Raises ValueError for unknown phones."""
        for phones in words.values():
            self._inline(phones)
        other = copy.copy(self)
        other.lexicon = self.lexicon.with_words(words)
        return other

    def encode(self, text: str, *, letters: float = 0.0, generator: random.Random | None = None) -> list[int]:
        """Ids of a normalised text. `letters` is the probability that a known word is spelled in letters (training).

        `{HH AH0 L OW1}` is read as these phones. Digits and characters of other scripts are left out, because
        `Language.normalise` has already put them into words or dropped them with a notice.
        """
        if letters > 0 and generator is None:
            raise ValueError(f"letters={letters} needs a random.Random as generator")
        if (tag := TAG.match(text)) and (name := languages.named(tag[1])):
            return self._other(name).encode(text[tag.end() :], letters=letters, generator=generator)
        out: list[str] = []
        text = tidy(text)
        chosen = self.language.choose(text)
        for match in TOKEN.finditer(text):
            if match["inline"] is not None:
                out += self._inline(match["inline"])
            elif match["word"]:
                begin = match.start("word") + match["word"].startswith("'")
                out += self._stuttered(match["stutter"] or "", match["word"], chosen.get(begin), letters, generator)
            elif match["space"]:
                out += " "
            else:
                out += self._mark(match["mark"], out)
        out = _single_spaces(out)
        return [self.ids[symbol] for symbol in (self.tag + out if out else out)]

    def spell(self, text: str) -> list[int]:
        """Ids of a normalised text in letters, for tasks that write: `written` gives the text again.

        Marks that a tokenizer lacks are left out, and letters that it lacks lose what is on them (é, e).
        """
        out = list(self.tag)
        for sign in " ".join(tidy(text).split()):
            mark = sign if sign.isalpha() else CLASSES.get(sign, sign).strip()
            known = mark.lower() if mark.lower() in self.ids else unicodedata.normalize("NFKD", mark)[:1].lower()
            if sign != " " and known not in self.ids:
                continue
            out += [UP] * (sign.isupper() and UP in self.ids) + [" " if sign == " " else known]
        return [self.ids[symbol] for symbol in out]

    def written(self, ids: Sequence[int]) -> str:
        """The text that `spell` turned into these ids."""
        text, up = "", False
        for id in ids:
            symbol = self.symbols[id]
            if symbol == UP:
                up = True
            elif id in self.written_ids:
                text += symbol.upper() if up else symbol
                up = False
        return " ".join(text.split())

    @property
    def written_ids(self) -> frozenset[int]:
        """The ids that `spell` gives, apart from the tag."""
        return frozenset(
            id
            for symbol, id in self.ids.items()
            if symbol == UP or (len(symbol) == 1 and (symbol.islower() or not symbol.isalpha()))
        )

    def decode(self, ids: list[int]) -> str:
        """A text that `encode` turns into the same ids, with every word in braces: `{HH AH L OW}, {z o r k}.`"""
        text, word = "", []
        for symbol in [*(self.symbols[i] for i in ids if i != PADDING and not self.symbols[i].startswith("<")), ""]:
            if symbol[:1].isalpha() or (symbol == "'" and word):
                word.append(symbol)
                continue
            text += ("{" + " ".join(word) + "}" if word else "") + symbol
            word = []
        return text

    def _other(self, language: str) -> "PhonemeTokenizer":
        if language not in self._others:
            self._others[language] = self.reading(language)
        return self._others[language]

    def _stuttered(
        self, stutter: str, word: str, chosen: str | None, letters: float, generator: random.Random | None
    ) -> list[str]:
        if stutter and stutter + word in self.lexicon:  # D-day
            return self._word(stutter + word, None, letters, generator)
        symbols = self._word(word, chosen, letters, generator)
        return [*symbols[:1], " "] * stutter.count("-") + symbols

    def _word(self, word: str, chosen: str | None, letters: float, generator: random.Random | None) -> list[str]:
        word = self.language.fold(word)
        phones = self.lexicon.phones(word)
        if phones is None and word != word.strip("'"):  # these are quotes around the word, not apostrophes
            word = word.strip("'")
            phones = self.lexicon.phones(word)
        if chosen and word.strip("'").removesuffix("'s") not in self.lexicon.additions:
            phones = chosen.split()
        if phones is not None and letters > 0 and generator.random() < letters:
            return [letter for letter in word if letter in self.ids]
        if phones is None:  # of a guess that is the word's letters, those that the tokenizer lacks are left out
            return [symbol for symbol in self._symbols(self.language.guess(word)) if symbol in self.ids]
        return self._symbols(phones)

    def _symbols(self, phones: Sequence[str]) -> list[str]:
        """Phones as symbols: themselves, or those nearest to them, with their stress. Pairs go before single ones."""
        if not self.replaced:
            return [self._symbol(phone) for phone in phones]
        bare = [phone.rstrip("012") for phone in phones]
        out, place = [], 0
        while place < len(phones):
            size = 2 if " ".join(bare[place : place + 2]) in self.replaced else 1
            near = self.replaced.get(" ".join(bare[place : place + size]))
            stress = phones[place][len(bare[place]) :] or "0"
            out += (
                [self._symbol(phones[place])] if near is None else [self._stressed(symbol, stress) for symbol in near]
            )
            place += size
        return out

    def _symbol(self, phone: str) -> str:
        return phone if self.stress else phone.rstrip("012")

    def _stressed(self, symbol: str, stress: str) -> str:
        return symbol + stress if self.stress and symbol + stress in self.ids else symbol

    def _inline(self, phones: str) -> list[str]:
        symbols = self._symbols(phones.split())
        for symbol in symbols:
            if symbol not in self.ids or not (symbol[0].isalpha() or symbol == "'"):
                known = " ".join(s for s in self.symbols if s[0].isupper())
                raise ValueError(f"{symbol!r} in {{{phones}}} is no phone of this voice; phones are {known}")
        return symbols

    def _mark(self, mark: str, before: list[str]) -> list[str]:
        symbols = CLASSES.get(mark, "")
        if symbols.strip() not in self.ids or "".join(before[-len(symbols) :]) == symbols:
            return []  # "..." and "--" are one pause
        return list(symbols)


def _single_spaces(symbols: list[str]) -> list[str]:
    """One space instead of several, as where a mark was left out between them; none at either end."""
    out: list[str] = []
    for symbol in symbols:
        if symbol != " " or (out and out[-1] != " "):
            out.append(symbol)
    return out[:-1] if out and out[-1] == " " else out


class SentencePieceTokenizer:
    """Pieces of a SentencePiece model (Kudo and Richardson 2018, arXiv 1808.06226), shifted so that 0 is padding.

    `model` is the path of a `.model` file, or its content in base64 as `spec()` gives it, so that a checkpoint needs
    no second file. The model itself spells rare words in letters, so `letters` changes nothing here.
    """

    def __init__(self, *, model: str, language: str = "english"):
        self.language = languages.language(language)
        self.learned = (self.language.name,)
        try:
            from sentencepiece import SentencePieceProcessor
        except ImportError:
            raise ValueError("a SentencePiece tokenizer needs the package: pip install sentencepiece") from None
        self.data = _model_bytes(model)
        try:
            self.processor = SentencePieceProcessor(model_proto=self.data)
        except RuntimeError as error:
            raise ValueError(f"this is no SentencePiece model: {error}") from None
        self.vocab_size = self.processor.vocab_size() + 1
        pieces = (self.processor.id_to_piece(i) for i in range(self.vocab_size - 1))
        self.silent_ids = frozenset({PADDING} | {i for i, piece in enumerate(pieces, 1) if not _sounds(piece)})
        self.letter_ids = frozenset()  # even a piece of one letter is a piece like any other

    def spec(self) -> dict[str, Any]:
        """Plain data, with the whole model in base64."""
        model = "base64:" + base64.b64encode(self.data).decode("ascii")
        return {"name": "sentencepiece", "language": self.language.name, "model": model}

    def encode(self, text: str, *, letters: float = 0.0, generator: random.Random | None = None) -> list[int]:
        """Ids of a normalised text. Raises ValueError for inline phones, which pieces cannot express."""
        if found := INLINE.search(text):
            raise ValueError(f"{found[0]!r}: this voice reads pieces of words, not phones; write a word instead")
        return [i + 1 for i in self.processor.encode(tidy(text))]

    def decode(self, ids: list[int]) -> str:
        return self.processor.decode([i - 1 for i in ids if i != PADDING])

    def reading(self, language: str) -> "SentencePieceTokenizer":
        """This tokenizer for texts of its own language. Raises ValueError for another: its pieces are of one."""
        if language != self.language.name:
            raise ValueError(f"these weights read pieces of {self.language.name} words only, not {language}")
        return self

    def within(self, count: int) -> "SentencePieceTokenizer":
        """This tokenizer: no piece stands for another."""
        return self

    def sounds(self, count: int) -> list[int]:
        """Each id as it is; 0 for those without a sound, and where there are fewer than `count`."""
        return [id if id < count and id not in self.silent_ids else 0 for id in range(self.vocab_size)]


def _model_bytes(model: str) -> bytes:
    if model.startswith("base64:"):
        try:
            return base64.b64decode(model.removeprefix("base64:"), validate=True)
        except binascii.Error as error:
            raise ValueError(f"a SentencePiece model in base64 is damaged: {error}") from None
    if not Path(model).is_file():
        raise ValueError(f"no SentencePiece model at {model}; train one with sentencepiece.SentencePieceTrainer")
    return Path(model).read_bytes()


def untagged(text: str) -> str:
    """What is said, without the tag of its language."""
    return text[found.end() :] if (found := TAG.match(text)) else text


def _sounds(piece: str) -> bool:
    """Whether a piece holds a letter or digit and is no control piece such as <s>."""
    return any(c.isalnum() for c in piece) and not (piece.startswith("<") and piece.endswith(">"))


def unpinned(spec: dict) -> dict:
    """A tokenizer's spec without the lexicon's fingerprint: a codec hears phones, whatever entries they came from."""
    return {key: value.partition("@")[0] if key == "lexicon" else value for key, value in spec.items()}
