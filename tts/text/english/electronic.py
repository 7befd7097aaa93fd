"""Names that machines read: e-mail and web addresses, files, paths, identifiers of programs."""

import re

from tts.text.english.acronyms import LETTER_A, letters
from tts.text.english.lexicon import cmudict
from tts.text.english.numbers import cardinal, spelled, year
from tts.text.english.units import UNITS
from tts.text.rules import Rule, any_of, words_of

NAMES = {
    **{".": "dot", "/": "slash", "\\": "backslash", "-": "dash", "_": "underscore", "@": "at", ":": "colon"},
    **{"?": "question mark", "=": "equals", "&": "ampersand", "#": "hash", "+": "plus", "~": "tilde", "%": "percent"},
}
# Parts of names that the lexicon lacks or has as another word.
SPOKEN = {
    **{"readme": "read me", "gitignore": "git ignore", "usr": "U S R", "mp3": "M P three", "mp4": "M P four"},
    **{"var": "var", "lib": "lib", "tmp": "temp"},
    **{"src": "source", "www": "W W W", "id": "I D", "gmail": "gmail", "sh": "S H", "md": "M D", "un": "U N"},
}
ENDING_NAMES = {
    **{"jpg": "jpeg", "xlsx": "X L S X", "docx": "doc X", "pptx": "P P T X", "epub": "E pub", "mp3": "M P three"},
    **{
        "mp4": "M P four",
        "m4a": f"M four {LETTER_A}",
        "m4b": "M four B",
        "ipynb": "I P Y N B",
        "html": "H T M L",
        "gitignore": "git ignore",
        "7z": "seven Z",
    },
    **{"bz2": "B Z two", "abc": letters("abc")},
}
DOMAINS = (
    "com|org|net|edu|gov|mil|io|ai|info|biz|co\\.uk|ac\\.uk|org\\.uk|gov\\.uk|com\\.au|co\\.jp|eu|uk|us|ca|de|fr|es|nl|"
    "ch|"
    "jp|cn|ru|br|se|dk|pl|tv|dev|app|xyz|online|shop|blog|ly|gl|gg|co|(?:be|it|me|in|is|at|to|no)(?=/)"
)
ENDINGS = words_of(
    "sh md txt py js ts htm html css csv tsv json yaml yml toml xml pdf doc docx xls xlsx ppt pptx jpg jpeg png gif "
    "svg webp mp3 mp4 wav ogg opus flac avi mov mkv zip tar gz tgz bz2 rar 7z exe dll bat cmd cpp hpp cc java rb rs "
    "go php sql log ini cfg conf lock epub mobi iso dmg apk deb tex bib srt vtt ipynb lua swift kt vue jsx tsx psd bak "
    "m4a m4b aac rtf odt ods tmp dat db safetensors ckpt pt onnx rpm env"
)
ENDING = any_of({*ENDINGS, *(ending.upper() for ending in ENDINGS)})
DOTFILES = "gitignore|env|bashrc|zshrc|vimrc|profile|config|ssh|npmrc|dockerignore|editorconfig|htaccess|git|cache"
DUNDERS = "init|main|name|file|str|repr|call|len|iter|next|all|doc|version|new|enter|exit|eq|hash|dict|getitem|setitem"
# Before an option of a program: the name of one, or a word that tells.
COMMAND = re.compile(
    r"(?<![\w-])(?:git|npm|npx|pip3?|docker|cargo|uv|curl|wget|cmake|python3?|ls|rm|cp|mv|tar|grep|sed|awk|ssh"
    r"|scp|kubectl|apt|apt-get|sudo|chmod|chown|gcc|pytest|rsync|ffmpeg|ps|du|df)\s"
)
OPTION_BEFORE = re.compile(r"\b(?:[Uu]s(?:e|ing)|[Pp]ass(?:ing)?|[Aa]dd(?:ing)?|[Ss]et|flag|option|switch|the)\s$")
RUNS = re.compile(r"mp[34](?!\w)|[^\W\d_]+(?:'[^\W\d_]+)?|[0-9]+|[^\s]")
CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z']+|[^\W\d_]+|[0-9]+")
# Names of people and brands that keep together: McDonald, LeBron, DeVito.
KEPT = re.compile(r"(?:Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|St|San|El|Al|O)[A-Z][a-z]+|LaTeX|BibTeX|TeX")
# Endings of files and domains that are read as words. The others are read by their letters.
WORDS = words_of(
    "com org net gov info biz dev app online shop blog zip log bat doc conf lock tar env lua vue swift gif wav "
    "json yaml yml toml tex bib bak opus flac webp mobi onnx deb go git cache profile config jpeg"
)


