"""Ranges, ratios, fractions, ordinals, and every number that no other rule has read."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import LONGEST, cardinal, fraction, ordinal, pairs, spelled_in_groups, two_digits, year
from tts.text.english.patterns import ALONE, DASH, FUNCTION_WORDS, NUMBER, number
from tts.text.rules import Rule, any_of, words_of

_YEAR = "(?:1[0-9]{3}|20[0-9]{2})"
# Parts of a work whose number may have zeros before it.
NUMBERED_FROM_ONE = (
    "chapter|part|episode|track|lesson|day|week|section|step|unit|volume|vol\\.|page|exercise|level|season|book|figure|"
    "question"
)
# Words before a number with a letter that is no million or billion: flat 3B.
LETTERED = words_of(
    "flat room apartment apt gate seat section class grade exhibit figure table part unit building appendix chapter "
    "step platform level row type model block suite hall ward zone lot pier door exit line form phase schedule "
    "number"
)
# What millions are counted of.
COUNTABLE = words_of(
    "people users views likes downloads copies followers subscribers men women times years units jobs euros"
)
BEFORE_AMOUNTS = words_of("over worth about around nearly almost than to of by from under some")
SCREENS = words_of(
    "video videos tv screen screens monitor monitors resolution footage display displays camera cameras film"
)
COURSES = (
    "English|History|Math|Algebra|Biology|Chemistry|Physics|Psychology|Sociology|Philosophy|Economics|Econ|Marketing|"
    "Business|Finance|Accounting|Law|Parenting|Cooking|Gardening|Writing|Spanish|French|Yoga|Science|Programming|Politics"
)
RACES = words_of("race run walk runner")
ATTACKS = ("9/11", "7/7")
PENCILS = words_of("pencil pencils")
RATED = re.compile(
    r"\b(?:rat(?:ed|ing)|(?i:hp|mp|xp|health|mana|stamina|rating|score)|scored?|gave (?:it|him|her|them)|grade|solid"
    r"|mark|got)(?: of|:| a| an| is| was)?\s$"
)
# After a fraction that is none: a 9/11 memorial, 3/4 time, 8/10 stars; and after one: a 3/4-inch bolt.
OF_ATTACKS = re.compile(r"[\s-](?:bomb|attack|terror|memorial|victim|survivor|commission)")
OF_MUSIC = re.compile(r"[\s-](?:time|signature|meter|beat)\b")
OF_HYPHEN = re.compile("-[a-z]")
YEAR_OF_LAW = re.compile("1[5-9][0-9]{2}|20[0-9]{2}")
RATING = re.compile(r"\s(?:stars|points|marks|rating|score|on|people|users|voters)\b")
SHORT_MAGNITUDES = {
    "k": "thousand",
    "K": "thousand",
    "M": "million",
    "mn": "million",
    "B": "billion",
    "bn": "billion",
    "mln": "million",
    "bln": "billion",
    "tn": "trillion",
}


def _grouped(match: re.Match[str]) -> str:
    """1 000 000: 1,000,000. Two numbers side by side may look alike: 2 400 g tins."""
    text = match["number"]
    groups = re.split("[ '_.]", text)
    rest = match.string[match.end() : match.end() + 40]
    if len(groups) == 2 and groups[1] != "000" and re.match(r"-[a-z]|\s?-?(?:g|ml|mg|mm|cm|m|W|V)\s[a-z]+s\b", rest):
        return match[0]
    return ",".join(groups)


def _indian(match: re.Match[str]) -> str:
    """12,34,567: 1,234,567."""
    return f"{int(match[0].replace(',', '')):,}"


def _ratio(match: re.Match[str]) -> str:
    return " to ".join(number(part) for part in match[0].split(":"))


def _range(match: re.Match[str]) -> str:
    low, high, dash = match["low"], match["high"], match["dash"]
    if re.match(r"\s?=", match.string[match.end() : match.end() + 2]):
        return match[0]  # a sum: 5-3=2
    if re.fullmatch(_YEAR, low):
        if re.fullmatch(_YEAR, high):
            return f"{year(low)} to {year(high)}"
        if re.fullmatch("[0-9]{1,2}", high) and dash != " - ":
            return f"{year(low)} to {two_digits(high) if len(high) == 2 else cardinal(high)}"
    if (low, high) == ("1", "2") and match.string.startswith(" punch", match.end()):
        return "one two"
    if dash.strip() == "–" and low.isdigit() and high.isdigit() and 2 < len(low) and len(high) < len(low):
        whole = low[: -len(high)] + high  # 143–9
        high = whole if int(whole) > int(low) else high
    first, second = float(low.replace(",", "")), float(high.replace(",", ""))
    if (first >= second and first + second == 100 and first % 10 == 0) or low == high in ("15", "30", "40"):
        return f"{number(low)} {number(high)}"  # 50-50, 60-40, of tennis 40-40
    if len(low) > 2 and len(high) < len(low) - 1 and first > second and dash == "-" and "." not in low:
        return f"{number(low)}, {number(high)}"  # no range: 978-0
    return f"{number(low)} {'minus' if dash == ' - ' and first >= second else 'to'} {number(high)}"


def _fraction(match: re.Match[str]) -> str:
    whole, a, b = match["whole"], match["a"], match["b"]
    rest = match.string[match.end() : match.end() + 30]
    if not whole and not match["end"]:
        if (
            (a, b) in (("20", "20"), ("20", "200"), ("4", "4"))
            or (a == "20" and rest.startswith(" vision"))
            or int(a) + int(b) == 100
        ):
            return f"{number(a)} {number(b)}"  # eyesight, 4/4 time, 80/20
        if f"{a}/{b}" in ATTACKS and OF_ATTACKS.match(rest):
            return f"{number(a)} {number(b)}"
        if OF_MUSIC.match(rest):
            return f"{number(a)} {number(b)}"
        if int(a) in (0, int(b)) or RATING.match(rest) or _rated(match):
            return f"{number(a)} out of {number(b)}"
        if len(b) == 4 and YEAR_OF_LAW.fullmatch(b):
            return f"{number(a)} slash {year(b)}"  # law 633/1941
    part = fraction(a, b)
    if OF_HYPHEN.match(rest):
        part = re.sub("(?<=er|th|rd)s$", "", part)  # a 3/4-inch bolt
    if whole and a == "1":
        part = "a " + part.removeprefix("one ")
    return f"{number(whole)} and {part}" if whole else part


def _rated(match: re.Match[str]) -> bool:
    """Whether a score comes: He gave it 8/10."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    part = match.string[match.end() : match.end() + 4] == " of "  # got 3/4 of it
    worded = before[-2:-1].isalpha() or before[-2:-1] == ":"
    return not part and worded and RATED.search(before) is not None


