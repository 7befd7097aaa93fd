"""Days, months, years, decades and eras."""

import re

from tts.text.english.abbreviations import ends_sentence
from tts.text.english.acronyms import letters
from tts.text.english.numbers import decade, ordinal, pairs, two_digits, year
from tts.text.english.patterns import ALONE, DASH, FUNCTION_WORDS, number
from tts.text.rules import Rule, any_of

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
ANY_DAY = any_of({*SHORT_DAYS, *SHORT_DAYS.values()})
# In small letters these are months only beside a day and a year, or after "on".
MONTH_WORDS = {"march", "mar", "may"}


def _cased(names) -> str:
    """A pattern for these names as written, in capitals and in small letters."""
    return any_of({form for name in names for form in (name, name.upper(), name.lower())})


NAMES = {name.lower(): full for full in MONTHS for name in (full, *(s for s, f in SHORT_MONTHS.items() if f == full))}
MONTH = rf"(?:(?:{_cased(MONTHS)})(?!\w)|(?:{_cased(SHORT_MONTHS)})(?:\.|(?!\w)))"
# Short words whose full stop ends no sentence before a number.
CASED_MONTHS = frozenset(
    form for name in SHORT_MONTHS for form in (name.upper(), name.lower()) if form not in MONTH_WORDS
)
ABBREVIATED = any_of(SHORT_MONTHS)
# After the number these tell that it is no day: March 5 miles.
NO_DAY = "%|percent|hundred|thousand|million|billion|trillion|dozen|miles?|times|steps"
DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th|ST|ND|RD|TH)?"
YEAR = r"[12][0-9]{3}"
IN = r"\b(?i:from|in|since|until|till|by|to|through|during|of|last|next|this|early|late|mid)"


def _two(match: re.Match[str]) -> tuple[str, str]:
    """Day and month as written, in either order."""
    return match["a"], match["b"] or match["b2"]


def _name(match_month: str) -> str:
    return NAMES[match_month.rstrip(".").lower()]


def _numbered(month: str) -> str:
    return next(name for name, digits in MONTHS.items() if int(digits) == int(month))


def _digits(written: str) -> int:
    return int(written.rstrip("stndrhSTNDRH"))


def _day(written: str) -> str:
    return ordinal(str(_digits(written)))


def _year(written: str) -> str:
    """Of four digits or two."""
    return year(written) if len(written) == 4 else two_digits(written)


def _iso_date(match: re.Match[str]) -> str:
    return f"{_numbered(match['month'])} {ordinal(match['day'])}, {year(match['year'])}"


def slashed_date(match: re.Match[str]) -> str:
    """12/25/2024 or 25/12/2024. If both orders are possible the month comes first, as in American English."""
    a, b = _two(match)
    when = match["year"] or match["year2"]
    swapped = int(a) > 12
    month, day = (b, a) if swapped else (a, b)
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0] if match["sign"] else " slash ".join(number(part) for part in (a, b, when))
    if swapped and match["sign"]:
        return f"the {ordinal(day)} of {_numbered(month)}, {_year(when)}"
    return f"{_numbered(month)} {ordinal(day)}, {_year(when)}"


def _short_date(match: re.Match[str]) -> str:
    a, b = match["a"], match["b"]
    month, day = (a, b) if int(a) <= 12 else (b, a)
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return f"{match['before']}{_numbered(month)} {ordinal(day)}"


