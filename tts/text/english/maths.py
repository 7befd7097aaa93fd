"""Operators and relations between numbers and letters, powers, functions, and the operators of programs."""

import re

from tts.text.english.acronyms import LETTER_A
from tts.text.english.numbers import cardinal
from tts.text.english.patterns import NUMBER
from tts.text.english.signs import GREEK, SUBSCRIPTS
from tts.text.rules import Rule, any_of, words_of

RELATIONS = {
    **{"=": "equals", "==": "equals", "===": "equals", "!=": "is not equal to", "!==": "is not equal to"},
    **{"=/=": "is not equal to", "≠": "is not equal to", "<": "is less than", ">": "is greater than"},
    **{"<=": "is at most", "≤": "is at most", "=<": "is at most", ">=": "is at least", "≥": "is at least"},
    **{"≈": "is approximately", "~=": "is approximately", "≡": "is equivalent to", "∝": "is proportional to"},
    **{"->": "to", "→": "to", "=>": "implies", "⇒": "implies", "<=>": "if and only if", "⇔": "if and only if"},
    **{":=": "is defined as", "∈": "is in", "∉": "is not in", "⊂": "is a subset of", "⊆": "is a subset of"},
}
OPERATORS = {
    **{"+": "plus", "-": "minus", "−": "minus", "–": "minus", "×": "times", "*": "times", "·": "times", "⋅": "times"},
    **{
        "÷": "divided by",
        "/": "divided by",
        "±": "plus or minus",
        "∩": "intersection",
        "∪": "union",
        "**": "to the power of",
    },
    **{"&&": "and", "||": "or", "^": "^", "∧": "and", "∨": "or"},
}
FUNCTIONS = {
    **{"sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log", "exp": "exponential"},
    **{"sqrt": "square root", "lim": "limit", "max": "max", "min": "min", "det": "determinant"},
}
# Before a number, when no quantity stands before them.
BOUNDS = {"<": "less than", ">": "more than", "<=": "at most", ">=": "at least", "≤": "at most", "≥": "at least"}
NO_QUANTITY = words_of(
    "and or but of in at on with for to from by about than if when while is are was were be only just a an the all any "
    "also not that age aged ages keep use need needs usually always between until after before within per "
    "cost costs take takes weigh weighs last lasts score scores pay pays"
)
LETTER = f"[A-Za-z{''.join(GREEK)}]"
GREEKS = "".join(GREEK)
ANY_GREEK = "\u0370-\u03ff\u1f00-\u1fff"
SUBS = "".join(SUBSCRIPTS)
POWER = r"(?:[²³]|\^[({]?[-−]?[A-Za-z0-9]{1,3}[)}]?)?"
# Two small letters side by side are a product, but not these: F = ma.
TWO = "(?:is|in|no|on|to|of|or|as|if|it|he|we|be|do|go|up|so|my|me|by|at|an|am|us|ok|oh|hi|ft|kg|km|cm|mm|lb|oz|ml)"
ATOM = (
    rf"(?:{NUMBER}|\.[0-9]{{1,6}})(?:%|°|[abcnpqrxyz]{{1,2}}(?![A-Za-z]))?{POWER}!?"
    rf"|(?:{LETTER}[{SUBS}]{{0,2}}'?|{LETTER}[0-9]|[a-z]{{2}}(?=[²³^]){POWER}|(?!{TWO})[a-z]{{2}}(?![A-Za-z])){POWER}"
)
OPEN, CLOSE = r"[(\[√]{0,3}[-−+±]?[(√]?", r"[)\]]{0,3}[²³]?"
OPERATOR = any_of({**RELATIONS, **OPERATORS})
CROSS = r"(?<=[0-9 ])x(?=\s?[0-9])"  # 3 x 4 = 12
EXPRESSION = (
    # Words are no operands, which is known soonest here.
    rf"(?<![\w.,$£€#/&-])(?![A-Za-z]{{3}})(?<![0-9] )(?<![\w)][-–−] ){OPEN}(?:{ATOM}){CLOSE}"
    rf"(?:\s?(?:{OPERATOR}|{CROSS})\s?{OPEN}(?:{ATOM}){CLOSE}){{1,24}}(?![\w²³]|[-/.,]\w)"
)
ANY_OPERATOR = re.compile(OPERATOR)
CROSSED = re.compile(r"(?<=[0-9])\s?[x×]\s?(?=[0-9])")
SPACES = re.compile(" +")
PIECE = re.compile(
    rf"(?P<operator>{OPERATOR})|(?P<number>{NUMBER}|\.[0-9]{{1,6}})|(?P<letter>{LETTER}(?![A-Za-z]{{2}}))|(?P<other>.)"
)


