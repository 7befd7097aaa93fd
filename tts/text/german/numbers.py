"""Numbers as German words: cardinals, ordinals, years, decimals, fractions."""

ONES = (
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn"
).split()
TENS = "_ _ zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
# Thousand to the power of 2, 3 ...: one of them, and several.
LARGE = [
    ("Million", "Millionen"),
    ("Milliarde", "Milliarden"),
    ("Billion", "Billionen"),
    ("Billiarde", "Billiarden"),
    ("Trillion", "Trillionen"),
    ("Trilliarde", "Trilliarden"),
]
MOST_DIGITS = 3 * (len(LARGE) + 2)  # of a number that has a name
IRREGULAR = {"ein": "erst", "drei": "dritt", "sieben": "siebt", "acht": "acht"}  # stems of ordinals
DENOMINATORS = {2: "Halb", 3: "Drittel", 7: "Siebtel", 8: "Achtel"}
COUNTING = frozenset(
    {*ONES, *TENS, "eins", "eine", "einen", "hundert", "tausend", "komma", "minus"}
    | {w.lower() for p in LARGE for w in p}
)


def _below_hundred(number: int) -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return (ONES[ones] + "und" if ones else "") + TENS[tens]


def _below_thousand(number: int) -> str:
    """1 is "ein", 100 is "einhundert"."""
    hundreds, rest = divmod(number, 100)
    return (ONES[hundreds] + "hundert" if hundreds else "") + (_below_hundred(rest) if rest or not hundreds else "")


def _attributive(number: int) -> str:
    """Below a million; ends in "ein" where a noun may follow."""
    thousands, rest = divmod(number, 1000)
    return (_below_thousand(thousands) + "tausend" if thousands else "") + (
        _below_thousand(rest) if rest or not thousands else ""
    )


def cardinal(digits: str, one: str = "eins") -> str:
    """1984: tausendneunhundertvierundachtzig. `one` ends the number if its last part is one: eins, ein, eine.

    A number that is too long for a name is spelled.
    """
    if len(digits) > MOST_DIGITS:
        return spelled(digits)
    number = int(digits)
    parts = []
    millions, small = divmod(number, 10**6)
    names = iter(LARGE)
    while millions:
        millions, group = divmod(millions, 1000)
        single, several = next(names)
        if group:
            parts.insert(0, f"eine {single}" if group == 1 else f"{_below_thousand(group)} {several}")
    if small or not parts:
        said = _attributive(small)
        said = said.removesuffix("ein") + one if small % 100 == 1 else said
        parts.append(said if parts else _natural(said))
    return " ".join(parts)


def _natural(said: str) -> str:
    """Hundert and tausend without the one that nobody says."""
    for word in ("einhundert", "eintausend"):
        if said.startswith(word):
            return said.removeprefix("ein")
    return said


def spelled(digits: str) -> str:
    """Digit by digit; other characters are passed over."""
    return " ".join("eins" if digit == "1" else ONES[int(digit)] for digit in digits if digit in "0123456789")


def ordinal(digits: str, ending: str = "e") -> str:
    """21, en: einundzwanzigsten. The ending is what follows on the stem: e, en, er, es, em."""
    number = int(digits)
    if number == 0:
        return "nullt" + ending
    said = cardinal(digits, "ein")
    rest = number % 100
    if rest in (1, 3, 7, 8):
        word = ONES[rest]
        return said.removesuffix(word) + IRREGULAR[word] + ending
    if number % 10**6 == 0:
        return said.replace(" ", "").lower().removesuffix("en").removesuffix("e") + "st" + ending
    return said + ("t" if 0 < rest < 20 else "st") + ending


def year(digits: str) -> str:
    """1984: neunzehnhundertvierundachtzig; 2024: zweitausendvierundzwanzig."""
    number = int(digits)
    if 1100 <= number < 2000 and len(digits) == 4:
        hundreds, rest = divmod(number, 100)
        return ONES[hundreds] + "hundert" + (_below_hundred(rest) + ("s" if rest == 1 else "") if rest else "")
    return cardinal(digits)


def decimal(whole: str, digits: str) -> str:
    """3 and 14: drei Komma eins vier."""
    return f"{cardinal(whole or '0')} Komma {spelled(digits)}"


def part(denominator: str) -> str:
    """4: Viertel; 100: Hundertstel."""
    number = int(denominator)
    if number in DENOMINATORS:
        return DENOMINATORS[number]
    return ordinal(denominator, "el").replace(" ", "").capitalize()


def fraction(numerator: str, denominator: str) -> str:
    """3 and 4: drei Viertel; 1 and 2: ein halb."""
    if int(denominator) == 2:
        return "ein halb" if int(numerator) == 1 else f"{cardinal(numerator)} Halbe"
    if int(denominator) < 2:
        return f"{cardinal(numerator)} durch {cardinal(denominator)}"
    return f"{cardinal(numerator, 'ein')} {part(denominator)}"
