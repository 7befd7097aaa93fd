"""MathML as the text that the reader knows how to say: signs of its own where there are some, or else TeX."""

from tts.document.encoding import LOWERED, RAISED

ELEMENTS = frozenset(
    "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msup msub msubsup mover munder munderover mfenced mtable mtr "
    "mlabeledtr mtd mstyle mpadded mphantom menclose merror mmultiscripts mprescripts none semantics annotation "
    "annotation-xml maction malignmark maligngroup mglyph".split()
)
UNREAD = frozenset("annotation annotation-xml mphantom".split())
SCRIPTS = {"msup": "^", "msub": "_", "mover": "^", "munder": "_", "msubsup": "_^", "munderover": "_^"}
LARGE = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "∮": r"\oint", "lim": r"\lim"}
DEEPEST = 100  # open elements; what lies deeper is read as if its elements were not there


class Formula:
    """A formula while its elements begin and end."""

    def __init__(self):
        self._open: list[tuple[str, list[str]]] = [("math", [])]
        self._deeper: list[str] = []

    @property
    def unread(self) -> bool:
        """Whether an element is open of which nothing is read, whatever it holds."""
        return any(tag in UNREAD for tag, _ in self._open)

    def begin(self, tag: str) -> None:
        if len(self._open) < DEEPEST:
            self._open.append((tag, []))
        else:
            self._deeper.append(tag)

    def end(self, tag: str) -> None:
        """End the innermost element of this name, and what is open in it; nothing if there is none."""
        if self._deeper:
            if tag in self._deeper[-1:]:
                self._deeper.pop()
            return
        if all(tag != name for name, _ in self._open[1:]):
            return
        while True:
            name, parts = self._open.pop()
            if said := _said(name, parts):
                self._open[-1][1].append(said)
            if name == tag:
                return

    def add(self, text: str) -> None:
        if said := " ".join(text.split()):
            self._open[-1][1].append(said)

    def written(self) -> str:
        """The whole, between dollars if it holds marks of TeX."""
        self._deeper.clear()
        while len(self._open) > 1:
            self.end(self._open[-1][0])
        return marked(" ".join(self._open[0][1]))


def marked(said: str) -> str:
    """A formula, between dollars if it is written in TeX."""
    return f"${said}$" if set(said) & set("\\^_{}") and "$" not in said else said


def _said(tag: str, parts: list[str]) -> str:
    """An element of which the parts are written."""
    if tag in UNREAD:
        return ""
    if tag == "mfrac" and len(parts) == 2:
        simple = all(part.isdecimal() for part in parts)
        return "/".join(parts) if simple else rf"\frac{{{parts[0]}}}{{{parts[1]}}}"
    if tag == "msqrt":
        return f"√{parts[0]}" if len(parts) == 1 and parts[0].isalnum() else rf"\sqrt{{{' '.join(parts)}}}"
    if tag == "mroot" and len(parts) == 2:
        return rf"\sqrt[{parts[1]}]{{{parts[0]}}}"
    if tag == "mfenced":
        return f"({', '.join(parts)})"
    if tag in ("mtable", "mtr"):
        return ", ".join(parts)
    scripts = SCRIPTS.get(tag, "")
    if scripts and len(parts) == len(scripts) + 1:
        return _with_scripts(LARGE.get(parts[0], parts[0]), list(zip(scripts, parts[1:], strict=True)))
    return " ".join(parts)


def _with_scripts(base: str, scripts: list[tuple[str, str]]) -> str:
    """What stands above and below; a few digits have signs of their own."""
    ((sign, script), *others) = scripts
    if not others and base.isalnum() and script.isdecimal() and script.isascii() and len(script) < 4:
        return base + script.translate(RAISED if sign == "^" else LOWERED)
    return base + "".join(f"{sign}{{{script}}}" for sign, script in scripts)