def _letter(letter: str) -> str:
    return LETTER_A if letter in ("a", "A") else GREEK.get(letter, letter)


def _between_numbers(text: str, at: int, end: int) -> bool:
    """Whether an unspaced slash stands in a fraction: 3/4, but not 10/2."""
    before = re.search(r"(?<![0-9.])[0-9]{1,2}$", text[max(0, at - 3) : at])
    after = re.match(r"[0-9]{1,3}(?![0-9.])", text[end : end + 4])
    return bool(before and after) and int(before[0]) < int(after[0])


def _expression(match: re.Match[str]) -> str:
    text = CROSSED.sub(" × ", match[0])
    inner = text[1:] if text[0] in "-−+±" else text
    found = ANY_OPERATOR.findall(inner)
    related = any(operator in RELATIONS for operator in found)
    clear = set(found) & {"+", "×", "*", "÷", "∩", "∪", "**", "·", "⋅", "&&", "||", "∧", "∨", "±", "−"}
    if re.search(r"\w[+*] \w|\w [+*]\w", text) and not related:  # ages 3+ a day
        return match[0]
    if not related and not (clear and (set(found) <= clear | {"-", "/", "–", "^"})):
        return match[0]
    if not related and not re.search("[A-Za-z]", text) and not clear & {"+", "∩", "∪", "**", "&&", "||", "±", "÷"}:
        return match[0]  # 3 × 4 and the like are read by other rules, with their units
    return _say(text)


def _say(text: str) -> str:
    words: list[str] = []
    for piece in PIECE.finditer(text):
        if operator := piece["operator"]:
            if operator == "^":
                words.append("^")
            elif operator == "/" and _between_numbers(text, piece.start(), piece.end()):
                words.append("/")
            elif operator == "/" and not re.search("[0-9] ?$", text[: piece.start()]):
                words.append(" over ")
            else:
                words.append(f" {RELATIONS.get(operator) or OPERATORS[operator]} ")
        elif piece["letter"]:
            words.append(f" {_letter(piece['letter'])}")
        else:
            words.append(piece[0])
    return SPACES.sub(" ", "".join(words)).strip()


def _power(match: re.Match[str]) -> str:
    exponent = match["exponent"].strip("(){}")
    minus = "minus " if exponent[0] in "-−" else ""
    exponent = exponent.lstrip("-−+")
    if not minus and exponent in ("2", "3"):
        return " squared" if exponent == "2" else " cubed"
    words = (
        cardinal(exponent)
        if exponent.isdigit()
        else " ".join(
            _letter(c) if c.isalpha() else {"+": "plus", "-": "minus", "/": "over"}.get(c, c) for c in exponent
        )
    )
    return f" to the {words}" if exponent.isalpha() and not minus else f" to the power of {minus}{words}"


def _compared(match: re.Match[str]) -> str:
    """Less than, more than, or between two things: is less than."""
    sign = match["sign"]
    before = match.string[max(0, match.start() - 30) : match.start()]
    word = re.search(r"([\w%°)]+)\s?$", before)
    between = word and (before[-1:] == " " or match["gap"] == "") and word[1].lower() not in NO_QUANTITY
    spaced = before[-1:] == " " and match["gap"] == ""
    if between and not spaced:
        return f" {RELATIONS[sign]} "
    return f" {BOUNDS[sign]} "


def _zone(match: re.Match[str]) -> str:
    """UTC-5: U T C minus five."""
    sign = "plus" if match["sign"] == "+" else "minus"
    minutes = f" {cardinal(match['minutes'])}" if match["minutes"] and match["minutes"] != "00" else ""
    return f"{' '.join(match['zone'])} {sign} {cardinal(str(int(match['hours'])))}{minutes}"


