"""Sums of money."""

import re

from tts.text.english.numbers import cardinal
from tts.text.english.patterns import AFTER, ALONE, NUMBER, Rule, number, one, rule

CURRENCIES = {  # one, many, one hundredth, hundredths
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
    "₽": ("ruble", "rubles", "kopeck", "kopecks"),
    "₩": ("won", "won", "jeon", "jeon"),
    "USD": ("dollar", "dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
}


MAGNITUDES = {
    **{"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "b": "billion"},
    **{"B": "billion", "bn": "billion", "tn": "trillion", "trn": "trillion", "thousand": "thousand"},
    **{"million": "million", "billion": "billion", "trillion": "trillion"},
}


SIGN, CODE = "[$£€¥₹₽₩]", "USD|EUR|GBP"
BIG = rf"(?P<magnitude>\s?(?:thousand|million|billion|trillion|bn|tn|trn)|[kKmMbB]|mn){AFTER}"


def _money(match: re.Match[str]) -> str:
    one_unit, many, cent, cents = CURRENCIES[match["sign"] or match["code"]]
    if match["country"]:
        country = " ".join(match["country"]).replace("A", "ay")
        one_unit, many = f"{country} {one_unit}", f"{country} {many}"
    amount, upper, magnitude = match["amount"], match["upper"], match["magnitude"]
    whole, _, hundredths = amount.partition(".")
    adjective = match["article"] and not hundredths
    unit = one_unit if adjective or (one(amount) and not upper and not magnitude) else many
    words = (match["article"] or "") + ("minus " if match["minus"] else "")
    if len(hundredths) == 2 and not magnitude and not upper:
        small = f"{cardinal(hundredths.lstrip('0') or '0')} {cent if hundredths == '01' else cents}"
        big = f"{number(whole)} {one_unit if whole == '1' else many}"
        words += big if hundredths == "00" else small if whole == "0" else f"{big} and {small}"
    else:
        words += number(amount) + (f" to {number(upper)}" if upper else "")
        words += f" {MAGNITUDES[magnitude.strip()]}" if magnitude else ""
        words += f" {unit}"
    return words + (" per " if match["per"] else "")


def _cents(match: re.Match[str]) -> str:
    names = ("penny", "pence") if match["unit"] == "p" else ("cent", "cents")
    return f"{number(match['amount'])} {names[not one(match['amount'])]}"


MONEY: list[Rule] = [
    rule(
        rf"(?P<article>\b[Aa]n?\s)?(?<![\w.,])(?P<minus>[-−])?(?P<country>US|AU|CA|NZ|HK)?"
        rf"(?:(?P<sign>{SIGN})|(?P<code>{CODE}))\s?(?P<amount>{NUMBER})"
        rf"(?:\s?[-–]\s?{SIGN}?(?P<upper>{NUMBER}))?(?:-?{BIG})?(?P<per>/(?=[a-z]))?",
        _money,
    ),
    rule(
        rf"(?P<article>)(?<![\w.,])(?P<minus>[-−])?(?P<country>)(?P<amount>{NUMBER})(?P<upper>)(?:{BIG})?\s?"
        rf"(?:(?P<sign>{SIGN})|(?P<code>{CODE})){AFTER}(?P<per>/(?=[a-z]))?",
        _money,
    ),
    rule(rf"{ALONE}(?P<amount>{NUMBER})(?:\s?(?=¢)|(?=p))(?P<unit>[¢p]){AFTER}", _cents),
]
