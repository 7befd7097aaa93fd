"""Signs that are read as words everywhere, and characters that stand for others."""

from tts.text.rules import Rule

# Signs that are read as words everywhere.
SIGNS = {
    **{"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "‰": "per mille", "§": "section"},
    **{"¶": "paragraph", "©": "copyright", "°": "degrees", "×": "times", "÷": "divided by", "±": "plus or minus"},
    **{"∓": "minus or plus", "≈": "approximately", "≅": "is congruent to", "≠": "is not equal to"},
    **{"≤": "is at most", "≥": "is at least", "≪": "is much less than", "≫": "is much greater than"},
    **{"≡": "is equivalent to", "∝": "is proportional to", "∞": "infinity", "−": "minus", "√": "square root of"},
    **{"∛": "cube root of", "²": "squared", "³": "cubed", "∩": "intersection", "∪": "union", "∈": "is in"},
    **{"∉": "is not in", "⊂": "is a subset of", "⊆": "is a subset of", "⊃": "is a superset of", "∅": "the empty set"},
    **{"∀": "for all", "∃": "there exists", "∧": "and", "∨": "or", "¬": "not", "⇒": "implies", "∴": "therefore"},
    **{"⇔": "if and only if", "∵": "because", "∑": "the sum of", "∏": "the product of", "∫": "the integral of"},
    **{"∂": "partial", "∇": "del", "⊥": "is perpendicular to", "∥": "is parallel to", "∠": "angle", "⋅": "times"},
    **{"→": "right arrow", "←": "left arrow", "↑": "up", "↓": "down", "↔": "to and from", "\\": "backslash"},
    **{"$": "dollar", "£": "pound", "€": "euro", "¥": "yen", "¢": "cent", "/": "slash", "µ": "micro"},
    **{"♭": "flat", "♯": "sharp", "♮": "natural", "♀": "female", "♂": "male"},
}
GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta"},
    **{"η": "eta", "θ": "theta", "ϑ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu"},
    **{"ξ": "xi", "ο": "omicron", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi"},
    **{"ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "gamma", "Δ": "delta", "∆": "delta", "Θ": "theta"},
    **{"Λ": "lambda", "Ξ": "xi", "Π": "pi", "Σ": "sigma", "Φ": "phi", "Ψ": "psi", "Ω": "omega"},
}
# Read as a power. ² and ³ have words of their own.
SUPERSCRIPTS = dict(zip("⁰¹⁴⁵⁶⁷⁸⁹⁻⁺ⁿⁱ", "01456789-+ni", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
VULGAR = {
    **{"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5"},
    **{"⅙": "1/6", "⅚": "5/6", "⅐": "1/7", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅑": "1/9", "⅒": "1/10"},
}
# Characters that are drawn like others and mean the same after a number.
ALIKE = {"μ": "µ", "º": "°", "˚": "°", "℃": "°C", "℉": "°F", "㎡": "m²", "㎢": "km²", "㎥": "m³", "∙": "·"}
CIRCLED = {
    **{chr(code): code - 0x245F for code in range(0x2460, 0x2474)},  # ① to ⑳
    **{chr(code): code - 0x2473 for code in range(0x2474, 0x2488)},  # ⑴ to ⒇
    **{chr(code): code - 0x2487 for code in range(0x2488, 0x249C)},  # ⒈ to ⒛
    **{chr(code): code - 0x2775 for code in range(0x2776, 0x2780)},  # ❶ to ❿
}


def _raised(text: str) -> str:
    return "^" + text.replace("²", "2").replace("³", "3").replace("^", "")


def _circled(match) -> str:
    """①②③: 1, 2, 3."""
    comma = "," if match.string[match.end() : match.end() + 9].lstrip()[:1].isalnum() else ""
    return ", ".join(str(CIRCLED[character]) for character in match[0] if character in CIRCLED) + comma + " "


SIGN_RULES: list[Rule] = [
    Rule(r"§§|¶¶", lambda match: "sections " if match[0] == "§§" else "paragraphs "),
    Rule(r"(?:[²³]|\^[0-9ni+-]){2,20}", lambda match: _raised(match[0])),  # ⁻¹²: one power, not three
    Rule(f"[{''.join(CIRCLED)}](?: ?[{''.join(CIRCLED)}]){{0,50}}", _circled),
    Rule(r"(?<=[A-Za-z])\$+(?! ?[0-9])", lambda match: " dollar" * len(match[0]) + " "),
    Rule(r"(?<!\w)#(?=(\w{2,40})#)\1#", lambda match: f"hash {match[1]} hash"),
    Rule(
        r"(?<!\w)(40[13]) ?\(([kb])\)", lambda match: f"four oh {'one' if match[1][2] == '1' else 'three'} {match[2]}"
    ),
    Rule(r"(?<=[∑∏∫√]) ?of\b", lambda match: ""),
    Rule(r"(?<=[A-Za-z])#(?=[A-Za-z])(?!(?<=[A-G]#)(?:maj|min|m|dim|aug|sus)[0-9]{0,2}\b)", lambda match: " hash "),
]