def _shortened(match: re.Match[str]) -> str:
    """2.5k shops, 3B users, 1-2M; but flat 3B, the firm 3M, a 4K screen and a 5K race."""
    low, amount, short = match["low"], match["amount"], match["short"]
    if not _is_magnitude(match):
        return f"{number(amount)} {short.upper()}"
    words = f"{number(amount)} {SHORT_MAGNITUDES[short]}"
    if not low:
        return words
    below = f" {SHORT_MAGNITUDES[match['low_short']]}" if match["low_short"] else ""
    return f"{number(low)}{below} to {words}"


def _is_magnitude(match: re.Match[str]) -> bool:
    """Whether the letter after a number is thousand, million or billion."""
    amount, short = match["amount"], match["short"]
    before = re.search(r"([A-Za-z]*)[\s(\"']*$", match.string[max(0, match.start() - 24) : match.start()])[1].lower()
    rest = match.string[match.end() : match.end() + 24]
    following = (re.match(r"[\s-]([a-z]+)", rest) or ["", ""])[1]
    noun = following if following not in FUNCTION_WORDS else ""
    if match["low"] or rest.startswith("+"):
        return True
    if short in ("k", "K"):
        screen = amount in ("2", "4", "5", "8") and short == "K" and following in ("", *SCREENS)
        race = amount in ("5", "10") and (noun in RACES or (before == "a" and not noun))
        return not (screen or race)
    if short == "M" and amount == "3":
        return noun in COUNTABLE
    if before in LETTERED or noun in PENCILS:
        return False
    measured = short == "M" or before in BEFORE_AMOUNTS
    return bool("." in amount or "," in amount or noun) or (
        measured and not re.match(r"\s[A-Z](?![a-z]{1,20}s\b)", rest)
    )


def _ordinal(match: re.Match[str]) -> str:
    """21st; 21th is read as it is written."""
    last, teen = match["number"][-1], match["number"][-2:-1] == "1"
    end = "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(last, "th")
    return ordinal(match["number"]) if match["end"].lower() == end else match[0]


