"""Abbreviations, with or without a full stop, and initials before a name."""

import re

from tts.text.english.acronyms import letters
from tts.text.english.patterns import Rule, any_of, rule, words_of

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
# Words that begin a sentence far more often than they follow an abbreviation inside one.
OPENERS = words_of(
    "The A An He She It They We You I But And So Then There This That These Those When While If In On At As After "
    "Before For From His Her Its Our Their My Your What Who Where Why How No Not Yes Now One Some Many Most All Both "
    "Each Every Although Though Because Since Until However Perhaps Here To Of With Or Nor Yet Is Was Are Were Do Did "
    "Once By Let Such Even Just Only Soon Suddenly Meanwhile Nothing Everyone Nobody"
)
# Words that are capitalised before "St." though they are not the name of a street.
NO_STREET = OPENERS | {"Mount", "Lake", "Port", "Fort", "Old", "New", "Near", "Saint", "Mister", "Great"}


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the sentence ends at an abbreviation: nothing follows, or a word that often begins a sentence."""
    rest = match.string[match.end() : match.end() + 40]
    after = re.match(r"[\"')\]]*\s*([A-Za-z']*)", rest)
    return not rest.strip("\"')] \n") or after[1] in OPENERS


def _dotted(match: re.Match[str]) -> str:
    """U.S., B.C., J.R.R.: the letters, and a full stop only where a sentence ends."""
    return letters(match[0]) + ("." if ends_sentence(match) else "")


def _initials(match: re.Match[str]) -> str:
    found, name = match["initials"], match["name"]
    single = found.count(".") == 1
    if single and (name in OPENERS or found.startswith("I.")):
        return match[0]
    return letters(found) + " " + name


def _street(match: re.Match[str]) -> str:
    """St. and Dr.: saint or doctor before a name, street or drive after one."""
    before, short, after = match["before"], match["short"], match["after"]
    name = before and (before[0].isupper() or before[0].isdigit()) and before not in NO_STREET
    person = after and after not in OPENERS
    if name and (short == "St" or not person):
        last = after in OPENERS or not re.match(r"\s*[^\s\"')]", match.string[match.end() :])
        word, stop = ("Street" if short == "St" else "Drive"), "." if last else ""
    elif person:
        word, stop = ("Saint" if short == "St" else "doctor"), ""
    else:
        return match[0]
    return f"{before + ' ' if before else ''}{word}{stop}{match['gap'] or ''}{after or ''}"


def _ending(match: re.Match[str]) -> str:
    return ENDINGS[match[1]] + ("." if ends_sentence(match) else "")


def _numbered(match: re.Match[str]) -> str:
    """No. 5, but not "No. I won't"."""
    only_digits = match[1].lower() in ("no", "nos", "art", "ed")
    return match[0] if only_digits and not match["first"].isdigit() else NUMBERED[match[1]] + " "


ABBREVIATIONS: list[Rule] = [
    rule(
        r"(?<![\w.'])(?:(?P<before>[A-Za-z0-9']{1,30})\s)?(?<!\w)(?P<short>St|Dr)\.(?!\w)"
        r"(?:(?P<gap>\s+)(?P<after>[A-Z][A-Za-z']{0,30}))?",
        _street,
    ),
    rule(rf"(?<![\w.])({any_of(TITLES)})\.(?=\s*[A-Z\"'{{])", lambda match: TITLES[match[1]] + " "),
    rule(rf"(?<![\w.])({any_of(UNDOTTED)})(?:\.(?=\s+[^A-Z\s])|(?![\w.']))", lambda match: TITLES[match[1]]),
    rule(rf"(?<![\w.])({any_of(NUMBERED)})\.\s*(?=(?P<first>[0-9]|[IVXLivxl]{{1,9}}\b))", _numbered),
    rule(rf"(?<![\w.])({any_of(INNER)})\.(?!\w)", lambda match: INNER[match[1]]),
    rule(r"(?<![\w.])([Ee]\.g|[Ii]\.e)(?![\w.])", lambda match: INNER[match[1].lower()]),
    rule(rf"(?<![\w.])({any_of(ENDINGS)})\.(?!\w)", _ending),
    rule(r"&c\b\.?", lambda match: "et cetera"),
    rule(r"(?<![\w.])(?:[A-Za-z]\.){2,}(?!\w)", _dotted),
    rule(r"(?<![\w.])(?P<initials>(?:[A-Z]\.\s?){1,5})(?<=[.\s])(?P<name>[A-Z][a-z]{1,30})", _initials),
    rule(r"(?<![\w.])(?:[A-Z]\.\s){1,5}[A-Z]\.(?!\w)", _dotted),
    rule(rf"(?<![\w/])(?:{any_of(FIXED)})(?![\w/.]\w)(?!\w)", lambda match: FIXED[match[0]]),
]
