"""Numbers with units of measure: 5 km, 6'2", 8.5" x 11", 350F, 20 mg/dL, 10s."""

import re

from tts.text.english.numbers import cardinal, fraction, two_digits
from tts.text.english.patterns import AFTER, NUMBER, number, one
from tts.text.english.units import COUNTED, DOTTED, LENGTHS, LETTERS, UNITS, many
from tts.text.rules import Rule, any_of, words_of

PART = "[0-9]{1,3}/[0-9]{1,4}"
BIG = "hundred|thousand|million|billion|trillion"
AMOUNT = rf"(?:(?:{NUMBER}(?:[ -]{PART})?|{PART})(?:\s(?:{BIG}))?)(?![0-9/])"
START = r"(?<![\w.,/'])"
POWER = r"(?:\^?(?P<power>[23²³])(?![0-9]))?"
UNIT = rf"(?:{any_of(UNITS)}|in(?=[²³/]))"
PER = any_of({*UNITS, *COUNTED, "in"} - {"°", "deg"})
DIVISOR = rf"(?:\s?/\s?(?P<per>{PER})(?:\^?(?P<per_power>[23²³])(?![0-9]))?)?"
# A name or a numbered street after a capital letter: 300 W 12th Street, 12 L Street, 5 N Main.
NAMED = rf"(?!(?<=[{''.join(LETTERS)}])\.?\s(?:[A-Z][a-z]|[0-9]{{1,3}}(?:st|nd|rd|th)\b))"
# Units that another meaning has taken where they touch their number, and where they do not: 300K, seat 12J; 5 MP.
SPACED, TOUCHING = "KNJt", "MP"
STOP = r"(?:(?<=[a-z])\.(?=\s+[a-z0-9(]|[,;:)]))?"
# Words after which no noun follows that a measure could belong to: "a 5 km run", but "a 5 km and".
NO_NOUN = words_of(
    "a an the and or but nor of in on at to from by with for as is are was were be than then that this it he she they "
    "we you i who which when where while if so after before above below over under around about into through per each "
    "long wide tall high deep thick away apart across old ago later more less only even just off up down out not"
)
# Nouns that a measure describes even without an article before it: 350F oven, 12V battery.
DESCRIBED = words_of(
    "oven bulb bulbs battery batteries cable cables engine engines motor race run drive lens gun bullet bullets tank "
    "resistor resistors capacitor capacitors supply adapter charger outlet socket fuse plug bottle bottles jar jars "
    "can cans bag bags pipe pipes wall fence walk hike radius sprint dash freestyle relay angle angles turn weather "
    "heat clock process light jack record records laser rope wind winds delay timer timeout interval clip screen "
    "view rotation camera arc monitor display pan pans skillet tablet tablets dose"
)
LONG = "long|wide|tall|high|deep|thick|across|by|x|×|in (?:diameter|length|height)|or"
NOT_COUNTED = words_of(  # before a number and letter that name something: seat 20C, iPhone 5C, gate 12F
    "iphone room seat seats gate row flat apt apartment unit section bus route grade class form table figure exhibit "
    "appendix page chapter part level block building hall suite question problem exercise step option track size type "
    "group no number model hotel exit flight car bin box lot stop platform ward district highway road street line "
    "channel"
)


def _amount(text: str) -> str:
    """4 1/2, 3/4, 1,000.5, 100 million."""
    text, _, big = (text.rstrip(), "", "") if text[-1].isdigit() else text.rpartition(" ")
    whole, _, part = text.replace("-", " ").rpartition(" ") if "/" in text else (text, "", "")
    words = number(whole) if whole else ""
    if part:
        a, b = part.split("/")
        spoken = fraction(a, b)
        words = f"{words} and {'a' + spoken[3:] if spoken.startswith('one ') else spoken}" if words else spoken
    return f"{words} {big}".strip()


def _single(text: str) -> bool:
    """Whether the unit after this amount has no plural s: 1, 1/2, 3/4."""
    a, slash, b = text.partition("/")
    return one(text) or (slash != "" and re.fullmatch(PART, text) is not None and int(a) < int(b))