def _word(word: str) -> str:
    """A part of a name: a word that is known, two words side by side, or letters."""
    low = word.lower()
    lexicon = cmudict()
    if low in SPOKEN:
        return SPOKEN[low]
    if low == "a":
        return LETTER_A
    if len(low) == 1:
        return word
    if low in lexicon:
        return word if word[1:].islower() else low
    parts = CAMEL.findall(word)
    if len(parts) > 1 and all(part.isupper() or part.lower() in lexicon for part in parts):
        return " ".join(_word(part) for part in parts)
    if len(low) < 4 or not re.search("[aeiouy]", low):
        return letters(low)
    halves = [low[:cut] for cut in range(4, len(low) - 3) if low[:cut] in lexicon and low[cut:] in lexicon]
    return f"{halves[-1]} {low[len(halves[-1]) :]}" if len(low) <= 40 and halves else low


def _ending(ending: str) -> str:
    """The last part of a domain or file name: com is a word, D E and P D F are letters."""
    low = ending.lower()
    if low in ENDING_NAMES:
        return ENDING_NAMES[low]
    return low if low in WORDS or len(low) > 4 or not low.isalpha() else letters(low)


def _digits(digits: str, short: int) -> str:
    """6000: six thousand; 2024: twenty twenty-four; 123: one two three; up to `short` digits as one number."""
    if re.fullmatch("19[0-9]{2}|20[0-4][0-9]", digits):
        return year(digits)
    if digits[0] != "0" and (len(digits) <= short or (digits.endswith("00") and len(digits) < 7)):
        return cardinal(digits)
    return spelled(digits)


def _spoken(name: str, short: int = 1) -> str:
    """A name as it is read aloud, part by part. Numbers of up to `short` digits are read as one."""
    parts = []
    for part in RUNS.findall(name):
        if part.isascii() and part.isdigit():
            parts.append(_digits(part, short))
        elif part.replace("'", "").isalpha():
            parts.append(_word(part))
        else:
            parts.append(NAMES.get(part) or SPOKEN.get(part) or part)
    return " ".join(" ".join(parts).split())


def _address(match: re.Match[str]) -> str:
    text = match["address"]
    body = text.rstrip(".,;:!?'\")/")
    tail = text[len(body) :].replace("/", "")
    body = re.sub(r"^(?:https?|ftp)://", "", body)
    body = re.sub(r"(?i)^www(?=\.)", "WWW", body)
    if body.startswith("file:"):
        return _file_name(body) + tail
    host, slash, path = body.partition("/")
    before, dot, ending = host.rpartition(".")
    words = [_spoken(before), "dot" if dot else "", _ending(ending)] if dot else [_spoken(host)]
    words += ["slash", _file_name(path, short=1)] if slash else []
    return " ".join(" ".join(words).split()) + tail


def _file_name(body: str, short: int = 2) -> str:
    """README.md: read me dot M D."""
    before, dot, ending = body.rpartition(".")
    if not dot or not re.fullmatch(r"[A-Za-z0-9]{1,12}", ending):
        return _spoken(body, short)
    return f"{_spoken(before, short)} dot {_ending(ending)}".strip()


def _file(match: re.Match[str]) -> str:
    """README.md, src/main.py, C:\\Users\\Bob."""
    body = match[0].rstrip(".,;:")
    return _file_name(body) + match[0][len(body) :]


def _identifier(match: re.Match[str]) -> str:
    """snake_case: snake underscore case."""
    return _spoken(match["body"], short=2) + (match["calls"] or "")


def _camel(match: re.Match[str]) -> str:
    """camelCase: camel Case; YouTube and McDonald stay."""
    word = match[0]
    lexicon = cmudict()
    if word in UNITS or word.lower() in lexicon or KEPT.fullmatch(word):
        return word
    if re.fullmatch("[a-z][A-Z]{1,5}", word):  # pH, mRNA
        return letters(word)
    parts = CAMEL.findall(word)
    known = all(not part.isalpha() or part.isupper() or len(part) == 1 or part.lower() in lexicon for part in parts)
    if not known and word[0].isupper() and not re.search("[A-Z]{2}", word):
        return word
    return " ".join(letters(part) if part.isupper() and len(part) > 1 else part for part in parts)


def _option(match: re.Match[str]) -> str:
    """git commit --amend, ls -la, the --force flag. In prose two hyphens are a dash."""
    before, after = (
        match.string[max(0, match.start() - 80) : match.start()],
        match.string[match.end() : match.end() + 14],
    )
    name = match["name"]
    told = re.match(r"=|\s(?:flag|option|switch|argument|parameter)s?\b", after) or OPTION_BEFORE.search(before)
    long = match["dashes"] == "--"
    if not COMMAND.search(before) and not (told and (long or len(name) == 1)):
        return match[0]
    return f"dash dash {_spoken(name)}" if long else f"dash {letters(name)}"


