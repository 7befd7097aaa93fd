"""Words in capitals, and letters that are read by their names."""

import re
from functools import lru_cache

from tts.text.english.lexicon import cmudict
from tts.text.english.names import GIVEN, RULERS
from tts.text.english.numbers import cardinal, roman
from tts.text.english.patterns import FUNCTION_WORDS
from tts.text.rules import Rule, words_of

LETTER_A = "ay"  # the name of the letter; "a" would be read as the article
# The lexicon has these words, but in capitals they are letters.
SPELLED = words_of(
    "UN EU UK AI ID IDS PR TV GDP GPS JFK MGM FYI NGO AKA IRA IRS DEA ENT ETA EST LOL MS NY PS DA ET ESA PT AA EDU GA "
    "CA VA MC MD ISO ISP SOS UPS URI VW RAF POWS NIH PBS CIS HQ GAO VOA NEA NEC ILO APR IMO COO "
    "GED ROI EEG ACLU GYN"
)
# Acronyms that are words. They stand in capitals in any text, so they do not show that it shouts.
ACRONYM_WORDS = words_of(
    "NASA NATO AIDS COVID UNESCO UNICEF OPEC FIFA UEFA NAFTA SWAT FEMA NASDAQ ASCII JPEG GIF MPEG JSON MIDI PIN ZIP "
    "RAM ROM SIM SARS MERS POTUS SCOTUS DARPA HIPAA OSHA NORAD CERN SETI ISIS ISIL HAMAS BRICS AUKUS ASEAN PAC SALT "
    "DOS BASIC GATT AWOL SONAR RADAR LASER SCUBA CAPTCHA MENSA BAFTA YOLO FOMO NIMBY WASP DACA FICA COBRA CAT PET"
)
# Words of two letters that are said as words in capitals too; all others are letters.
SHORT_WORDS = words_of(
    "AH AL AM AN AS AT AW AY BE BO BY DO ED EH EL ER EX GO HA HE HI HM HO IF IN IS IT JO LA LO MA ME MM MY NO OF OH ON "
    "OR OW OX PA PI SO TO UH UM UP US WE YA YE YO"
)
# Letters of which some are said together.
GATHERED = {
    **{"NAACP": "N double ay C P", "NCAA": "N C double ay", "IEEE": "I triple E", "OBGYN": "O B G Y N"},
    **{"ICYMI": "I C Y M I"},
    **{"LSAT": "L sat", "MCAT": "M cat", "GMAT": "G mat"},
}
SPOKEN = words_of("OK")  # spelt in letters by the lexicon, and yet a word
# These are letters or words: patterns of what makes them letters, and of what makes them words. "<>" is the word.
NEVER, ALWAYS = "(?!)", ""
OWNER = "(?:the|an?|our|their|your|his|her|my|its|in)"
CONTEXTS = {
    "IT": (
        rf"{OWNER} <>|<> (?:support|department|staff|team|managers?|guys?|people|desk|help|services?|systems?|security|"
        "compan|firms?|industry|sector|professionals?|consultants?|director|project|infrastructure|jobs?|skills|"
        "training|budget|specialist|polic|admin|workers?|boss|expert|problem)",
        "(?:is|was|do|did|does|get|got|of|to|that|like|love|hate|about|with|take|took|stop|made|make) <>|<>'|<> (?:is|"
        "was|has|had|will|would|can|could|does|did|must|may|might|just|hurts?|works?|all|to|out|up|down)\\b",
    ),
    "US": (
        "the <>|^\\W*<>\\s|<> (?:army|navy|troops|president|senate|congress|government|dollars?|economy|states?|"
        "marines?|air|open|military|embassy|forces|officials|citizens?|sends|house|supreme|court|treasury|bank|stocks)",
        "(?:let|give|gave|tell|told|ask|asked|help|helped|save|join|all of|not|both of|one of|some of|it's|take|took|"
        "show|leave|left) <>|(?:to|of|for|with|about|between|against) <>(?:[.!?,]|$)",
    ),
    "WHO": (
        "(?:the|a|by|from|with) <>|<> (?:said|says|declared|warn|recommend|report|estimate|announced|guideline|"
        "official|director|chief|data|team|expert|study|approved)",
        "(?:know|guess|see|tell|asked?|wonder|remember|exactly|that's|man|men|woman|people|those|someone|anyone) <>|"
        "<>'|<> (?:cares|knows|wants|goes|am|the)\\b|<>[?!]|"
        "<> (?:did|do|does|is|was|are|were|would|could|can|will|has|have|told|said|made)\\b[^.!]{0,80}[?]",
    ),
    "AM": (
        "(?:an|the|on|[0-9]|teen|ty|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) ?<>|<>/FM|"
        "<> (?:radio|station|bands?|dial|frequenc|transmitter|signal|broadcast|and FM|or FM)",
        "\\bI <>|<> I\\b",
    ),
    "SAT": (
        "(?:the|an|my|his|her|their|your|took|take|taking|takes|failed|aced) <>|"
        "<>(?:s|'s)?\\b(?: (?:scores?|prep|tests?|exams?|results?|math|essay|tutors?)|[,.;:]|$)",
        "(?:he|she|they|we|i|it|who|and|cat|have|had|[a-z]+ly) <>|"
        "<> (?:down|on|in|at|there|here|still|up|beside|by|near|under|with|alone|quietly)\\b",
    ),
    "LA": ("(?:in|to|from|for|near|of|downtown) <>|<> (?:times|county|lakers)", "la,? <>|<>,? la"),
    "ER": ("(?:the|an|to|in|from|our) <>|<> (?:doctor|nurse|visit|room|staff|waiting|physician)", "<>(?:,|[.][.])"),
    "OR": ("(?:the|an) <>|<> (?:nurse|staff|table)", ALWAYS),
    "ACT": (
        "(?:SATs?|SAT or the|SAT and the|(?:took|take|taking|retook) the) (?:or |and )?<>|<> (?:scores?|prep)",
        ALWAYS,
    ),
    "MA": (f"{OWNER} <>|<> (?:in|degree|from)", "<>[!?]"),
    **dict.fromkeys(words_of("LED SEC PA AD RIP POW LAX ERA MIA DOE INS ALS ADD SAS VAT KIA"), (NEVER, NEVER)),
}


