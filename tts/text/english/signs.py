"""Signs that are read as words everywhere."""

# Signs that are read as words everywhere.
SIGNS = {
    **{"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "‰": "per mille", "§": "section"},
    **{"¶": "paragraph", "©": "copyright", "°": "degrees", "×": "times", "÷": "divided by", "±": "plus or minus"},
    **{"≈": "approximately", "≠": "does not equal", "≤": "is at most", "≥": "is at least", "∞": "infinity"},
    **{"−": "minus", "√": "square root of", "π": "pi", "²": "squared", "³": "cubed", "\\": "backslash"},
    **{"$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "¢": "cents", "/": "slash"},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "delta", "ε": "epsilon", "θ": "theta"},
    **{"λ": "lambda", "μ": "mu", "µ": "micro", "σ": "sigma", "Σ": "sigma", "φ": "phi", "ω": "omega", "Ω": "omega"},
}
SUPERSCRIPTS = dict(zip("⁰¹⁴⁵⁶⁷⁸⁹⁻", "01456789-", strict=True))  # ² and ³ have words of their own
VULGAR = {
    **{"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5"},
    **{"⅙": "1/6", "⅚": "5/6", "⅐": "1/7", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅑": "1/9", "⅒": "1/10"},
}
