"""Units after numbers, percent, temperatures, angles."""

import re

from tts.text.german.numbers import cardinal
from tts.text.german.quantities import ALONE, DASH, NUMBER, VULGAR, half, number, plain_digits
from tts.text.rules import Rule, any_of

# Written form: one of it, several, and the article of one: m, f or n.
UNITS = {
    **{"km": ("Kilometer", "Kilometer", "m"), "m": ("Meter", "Meter", "m"), "cm": ("Zentimeter", "Zentimeter", "m")},
    **{
        "mm": ("Millimeter", "Millimeter", "m"),
        "dm": ("Dezimeter", "Dezimeter", "m"),
        "µm": ("Mikrometer", "Mikrometer", "m"),
    },
    **{
        "μm": ("Mikrometer", "Mikrometer", "m"),
        "nm": ("Nanometer", "Nanometer", "m"),
        "kg": ("Kilogramm", "Kilogramm", "n"),
    },
    **{"g": ("Gramm", "Gramm", "n"), "mg": ("Milligramm", "Milligramm", "n"), "µg": ("Mikrogramm", "Mikrogramm", "n")},
    **{
        "t": ("Tonne", "Tonnen", "f"),
        "l": ("Liter", "Liter", "m"),
        "L": ("Liter", "Liter", "m"),
        "ml": ("Milliliter", "Milliliter", "m"),
    },
    **{
        "cl": ("Zentiliter", "Zentiliter", "m"),
        "dl": ("Deziliter", "Deziliter", "m"),
        "hl": ("Hektoliter", "Hektoliter", "m"),
    },
    **{
        "m²": ("Quadratmeter", "Quadratmeter", "m"),
        "m2": ("Quadratmeter", "Quadratmeter", "m"),
        "qm": ("Quadratmeter", "Quadratmeter", "m"),
    },
    **{"km²": ("Quadratkilometer", "Quadratkilometer", "m"), "km2": ("Quadratkilometer", "Quadratkilometer", "m")},
    **{
        "cm²": ("Quadratzentimeter", "Quadratzentimeter", "m"),
        "m³": ("Kubikmeter", "Kubikmeter", "m"),
        "m3": ("Kubikmeter", "Kubikmeter", "m"),
    },
    **{
        "cm³": ("Kubikzentimeter", "Kubikzentimeter", "m"),
        "ha": ("Hektar", "Hektar", "n"),
        "km/h": ("Stundenkilometer", "Stundenkilometer", "m"),
    },
    **{
        "m/s": ("Meter pro Sekunde", "Meter pro Sekunde", "m"),
        "m/s²": ("Meter pro Quadratsekunde", "Meter pro Quadratsekunde", "m"),
    },
    **{
        "kW": ("Kilowatt", "Kilowatt", "n"),
        "kWh": ("Kilowattstunde", "Kilowattstunden", "f"),
        "MW": ("Megawatt", "Megawatt", "n"),
    },
    **{
        "GW": ("Gigawatt", "Gigawatt", "n"),
        "MWh": ("Megawattstunde", "Megawattstunden", "f"),
        "W": ("Watt", "Watt", "n"),
    },
    **{
        "V": ("Volt", "Volt", "n"),
        "kV": ("Kilovolt", "Kilovolt", "n"),
        "A": ("Ampere", "Ampere", "n"),
        "mA": ("Milliampere", "Milliampere", "n"),
    },
    **{
        "mAh": ("Milliamperestunde", "Milliamperestunden", "f"),
        "Hz": ("Hertz", "Hertz", "n"),
        "kHz": ("Kilohertz", "Kilohertz", "n"),
    },
    **{"MHz": ("Megahertz", "Megahertz", "n"), "GHz": ("Gigahertz", "Gigahertz", "n"), "PS": ("P S", "P S", "n")},
    **{"kB": ("Kilobyte", "Kilobyte", "n"), "KB": ("Kilobyte", "Kilobyte", "n"), "MB": ("Megabyte", "Megabyte", "n")},
    **{
        "GB": ("Gigabyte", "Gigabyte", "n"),
        "TB": ("Terabyte", "Terabyte", "n"),
        "Mbit/s": ("Megabit pro Sekunde", "Megabit pro Sekunde", "n"),
    },
    **{
        "kJ": ("Kilojoule", "Kilojoule", "n"),
        "kcal": ("Kilokalorie", "Kilokalorien", "f"),
        "J": ("Joule", "Joule", "n"),
    },
    **{
        "N": ("Newton", "Newton", "n"),
        "Nm": ("Newtonmeter", "Newtonmeter", "n"),
        "hPa": ("Hektopascal", "Hektopascal", "n"),
    },
    **{
        "bar": ("Bar", "Bar", "n"),
        "dB": ("Dezibel", "Dezibel", "n"),
        "Ω": ("Ohm", "Ohm", "n"),
        "s": ("Sekunde", "Sekunden", "f"),
    },
    **{"sek": ("Sekunde", "Sekunden", "f"), "sek.": ("Sekunde", "Sekunden", "f"), "Sek.": ("Sekunde", "Sekunden", "f")},
    **{
        "ms": ("Millisekunde", "Millisekunden", "f"),
        "min": ("Minute", "Minuten", "f"),
        "min.": ("Minute", "Minuten", "f"),
    },
    **{
        "Min.": ("Minute", "Minuten", "f"),
        "Std.": ("Stunde", "Stunden", "f"),
        "°C": ("Grad Celsius", "Grad Celsius", "m"),
    },
    **{"°F": ("Grad Fahrenheit", "Grad Fahrenheit", "m"), "°": ("Grad", "Grad", "m"), "K": ("Kelvin", "Kelvin", "n")},
    **{
        "%": ("Prozent", "Prozent", "n"),
        "‰": ("Promille", "Promille", "n"),
        "v. H.": ("vom Hundert", "vom Hundert", "n"),
    },
    **{
        "Stk.": ("Stück", "Stück", "n"),
        "St.": ("Stück", "Stück", "n"),
        "EW": ("Einwohner", "Einwohner", "m"),
        "px": ("Pixel", "Pixel", "n"),
    },
    **{
        "g/l": ("Gramm pro Liter", "Gramm pro Liter", "n"),
        "mg/l": ("Milligramm pro Liter", "Milligramm pro Liter", "n"),
    },
    **{
        "kg/m³": ("Kilogramm pro Kubikmeter", "Kilogramm pro Kubikmeter", "n"),
        "l/100 km": ("Liter auf hundert Kilometer",) * 2 + ("m",),
    },
    **{
        "U/min": ("Umdrehung pro Minute", "Umdrehungen pro Minute", "f"),
        "Zoll": ("Zoll", "Zoll", "m"),
        "″": ("Zoll", "Zoll", "m"),
    },
}
UNIT = any_of(UNITS)
SQUARE = r"(?:\s?[x×]\s?)"
MULTIPLE = "Millionen|Milliarden|Tausend"
FULL = {"m": "ein", "f": "eine", "n": "ein"}


