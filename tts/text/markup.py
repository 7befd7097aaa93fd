"""Marks of HTML, Markdown and notes in a text: what they stand for stays as words, line breaks and rules.

Every pattern takes time in proportion to the text, whatever the text is: a span is bounded, or it stops at the next
opening mark.
"""

import html
import re
from html.entities import html5

BREAK = "\u2028"  # Unicode's line separator: a new line whatever the shape of the lines
RULE = "\n\n***\n\n"
NOTICED = 3  # examples that a notice gives

COMMENT = re.compile(r"<!--(?:[^<]|<(?!!--))*?-->|<(script|style)\b[^<>]*>(?:[^<]|<(?!/?(?:script|style)))*</\1\s*>")
RAISED = re.compile(r"<(su[pb])>\s*(\[?[0-9]{1,3}\]?|[*†‡])\s*</\1>")
BLOCKS = (
    "p div ul ol dl dd dt table caption thead tbody tfoot blockquote pre section article header footer figure "
    "figcaption main aside nav address form html head body title details summary"
).split()
LINES = ("br", "li", "tr", "option")
CELLS = ("td", "th")
INLINE = (
    "a abbr acronym audio b bdi bdo big button center cite code data del dfn em emphasis font i img input ins kbd "
    "label lang link mark meta nobr phoneme prosody q s samp say-as small source span speak strike strong sub sup svg "
    "time tt u var video voice wbr"
).split()
NAMES = "|".join(sorted([*BLOCKS, *LINES, *CELLS, *INLINE, "hr", "break", "h[1-6]"], key=len, reverse=True))
TAG = re.compile(rf"<(?P<end>/?)(?P<name>{NAMES})(?:\s[^<>]{{0,1000}})?/?>", re.IGNORECASE)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

ADDRESS = r"\((?:[^()\s]|\([^()\s]*\)){0,2000}(?:\s{1,4}(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'))?\)"
IMAGE = re.compile(rf"!\[([^\[\]\n]{{0,500}})\]{ADDRESS}")
LINK = re.compile(rf"\[(?!(?:[0-9]{{1,3}}|[a-z])\]\[)([^\[\]]{{1,500}})\](?:{ADDRESS}|\[[^\[\]\n]{{0,100}}\](?!\())")
DEFINITION = re.compile(r"(?m)^ {0,3}\[[^\[\]\n]{1,100}\]:[ \t]{1,4}<?(?:https?://|www\.|mailto:|/)\S{1,2000}.{0,300}$")
AUTOLINK = re.compile(r"<(?:mailto:)?([^<>\s]{1,500}[@:][^<>\s]{1,2000})>")
# Their first characters come before what stands before them is looked at, because a search for them alone is fast.
# A span may run over the end of a line, but not over an empty one.
SPAN = r"(?=[^\s{0}])((?:[^{0}\n]|\n(?![ \t]*\n)){{1,500}})(?<=[^\s{0}])"
EMPHASIS_SIGNS = ("`", "**", "*", "_", "~~")
EMPHASIS = (
    re.compile(r"(`(?<![`\w]`)`{0,2})(?!`)([^`\n]{1,500})\1(?![`\w])"),
    re.compile(
        r"(\*\*(?<![\w*]\*\*))(?=[^\s*]|\*[^\s*])((?:[^*\n]|\*(?!\*)|\n(?![ \t]*\n)){1,500})(?<=[^\s*])\1(?!\w)"
    ),
    re.compile(rf"(\*(?<![\w*]\*)){SPAN.format('*')}\1(?![\w*])"),
    re.compile(rf"(_(?<![\w_]_)_{{0,2}}){SPAN.format('_')}\1(?![\w_])"),
    re.compile(rf"(~~(?<![\w~]~~)){SPAN.format('~')}\1(?![\w~])"),
)

