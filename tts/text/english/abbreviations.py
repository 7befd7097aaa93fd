"""Abbreviations, with or without a full stop, and initials before a name."""

import re

from tts.text.english.acronyms import JOINED, LABELS, letters
from tts.text.english.money import OLD_MONEY
from tts.text.english.numbers import cardinal, roman
from tts.text.rules import Rule, any_of, words_of

# Stand before a name, so their full stop never ends a sentence.
TITLES = {
    **{"Mr": "mister", "Mrs": "missus", "Ms": "miz", "Mx": "mix", "Dr": "doctor", "Drs": "doctors"},
    **{"Prof": "professor", "Profs": "professors", "Rev": "reverend", "Revd": "reverend", "Hon": "honorable"},
    **{"Gen": "general", "Gens": "generals", "Col": "colonel", "Capt": "captain", "Lt": "lieutenant"},
    **{"Lieut": "lieutenant", "Sgt": "sergeant", "Maj": "major", "Brig": "brigadier", "Cmdr": "commander"},
    **{"Cdr": "commander", "Adm": "admiral", "Cpl": "corporal", "Pvt": "private", "Pte": "private"},
    **{"Gov": "governor", "Govs": "governors", "Sen": "senator", "Sens": "senators", "Rep": "representative"},
    **{"Reps": "representatives", "Pres": "president", "Amb": "ambassador", "Atty": "attorney"},
    **{"Supt": "superintendent", "Insp": "inspector", "Det": "detective", "Messrs": "messieurs", "Mme": "madame"},
    **{"Mmes": "mesdames", "Mlle": "mademoiselle", "Fr": "father", "Msgr": "monsignor", "Mgr": "monsignor"},
    **{"Ven": "venerable", "Mt": "mount", "Mts": "mounts", "Ft": "fort", "Ste": "saint", "Sts": "saints"},
    **{"Wm": "William", "Chas": "Charles", "Geo": "George", "Jas": "James", "Thos": "Thomas", "Robt": "Robert"},
    **{"Benj": "Benjamin", "Edw": "Edward", "Mssrs": "messieurs", "Cpt": "captain", "Ens": "ensign"},
    **{"Pfc": "private first class", "Spc": "specialist", "Comdr": "commander", "Ald": "alderman", "Bp": "bishop"},
    **{"Abp": "archbishop"},
}
# Titles that are also read without a full stop. The others are words then (Gen, Col, Rep).
UNDOTTED = ("Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "Sgt", "Capt", "Lt", "Messrs", "Mme", "Mlle", "Cmdr", "Msgr", "Supt")
# These too, if a name follows: the Rev Green, Mt Everest.
BEFORE_NAMES = ("Rev", "Revd", "Hon", "Gen", "Col", "Maj", "Cpl", "Pvt", "Gov", "Sen", "Rep", "Mt", "Adm")
# Read with their full stop. The sentence may end there.
ENDINGS = {
    **{
        "etc": "et cetera",
        "Etc": "et cetera",
        "&c": "et cetera",
        "Inc": "incorporated",
        "Ltd": "limited",
        "Co": "company",
    },
    **{"Cos": "companies", "Corp": "corporation", "Bros": "brothers", "Jr": "junior", "Sr": "senior"},
    **{
        "Esq": "esquire",
        "Esqs": "esquires",
        "Ave": "avenue",
        "Blvd": "boulevard",
        "Rd": "road",
        "Ln": "lane",
        "Sq": "square",
    },
    **{"Hwy": "highway", "Pkwy": "parkway", "Ct": "court", "Bldg": "building", "Ctr": "center"},
    **{"dept": "department", "Dept": "department", "depts": "departments", "Univ": "university"},
    **{"govt": "government", "Govt": "government", "Intl": "international", "Natl": "national"},
    **{"Mfg": "manufacturing", "mfg": "manufacturing", "Asst": "assistant", "asst": "assistant"},
    **{
        "Assoc": "associates",
        "Dist": "district",
        "Inst": "institute",
        "Tech": "technology",
        "Soc": "society",
        "Acad": "academy",
    },
    **{"misc": "miscellaneous", "anon": "anonymous", "Anon": "anonymous", "al": "al", "ibid": "ibidem"},
    **{"Ibid": "ibidem", "Assn": "association", "Ph.D": "P H D", "hr": "hour", "hrs": "hours"},
    **{"mins": "minutes", "secs": "seconds", "yr": "year", "yrs": "years", "lbs": "pounds", "oz": "ounces"},
    **{"Feb": "February", "Apr": "April", "Aug": "August", "Sept": "September", "Oct": "October"},
    **{"Nov": "November", "Dec": "December", "Ret": "retired", "ret": "retired", "avg": "average", "Avg": "average"},
    **{"qty": "quantity", "Qty": "quantity", "amt": "amount", "Amt": "amount", "acct": "account", "Acct": "account"},
    **{"accts": "accounts", "pkg": "package", "pkgs": "packages", "mgr": "manager", "Mgr": "manager"},
    **{"mgmt": "management", "Mgmt": "management", "Treas": "treasurer", "Secy": "secretary", "appt": "appointment"},
    **{"appts": "appointments", "abbr": "abbreviation", "illus": "illustrated", "encl": "enclosed", "Encl": "enclosed"},
    **{"co": "company", "inc": "incorporated", "corp": "corporation", "ltd": "limited", "bros": "brothers"},
    **{
        "wt": "weight",
        "ht": "height",
        "Hosp": "hospital",
        "tbsp": "tablespoon",
        "Jct": "junction",
        "hwy": "highway",
        "blvd": "boulevard",
        "bldg": "building",
    },
}
# Read with their full stop. The sentence goes on.
INNER = {
    **{"e.g": "for example", "i.e": "that is", "viz": "namely", "cf": "compare", "ca": "circa"},
    **{"approx": "approximately", "a.k.a": "also known as", "c.f": "compare", "incl": "including", "esp": "especially"},
    **{"Wm": "William", "Chas": "Charles", "Geo": "George", "Thos": "Thomas", "Jas": "James", "Robt": "Robert"},
    **{"Edw": "Edward", "Benj": "Benjamin", "Saml": "Samuel", "Danl": "Daniel", "Jno": "John", "Edwd": "Edward"},
    **{"orig": "originally", "attrib": "attributed", "A.k.a": "also known as", "attn": "attention"},
}
INNER |= {word.capitalize(): said for word, said in INNER.items() if "." not in word}
# Read only before a number, Arabic or Roman.
NUMBERED = {
    **{"No": "number", "no": "number", "Nos": "numbers", "nos": "numbers", "p": "page", "pp": "pages"},
    **{"pg": "page", "pgs": "pages", "vol": "volume", "vols": "volumes", "ch": "chapter", "chs": "chapters"},
    **{"chap": "chapter", "chaps": "chapters", "fig": "figure", "figs": "figures", "sec": "section"},
    **{"art": "article", "ed": "edition", "pt": "part", "pts": "parts", "bk": "book"},
    **{"sc": "scene", "ll": "lines", "Lv": "level", "Lvl": "level", "ep": "episode"},
    **{"eq": "equation", "eqs": "equations", "op": "opus", "ext": "extension", "tel": "telephone"},
    **{"para": "paragraph", "paras": "paragraphs", "ser": "series", "vv": "verses", "pl": "plate"},
    **{"max": "maximum", "min": "minimum", "Apt": "apartment", "apt": "apartment", "Rm": "room", "rm": "room"},
    **{"par": "paragraph", "ver": "version", "ep": "episode", "eps": "episodes", "wk": "week", "wks": "weeks"},
    **{"prob": "problem", "thm": "theorem", "tab": "table", "app": "appendix", "cl": "clause", "ll": "lines"},
    **{"fn": "footnote", "n": "note", "nn": "notes", "pop": "population"},
    **{"Rt": "route", "Rte": "route", "Flt": "flight", "Bldg": "building", "Hwy": "highway"},
}
NUMBERED |= {
    word.capitalize(): said
    for word, said in NUMBERED.items()
    if word[0].islower() and word not in ("n", "p", "pp", "art", "ed", "sec", "min", "max", "no", "nos")
}
NUMBERED |= {"Pp": "pages", "Art": "article", "Sec": "section", "Max": "maximum", "Min": "minimum", "Ed": "edition"}
# Those of `NUMBERED` that are words as well.
NUMBERED_WORDS = words_of("no No art Art ed Ed fig sec max Max min Min pt pts par Par app App tab Tab pop Pop")
# Read before a year.
YEAR_MARKS = {
    **{"c": "circa", "b": "born", "d": "died", "fl": "flourished", "r": "reigned", "est": "established"},
    **{"Est": "established"},
}
# Abbreviations without a full stop, or with a slash.
FIXED = {
    **{"w/o": "without", "w/": "with", "and/or": "and or", "c/o": "care of", "24/7": "twenty-four seven"},
    **{"9/11": "nine eleven", "n/a": "not applicable", "N/A": "not applicable", "PhD": "P H D"},
    **{"Ph.D.s": "P H D's", "PhDs": "P H D's", "50/50": "fifty fifty", "b/c": "because"},
    **{"op. cit": "op cit", "op. cit.": "op cit"},
    **{"BSc": "B S C", "MSc": "M S C", "BSc's": "B S C's", "MSc's": "M S C's", "BScs": "B S C's", "MScs": "M S C's"},
    **{"B.Sc.": "B S C", "M.Sc.": "M S C", "no. of": "number of", "No. of": "number of", "Est. in": "established in"},
    **{"BEd": "B ed", "MEd": "M ed", "MPhil": "M phil", "DPhil": "D phil", "LLB": "L L B", "LLM": "L L M"},
    **{"AND/OR": "and or", "WWI": "World War one", "WWII": "World War two", "WW1": "World War one"},
    **{
        "WW2": "World War two",
        "Xmas": "Christmas",
        "pH": "P H",
        "macOS": "mac O S",
        "M.D.s": "M D's",
        "TL;DR": "T L D R",
        "aka": "also known as",
        "a/k/a": "also known as",
        "d/b/a": "doing business as",
        "w/in": "within",
        "w/out": "without",
        "s/he": "she or he",
        "either/or": "either or",
        "WW I": "World War one",
        "WW II": "World War two",
        "gov't": "government",
        "Gov't": "government",
    },
    **{"int'l": "international", "Int'l": "international", "Rt. Hon.": "right honorable", "Rt Hon": "right honorable"},
    **{"Rt. Rev.": "right reverend", "Rt Rev": "right reverend", "i. e.": "that is", "e. g.": "for example"},
    **{"Lt. Col.": "lieutenant colonel", "Lt. Gen.": "lieutenant general", "Lt. Gov.": "lieutenant governor"},
    **{"Brig. Gen.": "brigadier general", "Maj. Gen.": "major general", "Lt. Cmdr.": "lieutenant commander"},
    **{"Rear Adm.": "rear admiral", "Vice Adm.": "vice admiral", "Sgt. Maj.": "sergeant major"},
    **{"iOS": "I O S", "iPadOS": "I pad O S", "watchOS": "watch O S", "tvOS": "T V O S"},
}
# Not after a number, which tells one from several.
AREAS = {"fl. oz.": "fluid ounces", "sq. ft.": "square feet", "cu. ft.": "cubic feet"}
COUNTIES = words_of(
    "Antrim Armagh Carlow Cavan Clare Cork Derry Donegal Down Dublin Durham Fermanagh Galway Kerry Kildare Kilkenny "
    "Laois Leitrim Limerick Londonderry Longford Louth Mayo Meath Monaghan Offaly Roscommon Sligo Tipperary Tyrone "
    "Waterford Westmeath Wexford Wicklow"
)
# States as newspapers shorten them after the name of a place: Boston, Mass.
NEWS_STATES = {
    **{"Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California", "Colo": "Colorado"},
    **{"Conn": "Connecticut", "Fla": "Florida", "Ga": "Georgia", "Ill": "Illinois"},
    **{"Kan": "Kansas", "Ky": "Kentucky", "Mass": "Massachusetts"},
    **{"Md": "Maryland", "Mich": "Michigan", "Minn": "Minnesota", "Mo": "Missouri"},
    **{"Mont": "Montana", "Neb": "Nebraska", "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon"},
    **{"Ind": "Indiana", "Del": "Delaware", "Tex": "Texas"},
    **{"Tenn": "Tennessee", "Va": "Virginia", "Vt": "Vermont"},
    **{"Wash": "Washington", "Wis": "Wisconsin", "Wyo": "Wyoming"},
}
# Those that are other words too, after the letter of a party: R-Pa.
PARTY_STATES = {"Pa": "Pennsylvania", "La": "Louisiana", "Miss": "Mississippi", "Me": "Maine", "Ida": "Idaho"}
# Words that begin a sentence far more often than they follow an abbreviation inside one.
# Those that are no words, so that they need no town before them.
ONLY_STATES = words_of("Calif Conn Mich Minn Okla Tenn Tex Fla Ariz Nev")
# Before "of", after a distance: ten miles N. of Bath.
POINTS = {
    **{"N": "north", "S": "south", "E": "east", "W": "west", "N.E": "northeast", "N.W": "northwest"},
    **{"S.E": "southeast", "S.W": "southwest"},
}
OPENERS = words_of(
    "The A An He She It They We You I But And So Then There This That These Those When While If In On At As After "
    "Before For From His Her Its Our Their My Your What Who Where Why How No Not Yes Now One Some Many Most All Both "
    "Each Every Although Though Because Since Until However Perhaps Here To Of With Or Nor Yet Is Was Are Were Do Did "
    "Once By Let Such Even Just Only Soon Today Tomorrow Yesterday Next Please Come Go Take See Call Turn Ask Tell "
    "Visit Thanks Thank Can Could Would Should Does Have Has Had Try Make Get Give Later Suddenly Meanwhile Nothing "
    "Everyone Nobody"
)
# Words that are capitalised before "St." though they are not the name of a street.
NO_STREET = OPENERS | words_of(
    "Mount Lake Port Fort Old New Near Saint Mister Great Little North South East West Bury Sault"
)
# Saints of whom a place is named, after a capitalised word too: Ottery St Mary.
SAINTS = words_of(
    "Paul Peter John James George Mary Mark Luke Matthew Andrew Andrews Louis Patrick Francis Helens Edmunds Giles "
    "Albans Ives Bernard Bartholomew Nicholas Thomas Stephen Anne Annes Clair Kitts Vincent Petersburg Augustine "
    "Joseph Jude Lawrence Martin Michael Anthony Catherine Lucie Pancras Margaret David"
)
# What a senior may be: Sr. Vice President.
ROLES = words_of(
    "Vice Director Engineer Manager Editor Software Analyst Developer Staff Account Product Project Executive Research "
    "Associate Advisor Adviser Consultant Partner Lecturer Producer Writer Designer Scientist VP"
)
# What is named after a street: Wall St Journal.
STREET_PLACES = words_of("Station Journal Bridge School Market Church Hall Cafe Theatre Theater Partners Capital Park")


def ends_sentence(match: re.Match[str]) -> bool:
    """Whether the sentence ends at an abbreviation: nothing follows, or a word that often begins a sentence."""
    rest = match.string[match.end() : match.end() + 40]
    after = re.match(r"[\"')\]]*\s*([A-Za-z']*)", rest)
    return not rest.strip("\"')] \n") or after[1] in OPENERS


def _dotted(match: re.Match[str]) -> str:
    """U.S., B.C., J.R.R.: the letters, and a full stop only where a sentence ends."""
    return letters(match["letters"]) + (match["plural"] or ("." if ends_sentence(match) else ""))


def _word_before(match: re.Match[str]) -> str:
    """The word before a match, or nothing if a mark divides them."""
    found = re.search(r"([A-Za-z0-9']{1,30})\s$", match.string[max(0, match.start() - 32) : match.start()])
    return found[1] if found else ""


def _initials(match: re.Match[str]) -> str:
    found, name = match["initials"], match["name"]
    item = match.start() == 0 and match.end() >= len(match.string.rstrip(".")) and found[0] < "I"  # A. Milk
    no_initial = name in OPENERS or found.startswith("I.") or item or _word_before(match).lower() in LABELS
    return match[0] if found.count(".") == 1 and no_initial else f"{letters(found)} {name}"


def _street(match: re.Match[str]) -> str:
    """St. and Dr.: saint or doctor before a name, street or drive after one."""
    before, short, after = _word_before(match), match["short"], match["after"]
    name = before and (before[0].isupper() or before[0].isdigit()) and before not in NO_STREET
    person = after and after not in OPENERS
    undotted = not match["dot"] and after not in STREET_PLACES
    saint = short == "St" and person and (after.removesuffix("'s") in SAINTS or undotted)
    ordinal = name and before[0].isdigit() and not before.isdigit()
    if name and (ordinal or not saint) and (short == "St" or not person):
        last = (
            after in OPENERS if after else not re.match(r"\s*[^\s\"')]", match.string[match.end() : match.end() + 40])
        )
        return ("Street" if short == "St" else "Drive") + ("." if match["dot"] and last else "")
    if person:
        return "Saint" if short == "St" else "doctor"
    return match[0] if short == "St" else "doctor" + ("." if not match.string[match.end() :].strip() else "")


def _in_orders(match: re.Match[str]) -> str:
    """Sr. Mary is a sister, but the senior of a family stands after its name: John Lee Sr."""
    before = _word_before(match)
    family = before[:1].isupper() and before not in OPENERS
    return match[0] if family or match["after"] in ROLES else {"Sr": "sister", "Br": "brother"}[match["short"]]


def _ending(match: re.Match[str]) -> str:
    return ENDINGS[match[1]] + ("." if ends_sentence(match) else "")


def _numbered(match: re.Match[str]) -> str:
    """No. 5, but not "No. I won't"; Vol. I is volume one."""
    word, first = match["word"], match["first"]
    if first in "ABCDEFGH" and word not in NUMBERED_WORDS:  # Fig. A
        return f"{NUMBERED[word]} {letters(first)}"
    if first == "I":
        return match[0] if word in NUMBERED_WORDS else f"{NUMBERED[word]} one"
    known = first[0].isdigit() or (roman(first) and (len(first) > 1 or word not in NUMBERED_WORDS))
    return f"{NUMBERED[word]} {first}" if known else match[0]


def _dated(match: re.Match[str]) -> str:
    word = YEAR_MARKS[match["word"]]
    return ("estimated" if word == "established" and "," in match["first"] else word) + " "


NAME = r"[A-Z][A-Za-z']{0,30}"
NUMERIC = r"(?P<first>[0-9]|[A-H](?![\w']|\.\w)|[IVXL]{1,9}(?![\w'])|[ivxl]{1,9}(?![\w']))"

# Reports of courts, before their pages: 12 F.3d 45, 45 F. Supp. 2d 100.
REPORTS = r"F\.(?: ?Supp\.)?|S\. ?Ct\.|[PA]\.|[NS]\.[EW]\.|So\."
REPORT_WORDS = {"Supp": "supplement", "Ct": "court", "So": "southern"}
SERIES = {"2d": "second", "3d": "third", "4th": "fourth"}


def _report(match: re.Match[str]) -> str:
    words = [letters(part) if part.isupper() else REPORT_WORDS[part] for part in re.findall("[A-Za-z]+", match["name"])]
    return f"{cardinal(match['volume'])} {' '.join(words)} {SERIES[match['series']]} "


# Whole forms, before any rule reads a part of them: R&B, WWII, 24/7.
FORMS: list[Rule] = [
    *JOINED,
    *OLD_MONEY,
    # No-o-o, ple-e-ease, Sh-h: what lengthens a word belongs to it.
    Rule(
        r"(?<![\w'-])(?P<begin>[A-Za-z]{1,8})(?P<more>(?P<letter>[a-z])(?:-(?P=letter)){2,12}|(?P<last>[a-z])-(?P=last)(?![\w-]))"
        r"(?P<end>[a-z]{0,8})(?![\w-])",
        lambda match: match["begin"] + match["more"].replace("-", "") + (match["last"] or "") + match["end"],
    ),
    Rule(
        rf"(?<![\w.,])(?P<volume>[0-9]{{1,4}}) (?P<name>{REPORTS}) ?(?P<series>2d|3d|4th) (?=[0-9]{{1,5}}(?!\w))",
        _report,
    ),
    Rule(r"(?<=[0-9](?:st|nd|rd|th) )Cir\.(?= (?:1[89]|20)[0-9]{2}(?!\w))", lambda match: "circuit"),
    Rule(rf"(?<![\w/])(?:{any_of(FIXED)})(?![\w/]|\.\w)", lambda match: FIXED[match[0]]),
]
ABBREVIATIONS: list[Rule] = [
    Rule(rf"(?<![\w.])Co\.? (?=(?:{any_of(COUNTIES)})(?!\w))", lambda match: "County "),
    Rule(
        rf"(?:(?<=[a-z], )|(?<=\b[DR]-))(?P<state>{any_of(NEWS_STATES)})\.(?!\w)",
        lambda match: NEWS_STATES[match[1]] + ("." if ends_sentence(match) else ""),
    ),
    Rule(
        rf"(?:(?<=\bof )|(?<=\bin )|(?<=\bfrom ))(?P<state>{any_of(ONLY_STATES)})\.(?!\w)",
        lambda match: NEWS_STATES[match[1]] + ("." if ends_sentence(match) else ""),
    ),
    Rule(rf"(?<=[a-z] )({any_of(POINTS)})\.(?= of\b)", lambda match: POINTS[match[1]]),
    Rule(rf"(?<=\b[DR]-)({any_of(PARTY_STATES)})\.(?!\w)", lambda match: PARTY_STATES[match[1]]),
    Rule(
        rf"(?<![\w.'])(?P<short>St|Dr(?=\.))(?P<dot>\.?)(?![\w.'])(?:(?=\s+(?P<after>{NAME})))?",
        _street,
    ),
    Rule(r"(?<![\w.])(?:MR|MRS|MS|DR)\.?(?=\s+[A-Z])", lambda match: TITLES[match[0].rstrip(".").capitalize()].upper()),
    Rule(rf"(?<![\w.])({any_of(TITLES)})\.(?=-[A-Z])", lambda match: TITLES[match[1]]),  # Maj.-Gen.
    Rule(r"(?<![\w.])Wash\.(?=,?\s(?:D\.? ?C|State)\b)", lambda match: NEWS_STATES["Wash"]),
    Rule(
        rf"(?<![\w.])({any_of(TITLES)})\.(?=\s*[A-Z\"'{{]|\s(?:doctor|and\s(?:Mrs|Mr|Ms|Dr))\b)",
        lambda match: TITLES[match[1]] + " ",
    ),
    Rule(rf"(?<![\w.])(?<!, )(?P<short>Sr|Br)\.(?=\s(?P<after>{NAME}))", _in_orders),
    # scenes of a script
    Rule(r"(?<![\w.])INT\.(?=/?\s?[A-Z]{2})", lambda match: "INTERIOR"),
    Rule(r"(?<![\w.])EXT\.(?=\s[A-Z]{2})", lambda match: "EXTERIOR"),
    Rule(r"(?<![\w.])Sec\.(?=\s[A-Z][a-z])", lambda match: "secretary"),
    Rule(r"(?<![\w.])Mk\.?(?=\s[IVX0-9])", lambda match: "Mark"),
    Rule(rf"(?<![\w.])({any_of(UNDOTTED)})(?:\.(?=\s+[^A-Z\s]|\s*\Z)|(?![\w.']))", lambda match: TITLES[match[1]]),
    Rule(rf"(?<![\w.])({any_of(BEFORE_NAMES)})(?=\s[A-Z][a-z])", lambda match: TITLES[match[1]]),
    Rule(r"(?<![\w.])vs\.?(?!\w)|(?<=[A-Za-z.]\s)v\.?(?=\s[A-Z])", lambda match: "versus"),
    Rule(rf"(?<![\w.])(?P<word>{any_of(YEAR_MARKS)})\.\s*(?=(?P<first>[0-9][0-9,]{{2,10}}))", _dated),
    Rule(r"(?<![\w.])(?<![0-9] )([Mm]ax|[Mm]in)\.(?=\s[a-z])", lambda match: NUMBERED[match[1].lower()]),
    Rule(rf"(?<![\w.])(?P<word>{any_of(NUMBERED)})\.:?\s*{NUMERIC}", _numbered),
    Rule(r"(?<![\w.])[Ee]st\.(?=\s[a-z])", lambda match: "estimated"),
    Rule(r"(?<![\w.])[Aa]ssoc\.(?=\s[Pp]rof)", lambda match: "associate"),
    Rule(r"(?<![\w.])(?<![0-9] )(?:fl\. oz|sq\. ft|cu\. ft)\.", lambda match: AREAS[match[0]]),
    Rule(r"(?<=[0-9](?:st|nd|rd|th) )ed\.", lambda match: NUMBERED["ed"]),
    Rule(
        r"(?<=[0-9](?:st|nd|rd|th) )c(?:ent)?\.(?!\w)",
        lambda match: "century" + ("." if ends_sentence(match) else ""),
    ),
    Rule(r"(?<=\bhundred )hrs(?![\w.])", lambda match: "hours"),  # 21:00 hrs
    Rule(rf"(?<![\w.])({any_of(INNER)})\.(?!\w)", lambda match: INNER[match[1]]),
    Rule(r"(?<![\w.])([Ee]\.g|[Ii]\.e)(?![\w.])", lambda match: INNER[match[1].lower()]),
    Rule(rf"(?<![\w.])({any_of(ENDINGS)})\.(?!\w)", _ending),
    Rule(r"&c\b\.?", lambda match: "et cetera"),
    Rule(r"(?<![\w.])(?P<letters>(?:[A-Za-z]\.){2,})(?P<plural>'?s(?!\w))?(?!\w)", _dotted),
    Rule(
        r"(?<![\w.])(?P<initials>(?:[A-Z]\.\s?){1,12})(?<=[.\s])(?P<name>[A-Z][a-z]{1,30})",
        _initials,
    ),
    Rule(r"(?<![\w.])(?P<letters>(?:[A-Z]\.\s){1,12}[A-Z]\.)(?P<plural>)(?!\w)", _dotted),
    # E. coli, e. e. cummings
    Rule(r"(?<![\w.'])(?:[A-Z]\.|(?:[a-z]\.\s){1,3}[a-z]\.)(?=\s[a-z])", lambda match: letters(match[0])),
]
