"""Formulas of chemistry: CO₂, H2SO4, NaOH, Cl⁻, ¹⁴C."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal
from tts.text.english.signs import SUBSCRIPTS
from tts.text.rules import Rule, any_of, words_of

ELEMENTS = words_of(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Nd Sm Eu Gd Dy Er Yb Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po Rn "
    "Fr Ra Th Pa U Np Pu Am Cm"
)
# Compounds without a digit. Others could be words: Co, No, In.
COMPOUNDS = words_of(
    "NaOH NaCl HCl KOH KCl KBr KI NaF NaBr LiOH LiCl MgO CaO CuO ZnO FeO FeS ZnS AgCl HBr HCN NaCN KCN BaO PbO "
    "HgO TiN SiC"
)
IONS = {
    **{"Cl-": "chloride", "Br-": "bromide", "F-": "fluoride", "I-": "iodide", "OH-": "hydroxide", "NO3-": "nitrate"},
    **{"NO2-": "nitrite", "SO42-": "sulfate", "CO32-": "carbonate", "HCO3-": "bicarbonate", "PO43-": "phosphate"},
    **{"NH4+": "ammonium", "O2-": "oxide", "S2-": "sulfide", "CN-": "cyanide", "MnO4-": "permanganate"},
}
ISOTOPES = {
    **{
        "H": "hydrogen",
        "He": "helium",
        "Li": "lithium",
        "C": "carbon",
        "N": "nitrogen",
        "O": "oxygen",
        "K": "potassium",
    },
    **{"F": "fluorine", "P": "phosphorus", "S": "sulfur", "Co": "cobalt", "Sr": "strontium", "Tc": "technetium"},
    **{"I": "iodine", "Cs": "cesium", "Ra": "radium", "Th": "thorium", "U": "uranium", "Pu": "plutonium"},
    **{"Na": "sodium", "Fe": "iron", "Xe": "xenon", "Kr": "krypton", "Rn": "radon", "Po": "polonium"},
}
DIGIT = f"[0-9{''.join(SUBSCRIPTS)}]"
ELEMENT = any_of(ELEMENTS)
UNIT = rf"(?:{ELEMENT}){DIGIT}{{0,3}}"
GROUP = rf"[(](?:{UNIT}){{1,6}}[)]{DIGIT}{{1,2}}"
CHARGE = r"(?P<charge>\^[0-9]?[+-])(?!\w)"
PIECE = re.compile(rf"{ELEMENT}|{DIGIT}+")


def _plain(text: str) -> str:
    return "".join(SUBSCRIPTS.get(c, c) for c in text)


def _read(formula: str) -> str:
    """Elements by their letters, numbers as they are: Na2: N ay two."""
    words = []
    for piece in PIECE.findall(formula):
        piece = _plain(piece)
        words.append(cardinal(piece) if piece.isdigit() else letters(piece))
    return " ".join(words)


def _formula(match: re.Match[str]) -> str:
    count, formula = match["count"] or "", match["formula"]
    elements = [piece for piece in PIECE.findall(formula) if not _plain(piece).isdigit()]
    small = any(c in formula for c in SUBSCRIPTS)
    ordinary = len(elements) < 2 and not (formula[0] in "OHNF" and re.fullmatch("[OHNF]2", formula))
    if not small and re.fullmatch("[A-Za-z]+[0-9]{2,3}", formula):  # FY20, MP40
        return match[0]
    if not small and (ordinary or not any(c.isdigit() for c in formula)) and formula not in COMPOUNDS:
        return match[0]
    return (f"{cardinal(count)} " if count else "") + _read(formula)


def _ion(match: re.Match[str]) -> str:
    formula = _plain(match["formula"])
    charge = match["charge"].removeprefix("^")
    if (name := IONS.get(formula + charge)) is not None:
        return name
    sign = "plus" if charge.endswith("+") else "minus"
    digits = charge[:-1]
    return f"{_read(match['formula'])} {cardinal(digits) + ' ' if digits else ''}{sign}"


def _isotope(match: re.Match[str]) -> str:
    digits = match["mass"]
    words = cardinal(digits) if len(digits) < 3 else f"{cardinal(digits[0])} {cardinal(digits[1:].lstrip('0'))}"
    return f"{ISOTOPES[match['element']]} {words}"


CHEMISTRY: list[Rule] = [
    Rule(rf"(?<![\w^])\^(?P<mass>[0-9]{{1,3}})(?P<element>{any_of(ISOTOPES)})(?![a-z])", _isotope),
    Rule(rf"(?<![\w.])(?P<formula>(?:{UNIT}){{1,6}}){CHARGE}", _ion),
    Rule(r"(?<=[A-Z0-9₀-₉a-z)])(?: ?(?:→|-->|⟶) ?)(?=[0-9]{0,2}[A-Z][A-Za-z]?[A-Z0-9₂-₉(])", lambda match: " yields "),
    Rule(r"(?<=[A-Z][0-9₂-₉]) ?(?:→|->|-->|⟶|⇌) ?(?=[0-9A-Z])", lambda match: " yields "),
    Rule(
        rf"(?<![\w.#@/'-])(?P<count>[1-9][0-9]?)?(?=[A-Za-z()]{{1,20}}{DIGIT})(?P<formula>(?:{UNIT}|{GROUP}){{1,10}})"
        r"(?![\w₀-₉]|\.\w|-[A-Z0-9])",
        _formula,
    ),
    Rule(rf"(?<![\w.#@/'-])(?P<count>)(?P<formula>{any_of(COMPOUNDS)})(?![\w₀-₉]|\.\w|-[A-Z0-9])", _formula),
    Rule(  # Cs-137, U-235
        rf"(?<![\w'-])(?P<element>(?:{any_of(name for name in ISOTOPES if len(name) > 1)})(?=-[0-9]{{2,3}}))"
        r"-(?P<mass>[0-9]{2,3})(?![\w-]|\.[0-9])",
        _isotope,
    ),
    Rule(r"(?<=\bO157):(?=H7\b)", lambda match: " "),
    Rule(r"(?<![\w.,])14C(?=[ -](?:dat(?:ing|ed?|es)|levels?|ages?)\b)", lambda match: "carbon fourteen"),
    Rule(r"(?<!\w)pH(?!\w)", lambda match: "P H"),
]
