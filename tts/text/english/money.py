"""Sums of money."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.numbers import cardinal, fraction, in_plural
from tts.text.english.patterns import AFTER, ALONE, DASH, FUNCTION_WORDS, NUMBER, number, one
from tts.text.english.quantities import LETTERED
from tts.text.rules import Rule, any_of, words_of

CURRENCIES = {  # one, many, one hundredth, hundredths
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "jeon", "jeon"),
    "₪": ("shekel", "shekels", "agora", "agorot"),
    "₺": ("lira", "lira", "kurus", "kurus"),
    "₴": ("hryvnia", "hryvnias", "kopeck", "kopecks"),
    "₦": ("naira", "naira", "kobo", "kobo"),
    "₱": ("peso", "pesos", "centavo", "centavos"),
    "฿": ("baht", "baht", "satang", "satang"),
    "₫": ("dong", "dong", "xu", "xu"),
    "₿": ("bitcoin", "bitcoin", "", ""),
    "R$": ("Brazilian real", "Brazilian reais", "centavo", "centavos"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CHF": ("Swiss franc", "Swiss francs", "centime", "centimes"),
    "CAD": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AUD": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "NZD": ("New Zealand dollar", "New Zealand dollars", "cent", "cents"),
    "HKD": ("Hong Kong dollar", "Hong Kong dollars", "cent", "cents"),
    "SGD": ("Singapore dollar", "Singapore dollars", "cent", "cents"),
    "JPY": ("yen", "yen", "sen", "sen"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "RMB": ("yuan", "yuan", "fen", "fen"),
    "KRW": ("won", "won", "jeon", "jeon"),
    "INR": ("rupee", "rupees", "paisa", "paise"),
    "Rs": ("rupee", "rupees", "paisa", "paise"),
    "RUB": ("ruble", "rubles", "kopeck", "kopecks"),
    "SEK": ("Swedish krona", "Swedish kronor", "ore", "ore"),
    "NOK": ("Norwegian krone", "Norwegian kroner", "ore", "ore"),
    "DKK": ("Danish krone", "Danish kroner", "ore", "ore"),
    "MXN": ("Mexican peso", "Mexican pesos", "centavo", "centavos"),
    "BRL": ("Brazilian real", "Brazilian reais", "centavo", "centavos"),
    "ZAR": ("rand", "rand", "cent", "cents"),
    "THB": ("baht", "baht", "satang", "satang"),
    "BTC": ("bitcoin", "bitcoin", "", ""),
}
COUNTRIES = {
    **{"US": letters("US"), "AU": "Australian", "A": "Australian", "CA": "Canadian", "C": "Canadian"},
    **{"Can": "Canadian", "NZ": "New Zealand", "HK": "Hong Kong", "S": "Singapore", "NT": "New Taiwan"},
    **{"MX": "Mexican", "Mex": "Mexican"},
}


MAGNITUDES = {
    **{"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "b": "billion"},
    **{"B": "billion", "bn": "billion", "tn": "trillion", "trn": "trillion", "T": "trillion"},
    **{"thousand": "thousand", "million": "million", "billion": "billion", "trillion": "trillion"},
    **{"mln": "million", "bln": "billion", "lakh": "lakh", "crore": "crore", "MM": "million"},
}
# What a sum is for, after a slash.
PRICED_PER = {
    **{"mo": "month", "mth": "month", "yr": "year", "y": "year", "wk": "week", "w": "week", "d": "day", "hr": "hour"},
    **{"h": "hour", "min": "minute", "m": "month", "sec": "second", "s": "second", "pp": "person", "ea": "each"},
    **{"lb": "pound", "kg": "kilogram", "g": "gram", "oz": "ounce", "gal": "gallon", "l": "liter", "mi": "mile"},
    **{
        "km": "kilometer",
        "bbl": "barrel",
        "sqft": "square foot",
        "GB": "gigabyte",
        "MB": "megabyte",
        "kWh": "kilowatt hour",
    },
}
# Before a sum that describes what follows: the $50 ticket, two $10 bills.
BEFORE_SUMS = words_of(
    "a an the his her its my your our their this that these those each every another one two three four five six seven "
    "eight nine ten several some many few no any crisp"
)
# Things that have a price, also without a word before the sum: $10 bills.
PRICED = words_of(
    "bill bills note notes coin coins ticket tickets tip fine prize deal budget bet bets fee check cheque reward "
    "minimum donation bonus loan discount deposit stamp stamps chip chips voucher house home homes mansion project "
    "plan package grant investment contract lawsuit settlement bridge salary"
)
HYPHEN = re.compile("-[a-z]")
FOLLOWING = re.compile(r"(?:\s[A-Z][a-z]*)?\s([a-z][a-z-]*)")
SIGN = "(?:R\\$|[" + "".join(sign for sign in CURRENCIES if len(sign) == 1) + "])"
CODE = any_of(code for code in CURRENCIES if code.isalpha())
SUM = rf"(?:{NUMBER}|\.[0-9]{{1,6}})"
BIG_WORD = "lakh|crore|thousand|million|billion|trillion|bn|tn|trn|mn|mln|bln"
BIG = rf"(?:\s?(?:{BIG_WORD})|\s?[mMbB](?!\s[A-Z])|[kKT]|MM){AFTER}"


def _money(match: re.Match[str]) -> str:
    one_unit, many, cent, cents = CURRENCIES[match["suffix"] or match["sign"] or match["code"]]
    if match["country"]:
        country = COUNTRIES[match["country"]]
        one_unit, many = f"{country} {one_unit}", f"{country} {many}"
    amount, upper, magnitude, low_magnitude = (match[name] for name in ("amount", "upper", "magnitude", "low"))
    adjective = _describes(match)
    names = (one_unit, one_unit if adjective else many, cent, cent if adjective and cents.endswith("s") else cents)
    words = (match["before"] or "") + {None: "", "~": "about "}.get(match["minus"], "minus ")
    if upper is None and magnitude is None:
        words += _sum(amount, names)
    elif magnitude is None and low_magnitude is None and ("." in amount or "." in upper):
        words += f"{_sum(amount, names)} to {_sum(upper, names)}"
    else:
        words += _big(amount, low_magnitude) + (f" to {number(upper)}" if upper else "")
        words += _big("", magnitude) + " " + names[1]
    per = match["per"]
    return words + (f" per {PRICED_PER.get(per, per)}" if per else "")


def _and_part(match: re.Match[str]) -> str:
    """$3½ million: three and a half million dollars."""
    part = re.sub("^one ", "a ", fraction(match["a"], match["b"]))
    words = (match["before"] or "") + ("minus " if match["minus"] else "")
    name = CURRENCIES[match["sign"]][0 if _describes(match) else 1]
    return f"{words}{number(match['whole'])} and {part}{_big('', match['magnitude'])} {name}"


def _big(amount: str, magnitude: str | None) -> str:
    """1.5 and m: one point five million."""
    return (number(amount) if amount else "") + (f" {MAGNITUDES[magnitude.strip(' -')]}" if magnitude else "")


def _sum(amount: str, names: tuple[str, str, str, str]) -> str:
    """5.20: five dollars and twenty cents. With more than two decimals, as in 1.375, they are read one by one."""
    one_unit, many, cent, cents = names
    whole, _, part = amount.partition(".")
    part = part.rstrip("0")
    if len(part) > 2 or (part and not cents):
        return f"{number(amount)} {many}"
    hundredths = str(int(part.ljust(2, "0")))
    big = f"{cardinal(whole or '0')} {one_unit if whole == '1' else many}"
    small = f"{cardinal(hundredths)} {cent if hundredths == '1' else cents}"
    if hundredths == "0":
        return big
    return small if whole in ("", "0") else f"{big} and {small}"


def _describes(match: re.Match[str]) -> bool:
    """Whether a sum is an adjective, as in "the $50 ticket" or "$10-a-day", and so has no plural."""
    before, after = (match["before"] or "").strip().lower(), match.string[match.end() : match.end() + 40]
    if match["per"]:
        return False
    if before in ("a", "an") or HYPHEN.match(after) or (match["magnitude"] or "").startswith("-"):
        return True
    following = FOLLOWING.match(after)
    if not following:
        return False
    word = following[1]
    noun = word not in FUNCTION_WORDS and not word.endswith(("ed", "ly", "ing"))
    return word in PRICED or (before in BEFORE_SUMS and noun)


def _cents(match: re.Match[str]) -> str:
    amount = match["amount"]
    if match["unit"] == "p" and amount in ("144", "240", "360", "480", "576", "720", "1080", "1440", "2160"):
        return match[0]  # lines of a picture
    if match["unit"] == "c" and _lettered(match):
        return match[0]
    names = ("penny", "pence") if match["unit"] == "p" else ("cent", "cents")
    priced = match["unit"] == "c" and re.match(rf"-|\s(?:{any_of(PRICED)})\b", match.string[match.end() :][:20])
    return f"{number(amount)} {names[not (one(amount) or priced)]}"


def _lettered(match: re.Match[str]) -> bool:
    """Whether the letter after a number belongs to a name: figure 15c."""
    before = re.search(r"([A-Za-z]{1,20})\.?\s$", match.string[max(0, match.start() - 22) : match.start()])
    return before is not None and before[1].lower() in LETTERED


def _shillings(match: re.Match[str]) -> str:
    """£3 10s. 6d.: pounds, shillings and pence."""
    pounds, shillings, pence = match["pounds"], match["shillings"], match["pence"]
    parts = [f"{number(pounds)} {_coin(pounds, 'pound', 'pounds')}"] if pounds else []
    parts.append(f"{cardinal(shillings)} {_coin(shillings, 'shilling', 'shillings')}")
    parts += [f"{cardinal(pence)} {_coin(pence, 'penny', 'pence')}"] if pence else []
    return " ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] + _last_stop(match)


def _pence(match: re.Match[str]) -> str:
    return f"{cardinal(match['pence'])} {_coin(match['pence'], 'penny', 'pence')}{_last_stop(match)}"


def _last_stop(match: re.Match[str]) -> str:
    """The full stop of an abbreviation that ends a sentence is the sentence's as well."""
    before, after = match.string[: match.start()].strip(), match.string[match.end() :].strip()
    return "." if match[0].endswith(".") and before and not after else ""