def _functions(match: re.Match[str]) -> str:
    name = match["name"]
    name = FUNCTIONS.get(name) or name.replace("'", " prime")
    return f"{name} of {_letter(match['argument'])}"


def _greek(match: re.Match[str]) -> str:
    """One or two letters as signs of science. Longer runs are words of Greek, and an omega may be ohms."""
    if match[0] == "Ω" and re.search(r"[0-9kM] ?$", match.string[max(0, match.start() - 2) : match.start()]):
        return match[0]
    gap = "" if match.string[match.end() : match.end() + 1] == "-" else " "
    return " " + " ".join(GREEK[letter] for letter in match[0]) + gap


# Before dates, times and ranges: these read a minus as "to" and a slash as a fraction.
EQUATIONS: list[Rule] = [
    Rule(r"(?<==)\s?[1-9][0-9]{3}(?![\w-]|[.,:/][0-9])", lambda match: f" {cardinal(match[0].strip())}"),  # no year
    Rule(
        r"(?<!\w)(?P<zone>UTC|GMT) ?(?P<sign>[-+−–])(?P<hours>[01]?[0-9])(?::?(?P<minutes>[0-5][0-9]))?(?![\w:])",
        _zone,
    ),
    Rule(
        rf"(?<!\w)(?P<name>[fghuvFGP]'?|{any_of(FUNCTIONS)}) ?\((?P<argument>{LETTER}|[0-9]{{1,4}}|[0-9]{LETTER})\)",
        _functions,
    ),
    Rule(r"(?<!\w)P\(([A-Z])\|([A-Z])\)", lambda match: f"P of {_letter(match[1])} given {_letter(match[2])}"),
    Rule(r"(?<!\w)(sin|cos|tan) ?(?=[0-9]{1,3} ?°)", lambda match: f"{FUNCTIONS[match[1]]} of "),
    Rule(r"(?<!\w)ln (?=[0-9])", lambda match: "natural log of "),
    Rule(r"(?<!\w)d([a-z])/d([a-z])(?!\w)", lambda match: f"d {match[1]} over d {match[2]}"),
    Rule(r"(?<=[0-9]) / (?=[0-9])(?![0-9.]{1,9} ?=)", lambda match: " divided by "),
    Rule(r"(?<=\w) ~ (?=\w)", lambda match: " is about "),
    Rule(r"(?<!\w)(?P<name>sin|cos|tan|ln|log) (?P<argument>[θφαβxn])(?!\w)", _functions),
    Rule(
        rf"(?<!\w)log_?(?P<base>[{SUBS}]{{1,2}}|[0-9]{{1,2}}(?=\())",
        lambda match: f"log base {cardinal(''.join(SUBSCRIPTS.get(c, c) for c in match['base']))} of ",
    ),
    Rule(r"(?<=[0-9)])[²³]", lambda match: " squared" if match[0] == "²" else " cubed"),
    Rule(r"\|([A-Za-z]|-?[0-9]{1,4}|[a-z] ?[-+−] ?[a-z0-9])\|", lambda match: f"the absolute value of {match[1]}"),
    Rule(
        r"(?<![\w_])([A-Za-z])_\{?([a-z]|[0-9]{1,2})\}?(?![\w_])",
        lambda match: f"{_letter(match[1])} sub {match[2]}",
    ),
    Rule(
        r"(?<![\w!])([0-9]{1,3}|[nkmrxN])!(?=\s?(?:[=+*/×÷<>≤≥≈)]|-\s|is\b))",
        lambda match: f"{match[1]} factorial",
    ),
    # f(x + 1), n(n-1)!, 2(x + 1)
    Rule(
        r"(?<!\w)(?P<name>[fghFG]'?)\((?=[a-z0-9]{1,3} ?[-+−] ?[a-z0-9]{1,3}\))",
        lambda match: match["name"].replace("'", " prime") + " of (",
    ),
    Rule(
        r"(?<![\w(])(?P<factor>[0-9]{1,3}[a-z]?|[a-eijk-oq-tw-z])\((?![a-z]-[a-z]\))"
        r"(?=[a-z0-9]{1,3} ?[-+−] ?[a-z0-9]{1,3}\))",
        lambda match: f"{match['factor']} × (",
    ),
    Rule(r"(?<=[-+−][0-9a-z]\))!|(?<=[-+−] [0-9a-z]\))!", lambda match: " factorial"),
    Rule(EXPRESSION, _expression),
    Rule(rf"(?<=[A-Za-z])([{SUBS}]{{1,4}})", lambda match: f" {cardinal(''.join(SUBSCRIPTS[c] for c in match[1]))}"),
    Rule(r"\s?(?:!==?|=/=)\s?(?=[\w\"'({-])", lambda match: " is not equal to "),
    Rule(r"(?<=[\w)\]\"']) ?(?:<=|=<) ?(?=[\w\"'({-])|(?<=[\w)\]]) ≤ (?=\w)", lambda match: " is at most "),
    Rule(r"(?<=[\w)\]\"']) ?>= ?(?=[\w\"'({-])|(?<=[\w)\]]) ≥ (?=\w)", lambda match: " is at least "),
    Rule(r"(?P<sign><=|>=|[<>≤≥])(?P<gap>\s?)(?=[-$£€]?\.?[0-9])", _compared),
    Rule(r"(?<=[\w)\]]) ?(?:===?) ?(?=[\w\"'({-])", lambda match: " equals "),
    Rule(r"(?<=[\w)]) ?(?:-{1,2}>|→|⟶) ?(?!to\b)(?=[\w(∞+−-])", lambda match: " to "),
    Rule(r"(?<=[\w)]) ?=> ?(?=[\w({])", lambda match: " arrow "),
    Rule(r"(?<=[\w)\]\"']) ?&& ?(?=[\w!(\"'])", lambda match: " and "),
    Rule(r"(?<=[\w)\]\"']) ?\|\| ?(?=[\w!(\"'])", lambda match: " or "),
    Rule(r"(?<=[(\s])!(?=[A-Za-z(])", lambda match: "not "),
    Rule(r"(?<=\w) ?\+= ?(?=\w)", lambda match: " plus equals "),
    Rule(r"(?<=\w) ?-= ?(?=\w)", lambda match: " minus equals "),
    Rule(r"(?<=\w) ?:= ?(?=\w)", lambda match: " is defined as "),
    Rule(r"(?<=[a-z]) > (?=[A-Z][a-z])", lambda match: ", then "),
    Rule(r"(?<=[\w)]) < (?=[\w(])", lambda match: " is less than "),
    Rule(r"(?<=[\w)]) > (?=[\w(])", lambda match: " is greater than "),
    Rule(r"(?<== )([a-z]{2,20}) / (?=[a-z])", lambda match: f"{match[1]} divided by "),
    Rule(r"(?<=[\w)])(?<!_)\^(?P<exponent>[-−+]?[A-Za-z0-9]{1,4}|[({][-−+A-Za-z0-9/]{1,12}[)}])(?!\w)", _power),
    Rule(r"(?<=\w)\^([-+])(?![0-9A-Za-z])", lambda match: " plus " if match[1] == "+" else " minus "),
    Rule(r"(∫[^∫]{1,60} d)(?=[xyztθ](?!\w))", lambda match: f"{match[1]} "),
    Rule(r"(?<![\w/.$£€¥])1/(?=[a-z](?!\w))", lambda match: "one over "),
    Rule(r"(?<=[\s(=])(?<![0-9] )–(?=[0-9])|\A–(?=[0-9])", lambda match: "-"),
    Rule(rf"(?<![{ANY_GREEK}])[{GREEKS}]{{1,2}}(?![{ANY_GREEK}])", _greek),
]

MATHS: list[Rule] = [
    Rule(r"(?<=[0-9])\s?[x×]\s?(?=[0-9])", lambda match: " by " if "x" in match[0] else " times "),
    Rule(r"(?<=\w)\^(?=[0-9-])", lambda match: " to the power of "),
    Rule(r"(?<=[0-9])\s?[*·⋅]\s?(?=[0-9])", lambda match: " times "),
    Rule(r"~\s?(?=[0-9$£€])", lambda match: "about "),
    Rule(r"(?<=\b[A-Z])#", lambda match: " sharp"),
    Rule(r"Ω", lambda match: " omega "),
]
