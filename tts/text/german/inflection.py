"""The ending of an ordinal, by the words before it and after it: am dritten Mai, der erste Platz, ein zweites Mal."""

import re

from tts.text.rules import words_of

# After these every ordinal ends in -en.
WEAK_EN = words_of(
    "am im zum vom beim zur dem den des ins ans aufs ab bis seit einem einen einer eines meinem meinen meiner "
    "meines seinem seinen seiner seines ihrem ihren ihrer ihres unserem unseren unserer unseres deinem deinen "
    "deiner deines eurem euren eurer diesem diesen dieses jenem jenen jenes jedem jeden keinem keinen keiner keines "
    "welchem welchen allen beiden zwei drei vier beim überm unterm vorm hinterm"
)
WEAK_E = words_of(
    "die das eine meine seine ihre unsere deine eure keine diese jene jede welche jeder dieser jener jedes"
)
MIXED = words_of("ein mein sein ihr unser dein euer kein")  # the ending shows the gender
NEUTER = words_of(
    "Mal Kind Jahr Buch Haus Tor Spiel Bild Kapitel Leben Semester Quartal Halbjahr Jahrhundert Jahrtausend "
    "Jahrzehnt Drittel Viertel Auto Tier Team Album Lied Bier Glas Stück Zimmer Stockwerk Gebot Werk Opfer Mandat "
    "Lebensjahr Gleis Schiff Projekt Date Treffen Konzert Gesicht Auge Standbein"
)
FEMININE_ENDS = ("ung", "heit", "keit", "schaft", "ion", "tät", "ik", "ur", "ie", "e")
MASCULINE_E = words_of(
    "Name Gedanke Junge Deutsche Kunde Buchstabe Erbe Affe Löwe Hase Käse Vorname Kollege Zeuge Franzose"
)
# Before "der" they show that it is not the nominative.
DATIVE = words_of(
    "in an auf mit nach von bei seit zu aus unter über vor hinter neben zwischen während wegen trotz innerhalb "
    "außerhalb ab gegenüber entlang und oder statt anstatt laut"
)
# The word before an ordinal, and for "der" the one before that.
BEFORE = re.compile(r"(?:(?P<earlier>[^\W\d_]{1,40})(?P<mark>[,;:.]?)\s)?(?P<word>[^\W\d_]{1,40})(?P<comma>,?)\s$")
WEEKDAYS = words_of("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonnabend Sonntag")
DETERMINERS = WEAK_EN | WEAK_E | MIXED | {"der"}


def determined(before: str) -> bool:
    """Whether a text ends in a word after which a number with a stop is an ordinal."""
    match = BEFORE.search(before[-90:])
    return bool(match) and not match["comma"] and match["word"].lower() in DETERMINERS


def ending(before: str, after: str) -> str:
    """Of an ordinal between these texts; `after` begins with the word that follows, if any."""
    match = BEFORE.search(before[-90:])
    noun = re.match(r"[^\W\d_]+", after)
    noun = noun[0] if noun else ""
    if match:
        word, earlier = match["word"].lower(), match["earlier"] or ""
        if word in WEAK_EN:
            return "en"
        if word in WEAK_E:
            return "e"
        if word == "der":
            return "en" if _oblique(earlier, match["mark"] or "") else "e"
        if word in MIXED:
            return strong(noun)
        if match["word"] in WEEKDAYS and earlier.lower() in ("am", "vom", "zum", "bis", "ab", "dem", "den"):
            return "en"
    return strong(noun)


def _oblique(earlier: str, mark: str) -> bool:
    """Whether "der" after this word is a dative or a genitive."""
    if not earlier or mark:
        return False
    return earlier.lower() in DATIVE or (earlier[0].isupper() and earlier.lower() not in ("ist", "war", "wird"))


def strong(noun: str) -> str:
    """The ending that shows the gender: zweiter Platz, zweites Mal, zweite Klasse."""
    if noun in NEUTER:
        return "es"
    return "e" if feminine(noun) else "er"


def feminine(noun: str) -> bool:
    """Whether a noun looks feminine."""
    return noun not in MASCULINE_E and noun not in NEUTER and noun.endswith(FEMININE_ENDS)


def article_one(noun: str) -> str:
    """One of a noun: ein Euro, eine Stunde."""
    return "eine" if feminine(noun) else "ein"
