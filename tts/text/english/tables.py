"""Abbreviations, units, currencies and signs of English: what is written, and how it is read."""


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MONTHS = {
    **{"January": "01", "February": "02", "March": "03", "April": "04", "May": "05", "June": "06", "July": "07"},
    **{"August": "08", "September": "09", "October": "10", "November": "11", "December": "12"},
}
SHORT_MONTHS = {
    **{"Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June", "Jul": "July"},
    **{"Aug": "August", "Sep": "September", "Sept": "September", "Oct": "October", "Nov": "November"},
    **{"Dec": "December"},
}
SHORT_DAYS = {
    **{"Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday"},
    **{"Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday"},
}

# Stand before a name, so their full stop never ends a sentence.
TITLES = {
    **{"Mr": "mister", "Mrs": "missus", "Ms": "miz", "Dr": "doctor", "Prof": "professor", "Rev": "reverend"},
    **{"Hon": "honorable", "Gen": "general", "Col": "colonel", "Capt": "captain", "Lt": "lieutenant"},
    **{"Sgt": "sergeant", "Maj": "major", "Cmdr": "commander", "Adm": "admiral", "Gov": "governor"},
    **{"Sen": "senator", "Rep": "representative", "Pres": "president", "Messrs": "messieurs", "Mme": "madame"},
    **{"Mlle": "mademoiselle", "Fr": "father", "Mt": "mount", "Ft": "fort", "Cpl": "corporal", "Pvt": "private"},
}
# Titles that are also read without a full stop. The others are words then (Gen, Col, Rep).
UNDOTTED = ("Mr", "Mrs", "Ms", "Dr", "Prof", "Sgt", "Capt", "Lt", "Messrs", "Mme", "Mlle", "Cmdr")
# Read with their full stop. The sentence may end there.
ENDINGS = {
    **{"etc": "et cetera", "&c": "et cetera", "Inc": "incorporated", "Ltd": "limited", "Co": "company"},
    **{"Corp": "corporation", "Bros": "brothers", "Jr": "junior", "Sr": "senior", "Esq": "esquire"},
    **{"Ave": "avenue", "Blvd": "boulevard", "Rd": "road", "Ln": "lane", "Sq": "square", "Hwy": "highway"},
    **{"dept": "department", "Dept": "department", "Univ": "university", "govt": "government"},
    **{"al": "al", "ibid": "ibidem", "Assn": "association", "Ph.D": "P H D", "hr": "hour", "hrs": "hours"},
    **{"mins": "minutes", "secs": "seconds", "yr": "year", "yrs": "years", "lbs": "pounds", "oz": "ounces"},
    **{"Feb": "February", "Apr": "April", "Aug": "August", "Sept": "September", "Oct": "October"},
    **{"Nov": "November", "Dec": "December"},
}
# Read with their full stop. The sentence goes on.
INNER = {
    **{"e.g": "for example", "i.e": "that is", "vs": "versus", "viz": "namely", "cf": "compare", "ca": "circa"},
    **{"approx": "approximately", "a.k.a": "also known as", "c.f": "compare", "incl": "including", "esp": "especially"},
}
# Read only before a number, Arabic or Roman.
NUMBERED = {
    **{"No": "number", "no": "number", "Nos": "numbers", "nos": "numbers", "p": "page", "pp": "pages"},
    **{"vol": "volume", "vols": "volumes", "ch": "chapter", "chap": "chapter", "fig": "figure", "figs": "figures"},
    **{"sec": "section", "art": "article", "ed": "edition", "pt": "part", "bk": "book", "eq": "equation"},
    **{"Vol": "volume", "Vols": "volumes", "Ch": "chapter", "Chap": "chapter", "Fig": "figure", "Figs": "figures"},
    **{"Sec": "section", "Art": "article", "Pt": "part", "Bk": "book", "Eq": "equation", "Apt": "apartment"},
}
# Abbreviations without a full stop, or with a slash.
FIXED = {
    **{"w/o": "without", "w/": "with", "and/or": "and or", "c/o": "care of", "24/7": "twenty-four seven"},
    **{"9/11": "nine eleven", "n/a": "not applicable", "N/A": "not applicable", "vs": "versus", "PhD": "P H D"},
    **{"Ph.D.s": "P H Ds", "PhDs": "P H Ds", "50/50": "fifty fifty"},
}