CALL = r"(?P<calls>\(\))?"
ELECTRONIC: list[Rule] = [
    Rule(
        r"(?<![\w.+-])(?P<address>[\w.+&-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24}(?!\w)(?:/[^\s<>\"{}]{0,500})?)",
        _address,
    ),
    Rule(r"(?<!\w)(?P<address>(?:https?://|ftp://|file://|www\.)[^\s<>\"{}]{1,2000})", _address),
    Rule(
        rf"(?<![\w.@-])(?P<address>(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{DOMAINS})(?![\w-])(?:/[^\s<>\"{{}}]{{0,500}})?)",
        _address,
    ),
    # C:\Users\Bob
    Rule(r"(?<!\w)[A-Za-z]:\\(?:[\w.~()-]{1,60}\\?){0,20}", _file),
    # /usr/local/bin, ~/Documents, ./configure
    Rule(r"(?<![\w.<>/~'\")-])(?:(?:~|\.{1,2})(?:/[\w.@+-]{1,60}){1,20}|(?:/[A-Za-z_.][\w.@+-]{0,60}){2,20})/?", _file),
    # src/main.py, autogen.sh
    Rule(
        rf"(?<![\w.@/~-])(?:[\w.-]{{1,60}}/){{0,12}}[\w-]{{2,80}}(?:\.[\w-]{{1,30}}){{0,3}}\.(?:{ENDING})(?![\w-]|\.\w)",
        _file,
    ),
    Rule(r"(?<![\w.@/~-])(?:[\w-]{1,60}/){0,12}[A-Za-z][\w-]{1,80}\.(?:c|h|r|o)(?![\w.-])", _file),
    Rule(r"(?<![\w.@/~-])(?:src|lib|usr|tmp|var|bin|docs|tests)/(?![\w/])", _file),
    Rule(rf"(?<![\w.])\.(?:{any_of(ENDINGS)}|{DOTFILES}|NET|com|org)(?![\w-])", _file),
    Rule(r"(?<=[A-Za-z])\.NET(?!\w)", lambda match: " dot net"),
    # foo.bar.baz, os.getcwd(): names of programs
    Rule(r"(?<![\w.@/-])[a-z_]\w{1,30}(?:\.[a-z_]\w{1,30}){2,6}(?![\w.-])", lambda match: _spoken(match[0], short=2)),
    Rule(r"(?<![\w.@/-])[A-Za-z_]\w{0,30}(?:\.[A-Za-z_]\w{0,30}){1,6}(?=\()", lambda match: _spoken(match[0], short=2)),
    Rule(r"(?<!\w)#(?=(?:include|define|ifn?def|endif|pragma)\b)", lambda match: "hash "),
    Rule(r"(?<!\w)0x([0-9A-Fa-f]{1,16})(?!\w)", lambda match: f"hex {' '.join(_spoken(c) for c in match[1].upper())}"),
    Rule(r"(?<!\w)\$(?=\{?[A-Z_]{3,20}\b|\{?[a-z])", lambda match: "dollar "),
    Rule(r"(?<!\S)(?P<dashes>--)(?P<name>[a-z][a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){0,4})(?![\w-])", _option),
    Rule(r"(?<!\S)(?P<dashes>-)(?P<name>[A-Za-z]{1,4})(?=[\s.,;:)]|$)", _option),
    Rule(r"(?<=[a-z] )-(?=[A-Za-z](?: [\"'a-z]|$))", lambda match: "dash "),
    # passwords and numbers of cases: ab9453, 123/261788
    Rule(r"(?<!\w)([a-z]{2,4})([0-9]{4,8})(?<!00)(?!\w)", lambda match: f"{match[1]} {spelled(match[2])}"),
    Rule(r"(?<=[0-9]/)[0-9]{5,20}(?![0-9.,]*[0-9])", lambda match: spelled(match[0])),
    Rule(r"(?<![\w.])README(?!\w)", lambda match: "read me"),
    # two words in small letters that no space follows: nothing but a name
    Rule(r"(?<![\w.@/-])(?P<address>[a-z][a-z0-9]{3,40}\.(?:abc|[b-df-hj-np-tv-xz]{2,3}))(?![\w.-])", _address),
    Rule(rf"(?<!\w)__({DUNDERS})__{CALL}(?!\w)", lambda match: f"dunder {_spoken(match[1])}{match['calls'] or ''}"),
    Rule(r"(?<!\w)_{3,200}(?!\w)", lambda match: " blank "),
    Rule(
        rf"(?<![\w/.])(?<!\w@)(?![A-Za-z]_[a-z0-9]{{1,2}}(?!\w))(?P<body>_{{0,2}}[A-Za-z][A-Za-z0-9]{{0,40}}(?:_{{1,2}}[A-Za-z0-9]{{1,40}}){{1,12}}){CALL}(?!\w)",
        _identifier,
    ),
    Rule(r"(?<![\w.])[a-z]{1,24}(?:[A-Z][a-z0-9]{1,24}|[A-Z]{1,6}(?![a-z])){1,8}(?!\w)", _camel),
    Rule(
        r"(?<![\w.])(?=[A-Za-z0-9]{1,80}[a-z][A-Z])(?:[A-Z][a-z0-9]{1,24}|[A-Z]{2,6}(?=[A-Z][a-z]{2})){1,8}"
        r"(?:[A-Z]{2,5})?(?!\w)",
        _camel,
    ),
    Rule(r"(?<![\w.])(?![IVXLC]+th)[A-Z]{2,6}(?=[A-Z][a-z]{2})(?:[A-Z][a-z0-9]{1,24}){1,8}(?!\w)", _camel),
]