def letters(word: str) -> str:
    """FBI: F B I."""
    return " ".join(LETTER_A if letter in "aA" else letter.upper() for letter in word if letter.isalpha())


@lru_cache(maxsize=4096)
def _spelled(word: str) -> bool:
    """Whether the lexicon itself says the word in letters: FBI."""
    phones = cmudict().phones(word) or []
    names = [phone for letter in letters(word).split() for phone in cmudict().phones(letter)]
    return [phone.rstrip("012") for phone in phones] == [phone.rstrip("012") for phone in names]


@lru_cache(maxsize=4096)
def _is_word(word: str) -> bool:
    """Whether a word in capitals is an ordinary word, so that capitals only stress it."""
    if word in SPELLED or word in CONTEXTS or word not in cmudict() or (len(word) == 2 and word not in SHORT_WORDS):
        return word in SPOKEN
    stem = word if word.lower() in cmudict().entries else word.removesuffix("S")
    return not _spelled(stem)


@lru_cache(maxsize=4096)
def _shouts(around: str) -> bool:
    """Whether the words around an acronym are in capitals too, and not because they are acronyms."""
    words = re.findall(r"[A-Za-z]{2,}", around)
    loud = sum(word.isupper() and word not in ACRONYM_WORDS and _is_word(word) for word in words)
    return loud > sum(not word.isupper() for word in words)


