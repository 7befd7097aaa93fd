"""Pictures among letters: the common ones are said by the short names of Unicode's CLDR, others are left out."""

import re

from tts.text.rules import Rule, any_of

EMOJI = {
    **{
        "😀": "grinning face",
        "😃": "grinning face",
        "😄": "grinning face",
        "😁": "beaming face",
        "😆": "laughing face",
    },
    **{"😅": "grinning face with sweat", "🤣": "rolling on the floor laughing", "😂": "face with tears of joy"},
    **{"🙂": "smiling face", "😊": "smiling face", "☺": "smiling face", "😇": "smiling face with halo"},
    **{"😉": "winking face", "😍": "smiling face with heart eyes", "🥰": "smiling face with hearts"},
    **{"😘": "face blowing a kiss", "😋": "face savoring food", "😜": "winking face with tongue"},
    **{
        "😎": "smiling face with sunglasses",
        "🤔": "thinking face",
        "😐": "neutral face",
        "🙄": "face with rolling eyes",
    },
    **{"😏": "smirking face", "😴": "sleeping face", "😢": "crying face", "😭": "loudly crying face"},
    **{"😞": "disappointed face", "😔": "pensive face", "🙁": "frowning face", "☹": "frowning face"},
    **{"😡": "enraged face", "😠": "angry face", "😱": "face screaming in fear", "😮": "face with open mouth"},
    **{"😳": "flushed face", "🥺": "pleading face", "🥳": "partying face", "🤗": "smiling face with open hands"},
    **{"🤷": "person shrugging", "🤦": "person with palm on face", "👍": "thumbs up", "👎": "thumbs down"},
    **{"👏": "clapping hands", "🙌": "raising hands", "🙏": "folded hands", "💪": "flexed biceps", "👋": "waving hand"},
    **{"👌": "okay hand", "✌": "victory hand", "🤞": "crossed fingers", "👉": "pointing right", "👈": "pointing left"},
    **{"👆": "pointing up", "👇": "pointing down", "👀": "eyes", "❤": "red heart", "♥": "heart", "💙": "blue heart"},
    **{"💚": "green heart", "💛": "yellow heart", "💜": "purple heart", "🖤": "black heart", "💔": "broken heart"},
    **{"💕": "two hearts", "💖": "sparkling heart", "🔥": "fire", "✨": "sparkles", "⭐": "star", "🌟": "glowing star"},
    **{
        "💯": "hundred points",
        "🎉": "party popper",
        "🎂": "birthday cake",
        "🎁": "wrapped gift",
        "🎄": "Christmas tree",
    },
    **{"🚀": "rocket", "💡": "light bulb", "📌": "pushpin", "📅": "calendar", "📞": "telephone", "☎": "telephone"},
    **{"✉": "envelope", "📧": "e-mail", "🎵": "musical note", "🎶": "musical notes", "☀": "sun", "🌞": "sun with face"},
    **{
        "🌙": "crescent moon",
        "🌈": "rainbow",
        "🌹": "rose",
        "🌍": "globe",
        "🌎": "globe",
        "🌏": "globe",
        "🐶": "dog face",
    },
    **{"🐱": "cat face", "🍕": "pizza", "🍎": "red apple", "☕": "hot beverage", "🍺": "beer mug", "🍷": "wine glass"},
    **{"⚽": "soccer ball", "🏆": "trophy", "💀": "skull", "💩": "pile of poo", "🤖": "robot", "👻": "ghost"},
    **{"🎃": "jack-o'-lantern", "⚠": "warning", "✅": "check mark", "✓": "check mark", "✔": "check mark"},
    **{"☑": "check mark", "❌": "cross mark", "✗": "cross mark", "✘": "cross mark", "❗": "exclamation mark"},
    **{
        "❓": "question mark",
        "👨": "man",
        "👩": "woman",
        "👦": "boy",
        "👧": "girl",
        "🛑": "stop sign",
        "🚫": "prohibited",
    },
}
EMOTICONS = {
    **dict.fromkeys((":)", ":-)", ":))", "=)", "(:", ":]"), "smiling face"),
    **dict.fromkeys((":(", ":-(", ":'(", "=("), "frowning face"),
    **dict.fromkeys((";)", ";-)"), "winking face"),
    **dict.fromkeys((":D", ":-D", "xD"), "laughing face"),
    **dict.fromkeys((":P", ":-P", ":p", ":-p"), "face with tongue"),
}
SKIN = "[\U0001f3fb-\U0001f3ff]?"
HEARTS = "❤♥💙💚💛💜🖤💕💖"


def _named(match: re.Match[str]) -> str:
    """The name, between commas where words stand beside it. A picture that repeats is named once."""
    before = "," if match.string[max(0, match.start() - 9) : match.start()].rstrip()[-1:].isalnum() else ""
    after = "," if match.string[match.end() : match.end() + 9].lstrip()[:1].isalnum() else ""
    return f"{before} {EMOJI[match[1]]}{after} "


def _stars(match: re.Match[str]) -> str:
    """★★★☆☆: three stars."""
    full = match[0].count("★")
    return f"{full} star{'' if full == 1 else 's'}"


PICTURES: list[Rule] = [
    Rule(rf"(?<=\b(?:I|i) )(?:[{HEARTS}] ?)+(?=[A-Za-z])", lambda match: "love "),
    Rule(rf"(?<=\b(?:We|we|my|My) )[{HEARTS}] ?(?=[A-Za-z])", lambda match: "love "),
    Rule(r"(?<=\b(?:I|i) )<3(?= [A-Za-z])", lambda match: "love"),
    Rule(r"(?<=\b(?:We|we|my|My) )<3(?= [A-Za-z])", lambda match: "love"),
    Rule(rf"(?<!\S)(?:{any_of(EMOTICONS)})(?=\s|[.,!?]|$)", lambda match: f"{EMOTICONS[match[0]]} "),
    Rule(r"(?<![★☆])★{1,5}(?<=★★)☆{0,5}(?![★☆])|(?<![★☆])★☆{1,9}(?![★☆])", _stars),
    Rule(r"(?<=[0-9]) ?[★⭐](?= [a-z])", lambda match: " star"),
    Rule(r"(?<=[0-9]) ?[★⭐]", lambda match: " stars"),
    Rule("(?<=[0-9#*])\u20e3", lambda match: " "),  # the frame of a keycap
    Rule(f"([{''.join(EMOJI)}]){SKIN}(?: ?\\1{SKIN}){{0,50}}", _named),
]
