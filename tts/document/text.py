"""Plain text: paragraphs apart by blank lines, and what a line says of itself by its words."""

import re
from collections.abc import Iterator
from itertools import chain

from tts.document.document import (
    CAPTION,
    HEADING,
    MATTER,
    NOTE,
    PROSE,
    Document,
    Paragraph,
    bounded,
    chapters,
    heading,
    is_scene,
    licensed,
    scene,
    told_by_licence,
)
from tts.document.encoding import UNSAID, decode
from tts.text.roman import roman_value

BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
NUMBERS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|"
    "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
)
ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last"
NUMBER = rf"(?:[0-9]{{1,3}}|[ivxlc]{{1,8}}|{NUMBERS}|(?:the )?(?:{ORDINALS}))"
PARTS = "part|book|volume|act"
PIECES = f"chapter|canto|letter|stave|{PARTS}|scene|section|adventure|lesson|lecture"
# "Chapter 3", "CHAPTER III. The Ship", "CHAPTER III THE SHIP"; "Chapter 3 was long." is none.
NUMBERED = re.compile(
    rf"(?:(?i:(?P<piece>{PIECES})\s+{NUMBER}|the\s+(?:{ORDINALS})\s+(?:{PIECES}))[.:]?"
    rf"(?:\s*[.:—–-]+\s*\S[^\n]{{0,80}}|(?<=[A-Z0-9])\s+[A-Z][A-Z0-9 ,.'’“”&;:!?-]{{1,80}})?)"
)
ALONE = re.compile(
    r"(?i)(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusion|interlude|postscript|dedication|"
    r"acknowledge?ments|appendix(?: [a-z0-9]{1,3})?)[.:]?"
)
CONTENTS = re.compile(r"(?i)(?:table of )?contents[.:]?")
HASHED = re.compile(r"(?P<marks>#{1,6})[^\S\n]+(?P<title>[^\n]*?\w[^\n]*?)(?:[^\S\n]+#+)?[^\S\n]*")  # as in Markdown
UNDERLINED = re.compile(r"(?P<title>\S[^\n]{0,100})\n(?P<line>={3,}|-{3,})")
NOTED = re.compile(r"\[?Footnote (?:[0-9]{1,4}|[A-Z*])[:.]", re.IGNORECASE)
PICTURE = re.compile(r"\[(?:Illustration|Image|Photo|Frontispiece)s?\b[^\]]*\]", re.IGNORECASE)
PAGE_MARK = re.compile(r"(?i)\[(?:pg|page|p\.)\s?[0-9ivxl]{1,5}\]|\{[0-9]{1,4}\}(?=\s|[A-Za-z])")
WRAPPED = 50  # columns at which prose is wrapped at least
TITLE = 80  # characters of a heading


def parse(data: bytes) -> Document:
    """Chapters where lines such as "CHAPTER I" stand. The lines of a paragraph stay unless its text is wrapped."""
    return prose(decode(data))


def prose(text: str) -> Document:
    """A text as a document."""
    found = paragraphs(text)
    numerals = _numerals(found)
    found = [_kind(paragraph, numerals) for paragraph in found]
    title, author, language = told_by_licence(found)
    return Document(
        title=title, author=author, language=language, chapters=chapters(licensed(_without_contents(found)))
    )


def paragraphs(text: str) -> list[Paragraph]:
    """What blank lines part, each with the number of its first line, whatever its words say."""
    return bounded(_paragraphs(normal(text)))


def normal(text: str) -> str:
    """Line ends as \\n, without signs that say nothing. A soft hyphen at the end of a line divides a word: it stays."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00ad\n", "\ue010\n")
    return text.translate(UNSAID).replace("\ue010", "\u00ad").replace("\f", "\n\n")


def _paragraphs(lines: str) -> Iterator[Paragraph]:
    """Those of lines that are `normal`."""
    columns = max((len(line) for line in lines[:SAMPLE].split("\n")), default=0)
    number, start = 1, 0
    for gap in chain(BLANK_LINES.finditer(lines), [None]):
        end = gap.start() if gap else len(lines)
        raw = lines[start:end]
        for line, part in _apart(raw):
            if part.strip():
                shift = len(part) - len(part.lstrip())
                place = f"line {number + line + part.count(chr(10), 0, shift)}"
                yield Paragraph.of(_unwrapped(part.strip(), columns), place=place)
        if gap:
            number += lines.count("\n", start, gap.end())
            start = gap.end()


def _apart(raw: str) -> Iterator[tuple[int, str]]:
    """Headings with # before them, and what stands between them, each with the number of lines before it."""
    first, after = 0, []
    for number, line in enumerate(raw.split("\n")):
        if _hashed(line):
            yield first, "\n".join(after)
            yield number, line
            first, after = number + 1, []
        else:
            after.append(line)
    yield first, "\n".join(after)


def _hashed(line: str) -> re.Match | None:
    """A heading as Markdown marks it, such as "## The Ship"; "# # #" is none, nor is a long line."""
    return HASHED.fullmatch(line) if len(line) <= TITLE else None