@lru_cache(maxsize=4096)
def _letters_here(word: str, around: str, shouting: bool) -> bool:
    """Whether a word that may be an acronym is one here. `around` has "<>" in its place."""
    as_letters, as_word = CONTEXTS[word]
    if re.search(rf"(?i)(?<!\w)(?:{as_letters})", around):
        return True
    return not (shouting or re.search(rf"(?i)(?<!\w)(?:{as_word})", around))


def _pronounceable(word: str) -> bool:
    """Whether an unknown word in capitals may be a word: UNHCR is not, ECOWAS is."""
    return not re.search("[^AEIOUY]{4}|[AEIOU]{4}|Q(?!U)", word) and len(re.findall("[AEIOUY]+", word)) > 1


def _acronym(match: re.Match[str]) -> str:
    word, ending = match["word"], match["ending"] or ""
    if set(word) <= set("IVX") and word != "XXX" and (word == "II" or len(word) > 2) and (value := roman(word)):
        return cardinal(value) + ending
    if word in GATHERED:
        return GATHERED[word] + ending
    text, start, end = match.string, match.start(), match.end("word")
    near = f"{text[max(0, start - 60) : start]} {text[match.end() : match.end() + 60]}"
    if word in CONTEXTS:
        as_word = not _letters_here(word, f"{text[max(0, start - 30) : start]}<>{text[end : end + 90]}", _shouts(near))
    elif word in cmudict():
        as_word = _is_word(word)
    elif len(word) == 4 and _pronounceable(word):
        as_word = _shouts(near)
    else:
        as_word = len(word) > 4 and _pronounceable(word)
    return match[0] if as_word else letters(word) + ("'s" if ending else "")


def _slashed(match: re.Match[str]) -> str:
    """AC/DC, A/B; not AND/OR."""
    parts = match[0].split("/")
    if any(len(part) > 1 and part not in ACRONYM_WORDS and _is_word(part) for part in parts):
        return match[0]
    return " ".join(part if part in ACRONYM_WORDS else letters(part) for part in parts)


# A single letter after one of these is a name: plan B, vitamin A.
LABELS = words_of(
    "vitamin vitamins team group groups grade grades type types plan section class hepatitis exhibit point option part "
    "route letter letters block building gate terminal room level side player person model appendix figure table "
    "question answer column row item category series schedule form size line unit zone lane division league serie "
    "influenza product company subject patient witness string note key layer phase stage set variant version choice "
    "track list band channel bloc brand wing deck hall pier platform apartment suite seat tab drive panel process "
    "event node angle strain capital straight double triple factor protein bus case theory document annex quadrant "
    "sector pool box cell district ward agent mode train signal step volume chapter coach carriage"
)
# After these a capital A is a letter: from A to Z, in A minor.
BEFORE_LETTER = words_of(
    "an the from to in of and or is was be got get gets give gave by with for on plus minus equals if than between "
    "letter called named not are as becomes marked"
)
COUNTS_LETTERS = words_of("straight all the two three four five six seven many few more got our no")
# Before these it is one too: A is for apple, A to Z.
AFTER_LETTER = words_of(
    "is was has and or to through equals plus minus stands means comes goes for times divided intersection "
    "union slash says does then"
)


# What follows the letter wherever it stands: A minor (at an end), A flat major, A B C.
KEY = re.compile(
    r"\s(?:(?:flat|sharp)\s)?(?:major|minor|flat|sharp)[.,;!?]?$|\s(?:flat|sharp)\s(?:major|minor)\b|"
    r"(?:\s[A-Z]\b(?!-)){2}|\s[AB]\s*$|\sA\b(?!-)"
)