def _power(name: str, power: str | None, symbol: str) -> str:
    if not power:
        return name
    second = power in "2²"
    if symbol in LENGTHS:
        return f"{'square' if second else 'cubic'} {name}"
    return f"{name} {'squared' if second else 'cubed'}"


def _name(symbol: str) -> str:
    return "inch" if symbol == "in" else UNITS.get(symbol, symbol)


def _described(match: re.Match[str]) -> bool:
    """Whether the measure stands before the noun that it describes, so that its unit is singular."""
    after = re.match(r"[ -]([a-z]{2,20})\b", match.string[match.end() : match.end() + 24])
    if not after or after[1] in NO_NOUN:
        return False
    article = re.search(
        r"\b(?:[Aa]n?|[Tt]he|[Tt]his|[Tt]hat|[Ee]ach|[Ee]very) $",
        match.string[max(0, match.start() - 8) : match.start()],
    )
    return bool(article) or after[1] in DESCRIBED


def _unit(match: re.Match[str]) -> str:
    low, high, unit = match["low"], match["high"], match["unit"]
    if unit in LETTERS and _designated(match):
        return match[0]
    name = _power(_name(unit), match["power"], unit)
    words = ("minus " if match["minus"] else "") + _amount(low)
    if high:
        sign = match["sign"].strip()
        words += (
            f" {'plus or minus' if sign in ('±', '+/-') else 'to'} {'minus ' if match['below'] else ''}{_amount(high)}"
        )
    singular = match["join"] == "-" or (_single(low) and not high) or _described(match)
    words += f" {name if singular else many(name)}"
    if match["per"]:
        per = match["per"]
        words += f" per {_power(_name(per), match['per_power'], per)}"
    return words + (_compass(match["compass"]) if match["compass"] else "")


def _designated(match: re.Match[str]) -> bool:
    """Whether the number names something, as in seat 20C, iPhone 5C or Highway 12 N."""
    text = match.string[max(0, match.start() - 22) : match.start()]
    before = re.search(r"(?<![A-Za-z])([A-Za-z]{2,20}) $", text)
    road = re.search(r"(?<![A-Za-z])[A-Z]{1,2}-$", text)  # I-95 N
    return road is not None or (before is not None and before[1].lower() in NOT_COUNTED)


def _compass(letter: str) -> str:
    return {"N": " north", "S": " south", "E": " east", "W": " west"}[letter.strip()]


def _arc(match: re.Match[str]) -> str:
    """40°26'46"N."""
    words = f"{_amount(match[1])} degree{'' if one(match[1]) else 's'}"
    for amount, name in ((match[2], "minute"), (match[3], "second")):
        words += f" {_amount(amount)} {name}{'' if one(amount) else 's'}" if amount else ""
    return words + (_compass(match[4]) if match[4] else "")


def _degrees(match: re.Match[str]) -> str:
    """350F, -5C, without a sign for degrees."""
    scale = {"F": "Fahrenheit", "C": "Celsius"}[match["scale"]]
    if match["minus"]:
        return f"minus {_amount(match['low'])} {scale}"
    if len(match["low"]) < 2 or _designated(match):
        return match[0]
    words = _amount(match["low"]) + (f" to {_amount(match['high'])}" if match["high"] else "")
    return f"{words} degree{'' if _described(match) else 's'} {scale}"


def _height(match: re.Match[str]) -> str:
    """5'10", 5 ft 10 in."""
    mark = "'" in match["foot"]
    inches = match["inches"]
    if mark and inches.isdigit() and int(inches) > 11:  # of an arc, or of time
        return f"{_amount(match[1])} minute{'' if one(match[1]) else 's'} {cardinal(inches)} seconds"
    foot = "foot" if mark or one(match[1]) else "feet"
    ending = "" if mark and "/" not in inches else " inch" if _single(inches) else " inches"
    return f"{cardinal(match[1])} {foot} {_amount(inches)}{ending}"


