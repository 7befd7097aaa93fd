"""Verses of scripture."""

import re

from tts.text.english.numbers import cardinal
from tts.text.rules import Rule, any_of, words_of

SHORT_BOOKS = {
    **{"Gen": "Genesis", "Ex": "Exodus", "Exod": "Exodus", "Lev": "Leviticus", "Num": "Numbers", "Deut": "Deuteronomy"},
    **{"Josh": "Joshua", "Judg": "Judges", "Sam": "Samuel", "Kgs": "Kings", "Chr": "Chronicles", "Chron": "Chronicles"},
    **{"Neh": "Nehemiah", "Ps": "Psalm", "Pss": "Psalms", "Prov": "Proverbs", "Eccl": "Ecclesiastes", "Isa": "Isaiah"},
    **{"Jer": "Jeremiah", "Lam": "Lamentations", "Ezek": "Ezekiel", "Dan": "Daniel", "Hos": "Hosea", "Mic": "Micah"},
    **{"Zech": "Zechariah", "Mal": "Malachi", "Matt": "Matthew", "Mt": "Matthew", "Mk": "Mark", "Lk": "Luke"},
    **{"Jn": "John", "Rom": "Romans", "Cor": "Corinthians", "Gal": "Galatians", "Eph": "Ephesians"},
    **{"Phil": "Philippians", "Col": "Colossians", "Thess": "Thessalonians", "Tim": "Timothy", "Heb": "Hebrews"},
    **{"Jas": "James", "Pet": "Peter", "Rev": "Revelation"},
}
BOOKS = words_of(
    "Genesis Exodus Leviticus Numbers Deuteronomy Joshua Judges Ruth Samuel Kings Chronicles Ezra Nehemiah Esther Job "
    "Psalm Psalms Proverbs Ecclesiastes Isaiah Jeremiah Lamentations Ezekiel Daniel Hosea Joel Amos Obadiah Jonah "
    "Micah Nahum Habakkuk Zephaniah Haggai Zechariah Malachi Matthew Mark Luke John Acts Romans Corinthians Galatians "
    "Ephesians Philippians Colossians Thessalonians Timothy Titus Philemon Hebrews James Peter Jude Revelation Surah "
    "Quran Sirach Tobit Wisdom Maccabees"
)
IN_PARTS = words_of("Samuel Kings Chronicles Corinthians Thessalonians Timothy Peter Maccabees")
FIRST = {"1": "First", "2": "Second", "3": "Third", "I": "First", "II": "Second", "III": "Third"}


def _verse(match: re.Match[str]) -> str:
    """Ps. 23:4-6; 1 Cor. 13."""
    place, book, chapter, verse, last = (match[name] for name in ("place", "book", "chapter", "verse", "last"))
    if (
        not verse
        and not (place and (match["short"] or book in IN_PARTS))
        and not (match["stop"] and book not in ("Col", "Rev", "Mt"))
    ):
        return match[0]
    words = f"{FIRST[place] + ' ' if place else ''}{SHORT_BOOKS.get(book, book)} {cardinal(chapter)}"
    words += f"{',' if last else ''} {cardinal(verse)}" if verse else ""
    return words + (f" to {' '.join(cardinal(part) for part in last.split(':'))}" if last else "")


VERSES: list[Rule] = [
    Rule(
        rf"(?<![\w.])(?:(?P<place>[1-3]|I{{1,3}})\s)?"
        rf"(?P<book>(?P<short>{any_of(SHORT_BOOKS)})|{any_of(BOOKS)})(?P<stop>\.?)\s"
        r"(?P<chapter>[0-9]{1,3})"
        r"(?::(?P<verse>[0-9]{1,3})(?:\s?[-–]\s?(?P<last>[0-9]{1,3}(?::[0-9]{1,3})?))?)?(?![\w:]|-[0-9])",
        _verse,
    ),
]
