"""Signs that are words."""

import re

from tts.text.rules import Rule, any_of

SIGNS = {
    **{
        "&": "und",
        "%": "Prozent",
        "‰": "Promille",
        "§": "Paragraf",
        "@": "ät",
        "+": "plus",
        "=": "gleich",
        "±": "plus minus",
    },
    **{"×": "mal", "·": "mal", "÷": "geteilt durch", "<": "kleiner als", ">": "größer als", "≤": "kleiner oder gleich"},
    **{
        "≥": "größer oder gleich",
        "≈": "ungefähr",
        "≠": "ungleich",
        "~": "ungefähr",
        "°": "Grad",
        "€": "Euro",
        "$": "Dollar",
    },
    **{
        "£": "Pfund",
        "¥": "Yen",
        "©": "Copyright",
        "#": "Raute",
        "√": "Wurzel aus",
        "∞": "unendlich",
        "→": "Pfeil",
        "−": "minus",
    },
    **{
        "/": "Schrägstrich",
        "\\": "Rückstrich",
        "^": "hoch",
        "|": "Strich",
        "*": "Sternchen",
        "_": "Unterstrich",
        "†": "gestorben",
    },
    **{
        "π": "Pi",
        "α": "Alpha",
        "β": "Beta",
        "γ": "Gamma",
        "δ": "Delta",
        "λ": "Lambda",
        "µ": "My",
        "μ": "My",
        "ω": "Omega",
    },
    **{"Ω": "Ohm", "Δ": "Delta", "Σ": "Sigma", "♥": "Herz", "❤": "Herz", "☎": "Telefon", "½": "ein halb"},
}
SUPERSCRIPTS = {"²": " Quadrat", "³": " hoch drei"}
LAW = {"Abs.": "Absatz", "S.": "Satz", "Nr.": "Nummer", "Art.": "Artikel", "lit.": "Buchstabe"}


def _paragraphs(match: re.Match[str]) -> str:
    return "Paragrafen " if len(match["signs"]) > 1 else "Paragraf "


SIGN_RULES: list[Rule] = [
    Rule(r"(?P<signs>§{1,2})\s?(?=[0-9])", _paragraphs),
    Rule(
        rf"(?P<before>Paragraf(?:en)?\s[0-9]{{1,4}}[a-z]?(?:\s\w+\s[0-9]{{1,3}}){{0,2}})\s(?P<short>{any_of(LAW)})(?=\s?[0-9])",
        lambda match: f"{match['before']} {LAW[match['short']]}",
    ),
    Rule(
        r"(?P<before>Absatz\s[0-9]{1,3})\s(?P<short>S\.|Nr\.)(?=\s?[0-9])",
        lambda match: f"{match['before']} {LAW[match['short']]}",
    ),
    Rule(r"(?<![\w.])S\.\s(?=[0-9])", lambda match: "Seite "),
    Rule(
        r"(?<=[0-9])\s?(?P<f>ff?)\.(?!\w)",
        lambda match: " folgende" + ("." if match.end() == len(match.string) else ""),
    ),
    Rule(r"(?<=[a-zäöüß])[*:_/](?=innen?(?!\w))", lambda match: " "),  # Schüler*innen, Lehrer:in
    Rule(r"(?<=[^\W\d_])[®™](?!\w)", lambda match: ""),
    Rule(r"(?<=[0-9])\s?\*\s?(?=[0-9])", lambda match: " mal "),
    Rule(r"(?<=[0-9])\s?[:÷]\s(?=[0-9])", lambda match: " geteilt durch "),
    Rule(r"(?<=[0-9])\s[-−–]\s(?=[0-9]{1,12}\s=)", lambda match: " minus "),
    Rule(r"(?<!\w)\*\s?(?=[0-9]{1,2}\.|[12][0-9]{3})", lambda match: "geboren "),
    Rule(r"\.{3,}", lambda match: "..."),
]
# After the units, which have such signs in them.
POWERS: list[Rule] = [
    Rule(r"(?<=[^\W\d_])/-?(?=[^\W\d_])", lambda match: " "),  # und/oder, Lehrer/-in
    Rule("[²³](?!\\w)", lambda match: SUPERSCRIPTS[match[0]]),
]


def character(sign: str) -> str | None:
    """What a sign is called; None if there is no word for it."""
    return SIGNS.get(sign)