def _letter_a(match: re.Match[str]) -> str:
    """The name of the letter where A is no article."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    after = match.string[match.end() : match.end() + 30]
    opening = not before.strip() or before.rstrip()[-1] in ".!?:;—–-(['\"" or before.endswith(("'", '"'))
    return LETTER_A if _names_a(before, after, opening) else match[0]


def _names_a(before: str, after: str, opening: bool) -> bool:
    """Whether A is the letter. `opening` says that a sentence, quotation or bracket begins with it."""
    if not after.strip() or re.match(r"[.;:!?)\]'\"](?!\.)", after):
        return True
    if after[0] in ",-":
        return re.match(r", [B-Z]\b|-[B-Zb-z]", after) is not None or (after[0] == "," and not opening)
    last = re.search(r"([A-Za-z]+)\s$", before)
    previous = last[1] if last and not opening else ""
    following = re.match(r"\s([A-Za-z]+)(?![\w-])", after)
    if previous.lower() in LABELS or previous in ("the", "The", "an", "An") or KEY.match(after):
        return True
    if following is None:
        return False
    if following[1][0].isupper() and len(following[1]) > 1:  # John A Smith, but "What A Day"
        initial = len(previous) == 1 and previous.isupper()
        return (initial or previous in GIVEN | RULERS) and not following[1].isupper()
    if previous.islower() and following[1] in FUNCTION_WORDS:  # a big A on the door
        return True
    return following[1] in AFTER_LETTER or previous.lower() in BEFORE_LETTER


def _mark(match: re.Match[str]) -> str:
    """An A-, a B-: minus, and no dash."""
    article = re.search(r"\b[Aa]n?\s$", match.string[max(0, match.start() - 4) : match.start()])
    stopped = match.string[match.end() : match.end() + 1].strip()
    return f"{letters(match[0])} minus" if article or stopped else match[0]


def _letters_a(match: re.Match[str]) -> str:
    """Straight As, two As; not "As and when"."""
    before = re.search(r"([A-Za-z]+)\s$", match.string[max(0, match.start() - 12) : match.start()])
    return f"{LETTER_A}'s" if before and before[1].lower() in COUNTS_LETTERS else match[0]


# Letters beside digits and signs, before numbers and signs are read.
LETTER_NAMES: list[Rule] = [
    # A4, A320, B2B keep their digits
    Rule(
        r"(?<![\w'.])A(?=-?[0-9]|[♭♯#+]|-(?:list|level|levels|team|bomb|frame|line|side|flat|sharp|minor|major)\b)",
        lambda match: LETTER_A,
    ),
    Rule(r"(?<=[0-9])[Aa](?![\w'])", lambda match: f" {LETTER_A}"),
    Rule(r"(?<![\w/])a(?=/[b-z](?!\w))", lambda match: LETTER_A),  # a/b
    # marks at school: an A-, a B-
    Rule(r"(?<![\w'-])[A-F][-−](?=[\s.,;:!?)]|$)", _mark),
    Rule(r"(?<![\w/])[A-Z]{1,4}(?:/[A-Z]{1,4}){1,2}(?![\w/])", _slashed),
    Rule(r"(?<!\w)\(a\)|\Aa\)(?=\s)", lambda match: f"({LETTER_A})"),
]


# R&B, M&Ms; before titles are read.
JOINED: list[Rule] = [
    Rule(
        r"(?<!\w)([A-Z]{1,3})&([A-Z]{1,3})('?s)?(?!\w)",
        lambda match: f"{letters(match[1])} and {letters(match[2])}" + ("'s" if match[3] else ""),
    ),
]

ACRONYMS: list[Rule] = [
    Rule(r"(?<![\w'])(?P<word>[A-Z]{2,10})(?P<ending>'?s'?)?(?!\w)", _acronym),
    # Bs, Ps and Qs; As after a word that counts or owns them
    Rule(r"(?<![\w'])([B-HJ-TV-Z])s(?!\w)", lambda match: f"{match[1]}'s"),
    Rule(r"(?<![\w'])As(?=[.,;!?]|$|\s(?:and|or|in|on|from)\b)", _letters_a),
    Rule(r"(?<![\w'])A(?![\w']|\.\w)|(?<=')A(?=')", _letter_a),
]