# Marks that a backslash or a formula keeps: as these code points until emphasis has been read.
MARKS = "*_#`~"
HIDDEN = str.maketrans({mark: chr(0xE010 + place) for place, mark in enumerate(MARKS)})
SHOWN = {hidden: ord(mark) for mark, hidden in ((chr(code), ord(hidden)) for code, hidden in HIDDEN.items())}
ESCAPED = re.compile(r"\\([*_#`])|(?m:^)\\(?=[-+])|(?m:^([0-9]{1,9}))\\(?=[.)])")
FORMULA = re.compile(r"(?<![\\$\w])(\${1,2})(?=[^\s$])[^$\n]{1,300}(?<=[^\s\\])\1(?![0-9$])")
SUPERSCRIPT = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))
SUBSCRIPT = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))
RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
FUNCTIONS = "sin|cos|tan|cot|sec|csc|log|det|max|min|exp|rad|deg|lim"  # sin² is a square
SHORT = "is|it|of|to|on|at|by|we|he|me|my|us|up|so|no|do|go|an|as|be|if|or|am"
# A raised number after a word or a stop is the mark of a note; after a unit or a variable it is a power.
RAISED_NOTE = re.compile(
    rf"(?:(?<=[.,;:!?\"'”’»…*])|(?<=[^\W\d_]{{3}})(?<!\b(?:{FUNCTIONS}))"
    r"|(?<=[^\W\d_][)\]])(?<![-+−*/=]\w[)\]])(?<![-+−*/=] \w[)\]])"
    rf"|(?<=['’]s)"
    rf"|(?<=\b(?:{SHORT}))|(?<=\b1[5-9][0-9]{{2}})|(?<=\b20[0-9]{{2}}))"
    rf"[{RAISED_DIGITS}]{{1,3}}(?:[,⁻–, ]{{1,2}}[{RAISED_DIGITS}]{{1,3}}){{0,5}}(?![\w{RAISED_DIGITS}])"
)
BRACKET = (
    r"(?:[0-9]{1,3}(?:[ ]?[,;–-][ ]?[0-9]{1,3}){0,9}|[a-z]|[*†‡]|(?:note|nb|n|fn)\.?[ ]?[0-9]{1,3}"
    r"|citation needed|clarification needed|dubious|better source needed|page needed|who\?|when\?|edit|update)"
)
# After a word, a stop or another mark; apart from the word only where nothing but a stop follows: "in [1]" is words.
BRACKET_NOTE = re.compile(
    rf"(?<=[^\s(\[=+*/^-])(?<!\b[A-Za-z])(?<!\\sqrt)\[\^?{BRACKET}\](?!\(|\w|\s?[=<>])"
    rf"|[ ]\[{BRACKET}\](?=[.,;:!?]|\s*$)"
    r"|\[\^[^\[\]\s]{1,50}\]:?|(?<=[.,;:!?\"”’])\^(?:\[[0-9]{1,3}\]|[0-9]{1,3}(?![\w.^]))",
    re.IGNORECASE | re.MULTILINE,
)
CHANGED = re.compile(r"(?<![\w\])])\[([A-Za-z]{1,12})\](?=[a-z]{2})")  # letters that an editor put in: [T]he
SIGN_NOTE = re.compile(
    r"(?<=[^\W_]|[.,;:!?\"'”’)])(?:\*{1,3}|[†‡]{1,3}|§§?)(?=[.,;:!?\"'”’)]*(?:\s|$))(?!\s+[0-9(+=-])"
)

LINE_NOTE = re.compile(r"(?m)^[ \t]{0,8}(?:\*{1,3}|[†‡]{1,3})(?=[^\W\d_])")  # before the text of a note
# The first digit comes before what stands before it is looked at, because a search for digits alone is fast.
PLAIN_NOTE = re.compile(
    r"[0-9](?:(?<=[a-z]{2}[.!?].)(?<!\b(?:no|pp|ch)\..)(?<!\b(?:art|app|eqn|fig|sec|tab|ver|vol)\..)"
    r"(?<!\b(?:chap|figs|vols|para)\..)"
    r"|(?<=[.!?][\"”’].))[0-9]?(?=[ \t]+[\"“‘(]?[A-Z]|[ \t]*$)",
    re.MULTILINE,
)
DOTS = re.compile(r"(?<![.\s])[ \xa0]?\.[ \xa0]\.[ \xa0]\.(?:[ \xa0]\.)?(?![ \xa0]?\.)")