def _power(match: re.Match[str]) -> str:
    """5e-3: 5 times 10^-3, which later rules read."""
    return f"{match['number']} times 10^{(match['sign'] or '').replace('+', '')}{match['power'].lstrip('0') or '0'}"


def _any_number(match: re.Match[str]) -> str:
    text = match["number"]
    if len(text) == 4 and re.fullmatch(_YEAR, text):
        words = year(text)
    elif len(text) >= 10 and text.isdecimal() and (not text.endswith("000") or len(text) > LONGEST):
        words = spelled_in_groups(text)
    else:
        words = number(text)
    return ("minus " if match["minus"] else "") + words


WITH_COMMA = (
    "km|kg|cm|mm|ml|mg|l|m|g|ha|°C|%|percent|million|billion|degrees|hours|times|tonnes|tons|kilos|kilograms|grams|"
    "lit(?:re|er)s?|(?:kilo|centi|milli)?met(?:re|er)s?"
)
# Before all other rules of numbers.
GROUPED: list[Rule] = [
    Rule(
        r"(?<![\w.,+/:-])(?:(?<![0-9] )|(?<= 1[0-9]{3} )|(?<= 20[0-9]{2} ))"
        r"(?P<number>[1-9][0-9]{0,2}(?:(?: [0-9]{3}){1,5}|(?:'[0-9]{3}){1,5}|(?:_[0-9]{3}){1,5}|(?:\.000){2,5}))"
        r"(?![\w'/]|,[0-9]| [0-9]|-[0-9]{4})",
        _grouped,
    ),
    Rule(r"(?<![\w.,])[0-9]{1,2}(?:,[0-9]{2}){1,5},[0-9]{3}(?![\w,])", _indian),
    Rule(r"(?<=[A-Za-z]),(?=[0-9])", lambda match: ", "),
    # the decimal comma of measures: 1,5 litres
    Rule(rf"(?<![\w.,])([0-9]{{1,4}}),(?=[0-9]{{1,2}}\s?(?:{WITH_COMMA})(?!\w))", lambda match: f"{match[1]}."),
    Rule(r"(?<=[0-9])-in-(?=[0-9])", lambda match: " in "),
    # of baseball: a .500 team
    Rule(
        r"(?<![\w.])\.([1-9][0-9]{2})(?=[ -](?:teams?|hitters?|average|batting|season|record|baseball|ball|club)\b)",
        lambda match: cardinal(match[1]),
    ),
    Rule(rf"(?P<course>\b(?:{COURSES})\s)101(?![\w,]|\.[0-9])", lambda match: match["course"] + "one oh one"),
    Rule(r"(?<=[0-9])x(?=/| (?:daily|weekly|monthly|yearly|a (?:day|week|month|year))\b)", lambda match: " times"),
    Rule(r"(?<=[0-9]) ?ff\.?(?![\w.])", lambda match: " and following"),
    Rule(rf"(?<![\w.,$£€])(40[13])[kK](?!\w|\s(?:{any_of(COUNTABLE)})\b)", lambda m: f"{pairs(m[1])} {letters('K')}"),
    Rule(r"(?<=[0-9])\.\.(?=[0-9])", lambda match: " to "),  # 1..10
    # Chapter 01
    Rule(
        rf"(?P<before>\b(?i:{NUMBERED_FROM_ONE})\s)0{{1,3}}(?=[1-9][0-9]{{0,3}}(?![\w.,:/-]))",
        lambda match: match["before"],
    ),
    Rule(
        rf"{ALONE}(?P<number>{NUMBER})m(?=\s(?:{any_of(COUNTABLE)})\b)",
        lambda match: number(match["number"]) + " million",
    ),
    Rule(
        rf"(?<![\w.,$£€¥₩₹])(?P<number>{NUMBER})\s(?P<short>bn|mn|tn|mln|bln)(?!\w|\s?(?:[$£€]|[A-Z]{{3}}))",
        lambda match: f"{number(match['number'])} {SHORT_MAGNITUDES[match['short']]}",
    ),
    # 1 1/2-2, 1/2-3/4
    Rule(
        rf"(?<![\w./-])(?P<low>(?:[0-9]{{1,3}} )?[1-9]/[2-9]){DASH}"
        rf"(?=[0-9]{{1,3}}(?: [1-9]/[2-9]|/[2-9])?(?![\w/-]| ?[=+]))",
        lambda match: f"{match['low']} to ",
    ),
    # A–D, A-Z
    Rule(
        r"(?<![\w–'-])(?P<first>[A-Z])(?:–|(?<=A)-(?=Z))(?P<last>[A-Z])(?![\w–'-]|\sbonds?\b)",
        lambda match: f"{letters(match['first'])} to {letters(match['last'])}",
    ),
    # the same unit twice: 5km-10km, 10%-15%
    Rule(
        rf"(?<![\w.,$£€])(?P<low>{NUMBER}\s?(?P<unit>%|°[CF]?|[A-Za-z]{{1,3}})){DASH}(?={NUMBER}\s?(?P=unit)(?!\w))",
        lambda match: f"{match['low']} to ",
    ),
]


