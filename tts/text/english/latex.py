"""Formulas of LaTeX as Markdown writes them, $E = mc^2$, in words."""

import re

from tts.text.english.acronyms import LETTER_A
from tts.text.english.signs import GREEK

# Commands by the words that they are read as.
COMMANDS = {
    **{name: name for name in GREEK.values()},
    **{name.capitalize(): name for name in GREEK.values()},
    **{
        "varepsilon": "epsilon",
        "varphi": "phi",
        "vartheta": "theta",
        "times": "times",
        "cdot": "times",
        "div": "divided by",
    },
    **{"ast": "times", "pm": "plus or minus", "mp": "minus or plus", "le": "is at most", "leq": "is at most"},
    **{
        "ge": "is at least",
        "geq": "is at least",
        "lt": "is less than",
        "gt": "is greater than",
        "ne": "is not equal to",
    },
    **{"neq": "is not equal to", "approx": "is approximately", "sim": "is similar to", "equiv": "is equivalent to"},
    **{"propto": "is proportional to", "to": "to", "rightarrow": "to", "mapsto": "maps to", "Rightarrow": "implies"},
    **{"implies": "implies", "iff": "if and only if", "Leftrightarrow": "if and only if", "infty": "infinity"},
    **{"in": "is in", "notin": "is not in", "cup": "union", "cap": "intersection", "subset": "is a subset of"},
    **{"subseteq": "is a subset of", "emptyset": "the empty set", "forall": "for all", "exists": "there exists"},
    **{"land": "and", "wedge": "and", "lor": "or", "vee": "or", "neg": "not", "partial": "partial", "nabla": "del"},
    **{"sin": "sine", "cos": "cosine", "tan": "tangent", "log": "log", "ln": "natural log", "exp": "exponential"},
    **{"min": "min", "max": "max", "det": "determinant", "gcd": "G C D", "angle": "angle", "circ": "degrees"},
    **{"perp": "is perpendicular to", "parallel": "is parallel to", "therefore": "therefore", "hbar": "h bar"},
    **{"ell": "l", "prime": "prime", "ldots": "and so on", "dots": "and so on", "cdots": "and so on", "sum": "the sum"},
    **{
        "prod": "the product",
        "int": "the integral",
        "lim": "the limit",
        "quad": "",
        "qquad": "",
        "left": "",
        "right": "",
    },
    **{
        "displaystyle": "",
        "limits": "",
        "big": "",
        "Big": "",
        "mid": "given",
        "mod": "mod",
        "bmod": "mod",
        "oint": "the integral",
    },
}
OVER = {
    "vec": "vector",
    "hat": "hat",
    "bar": "bar",
    "overline": "bar",
    "tilde": "tilde",
    "dot": "dot",
    "ddot": "double dot",
}
PLAIN = ("text", "mathrm", "mathbf", "mathit", "mathbb", "mathcal", "operatorname", "textbf", "textit", "mbox", "boxed")
SIGNS = {
    **{
        "+": "plus",
        "-": "minus",
        "=": "equals",
        "<": "is less than",
        ">": "is greater than",
        "*": "times",
        "/": "over",
    },
    **{"!": "factorial", "'": "prime", "%": "percent", "&": "", "|": ", "},
}
DEEPEST = 60  # levels of nested groups
BIG = ("sum", "prod", "int", "oint", "lim")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:[.,][0-9]+)*|.")
FORMULA = re.compile(
    r"\$\$(?P<display>[^$]{1,400})\$\$|\\\[(?P<square>.{1,400}?)\\\]|\\\((?P<round>.{1,400}?)\\\)"
    r"|(?<![\\$\w])\$(?=[^\s$])(?P<inline>[^$\n]{1,300})(?<=[^\s\\])\$(?![0-9])",
    re.DOTALL,
)
APPLIED = re.compile(r"(?<=(?<!\w)[fghuvFGP]) \( (?=\w{1,8} \))")  # f ( x )
SMALL = re.compile(
    r"[A-Za-z0-9]{1,2}!?|[A-Za-z0-9]( ?[-+=<>/] ?[A-Za-z0-9]{1,3}){1,4}|[A-Za-z]\([A-Za-z]\)"
    r"|\(?[A-Za-z0-9]{1,2}\)?( ?[-+=<>/*] ?\(?[A-Za-z0-9]{1,3}\)?){1,6}"
)