SLASHED_DATE = Rule(
    rf"(?<![\w.,/-])(?P<a>[0-3]?[0-9])(?:/(?P<b>[0-3]?[0-9])/(?P<year>{YEAR}|[0-9]{{2}})"
    rf"|(?P<sign>[.-])(?P<b2>[0-3]?[0-9])(?P=sign)"
    rf"(?P<year2>{YEAR}|(?<=[0-3][0-9]\.[01][0-9]\.)[0-9]{{2}}))(?![\w/-]|\.[0-9])",
    slashed_date,
)
# 2/14 after a word that a date follows
SHORT_DATE = Rule(
    r"(?<![\w.,/-])(?P<before>(?:[Oo]n|RSVP by|[Ee]nds|[Ss]tarts|[Bb]egins|[Oo]pens|[Ee]xpires|[Dd]ated|[Dd]ue"
    r"|[Bb]orn|[Ss]ince|[Uu]ntil"
    r"|(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs?)?|Fri|Sat(?:ur)?|Sun|Easter)(?:day)?[.,]?)"
    r"\s\(?)"
    r"(?P<a>[0-3]?[0-9])/(?P<b>[0-3]?[0-9])"
    rf"(?=[,;:!?)]|\.(?![0-9])|$|\s(?:{any_of(FUNCTION_WORDS - {'of'})})\b)",
    _short_date,
)


def date_notices(text: str) -> list[str]:
    """A notice for each date whose day may be its month."""
    return [
        f"{match[0].removeprefix(before)} was read with the month first"
        for rule in (SLASHED_DATE, SHORT_DATE)
        for match in rule.compiled.finditer(text)
        for before, (a, b) in [(match.groupdict().get("before") or "", _two(match))]
        if 1 <= int(a) <= 12 and 1 <= int(b) <= 12 and int(a) != int(b)
    ]


def _month_day(match: re.Match[str]) -> str:
    first, last, when = (match[name] for name in ("first", "last", "year"))
    on = match.string[max(0, match.start() - 3) : match.start()].lower() == "on "
    if (match["month"].rstrip(".") in MONTH_WORDS and not when and not on) or _counts(match):
        return match[0]
    words = f"{_name(match['month'])} {_day(first)}"
    words += f" {'and' if 'and' in match['join'] else 'to'} {_day(last)}" if last else ""
    return words + (f", {_year(when)}" if when else "") + (" to " if match["dash"] else "")


def _counts(match: re.Match[str]) -> bool:
    """Whether the number after a month is no day: In March 20 people came."""
    if match["last"] or match["year"] or not match["first"].isdigit():
        return False
    before = match.string[max(0, match.start() - 12) : match.start()]
    if not re.search(r"\b(?:in|during|early|late|mid|last|this|next)[ -]$", before.lower()):
        return False
    following = re.match(r"(?:\s[a-z'-]{1,20}){0,3}", match.string[match.end() : match.end() + 66])[0].split()
    plural = any(re.fullmatch(r"people|men|women|children|police|[a-z-]+[^s'u]s", word) for word in following)
    return plural and following[0] not in FUNCTION_WORDS


def _day_month(match: re.Match[str]) -> str:
    if match["month"].rstrip(".") in MONTH_WORDS and not match["year"]:
        return match[0]
    if re.search(rf"(?:{MONTH}) $", match.string[max(0, match.start() - 11) : match.start()]):
        return match[0]  # Dec. 31-Jan. 2
    if match["join"] == "/" and _digits(match["last"]) != _digits(match["day"]) + 1:
        return match[0]
    the = match["the"] or "the "
    words = the + _day(match["day"])
    words += f" {'and' if 'and' in match['join'] else 'to'} the {_day(match['last'])}" if match["last"] else ""
    when = match["year"]
    words += f" of {_name(match['month'])}" + (f" {_year(when)}" if when else "")
    return words + _stop(match) + (" to " if match["dash"] else "")


def _short_month(match: re.Match[str]) -> str:
    return SHORT_MONTHS[match["month"]] + _stop(match)


def _stop(match: re.Match[str]) -> str:
    """The full stop of an abbreviation that ends its sentence."""
    return "." if match[0].endswith(".") and ends_sentence(match) else ""


def _full(found: str) -> str:
    """A day or month that may be short."""
    found = found.rstrip(".")
    return SHORT_DAYS.get(found) or SHORT_MONTHS.get(found) or found


def _season(match: re.Match[str]) -> str:
    """2023/24."""
    first, second = match["first"], match["second"]
    if int(first[2:]) >= int(second) and second != "00":
        return match[0]
    return f"{year(first)} {two_digits(second)}"