def unit(written: str, name: str) -> str:
    """5 and km: fünf Kilometer; 1 and t: eine Tonne."""
    one, many, gender = UNITS[name]
    if written == "1":
        return f"{FULL[gender]} {one}"
    whole = plain_digits(written.partition(",")[0])
    said = number(written, FULL[gender]) if "," not in written and whole[-2:] == "01" else number(written)
    return f"{said} {many}"


def _unit(match: re.Match[str]) -> str:
    name = match["unit"]
    said = ("minus " if match["minus"] else "") + unit(match["number"], name)
    return said + ("." if name.endswith(".") and match.end() == len(match.string) else "")


def _range(match: re.Match[str]) -> str:
    first = ("minus " if match["minus"] else "") + number(match["first"])
    return f"{first} bis {unit(match['last'], match['unit'])}"


def _part(match: re.Match[str]) -> str:
    """½ l: ein halber Liter; ¾ l: drei viertel Liter; 1½ l: eineinhalb Liter."""
    one, many, _ = UNITS[match["unit"]]
    over, under = VULGAR[match["vulgar"]] if match["vulgar"] else (int(match["over"]), int(match["under"]))
    whole = match["whole"]
    if (over, under) == (1, 2):
        return f"{cardinal(whole, 'ein')}einhalb {many}" if whole else f"{half(one)} {one}"
    part = "dreiviertel" if (over, under) == (3, 4) else f"{cardinal(str(over), 'ein')} {_lower_part(under)}"
    return f"{cardinal(whole)} {part} {many}" if whole else f"{part} {one}"


def _lower_part(under: int) -> str:
    from tts.text.german.numbers import part

    return part(str(under)).lower()


def _size(match: re.Match[str]) -> str:
    numbers = [number(n) for n in re.split(SQUARE, match["numbers"])]
    return " mal ".join(numbers) + (f" {UNITS[match['unit']][1]}" if match["unit"] else "")


def _angle(match: re.Match[str]) -> str:
    said = f"{cardinal(match['degrees'])} Grad {cardinal(str(int(match['minutes'])))} Minuten"
    said += f" {cardinal(str(int(match['seconds'])))} Sekunden" if match["seconds"] else ""
    return said


SHORT = {"V", "A", "K", "N", "J", "W", "L", "s", "St."}  # too short to be units after a word
HALVES = "".join(VULGAR)
MEASURES: list[Rule] = [
    Rule(rf"{ALONE}(?P<numbers>{NUMBER}(?:{SQUARE}{NUMBER}){{1,3}})(?:\s?(?P<unit>{UNIT}))?(?!\w)", _size),
    Rule(
        r"(?<![\w.,])(?P<degrees>[0-9]{1,3})°\s?(?P<minutes>[0-9]{1,2})['′]\s?(?:(?P<seconds>[0-9]{1,2})[\"″]\s?)?",
        lambda match: _angle(match) + " ",
    ),
    Rule(
        rf"{ALONE}(?P<whole>[0-9]{{1,3}})?\s?(?:(?P<vulgar>[{HALVES}])|(?<=\s)(?P<over>[1-9])/(?P<under>[2-9]))\s?(?P<unit>{UNIT})(?!\w)",
        _part,
    ),
    Rule(
        rf"{ALONE}(?P<minus>[−-]?)(?P<first>{NUMBER})\s?°?C?(?:{DASH})(?P<last>{NUMBER})\s?(?P<unit>{UNIT})(?![\w²³])",
        _range,
    ),
    Rule(rf"{ALONE}(?P<minus>[−-]?)(?P<number>{NUMBER})[\s-]?(?P<unit>{UNIT})(?![\w²³/])(?!-[a-zäöü])", _unit),
    Rule(
        rf"(?P<before>{MULTIPLE})\s(?P<unit>{any_of(UNITS.keys() - SHORT)})(?![\w²³])",
        lambda match: f"{match['before']} {UNITS[match['unit']][1]}",
    ),
    Rule(r"(?<=\s)km/h(?!\w)", lambda match: "Stundenkilometer"),
    Rule(r"%(?=\w)", lambda match: " Prozent "),
]