SAMPLE = 200_000  # characters that show how wide the text is


def _unwrapped(raw: str, columns: int) -> str:
    """A wrapped paragraph in one line: each first word had no room in the line before. Divided words stay."""
    if "\n" not in raw or not WRAPPED <= columns <= 100:
        return raw
    lines = raw.split("\n")
    for before, after in zip(lines, lines[1:], strict=False):
        first = after.split(maxsplit=1)[0] if after.strip() else ""
        if len(before.rstrip()) + 1 + len(first) <= columns - 6 or before.rstrip()[-1:] in ("-", "\u00ad"):
            return raw
        if after[:1].isspace():
            return raw
    return " ".join(line.strip() for line in lines)


def _kind(paragraph: Paragraph, numerals: frozenset[str]) -> Paragraph:
    text = PAGE_MARK.sub("", paragraph.text).strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return Paragraph.of(paragraph.text, MATTER, place=paragraph.place)
    if is_scene(text):
        return scene(paragraph.place)
    if hashed := _hashed(text):
        return Paragraph.of(hashed["title"], HEADING, level=len(hashed["marks"]), place=paragraph.place)
    if found := _heading_level(text, lines, numerals):
        return Paragraph.of(heading(_titles(lines)), HEADING, level=found, place=paragraph.place)
    if PICTURE.fullmatch(text):
        return Paragraph.of(
            text.strip("[]").removeprefix("Illustration").strip(": ") or text, CAPTION, place=paragraph.place
        )
    if NOTED.match(text):
        return Paragraph.of(NOTED.sub("", text).strip(" ]"), NOTE, place=paragraph.place)
    return Paragraph.of(text, PROSE, place=paragraph.place)


def headed(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Paragraphs of a text that marks no headings: those that look like one are headings, if there are several."""
    numerals, out = _numerals(paragraphs), []
    for one in paragraphs:
        lines = one.text.split("\n")
        level = _heading_level(one.text, lines, numerals) if one.kind == PROSE and len(one.text) <= 3 * TITLE else 0
        out.append(Paragraph.of(heading(lines), HEADING, level=level, place=one.place) if level else one)
    return out if sum(one.kind == HEADING for one in out) > 1 else paragraphs


def _titles(lines: list[str]) -> list[str]:
    return [line for line in lines if not set(line) <= set("=-~")]


def _heading_level(text: str, lines: list[str], numerals: frozenset[str]) -> int:
    """The level of a heading; 0 for what is none."""
    if underlined := UNDERLINED.fullmatch(text):
        return 1 if underlined["line"][0] == "=" else 2
    titles = _titles(lines)
    if not titles or len(lines) > 3 or any(len(line) > TITLE for line in titles[1:]) or len(titles[0]) > TITLE:
        return 0
    first = titles[0]
    found = NUMBERED.fullmatch(first)
    if found and first[0].isupper():
        piece = (found["piece"] or "").lower()
        return 1 if re.fullmatch(PARTS, piece) else 3 if piece == "scene" else 2
    if first in numerals and len(titles) <= 2:
        return 2
    return 2 if len(titles) == 1 and first[0].isupper() and ALONE.fullmatch(first) else 0


def _numerals(paragraphs: list[Paragraph]) -> frozenset[str]:
    """Lines that hold nothing but a Roman numeral, if they count up from one: then they are headings."""
    firsts = [paragraph.text.split("\n", 1)[0].strip() for paragraph in paragraphs]
    found = [first for first in firsts if first.isupper() and roman_value(first.removesuffix("."))]
    bare = [first.rstrip(".") for first in found]
    return (
        frozenset(found) if bare.count("I") and bare.count("II") and bare.index("I") < bare.index("II") else frozenset()
    )


def _without_contents(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """A table of contents is matter: short lines after its heading, up to the heading that is in it and comes again."""
    out, listed, inside = [], set(), False
    for paragraph in paragraphs:
        lines = paragraph.text.split("\n")
        if inside and (_is_text(paragraph.text) or _key(paragraph.text) in listed):
            inside = False
        if not inside and not listed and CONTENTS.fullmatch(lines[0].strip()):
            inside = True
        if inside:
            listed |= {_key(line) for line in (*lines, paragraph.text)} - {""}  # a wrapped line is listed whole, too
            paragraph = Paragraph.of(paragraph.text, MATTER, place=paragraph.place)
        elif listed and paragraph.kind == PROSE and _key(paragraph.text) in listed:
            paragraph = Paragraph.of(heading(lines), HEADING, level=2, place=paragraph.place)
        out.append(paragraph)
    return out


def _key(line: str) -> str:
    """A line of contents without leaders and page number."""
    return re.sub(r"[^a-z]+", " ", re.sub(r"[.\s]*[0-9]*\s*$", "", line.lower())).strip()


def _is_text(text: str) -> bool:
    return any(len(line) > TITLE for line in text.split("\n")) or len(text.split("\n")) > 200