def _quoted(match: re.Match[str]) -> bool:
    """Whether the mark after a number closes a quotation that was opened before."""
    before = match.string[max(0, match.start() - 400) : match.start()]
    if match["mark"] == "'":
        return len(re.findall(r"(?<![\w'])'(?=\w)", before)) > len(re.findall(r"(?<=[^\s0-9'])'(?!\w)", before))
    opened = False
    for found in re.finditer('"', before):
        opened = not opened if opened or not before[: found.start()][-1:].isdigit() else opened
    return opened


def _noun_follows(match: re.Match[str]) -> bool:
    """A noun after feet or inches: a 2" pipe."""
    noun = re.match(
        r" (?!inch)([a-z]{2,20}|TV|HDTV|LCD|LED|OLED|MacBook|iMac)\b", match.string[match.end() : match.end() + 24]
    )
    return noun is not None and noun[1] not in NO_NOUN


def _marked(match: re.Match[str]) -> str:
    """6' tall, a 2" pipe: feet or inches, unless the mark closes a quotation."""
    sure = match["sure"] is not None
    if _quoted(match) and not sure:
        return match[0]
    name = "foot" if match["mark"] == "'" else "inch"
    singular = _single(match["low"]) or (not sure and _noun_follows(match))
    return f"{_amount(match['low'])} {name if singular else many(name)}"


def _dimensions(match: re.Match[str]) -> str:
    """8.5" x 11", 25m x 10m, 2 x 4 in: marks of feet and inches are said once."""
    found = re.findall(rf"({AMOUNT})\s?({DIMENSION})?", match[0])
    last = found[-1][1]
    words = []
    for index, (amount, unit) in enumerate(found):
        words.append(_amount(amount))
        if unit and (index == len(found) - 1 or unit not in MARKS or unit != last):
            symbol = unit.rstrip(".^23²³")
            power = re.search("[23²³]", unit)
            name = MARKS.get(unit) or _power(_name(symbol), power and power[0], symbol)
            singular = _single(amount) or _described(match) or (unit in MARKS and _noun_follows(match))
            words[-1] += f" {name if singular else many(name)}"
    return " by ".join(words)


def _inches(match: re.Match[str]) -> str:
    singular = _single(match["low"]) or match["join"] == "-" or _described(match)
    return f"{_amount(match['low'])} {'inch' if singular else 'inches'}"


def pairs(digits: str) -> str:
    """The digits two by two: 1080: ten eighty; 720: seven twenty; 600: six hundred; 2405: twenty-four oh five."""
    if len(digits) < 3 or digits.endswith("000"):
        return cardinal(digits)
    return f"{cardinal(digits[:-2])} {'hundred' if digits.endswith('00') else two_digits(digits[-2:])}"


def _seconds(match: re.Match[str]) -> str:
    """Took 10s, a 5s delay, 9.58s. What else may be decades is left to the dates."""
    amount, before, after = match["low"], match["before"], match["after"]
    article = before is not None and before.lower() in ("a", "an", "the", "each")
    sure = "." in amount or after or (before and not article)
    if not sure and (len(amount) != 2 or amount[1] == "0" or amount in RECORDS):
        return match[0]
    singular = one(amount) or (article and after)
    return f"{before + ' ' if before else ''}{number(amount)} second{'' if singular else 's'}"


def _plural(match: re.Match[str]) -> str:
    """Two 6s, 0s and 1s, 747s."""
    return match[0] if match[0] == match.string.strip() else many(pairs(match[1]))


def _many_of(match: re.Match[str]) -> str:
    """100s of people, 1,000s of them, 10,000s: tens of thousands."""
    first, _, thousands = match[1].partition(",")
    words = many(cardinal(first).removeprefix("one ")) if first != "1" or not thousands else ""
    big = many(cardinal("1," + thousands).removeprefix("one ")) if thousands else ""
    return " of ".join(part for part in (words, big) if part)


