"""Versions of programs, places in a net, aircraft, roads and other names with a number."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal, in_plural, pairs, spelled
from tts.text.english.serials import characters
from tts.text.rules import Rule, any_of, words_of

# Programs whose releases are counted part by part: Python 3.11 is three point eleven.
RELEASED = words_of(
    "version versions Version Versions release Release firmware kernel Python Java Node Ruby PHP Perl Go Rust Swift "
    "Kotlin Django Rails React Angular iOS iPadOS Android macOS OS Ubuntu Debian Fedora Windows Linux Chrome Firefox "
    "Safari PyTorch TensorFlow CUDA Unity Blender Bluetooth USB HTTP TLS HTML GPT Claude Llama Gemini"
)
# Names whose numbers of three digits are said in two parts: Boeing seven forty-seven.
IN_PARTS = words_of(
    "Boeing Airbus flight Flight Highway Interstate Route Hwy Porsche Ferrari Peugeot error Error HTTP Formula Apollo "
    "Levi's"
)


def _address(match: re.Match[str]) -> str:
    """192.168.0.1, and its mask or port."""
    words = " dot ".join(spelled(part) for part in match["address"].split("."))
    words += f" slash {cardinal(match['mask'])}" if match["mask"] else ""
    return words + (f" colon {spelled(match['port'])}" if match["port"] else "")


def _hexadecimal(match: re.Match[str]) -> str:
    """2001:db8::1 and 00:1A:2B:3C:4D:5E."""
    parts = re.findall("[0-9A-Fa-f]+|:", match[0])
    return " ".join("colon" if part == ":" else characters(part) for part in parts)


def _version(match: re.Match[str]) -> str:
    name = "version" if match["v"] else match["name"]
    parts = [spelled(part) if part[0] == "0" else cardinal(part) for part in match["number"].split(".")]
    return f"{name} {' point '.join(parts)}"


def _several(match: re.Match[str]) -> str:
    """747s: seven forty-sevens; 3s: threes."""
    digits = match["number"]
    return in_plural(pairs(digits) if len(digits) == 3 else cardinal(digits))


def _type(name: str) -> str:
    """A380: A three eighty; 737: seven thirty-seven."""
    letter = letters(name[0]) + " " if name[0].isalpha() else ""
    return letter + pairs(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ-"))


def _chip(digits: str) -> str:
    """9700: ninety-seven hundred; 12700: twelve seven hundred."""
    return pairs(digits) if len(digits) == 4 else f"{cardinal(digits[:2])} {pairs(digits[2:])}"


MODELS: list[Rule] = [
    Rule(
        r"(?<![\w.,])(?<!ersion )(?P<address>[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?:/(?P<mask>[0-9]{1,2}))?"
        r"(?::(?P<port>[0-9]{2,5}))?(?![\w-]|\.[0-9])",
        _address,
    ),
    Rule(
        r"(?<![\w.:])(?=[0-9A-Fa-f:]{0,40}(?:[A-Fa-f]|::))(?=[A-Fa-f:]{0,8}[0-9])"
        r"(?:(?:[0-9A-Fa-f]{1,4}:{1,2}){2,7}|[0-9A-Fa-f]{1,4}::)[0-9A-Fa-f]{1,4}(?![\w:])",
        _hexadecimal,
    ),
    Rule(
        rf"(?<![\w.])(?:(?P<v>[vV](?:er\.)?)\.?\s?|(?P<name>{any_of(RELEASED)})[ -])"
        r"(?P<number>[0-9]{1,5}(?:\.[0-9]{1,5}){1,4})(?![\w]|\.[0-9])",
        _version,
    ),
    Rule(r"(?<![\w.])v(?=[0-9]{1,3}(?!\w))", lambda match: "version "),
    Rule(
        r"(?<!\w)S(?P<season>[0-9]{1,2})\s?E(?P<episode>[0-9]{1,3})(?!\w)",
        lambda match: f"season {int(match['season'])} episode {int(match['episode'])}",
    ),
    Rule(
        r"(?P<before>\b[Ff]light\s)(?P<code>[A-Z]{2}\s?[0-9]{1,4})(?![\w-])",
        lambda match: match["before"] + characters(match["code"]),
    ),
    Rule(
        r"(?<![\w.])0x(?P<digits>[0-9A-Fa-f]{1,16})(?!\w)",
        lambda match: f"zero {letters('X')} {characters(match['digits'])}",
    ),
    Rule(r"(?<!\w)Ctrl(?=\s?[+-])", lambda match: "Control"),
    Rule(r"(?<!\w)IPv(?=[46](?!\w))", lambda match: letters("IPV") + " "),
    Rule(r"(?<!\w)mp(?=[34](?!\w))", lambda match: letters("MP") + " "),
    Rule(  # i7-9700K
        r"(?<!\w)i(?P<line>[3579])-(?P<number>[0-9]{4,5})(?P<end>[A-Z]{0,2})(?!\w)",
        lambda match: f"{letters('I')} {match['line']} {_chip(match['number'])} {letters(match['end'])}".rstrip(),
    ),
    # Boeing 747, 737-800, A380
    Rule(
        rf"(?<!\w)(?P<before>(?:{any_of(IN_PARTS)})\s)(?P<number>[1-9][0-9]{{2}})(?![\w,-]|\.[0-9])",
        lambda match: match["before"] + pairs(match["number"]),
    ),
    Rule(
        r"(?<![\w.,$£€-])(?P<type>7[0-8]7)(?=\s(?:MAX|Max|Dreamliner|jets?|jumbo|airliner|planes?|pilots?|crash)(?!\w))",
        lambda match: _type(match["type"]),
    ),
    Rule(
        r"(?<![\w.,-])(?P<type>7[0-8]7|A3[0-9]0)-(?P<series>[1-9]00)(?![\w-])",
        lambda match: f"{_type(match['type'])} {pairs(match['series'])}",
    ),
    Rule(
        r"(?<![\w'-])(?P<road>US|SR|CR)-(?P<number>[1-9][0-9]{2})(?![\w-]|\.[0-9])",
        lambda match: f"{letters(match['road'])} {pairs(match['number'])}",
    ),
    Rule(r"(?<![\w'-])(?P<type>[A-Z]-?[1-9][0-9]{2})(?![\w-]|\.[0-9])", lambda match: _type(match["type"])),
    # two 7s, MP3s, 747s, 49ers
    Rule(
        r"(?P<before>\b(?:two|three|four|five|six|ten|all|several|some|of|in|by)\s)(?P<number>[2-9])s"
        r"(?= (?:and|or)\b|[.,;:!?]|$)",
        lambda match: match["before"] + _several(match),
    ),
    Rule(r"(?<=[a-z])-(?P<number>[2-9])s(?!\w)", lambda match: " " + _several(match)),  # omega-3s
    Rule(r"(?<=[A-Z])-?(?P<number>[1-9][0-9]{0,2})s(?!\w)", lambda match: " " + _several(match)),
    Rule(r"(?<![\w.,$£€'])(?P<number>[1-9][0-9]{2})s(?!\w)", _several),
    Rule(
        r"(?<![\w.,])(?P<number>[1-9][0-9])ers(?!\w)", lambda match: cardinal(match["number"]).removesuffix("e") + "ers"
    ),
]