def plain(text: str) -> tuple[str, list[str]]:
    """A text without its marks, and notices of what was left out, one for a kind."""
    notices: list[str] = []
    text = re.sub(r"\r\n?|\u0085", "\n", text)
    text = re.sub(r"\v", BREAK, re.sub(r"[\f\u2029]+", "\n\n", text))
    if "<" in text:
        text = AUTOLINK.sub(r"\1", _without_tags(text, notices))
    if "&" in text:
        text = ENTITY.sub(_entity, text)
    if "](" in text or "][" in text or "]:" in text:
        text = _without_links(text, notices)
    kept = text
    if "$" in text:
        text = FORMULA.sub(lambda match: match[0].translate(HIDDEN), text)
    if "\\" in text:
        text = ESCAPED.sub(lambda match: (match[1] or match[2] or "").translate(HIDDEN), text)
    hidden = text is not kept
    for sign, pattern in zip(EMPHASIS_SIGNS, EMPHASIS, strict=True):
        for _ in range(2 if sign in text else 0):  # inner marks, then those around them
            text = pattern.sub(r"\2", text)
    if hidden:
        text = text.translate(SHOWN)
    if ". ." in text or ".\xa0." in text:
        text = DOTS.sub("...", text)
    return _without_notes(text, notices), notices


def _entity(match: re.Match[str]) -> str:
    name = match[0][1:]
    # html.unescape alone would find &not in &nothing;
    known = name[0] == "#" or name in html5
    return html.unescape(match[0]).replace("\xa0", " ") if known else match[0]


def _without_tags(text: str, notices: list[str]) -> str:
    text = COMMENT.sub("", text)
    text = RAISED.sub(_raised, text)
    found: dict[str, None] = {}

    def instead(match: re.Match[str]) -> str:
        name, end = match["name"].lower(), match["end"]
        found[f"<{name}>"] = None
        if name == "hr":
            return RULE
        if name == "break":
            return ", "
        if name in LINES:
            return "" if end else BREAK
        if name in CELLS:
            return "" if end else "\t"
        if name[0] == "h" and name[1:].isdigit():
            return "\n\n" if end else "\n\n# "
        return "\n\n" if name in BLOCKS else ""

    text = TAG.sub(instead, text)
    if found:
        shown = ", ".join(list(found)[:NOTICED])
        notices.append(f"left out tags: {shown}{' and more' if len(found) > NOTICED else ''}")
    return text


def _raised(match: re.Match[str]) -> str:
    digits = SUPERSCRIPT if match[1] == "sup" else SUBSCRIPT
    return "".join(digits.get(character, character) for character in match[2].strip("[]"))


def _without_links(text: str, notices: list[str]) -> str:
    text, images = IMAGE.subn(r"\1", text)
    text, links = LINK.subn(r"\1", text)
    text, definitions = DEFINITION.subn("", text)
    if images or links or definitions:
        notices.append("left out the addresses of links")
    return text


def _without_notes(text: str, notices: list[str]) -> str:
    marks = 0
    if any(digit in text for digit in RAISED_DIGITS):
        text, count = RAISED_NOTE.subn("", text)
        marks += count
    if "[" in text:
        text = CHANGED.sub(r"\1", text)
    if "[" in text or "^" in text:
        text, count = BRACKET_NOTE.subn("", text)
        marks += count
    if any(sign in text for sign in "*†‡§"):
        text, count = SIGN_NOTE.subn("", text)
        text, lines = LINE_NOTE.subn("", text)
        marks += count + lines
    text, count = PLAIN_NOTE.subn("", text)
    marks += count
    if marks:
        notices.append("left out the marks of notes")
    return text