def _per(match: re.Match[str]) -> str:
    return f"{match['before']} per {_power(_name(match['per']), match['power'], match['per'])}"


def _per_amount(match: re.Match[str]) -> str:
    """5 l/100 km; but 50 kg/110 lb."""
    joint = "or" if match["unit"] in ("lb", "lbs", "oz", "mph", "kg") and match["amount"].strip("0") != "1" else "per"
    return f" {joint} {cardinal(match['amount'])} {many(_name(match['unit']))}"


def _counted(match: re.Match[str]) -> str:
    """Five km, in kg, per lb."""
    name = _name(match["unit"])
    return f"{match['before']} {name if match['before'].lower() in ('per', 'one', 'a') else many(name)}"


def _cups(match: re.Match[str]) -> str:
    """2 c. flour."""
    one_cup = re.search(
        r"(?<![0-9])1$|(?<![0-9] )[0-9]/[0-9]$", match.string[max(0, match.start() - 8) : match.start()]
    )
    return " cup" if one_cup else " cups"


def _powered(match: re.Match[str]) -> str:
    """Ten to the power of eight m/s."""
    words = f"{match['before']} {many(_power(_name(match['unit']), match['power'], match['unit']))}"
    per = match["per"]
    return words + (f" per {_power(_name(per), match['per_power'], per)}" if per else "")


TIMES = ("min", "sec", "hr", "h", "yr", "mo", "wk", "gal", "lb", "kg", "mi", "km")
MARKS = {"'": "foot", '"': "inch", "''": "inch"}
DIMENSION = r"(?:\"|''|'|(?:mm|cm|m|km|ft|in|yd|mi)(?:\^?[23²³])?(?!\w)\.?)"
RECORDS = ("33", "45", "78")  # gramophone records
MEASURED = "took|takes|take|taking|for|within|after|every|lasts|lasted|last|waits?|waited|waiting|only|under"
TIMED = "delay|timeout|timer|clip|video|ads?|later|ago|interval|per|left|pause|break|wait|limit|countdown|exposure"
CURRENT = (
    "fuses?|circuits?|breakers?|plugs?|sockets?|outlets?|chargers?|suppl(?:y|ies)|currents?|motors?|batter(?:y|ies)|"
    "adapters?"
)
# Symbols that are no words and name nothing else, so that they are units without a number too.
SURE = any_of(
    words_of(
        "km kg cm mm ml mL mg µg lb lbs oz mph kph MB GB TB kB KB kHz MHz GHz Hz kW MW kWh yds tsp tbsp rpm dB °C °F"
    )
    | {"sq ft", "sq. ft", "sq mi", "fl oz"}
)
SPELLED_NUMBER = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|"
    "eighty|ninety|hundred|thousand|million|billion|few|several|many"
)