# Words before a Roman numeral.
NUMBERED_PARTS = _words(
    "chapter part book act scene volume section article appendix page phase type class stage level grade figure table "
    "canto verse psalm title war bowl canon unit lesson number"
)
RULERS = _words(
    "Henry Edward George William Richard Charles James John Elizabeth Mary Louis Philip Philippe Ferdinand Frederick "
    "Francis Gustav Gustavus Christian Catherine Peter Ivan Nicholas Alexander Napoleon Leopold Albert Victor Carlos "
    "Alfonso Juan Pius Leo Paul Benedict Gregory Clement Innocent Urban Boniface Julius Adrian Sixtus Stephen Otto "
    "Rudolf Maximilian Joseph Wilhelm Margaret Robert David Malcolm Ramses Ramesses Ptolemy Darius Xerxes Cleopatra "
    "Constantine Justinian Harald Haakon Olaf Umberto Emmanuel Anne Isabella Eugene Callixtus Celestine Nero"
)
RULING = _words("King Queen Pope Emperor Empress Tsar Czar Kaiser Prince Princess Sultan Pharaoh")

# Words that begin a sentence far more often than they follow an abbreviation inside one.
OPENERS = _words(
    "The A An He She It They We You I But And So Then There This That These Those When While If In On At As After "
    "Before For From His Her Its Our Their My Your What Who Where Why How No Not Yes Now One Some Many Most All Both "
    "Each Every Although Though Because Since Until However Perhaps Here To Of With Or Nor Yet Is Was Are Were Do Did "
    "Once By Let Such Even Just Only Soon Suddenly Meanwhile Nothing Everyone Nobody"
)
# Words that are capitalised before "St." though they are not the name of a street.
NO_STREET = OPENERS | {"Mount", "Lake", "Port", "Fort", "Old", "New", "Near", "Saint", "Mister", "Great"}

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

UNITS = {  # after a number: one, many
    "km": ("kilometer", "kilometers"),
    "m": ("meter", "meters"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "nm": ("nanometer", "nanometers"),
    "µm": ("micrometer", "micrometers"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "yds": ("yard", "yards"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "µg": ("microgram", "micrograms"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"),
    "gal": ("gallon", "gallons"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "µs": ("microsecond", "microseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "V": ("volt", "volts"),
    "kV": ("kilovolt", "kilovolts"),
    "mV": ("millivolt", "millivolts"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "dB": ("decibel", "decibels"),
    "Pa": ("pascal", "pascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "psi": ("P S I", "P S I"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "mph": ("mile per hour", "miles per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "m/s": ("meter per second", "meters per second"),
    "cc": ("C C", "C C"),
    "fps": ("frame per second", "frames per second"),
    "kcal": ("kilocalorie", "kilocalories"),
    "cal": ("calorie", "calories"),
    "sq ft": ("square foot", "square feet"),
    "sq mi": ("square mile", "square miles"),
    "m²": ("square meter", "square meters"),
    "km²": ("square kilometer", "square kilometers"),
    "cm²": ("square centimeter", "square centimeters"),
    "ft²": ("square foot", "square feet"),
    "m³": ("cubic meter", "cubic meters"),
    "cm³": ("cubic centimeter", "cubic centimeters"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "° C": ("degree Celsius", "degrees Celsius"),
    "° F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°": ("degree", "degrees"),
}

# Signs that are read as words everywhere.
SIGNS = {
    **{"&": "and", "+": "plus", "=": "equals", "@": "at", "%": "percent", "‰": "per mille", "§": "section"},
    **{"¶": "paragraph", "©": "copyright", "°": "degrees", "×": "times", "÷": "divided by", "±": "plus or minus"},
    **{"≈": "approximately", "≠": "does not equal", "≤": "is at most", "≥": "is at least", "∞": "infinity"},
    **{"−": "minus", "√": "square root of", "π": "pi", "²": "squared", "³": "cubed", "\\": "backslash"},
    **{"$": "dollars", "£": "pounds", "€": "euros", "¥": "yen", "¢": "cents", "/": "slash"},
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "Δ": "delta", "ε": "epsilon", "θ": "theta"},
    **{"λ": "lambda", "μ": "mu", "µ": "micro", "σ": "sigma", "Σ": "sigma", "φ": "phi", "ω": "omega", "Ω": "omega"},
}
# The lexicon has these words, but in capitals they are spelled out, unless the text around is in capitals too.
SPELLED = _words("US UN EU UK AI ID PR TV MA LA")
SUPERSCRIPTS = dict(zip("⁰¹⁴⁵⁶⁷⁸⁹⁻", "01456789-", strict=True))  # ² and ³ have words of their own
VULGAR = {
    **{"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5"},
    **{"⅙": "1/6", "⅚": "5/6", "⅐": "1/7", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8", "⅑": "1/9", "⅒": "1/10"},
}