def _coin(amount: str, singular: str, plural: str) -> str:
    return singular if amount == "1" else plural


# Words whose full stop ends no sentence before a number: Rs. 500, £3 10s. 6d.
SPENT = ("Rs", *(f"{shillings}s" for shillings in range(1, 20)))
PENCE = r"(?P<shillings>1?[0-9])\s?s\.?,?\s?(?P<pence>1?[0-9])\s?d(?:\.|(?!\w))"
PLACE = r"(?<![\w.,])(?P<minus>[-−~])?"
PER_UNIT = r"(?:/(?P<per>[A-Za-z]{1,20})(?!\w))?"
# Shillings and pence, before any rule takes 10s for tens or seconds: these have no full stop within a sentence.
OLD_MONEY: list[Rule] = [
    Rule(rf"(?<![\w.,])£(?P<pounds>{NUMBER})\s{PENCE}", _shillings),
    Rule(rf"(?<![\w.,])£(?P<pounds>{NUMBER})\s(?P<shillings>1?[0-9])s(?:\.|(?!\w))(?P<pence>)", _shillings),
    Rule(rf"(?<![\w.,])(?P<pounds>){PENCE}", _shillings),
    Rule(r"(?<![\w.,])(?P<pounds>)(?P<shillings>1?[0-9])s\.(?P<pence>)(?=,? [a-z0-9])", _shillings),
    Rule(r"(?<![\w.,])(?P<pence>1?[0-9])d\.(?!\w)", _pence),
]
MONEY: list[Rule] = [
    # $3½ million
    Rule(
        rf"(?P<before>\b[A-Za-z]{{1,7}}\s)?{PLACE}(?P<sign>{SIGN})(?P<whole>[0-9]{{1,4}})[ -](?P<a>[1-9])/(?P<b>[1-9])"
        rf"(?P<magnitude>[ -](?:{BIG_WORD}))?(?P<per>)(?![\w/])",
        _and_part,
    ),
    Rule(r"(?<=[0-9])/[-–=](?=[\s.,;)]|$)", lambda match: ""),  # Rs 500/-
    # the decimal comma of the euro
    Rule(r"(?<=€)\s?([0-9]{1,9}),([0-9]{2})(?![0-9,])", lambda match: f"{match[1]}.{match[2]}"),
    Rule(r"(?<![\w.,])([0-9]{1,9}),([0-9]{2})(?=\s?€)", lambda match: f"{match[1]}.{match[2]}"),
    Rule(r"(?<=[€£$][0-9])(?P<rest>[0-9]{0,9}),[-–—](?=\s|$)", lambda match: match["rest"]),
    Rule(
        r"(?<![\w.,])[$£€]([1-9][0-9]{0,2}(?:,[0-9]{3})?|[0-9]{4})s(?!\w)",
        lambda match: in_plural(cardinal(match[1]).removeprefix("one ")),
    ),
    Rule(
        rf"(?P<before>\b[A-Za-z]{{1,7}}\s)?{PLACE}(?:(?P<country>{any_of(COUNTRIES)})(?=\$))?"
        rf"(?:(?P<sign>{SIGN})|(?P<code>{CODE})\.?(?![A-Za-z]))\s?(?P<amount>{SUM})"
        rf"(?:(?P<low>{BIG})?{DASH}(?:{SIGN})?(?P<upper>{NUMBER}))?(?P<magnitude>-?{BIG})?"
        rf"(?:\s?(?P<suffix>USD|CAD|AUD|NZD|HKD|SGD)(?!\w))?{PER_UNIT}",
        _money,
    ),
    Rule(
        rf"(?P<before>\b[A-Za-z]{{1,7}}\s)?{PLACE}(?P<country>)(?P<suffix>)(?P<amount>{SUM})"
        rf"(?:(?P<low>{BIG})?{DASH}(?P<upper>{NUMBER}))?(?P<magnitude>{BIG})?\s?"
        rf"(?:(?P<sign>{SIGN})(?!{SUM})|(?P<code>{CODE})(?!\s?[0-9])){AFTER}{PER_UNIT}",
        _money,
    ),
    Rule(rf"{ALONE}(?<!:)(?P<amount>{NUMBER})(?:\s?(?=¢)|(?=p(?!\.\s?m)))(?P<unit>[¢p]){AFTER}", _cents),
    Rule(rf"{ALONE}(?P<amount>[1-9][0-9]?)(?P<unit>c)(?=-a-|\s(?:an?|each|per|off|{any_of(PRICED)})\b)", _cents),
    Rule(rf"{ALONE}(?P<amount>[1-9][05])(?P<unit>c)(?![\w'-]|\.\w)", _cents),
]