# Before the dates, which read 10s as a decade, and before money, which reads 1080p as pence.
SECONDS: list[Rule] = [
    Rule(r"(?<!\w)([Nn])o\.(?= [0-9]{1,2}s(?!\w))", lambda match: f"{match[1]}umber".lower()),  # No. 1s
    # 8 oz. can: before abbreviations, which would read the unit alone
    Rule(rf"(?<=[0-9])([ -]?(?:{any_of({*DOTTED} - {'in'})}))\.(?=\s+[a-z0-9(]|[,;:)])", lambda match: match[1]),
    # 1 oz. at the end of a sentence
    Rule(
        rf"{START}(?![0-2][0-9][0-5][0-9] ?h)(?P<low>{AMOUNT})[ -]?(?P<unit>oz|lbs?|hrs?|yrs?|mins|secs)\.(?=[\"')]*$)",
        lambda match: f"{_amount(match['low'])} {(str if _single(match['low']) else many)(_name(match['unit']))}.",
    ),
    Rule(r"(?<=[0-9]) ?(?:kt?|K)\.?(?= (?:white |yellow |rose )?gold\b)", lambda match: " karat"),
    Rule(r"(?<![\w/])(?<![0-9] )km/h(?!\w)", lambda match: "kilometers per hour"),
    Rule(r"(?<=[0-9] )ft-lbs?(?:\.(?!$))?(?!\w)", lambda match: "foot-pounds"),
    Rule(r"(?<=\b50)/(?=60 ?Hz)", lambda match: " or "),
    Rule(r"(?<=[0-9][\"'])/(?=[0-9]{2,3} ?(?:lbs?|kg|pounds|kilos)\b)", lambda match: ", "),  # 5'10"/180 lb
    Rule(
        r"(?<![\w.,])([1-9])x([1-9][0-9]?)s(?!\w)",  # 2x4s
        lambda match: f"{cardinal(match[1])} by {many(cardinal(match[2]))}",
    ),
    Rule(r"(?<=\b[Mm]ark [0-9])/(?=[0-9])", lambda match: " or "),
    Rule(r"(?<=[CF])/(?=[0-9]{1,3} ?°)", lambda match: " or "),
    Rule(rf"{START}(?<![$£€])(10{{1,6}}(?=s of\b)|10{{0,2}},000(?:,000)?)s(?!\w)", _many_of),
    Rule(r"(?<=[0-9])(?P<space>[ -]?)(?i:fl\.?\s?oz)\b(?:\.(?=\s+[a-z0-9(]|[,;:)]))?", lambda m: f"{m['space']}fl oz"),
    Rule(
        rf"(?:\b(?P<before>{MEASURED}|[Aa]n?|[Tt]he|each) )?{START}(?<![A-Za-z]-)"
        r"(?P<low>[0-9]{1,4}(?:\.[0-9]{1,4})?)s(?!\w)"
        rf"(?=(?P<after>[ -](?:{TIMED})\b)?)",
        _seconds,
    ),
    Rule(r"(?<![\w.,$£€'-])([0-9]|[1-9][0-9][1-9])s(?!\w|\. ?[0-9])", _plural),
    Rule(
        rf"{START}(240|360|480|540|720|1080|1440|2160|4320)([pi])(?=[0-9]{{0,3}}(?!\w))",
        lambda match: f"{pairs(match[1])} {match[2].upper()}",
    ),
    Rule(
        r"(?<![\w.,-])([0-9]{3,4})[x×]([0-9]{3,4})(?![\w,.]\w|\w)",
        lambda match: f"{pairs(match[1])} by {pairs(match[2])}",
    ),
]