class _Reader:
    """Reads the tokens of a formula from left to right."""

    def __init__(self, formula: str):
        self.tokens = TOKEN.findall(formula)
        self.at = 0
        self.depth = 0

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def skip_spaces(self) -> None:
        while self.peek().isspace():
            self.at += 1

    def group(self) -> str:
        """The next group in braces, or the next token."""
        self.skip_spaces()
        if self.peek() == "{":
            self.next()
            return self.until("}")
        return self.one(self.next())

    def raw(self) -> str:
        """The next group in braces as it is written."""
        self.skip_spaces()
        if self.peek() != "{":
            return self.next()
        out, depth = [], 0
        while token := self.next():
            depth += {"{": 1, "}": -1}.get(token, 0)
            if not depth:
                break
            out.append(token)
        return "".join(out[1:])

    def until(self, end: str) -> str:
        words = []
        while (token := self.next()) and token != end:
            words.append(self.one(token))
        return " ".join(" ".join(words).split())

    def one(self, token: str) -> str:
        """A token, and what it takes after it, in words. Beyond the deepest level a token stands for itself."""
        if self.depth == DEEPEST:
            return token if token.isalnum() else ""
        self.depth += 1
        words = self.words(token)
        self.depth -= 1
        return words

    def words(self, token: str) -> str:
        name = token[1:] if token.startswith("\\") else ""
        if name in ("frac", "dfrac", "tfrac"):
            above, below = self.group(), self.group()
            if above.isdigit() and below.isdigit():
                return f"{above}/{below}"
            return f"{above} over {below}"
        if name == "sqrt":
            root = {"3": "cube root", "": "square root"}.get(self.optional(), "root")
            return f"{root} of {self.group()}"
        if name == "binom":
            return f"{self.group()} choose {self.group()}"
        if name in OVER:
            return f"vector {self.group()}" if name == "vec" else f"{self.group()} {OVER[name]}"
        if name in PLAIN:
            return self.raw()
        if name in ("begin", "end"):
            self.raw()
            return ""
        if name in BIG:
            return self.bounds(name)
        if name == "log" and self.peek() == "_":
            self.next()
            return f"log base {self.group()} of"
        if name:
            return COMMANDS.get(name, name if name.isalpha() else "%" if name == "%" else "")
        if token == "{":
            return self.until("}")
        if token == "^":
            return self.power()
        if token == "_":
            return f"sub {self.group()}"
        if token.isalpha():
            return LETTER_A if token in "aA" else token
        return SIGNS.get(token, "" if token.isspace() or token in "}~" else GREEK.get(token, token))

    def optional(self) -> str:
        self.skip_spaces()
        if self.peek() != "[":
            return ""
        self.next()
        return self.until("]")

    def power(self) -> str:
        self.skip_spaces()
        if self.peek() == "\\circ":
            return self.one(self.next())
        exponent = self.group()
        if exponent == "degrees" or exponent in ("prime", "*"):
            return exponent
        short = {"2": "squared", "3": "cubed"}.get(exponent)
        if short:
            return short
        return f"to the {exponent}" if exponent.isalpha() and len(exponent) < 3 else f"to the power of {exponent}"

    def bounds(self, name: str) -> str:
        """\\sum_{i=1}^{n}: the sum from i equals 1 to n of."""
        words = COMMANDS[name]
        while self.peek() in ("_", "^") or self.peek().isspace() or self.peek() == "\\limits":
            mark = self.next()
            if mark == "_":
                bound = self.group()
                words += f" as {bound.replace(' to ', ' goes to ')}" if name == "lim" else f" from {bound}"
            elif mark == "^":
                words += f" to {self.group()}"
        return f"{words} of"


def _formula(match: re.Match[str]) -> str:
    content = match["display"] or match["square"] or match["round"] or match["inline"]
    prose = re.search(r"(?<![\\A-Za-z{])[A-Za-z]{4,}", re.sub(r"\\[A-Za-z]+ ?\{[^{}]*\}|\\[A-Za-z]+", " ", content))
    maths = re.search(r"[\\^_={]", content) or SMALL.fullmatch(content)
    if match["inline"] and (not maths or prose):
        return match[0]
    words = _Reader(content).until("")
    return f" {APPLIED.sub(' of ', words)} "


def formulas(text: str) -> str:
    """A text with its formulas in words. Sums of money in dollars stay as they are."""
    return FORMULA.sub(_formula, text) if "$" in text or "\\" in text else text