def _quarter(match: re.Match[str]) -> str:
    return f"the {ordinal(match['quarter'])} quarter of {_year(match['year'])}"


def _year_month(match: re.Match[str]) -> str:
    """2024-05, but not the years 2004-05."""
    before = int(match["month"]) <= int(match["year"][2:])
    return f"{_numbered(match['month'])} {year(match['year'])}" if before else match[0]


def _era(match: re.Match[str]) -> str:
    """340 A.D.: three forty A D; 500 BC: five hundred B C."""
    era = re.sub(r"[^A-Z]", "", match["era"])
    words = _in_era(match["first"], era) + (f" to {_in_era(match['last'], era)}" if match["last"] else "")
    return f"{words} {letters(era)}{_stop(match)}"


def _in_era(digits: str, era: str) -> str:
    if len(digits) == 3 and era in ("AD", "CE"):
        return pairs(digits)
    return year(digits)


def _era_first(match: re.Match[str]) -> str:
    last = f" to {_in_era(match['last'], 'AD')}" if match["last"] else ""
    return f"{letters('AD')} {_in_era(match['first'], 'AD')}{last}"


_WEEK: list[Rule] = [
    # days of the week: Mon-Fri, Sat. night, Mon 5 May, Tue/Thu
    Rule(
        rf"(?<![\w.])(?P<first>{ANY_DAY})\.?{DASH}(?=(?:{ANY_DAY})\b)",
        lambda match: f"{_full(match['first'])} to ",
    ),
    Rule(
        rf"(?<![\w.])(?P<first>{any_of(SHORT_DAYS)})\.?(?P<join>,\s|/|\s(?:and|or|to|&)\s)"
        rf"(?=(?:{ANY_DAY})(?![\w']))",
        lambda match: _full(match["first"]) + match["join"].replace("/", " and "),
    ),
    Rule(
        rf"(?P<before>day(?:,| and| or| to| &)\s|day to )(?P<day>{any_of(SHORT_DAYS)})(?:\.(?!\w)|(?![\w.']))",
        lambda match: match["before"] + SHORT_DAYS[match["day"]] + _stop(match),
    ),
    Rule(
        rf"(?P<before>\b(?i:on|every|each|by|until|since|next|last|this)\s)"
        rf"(?P<day>Mon|Tues?|Thu(?:rs?)?|Fri|(?:{any_of(SHORT_DAYS)})(?=\.))(?:\.(?!\w)|(?![\w.']))",
        lambda match: match["before"] + SHORT_DAYS[match["day"]] + _stop(match),
    ),
    Rule(
        rf"(?<![\w.])(?<![Tt]he )({any_of(SHORT_DAYS)})"
        rf"(?:\.?(?=,?\s+(?:[0-9]{{1,2}}(?![0-9,])|{any_of([*MONTHS, *SHORT_MONTHS])}\b))"
        rf"|\.(?=\s+[a-z(&]|\s?[–,;:)-])|(?=\s(?:mornings?|afternoons?|evenings?|nights?)\b))",
        lambda match: SHORT_DAYS[match[1]],
    ),
]
_DAYS: list[Rule] = [
    Rule(
        rf"(?<![\w.,/-])(?P<year>{YEAR})(?P<sign>[-/.])(?P<month>0?[1-9]|1[0-2])(?P=sign)"
        r"(?P<day>0?[1-9]|[12][0-9]|3[01])(?![\w/-]|\.[0-9])",
        _iso_date,
    ),
    Rule(  # 20240115
        r"(?<![\w.,$£€#:/-])(?P<year>(?:19|20)[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])"
        r"(?![\w,/-]|\.[0-9]|\s[a-z]{2,20}s\b)",
        _iso_date,
    ),
    SLASHED_DATE,
    SHORT_DATE,
    Rule(
        r"(?<![\w.,/-])(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)[0-9]{2})(?![\w/]|\.[0-9])",
        lambda match: f"{_numbered(match['month'])} {year(match['year'])}",
    ),
    Rule(r"(?<!\w)FY\s?'?(?=(?:20)?[0-9]{2}(?!\w))", lambda match: "fiscal year "),
    Rule(rf"(?<![\w.,/-])(?P<first>{YEAR})/(?P<second>[0-9]{{2}})(?![\w/]|\.[0-9])", _season),
    Rule(r"(?<![\w.,/-])(?P<year>20[0-9]{2})-(?P<month>0[1-9]|1[0-2])(?![\w/-]|\.[0-9])", _year_month),
    Rule(r"(?<!\w)(?P<quarter>Q[1-4])\s?'(?=[0-9]{2}(?!\w))", lambda match: match["quarter"] + " "),
    Rule(r"(?<![\w.,/-])(?P<quarter>[1-4])Q\s?'?(?P<year>20[0-9]{2}|[0-3][0-9])(?!\w)", _quarter),
    Rule(
        rf"(?P<the>\b(?:[Tt]he|THE)\s)?(?<![\w.,:$£€-])(?<![0-9]/)(?P<day>{DAY})"
        rf"(?:(?P<join>{DASH}|/|\s(?:and|to|&)\s)(?P<last>{DAY}))?"
        rf"(?:\s(?:(?:of|OF)\s)?|-)(?P<month>{MONTH})(?:(?:,?\s|-)'?(?P<year>{YEAR}(?![0-9])|(?<=')[0-9]{{2}}(?![\w'])))?"
        rf"(?!['-]?[0-9])(?P<dash>(?:{DASH}|/)(?=(?:{DAY}\s)?{MONTH}))?",
        _day_month,
    ),
    Rule(
        rf"(?<![\w.'])(?<![^0-9]-)(?P<month>{MONTH})(?:\s|-)(?P<first>{DAY})"
        rf"(?:(?P<join>{DASH}|\sto\s|\sand\s(?={DAY}(?:[.,;:!?)]|$)))(?P<last>{DAY}))?"
        rf"(?:(?:,?\s|-)'?(?P<year>{YEAR}|(?<=')[0-9]{{2}}(?!')))?"
        rf"(?![\w:/%]|[.,][0-9]|-[0-9]|\s(?:{NO_DAY})(?!\w))"
        rf"(?P<dash>{DASH}(?={MONTH}\s))?",
        _month_day,
    ),
]
_MONTHS: list[Rule] = [
    # months without a day: Jan. 1999, DEC 1999, from Jan. to Mar., Jan-Mar
    Rule(
        rf"(?<![\w.'])(?P<first>{ABBREVIATED}|{any_of(MONTHS)})\.?(?P<join>{DASH}|/|\sto\s|\sand\s|\sthrough\s)"
        rf"(?P<last>{ABBREVIATED}|{any_of(MONTHS)})(?:\.(?=\s+[a-z0-9]|[,;:)])|(?!\w))",
        lambda match: (
            _full(match["first"])
            + (match["join"] if match["join"].strip().isalpha() else " to ")
            + _full(match["last"])
        ),
    ),
    Rule(rf"(?<![\w.'])(?P<month>{ABBREVIATED})\.(?=\s+[a-z(]|\s?[–,;:)-])", _short_month),
    Rule(
        rf"(?P<before>{IN}[ -])(?P<month>{ABBREVIATED})\.(?!\w)",
        lambda match: match["before"] + _short_month(match),
    ),
    Rule(
        rf"(?P<before>{IN}[ -])(?P<month>Feb|Apr|Aug|Sept?|Oct|Nov|Dec)(?![\w'])",
        lambda match: match["before"] + SHORT_MONTHS[match["month"]],
    ),
]
_YEARS: list[Rule] = [
    Rule(
        rf"(?<![\w.'])(?P<month>{_cased(SHORT_MONTHS)})\.?(?=\s+'?[0-9]{{2}})",
        lambda match: match[0] if match["month"] in MONTH_WORDS else NAMES[match["month"].lower()],
    ),
    # years: est. 1850, c. 1500, (b. 1920), 340 A.D., AD 79
    Rule(r"(?<![\w.])(?P<e>[Ee])st\.\s?(?=[12][0-9]{3}\b)", lambda match: f"{match['e']}stablished "),
    Rule(r"(?<![\w.])c(?:a?\.|a)\s?(?=[0-9]{3,4}\b)", lambda match: "circa "),
    Rule(
        r"(?<=\()(?P<word>b|d|r|fl)\.\s?(?=(?:circa )?[0-9]{3,4}\b)",
        lambda match: {"b": "born ", "d": "died ", "r": "reigned ", "fl": "flourished "}[match["word"]],
    ),
    Rule(rf"(?:(?<=BC)|(?<=B\.C\.)|(?<=BCE)){DASH}(?=A\.?D\b|[0-9])", lambda match: " to "),
    Rule(
        rf"(?<![\w.])A\.?D\.?\s?(?<=[D. ])(?P<first>[1-9][0-9]{{0,3}})(?:{DASH}(?P<last>[1-9][0-9]{{0,3}}))?"
        r"(?![\w/-]|[.,][0-9])",
        _era_first,
    ),
    Rule(
        rf"{ALONE}(?P<first>[1-9][0-9]{{0,3}}|[0-9]{{1,3}},[0-9]{{3}}|[0-9]{{5,6}})"
        rf"(?:{DASH}(?P<last>[1-9][0-9]{{0,3}}))?"
        r"\s?(?P<era>A\.\s?D\b\.?|AD|B\.\s?C\.\s?E\b\.?|BCE|B\.\s?C\b\.?|BC|C\.\s?E\b\.?|CE)(?!\w)",
        _era,
    ),
    Rule(r"(?<=[0-9](?:st|nd|rd|th)) [cC](?:ent)?\.(?=,? (?:[a-z]|BC|AD|CE|B\.|A\.|C\.))", lambda match: " century"),
    Rule(r"(?<=[Cc]entury )(?P<era>AD|BC|CE|BCE)(?!\w)", lambda match: letters(match["era"])),
    # ranges of years and decades: '68-'72, 1950s-60s, 1999-present
    Rule(rf"(?<='[0-9][0-9]){DASH}(?='[0-9]{{2}}(?!\w))", lambda match: " to "),
    Rule(rf"(?<=[12][0-9]{{3}}){DASH}(?='[0-9]{{2}}(?!\w)|[Pp]resent\b|today\b)", lambda match: " to "),
    Rule(
        rf"(?:(?<=[0-9]0s)|(?<=[0-9]0'[s])){DASH}(?='?(?:{YEAR}|[1-9]0)'?s\b|[Pp]resent\b|(?:early|mid|late)\b)",
        lambda match: " to ",
    ),
    Rule(  # the 60-70s
        rf"(?<![\w.,'-])([12][0-9]{{2}}0|[1-9]0){DASH}([12][0-9]{{2}}0|[1-9]0)'?s(?!\w)",
        lambda match: f"{decade(match[1])} to {decade(match[2])}",
    ),
    Rule(r"(?<![\w.,])'?([12][0-9]{2}0|[0-9]0)'?s(?!\w)", lambda match: decade(match[1])),
    Rule(r"(?<![\w.,])([12][0-9]{2}0) s(?!\w)", lambda match: decade(match[1])),
    Rule(r"(?<![\w.,])'([0-9]{2})(?![\w'])", lambda match: two_digits(match[1])),
    Rule(
        r"(?P<before>\b(?:[Yy]ear|[Bb]y|[Ii]n|[Uu]ntil|[Ss]ince)\s)(?P<year>[2-9][1-9][0-9]{2}|[3-9]0[1-9][0-9])"
        r"(?=[.,;:!?)]|$)(?![.,][0-9])",
        lambda match: match["before"] + pairs(match["year"]),
    ),
]
DATES = [*_WEEK, *_DAYS, *_MONTHS, *_YEARS]