TINY = any_of(UNITS.keys() - {"in", "a", "at"})  # .5 mm, but .300 in June
MEASURES: list[Rule] = [
    Rule(rf"(?<![\w.])\.(?=[0-9]{{1,4}}\s?(?:{TINY})(?!\w))", lambda match: "0."),
    Rule(
        rf"{START}({NUMBER})\s?[°º]\s?(?:({NUMBER})\s?['′]\s?)(?:({NUMBER})\s?(?:\"|''))?(?:\s?([NSEW])(?!\w))?", _arc
    ),
    Rule(
        rf"{START}({NUMBER})[ -]?pt\.?(?=\s(?:font|type|text|bold|lettering|Times|Arial|Helvetica)\b)",
        lambda match: f"{number(match[1])} point",
    ),
    Rule(rf"{START}({NUMBER})\s?A(?=\s(?:{CURRENT})\b)", lambda match: f"{number(match[1])} amp"),
    Rule(rf"(?:(?<=V at )|(?<=V )|(?<=V, )|(?<=V/))({NUMBER})\s?A(?!\w)", lambda match: f"{number(match[1])} amps"),
    Rule(
        rf"{START}([0-9]{{1,3}})(?P<foot>'| ?(?:ft\.?|feet|foot)(?![A-Za-z])) ?-?"
        rf"(?P<inches>[0-9]{{1,2}}(?: {PART})?)(?![\w/])"
        r"(?: ?(?:\"|''| ?in(?:\.|ches|ch)?(?!\w)))?(?<![ft.] [0-9])(?<![ft.] [0-9][0-9])",
        _height,
    ),
    Rule(
        rf"{START}{AMOUNT}\s?{DIMENSION}?(?:\s?(?:x|×|by)\s?{AMOUNT}\s?{DIMENSION}?){{1,3}}(?!\w)"
        r"(?:(?<![0-9])|(?<=[a-z][23])|(?<=\^[23]))",
        _dimensions,
    ),
    Rule(
        rf"{START}(?P<low>{AMOUNT})(?P<mark>\"|''|')(?!\w)(?P<sure>(?=\s(?:{LONG})\b))?",
        _marked,
    ),
    Rule(
        rf"{START}(?P<low>{AMOUNT})(?P<join>[ -]?)in(?:\.(?!\s+[A-Z])|(?=\)|\s?[x×=]|[.!?]?$)"
        r"|(?<=[0-9-]in)(?!\w|-[0-9])"
        r"|(?=\s(?:x|by|long|wide|tall|high|deep|thick|in diameter|of (?:rain|snow|water))\b))",
        _inches,
    ),
    Rule(rf"(?<=[0-9])\s?({SURE}|°)\s?[-–]\s?(?=[0-9.,]{{1,12}}\s?\1(?!\w))", lambda match: f" {match[1]} to "),
    Rule(
        r"(?<![\w.,])(?P<minus>[-−])?(?P<low>[0-9]{1,4}(?:\.[0-9]{1,2})?)"
        r"(?:\s?[-–]\s?(?P<high>[0-9]{1,4}))?\s?(?P<scale>[FC])(?![\w'#♯♭])",
        _degrees,
    ),
    Rule(
        rf"(?<![\w.,/])(?P<minus>[-−])?(?P<low>{AMOUNT})(?:(?P<sign>\s?(?:[-–±]|\+/-|to)\s?)(?P<below>[-−])?(?P<high>{AMOUNT}))?"
        rf"(?P<join>(?!s\b)[ -]?)(?!(?<=[0-9])[{SPACED}]\b|(?<=[ -]){TOUCHING}\b)(?P<unit>{UNIT})"
        rf"{POWER}{DIVISOR}(?:(?<=°)(?P<compass>\s?[NSEW](?![\w']))|{AFTER}|(?<=°)){NAMED}{STOP}",
        _unit,
    ),
    Rule(rf"{START}(?P<before>{NUMBER})/(?P<per>(?![A-Za-z]\b)(?:{PER}))(?P<power>(?!))?{AFTER}", _per),
    Rule(rf"\b(?P<before>[a-z]{{2,20}}s)/(?P<per>{any_of([*COUNTED, *TIMES])})(?P<power>(?!))?{AFTER}", _per),
    Rule(r"(?<= per second)/s(?!\w)", lambda match: " per second"),
    Rule(rf"(?P<before>\b[Pp]er )(?P<unit>(?![A-Za-z]\b){PER}){AFTER}{STOP}", lambda m: m["before"] + _name(m["unit"])),
    Rule(r"\bsq\.? (?=miles?|feet|foot|inch|yards?|meters?|kilometers?)", lambda match: "square "),
    Rule(r"(?<=[0-9]) c\.(?= [a-z])", _cups),
    Rule(
        rf"(?P<before>to the power of (?:minus )?[a-z]+(?:-[a-z]+)?) (?P<unit>{UNIT}){POWER}{DIVISOR}{AFTER}", _powered
    ),
    Rule(rf"(?P<before>(?:squared|cubed)) (?P<unit>{UNIT}){POWER}{DIVISOR}{AFTER}", _powered),
    Rule(rf"\b(?P<before>[Pp]er|[Ii]n|{SPELLED_NUMBER})\s(?P<unit>{SURE}){AFTER}{STOP}", _counted),
    Rule(
        rf"(?<=[a-z])/(?P<amount>[0-9]{{1,4}})\s?(?P<unit>{SURE}|g){AFTER}",
        _per_amount,
    ),
]
