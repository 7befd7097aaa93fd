"""Units of measure: their symbols, and their names for one and for many."""

# What multiplies a unit.
PREFIXES = {
    **{"p": "pico", "n": "nano", "µ": "micro", "m": "milli", "c": "centi", "d": "deci", "h": "hecto", "k": "kilo"},
    **{"K": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta"},
}
# Metric units: symbol, name, the prefixes that it is written with. One capital letter alone is often something else
# than a unit, so the base symbols stand in `UNITS` and `LETTERS`.
METRIC = (
    *(("m", "meter", "pnµmcdk"), ("g", "gram", "nµmk"), ("s", "second", "pnµm"), ("l", "liter", "µmcd")),
    *(("L", "liter", "µmcd"), ("Hz", "hertz", "kMGT"), ("W", "watt", "µmkMGT"), ("V", "volt", "µmkM")),
    *(("A", "amp", "µmk"), ("Ω", "ohm", "mkM"), ("F", "farad", "pnµm"), ("H", "henry", "µm"), ("J", "joule", "mkMG")),
    *(("N", "newton", "kM"), ("Pa", "pascal", "hkMG"), ("eV", " electron volt", "kMGT"), ("B", "byte", "kKMGTP")),
    *(("bit", "bit", "kMGT"), ("mol", "mole", "µm"), ("cal", "calorie", "k"), ("Wh", "watt hour", "kMGT")),
    *(("Ah", "amp hour", "mk"), ("Sv", "sievert", "mµ"), ("bar", "bar", "m"), ("ton", "ton", "kM")),
    *(("bps", "bit per second", "kMG"), ("Bps", "byte per second", "kMG"), ("b/s", "bit per second", "kMG")),
)
CONTRACTED = {"kiloohm": "kilohm", "megaohm": "megohm"}
COMPOSED = {
    f"{prefix}{symbol}": CONTRACTED.get(PREFIXES[prefix] + name, PREFIXES[prefix] + name)
    for symbol, name, prefixes in METRIC
    for prefix in prefixes
    if prefix + symbol != "mbps"  # which is seldom the thousandth of a bit
}
# Units that a single capital letter names. They are read after a number, but not before a name or in a street.
LETTERS = {"W": "watt", "V": "volt", "L": "liter", "J": "joule", "N": "newton", "Ω": "ohm", "K": "kelvin"}
UNITS = {
    **COMPOSED,
    **LETTERS,
    **{"m": "meter", "g": "gram", "l": "liter", "s": "second", "Hz": "hertz", "Pa": "pascal", "eV": "electron volt"},
    **{"mol": "mole", "cal": "calorie", "Wh": "watt hour", "Ah": "amp hour", "Sv": "sievert"},
    **{"bar": "bar", "lm": "lumen", "lx": "lux", "µ": "micron", "t": "ton", "ha": "hectare", "ac": "acre"},
    **{"mbps": "megabit per second", "bps": "bit per second", "dB": "decibel", "dBm": "decibel milliwatt"},
    **{
        "mi": "mile",
        "ft": "foot",
        "yd": "yard",
        "yds": "yard",
        "nmi": "nautical mile",
        "ly": "light year",
        "AU": "astronomical unit",
    },
    **{"lb": "pound", "lbs": "pound", "oz": "ounce", "gal": "gallon", "gals": "gallon", "qt": "quart", "qts": "quart"},
    **{"pt": "pint", "pts": "point", "fl oz": "fluid ounce", "fl. oz": "fluid ounce", "tsp": "teaspoon"},
    **{
        "tsps": "teaspoon",
        "tbsp": "tablespoon",
        "tbsps": "tablespoon",
        "Tbsp": "tablespoon",
        "tbs": "tablespoon",
        "Tbs": "tablespoon",
    },
    **{"kgs": "kilogram", "gm": "gram", "gms": "gram", "kms": "kilometer", "mls": "milliliter", "cms": "centimeter"},
    **{
        "mcg": "microgram",
        "pc": "piece",
        "pcs": "piece",
        "doz": "dozen",
        "pkg": "package",
        "pkgs": "package",
        "pk": "pack",
        "sec": "second",
        "secs": "second",
    },
    **{"min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "wks": "week"},
    **{"mo": "month", "mos": "month", "yr": "year", "yrs": "year", "rpm": "revolution per minute"},
    **{"RPM": "revolution per minute", "mph": "mile per hour", "MPH": "mile per hour", "kph": "kilometer per hour"},
    **{"kmh": "kilometer per hour", "mpg": "mile per gallon", "MPG": "mile per gallon", "bpm": "beat per minute"},
    **{"BPM": "beat per minute", "wpm": "word per minute", "fps": "frame per second", "dpi": "dot per inch"},
    **{"ppi": "pixel per inch", "ppm": "part per million", "ppb": "part per billion", "psi": "pound per square inch"},
    **{"hp": "horsepower", "bhp": "brake horsepower", "atm": "atmosphere", "kn": "knot"},
    **{"kt": "knot", "kts": "knot", "mmHg": "millimeter of mercury", "inHg": "inch of mercury", "px": "pixel"},
    **{"MP": "megapixel", "cc": "C C", "ft-lb": "foot-pound", "ft-lbs": "foot-pound", "ft·lb": "foot-pound"},
    **{
        "lb-ft": "pound-foot",
        "Nm": "newton meter",
        "N·m": "newton meter",
        "kNm": "kilonewton meter",
        "kN·m": "kilonewton meter",
    },
    **{"mAh": "milliamp hour", "VAC": "volt A C", "VDC": "volt D C", "sq in": "square inch", "sq ft": "square foot"},
    **{"sq yd": "square yard", "sq mi": "square mile", "sq km": "square kilometer", "sq m": "square meter"},
    **{"sq. in": "square inch", "sq. ft": "square foot", "sq. yd": "square yard", "sq. mi": "square mile"},
    **{"sq. km": "square kilometer", "sq. m": "square meter", "cu in": "cubic inch", "cu ft": "cubic foot"},
    **{"cu yd": "cubic yard", "cu m": "cubic meter", "cu. in": "cubic inch", "cu. ft": "cubic foot"},
    **{"cu. yd": "cubic yard", "KG": "kilogram", "KGS": "kilogram", "KM": "kilometer", "CM": "centimeter"},
    **{"ML": "milliliter", "LB": "pound", "LBS": "pound", "OZ": "ounce", "FT": "foot", "KPH": "kilometer per hour"},
    **{"°C": "degree Celsius", "°F": "degree Fahrenheit", "° C": "degree Celsius", "° F": "degree Fahrenheit"},
    **{"deg C": "degree Celsius", "deg F": "degree Fahrenheit", "deg. C": "degree Celsius"},
    **{"deg. F": "degree Fahrenheit", "degC": "degree Celsius", "degF": "degree Fahrenheit", "°K": "kelvin"},
    **{"°": "degree", "deg": "degree"},
}
# Written with a full stop, which ends no sentence before a number: 5 ft. 11 in.
DOTTED = ("ft", "in", "lb", "lbs", "oz", "gal", "qt", "pt", "yd", "mi", "tsp", "tbsp", "min", "sec", "hr", "hrs", "deg")
# Lengths, whose second and third powers have names of their own. `in` is a word too, so it is no key of `UNITS`.
LENGTHS = ("m", "km", "cm", "mm", "dm", "nm", "µm", "ft", "in", "yd", "mi")
# What may stand after "per" besides units: 60 beats/minute, $5/person.
COUNTED = (
    *("hour", "day", "week", "month", "year", "minute", "second", "night", "person", "head", "mile", "gallon", "pound"),
    *("unit", "page", "game", "song", "episode", "student", "kilogram", "kilometer", "liter", "meter", "capita"),
)
IRREGULAR = {
    **{"foot": "feet", "inch": "inches", "horsepower": "horsepower", "lux": "lux", "bar": "bar"},
    **{"henry": "henries", "dozen": "dozen", "foot-pound": "foot-pounds", "pound-foot": "pound-feet"},
}


def many(name: str) -> str:
    """The plural of a unit: miles per hour, degrees Celsius, square feet."""
    if name.startswith(("degree ", "volt ")):
        first, _, rest = name.partition(" ")
        return f"{first}s {rest}"
    for between in (" per ", " of "):
        first, found, rest = name.partition(between)
        if found:
            return many(first) + found + rest
    first, space, last = name.rpartition(" ")
    if last.endswith("hertz"):
        return name
    if last.endswith(("six", "y")):  # of numbers: sixes, forties
        last = last[:-1] + "ie" if last.endswith("y") else last + "e"
    return first + space + IRREGULAR.get(last, last if last.isupper() else last + "s")
