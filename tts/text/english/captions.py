"""Numbers of tables, figures and the like: Table 4-1 is no range."""

from tts.text.rules import Rule

PARTS = (
    "Appendix|Art|Article|Box|Chap|Chapter|Diagram|Eq|Equation|Example|Exercise|Exhibit|Fig|Figure|Form|Item|Lesson|Map"
    "|Module|Part|Plate|Problem|Question|Rule|Sec|Section|Step|Tab|Table|Unit"
)

CAPTIONS: list[Rule] = [
    Rule(r"(?<=[0-9])--(?=[0-9])", lambda match: "–"),  # as typewriters write a range
    Rule(
        rf"\b(?P<part>(?i:{PARTS})\.?\s[0-9]{{1,3}})[-–](?=[0-9]{{1,3}}(?![\w–-]))",
        lambda match: f"{match['part']} ",
    ),
]
