"""What the rules of English share: how numbers look, and words that are no noun."""

from tts.text.english.numbers import cardinal, decimal
from tts.text.rules import words_of

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,5}|[0-9]{1,20})(?:\.[0-9]{1,20})?"
ALONE = r"(?<![\w.,])"  # no part of a number or word stands directly before
AFTER = r"(?![\w])"
DASH = r"\s?[-–—]\s?"  # between the ends of a range


def number(text: str) -> str:
    """A number with thousands separators, decimals or the dots of a version."""
    return decimal(text) if "." in text else cardinal(text)


# Words that are no noun. After a number they tell that it counts nothing.
FUNCTION_WORDS = words_of(
    "a about above after again against all along also although am among an and are around as at away back be because "
    "been before being below between both but by came can could did do does down during each either else ever every "
    "fell for from gave get given go goes got had has have he her here hers him his how i if in into is it its just "
    "lay less lost made may me might more most must my near never no nor not now of off on once only onto or our out "
    "over own paid per please put she should since so spent still such than that the their them then there these they "
    "this those though through till to together too toward under until up upon us was we went were what when where "
    "whether which while who whom whose why will with within without won worth would yet you your"
)


def one(text: str) -> bool:
    return text in ("1", "1.0")