QUANTITIES: list[Rule] = [
    Rule(
        rf"(?<![\w.,–-])[-−](?P<low>{NUMBER})\s?–\s?(?=[-−]?[0-9])",
        lambda match: f"minus {number(match['low'])} to ",
    ),
    Rule(r"(?<!\w)#\s?(?=[0-9])", lambda match: "number "),  # before a letter after the number is read
    Rule(r"(?<=[0-9]) : (?=[0-9](?![0-9]))", lambda match: " to "),
    Rule(rf"(?<![\w.,:])(?:{NUMBER}):(?:{NUMBER})(?::{NUMBER})?(?![\w:])", _ratio),
    Rule(
        r"(?P<part>\b(?:Table|Figure|Fig\.|figure|table|Exhibit|Equation|Example|Problem|Exercise|Listing)\s[0-9]{1,3})"
        r"-(?P<of>[0-9]{1,3})(?![\w-])",
        lambda match: f"{match['part']} {match['of']}",
    ),
    Rule(r"(?<![\w.,$£€/-])(?:7-11|7-Eleven)(?![\w-])", lambda match: "seven eleven"),
    Rule(
        rf"(?<![\w.,/-])(?P<low>{NUMBER})(?P<dash>\s?–\s?|-| - )(?P<high>{NUMBER})"
        r"(?P<times>x(?=\s[a-z]))?(?![\w/-]|,[0-9])",
        lambda match: _range(match) + (" times" if match["times"] else ""),
    ),
    Rule(  # 4.5/5
        r"(?<![\w./,$£€-])(?P<rating>[0-9]{1,2}\.[0-9])/(?P<best>5|10|20|100)(?![\w/]|\.[0-9])",
        lambda match: f"{number(match['rating'])} out of {number(match['best'])}",
    ),
    Rule(
        r"(?<![\w./,-])(?:(?P<whole>[0-9]{1,4})(?:\s|-))?(?P<a>[0-9]{1,5})/(?P<b>[0-9]{1,5})"
        r"(?P<end>(?i:st|nd|rd|th)s?)?(?![\w/]|\.[0-9])",
        _fraction,
    ),
    Rule(
        r"(?<![\w.,])(?P<number>[0-9]{1,3}(?:,[0-9]{3}){0,4}|[0-9]{4,15})(?P<end>(?i:st|nd|rd|th))(?!\w)",
        _ordinal,
    ),
    Rule(
        rf"{ALONE}(?:(?P<low>{NUMBER})(?P<low_short>{any_of(SHORT_MAGNITUDES)})?{DASH})?"
        rf"(?P<amount>{NUMBER})(?P<short>{any_of(SHORT_MAGNITUDES)})(?!\w)",
        _shortened,
    ),
    Rule(
        rf"{ALONE}(?P<number>{NUMBER})(?:[eE](?P<sign>[+-])|e)(?P<power>[0-9]{{1,3}})(?!\w)",
        _power,
    ),
    Rule(r"#(?=[A-Za-z])", lambda match: "hashtag "),
    Rule(r"(?<=[0-9])x(?=\s[a-z])", lambda match: " times"),
]


NUMBERS: list[Rule] = [
    Rule(r"(?<=[A-Za-z][.,;:!?])(?=[0-9])", lambda match: " "),
    # B2B, COVID-19, R2D2, 3D: letters and digits side by side
    Rule(r"(?<=[A-Za-z])-?(?=[0-9])|(?<=[0-9])(?=[A-Za-z])", lambda match: " "),
    Rule(
        r"(?<![\w)])(?P<minus>-)?"
        r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)*|[0-9]+(?:\.[0-9]+)*|(?<!\.)\.[0-9]+)",
        _any_number,
    ),
    Rule(r"(?P<minus>)(?P<number>[0-9]+)", _any_number),
]
