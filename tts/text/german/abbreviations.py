"""Abbreviations and what they stand for. Words are given with their stops; a space between parts may be missing."""

import re

from tts.text.rules import Rule, after, any_of, words_of

# The sentence goes on after them.
INNER = {
    **{"z. B.": "zum Beispiel", "d. h.": "das heißt", "i. d. R.": "in der Regel", "u. U.": "unter Umständen"},
    **{"z. T.": "zum Teil", "u. a.": "unter anderem", "o. ä.": "oder ähnlich", "o. Ä.": "oder Ähnliches"},
    **{
        "u. Ä.": "und Ähnliches",
        "u. ä.": "und ähnlich",
        "v. a.": "vor allem",
        "i. A.": "im Auftrag",
        "i. V.": "in Vertretung",
    },
    **{"s. o.": "siehe oben", "s. u.": "siehe unten", "m. E.": "meines Erachtens", "a. a. O.": "am angegebenen Ort"},
    **{"z. Z.": "zur Zeit", "z. Zt.": "zur Zeit", "i. Allg.": "im Allgemeinen", "i. e.": "das ist", "d. i.": "das ist"},
    **{"i. S. v.": "im Sinne von", "i. S. d.": "im Sinne des", "n. a.": "nicht angegeben", "o. g.": "oben genannte"},
    **{"o. g": "oben genannt", "b. w.": "bitte wenden", "p. a.": "pro Jahr", "u. dgl.": "und dergleichen"},
    **{"v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "v. u. Z.": "vor unserer Zeitrechnung"},
    **{"n. u. Z.": "nach unserer Zeitrechnung", "h. c.": "honoris causa", "a. D.": "außer Dienst", "e. V.": "E V"},
    **{"i. Br.": "im Breisgau", "a. M.": "am Main", "a. d.": "an der", "o. J.": "ohne Jahr", "o. O.": "ohne Ort"},
    **{"a. Rh.": "am Rhein", "i. R.": "im Ruhestand", "u. v. m.": "und vieles mehr", "u. v. a.": "und viele andere"},
    **{"bzw.": "beziehungsweise", "ca.": "circa", "vgl.": "vergleiche", "evtl.": "eventuell", "ggf.": "gegebenenfalls"},
    **{"inkl.": "inklusive", "exkl.": "exklusive", "zzgl.": "zuzüglich", "abzgl.": "abzüglich", "bes.": "besonders"},
    **{"allg.": "allgemein", "max.": "maximal", "min.": "mindestens", "mind.": "mindestens"},
    **{"sog.": "sogenannte", "gem.": "gemäß", "insb.": "insbesondere", "insbes.": "insbesondere", "geb.": "geboren"},
    **{
        "gest.": "gestorben",
        "verh.": "verheiratet",
        "ehem.": "ehemals",
        "urspr.": "ursprünglich",
        "verm.": "vermutlich",
    },
    **{"zus.": "zusammen", "dt.": "deutsch", "engl.": "englisch", "frz.": "französisch", "lat.": "lateinisch"},
    **{"griech.": "griechisch", "ital.": "italienisch", "österr.": "österreichisch", "amerik.": "amerikanisch"},
    **{
        "Hrsg.": "Herausgeber",
        "hrsg.": "herausgegeben",
        "Hg.": "Herausgeber",
        "Übers.": "Übersetzer",
        "Verf.": "Verfasser",
    },
    **{"Red.": "Redaktion", "Anm.": "Anmerkung", "Bsp.": "Beispiel", "Abk.": "Abkürzung", "Tel.": "Telefon"},
    **{"Fa.": "Firma", "Fam.": "Familie", "Betr.": "Betreff", "Bd.": "Band", "Bde.": "Bände", "Aufl.": "Auflage"},
    **{
        "Ausg.": "Ausgabe",
        "Jg.": "Jahrgang",
        "Kap.": "Kapitel",
        "Abb.": "Abbildung",
        "Tab.": "Tabelle",
        "Abs.": "Absatz",
    },
    **{
        "Abschn.": "Abschnitt",
        "Art.": "Artikel",
        "Nr.": "Nummer",
        "Nrn.": "Nummern",
        "Ziff.": "Ziffer",
        "Lit.": "Literatur",
    },
    **{"Bhf.": "Bahnhof", "Hbf.": "Hauptbahnhof", "Pl.": "Platz", "St.": "Sankt", "Zi.": "Zimmer", "Std.": "Stunden"},
    **{
        "Min.": "Minuten",
        "Sek.": "Sekunden",
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "Tsd.": "Tausend",
        "Stk.": "Stück",
    },
    **{"Jh.": "Jahrhundert", "Jhd.": "Jahrhundert", "Jhdt.": "Jahrhundert", "Jt.": "Jahrtausend", "tägl.": "täglich"},
    **{
        "wöchentl.": "wöchentlich",
        "monatl.": "monatlich",
        "jährl.": "jährlich",
        "städt.": "städtisch",
        "Chr.": "Christus",
    },
    **{"ev.": "evangelisch", "evang.": "evangelisch", "kath.": "katholisch", "röm.": "römisch", "jüd.": "jüdisch"},
    **{"MwSt.": "Mehrwertsteuer", "Mwst.": "Mehrwertsteuer", "MWSt.": "Mehrwertsteuer", "USt.": "Umsatzsteuer"},
    **{"Gebr.": "Gebrüder", "Ges.": "Gesellschaft", "Inh.": "Inhaber", "Vors.": "Vorsitzender", "Mitgl.": "Mitglied"},
    **{"Bearb.": "Bearbeiter", "Forts.": "Fortsetzung", "zit.": "zitiert", "resp.": "respektive", "vs.": "gegen"},
    **{
        "Ew.": "Einwohner",
        "Einw.": "Einwohner",
        "bspw.": "beispielsweise",
        "einschl.": "einschließlich",
        "lt.": "laut",
    },
    **{"entspr.": "entsprechend", "usf.": "und so fort", "verantw.": "verantwortlich", "südl.": "südlich"},
    **{"nördl.": "nördlich", "östl.": "östlich", "westl.": "westlich", "vorm.": "vormittags", "nachm.": "nachmittags"},
    **{"der Gr.": "der Große", "des Gr.": "des Großen", "dem Gr.": "dem Großen", "die Gr.": "die Große"},
}
TITLES = {
    **{"Dr.": "Doktor", "Prof.": "Professor", "Dipl.-Ing.": "Diplomingenieur", "Dipl.-Kfm.": "Diplomkaufmann"},
    **{
        "Dipl.-Phys.": "Diplomphysiker",
        "Dipl.-Psych.": "Diplompsychologe",
        "Hr.": "Herr",
        "Hrn.": "Herrn",
        "Fr.": "Frau",
    },
    **{
        "Mag.": "Magister",
        "Ing.": "Ingenieur",
        "Dir.": "Direktor",
        "Präs.": "Präsident",
        "Min.-Präs.": "Ministerpräsident",
    },
    **{
        "med.": "med",
        "phil.": "phil",
        "jur.": "jur",
        "rer.": "rer",
        "nat.": "nat",
        "Frl.": "Fräulein",
        "Hptm.": "Hauptmann",
    },
    **{
        "Lt.": "Leutnant",
        "Gen.": "General",
        "Oberst.": "Oberst",
        "Hl.": "Heilige",
        "hl.": "heilige",
        "Univ.": "Universität",
    },
}
# After them a sentence may end, and their stop with it.
ENDING = {
    **{
        "usw.": "und so weiter",
        "etc.": "et cetera",
        "u. s. w.": "und so weiter",
        "usf.": "und so fort",
        "ff.": "folgende",
    },
    **{
        "f.": "folgende",
        "Co.": "Co",
        "u. v. m.": "und vieles mehr",
        "u. v. a.": "und viele andere",
        "a. D.": "außer Dienst",
    },
    **{"v. Chr.": "vor Christus", "n. Chr.": "nach Christus", "e. V.": "E V", "u. Ä.": "und Ähnliches"},
    **{
        "o. Ä.": "oder Ähnliches",
        "u. a.": "unter anderem",
        "Mio.": "Millionen",
        "Mrd.": "Milliarden",
        "Jh.": "Jahrhundert",
    },
    **{"Hbf.": "Hauptbahnhof", "Min.": "Minuten", "Std.": "Stunden", "Sek.": "Sekunden", "s. o.": "siehe oben"},
    **{"s. u.": "siehe unten", "MwSt.": "Mehrwertsteuer", "Ew.": "Einwohner", "p. a.": "pro Jahr"},
}
MONTHS_SHORT = {
    **{"Jan.": "Januar", "Feb.": "Februar", "Febr.": "Februar", "Mrz.": "März", "Apr.": "April", "Jun.": "Juni"},
    **{
        "Jul.": "Juli",
        "Aug.": "August",
        "Sep.": "September",
        "Sept.": "September",
        "Okt.": "Oktober",
        "Nov.": "November",
    },
    **{"Dez.": "Dezember"},
}
DAYS_SHORT = {
    **{"Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag", "Sa": "Samstag"},
    **{"So": "Sonntag"},
}
WITHOUT_STOP = {
    **{
        "GesmbH": "Ges m b H",
        "GmbH": "G m b H",
        "MwSt": "Mehrwertsteuer",
        "Hbf": "Hauptbahnhof",
        "Bhf": "Bahnhof",
        "Nr": "Nummer",
        "usw": "und so weiter",
    },
    **{
        "bzw": "beziehungsweise",
        "zB": "zum Beispiel",
        "St": "Sankt",
        "Dr": "Doktor",
        "Jh": "Jahrhundert",
        "Tel": "Telefon",
    },
    **{
        "Mio": "Millionen",
        "Mrd": "Milliarden",
        "Tsd": "Tausend",
        "ca": "circa",
        "Std": "Stunden",
        "KFZ": "K F Z",
        "Kfz": "K F Z",
    },
    **{"Lkw": "L K W", "Pkw": "P K W", "BAföG": "Bafög", "Bafög": "Bafög"},
}
OPENERS = words_of(
    "Der Die Das Den Dem Des Ein Eine Einer Einen Einem Er Sie Es Wir Ich Ihr Man Und Aber Doch Denn Dann Da Dort "
    "Hier Nun Als Wenn Weil Wie Was Wer Wo Warum Auch Nur Noch Schon Im In Am An Auf Aus Bei Mit Nach Von Vor Zu "
    "Zum Zur Für Gegen Ohne Um Unter Über Durch Seit Während Trotz Nicht Kein Keine So Sein Seine Ihre Mein Meine "
    "Diese Dieser Dieses Jede Jeder Jedes Alle Viele Einige Manche Heute Gestern Morgen Jetzt Danach Dabei Dadurch "
    "Damit Daher Darauf Deshalb Dennoch Jedoch Zudem Außerdem Allerdings Später Schließlich Ob Obwohl Nachdem Bevor "
    "Damals Bis Beide Zwei Drei"
)
# They are words, too, at the end of a sentence: what follows them if they are abbreviations.
NUMBER, NAME = re.compile(r"\s?[0-9IVX]"), re.compile(r"\s[A-ZÄÖÜ]")
ALSO_WORDS = {"Art.": NUMBER, "Abs.": NUMBER, "Dir.": NAME, "Gen.": NAME, "Ing.": NAME, "Mag.": NAME, "Red.": NAME}


def spaced(written: str) -> str:
    """A pattern for an abbreviation whose parts may stand with or without a space."""
    return re.escape(written).replace(r"\ ", r"[ \u00a0]?")


def _full(match: re.Match[str]) -> str:
    written = " ".join(re.sub(r"\.(?=\S)", ". ", match["short"]).split())
    written = written if written in ALL else match["short"]
    follows = ALSO_WORDS.get(written)
    if follows and (match["end"] is not None or not follows.match(after(match))):
        return match[0]
    said = ALL[written]
    return said + "." if match["end"] is not None else said


def _street(match: re.Match[str]) -> str:
    said = f"{match['name']}{'S' if match['street'] == 'S' else 's'}traße"
    return said + "." if match["end"] is not None else said


ALL = {**INNER, **TITLES, **ENDING}
LONGEST_FIRST = sorted(ALL, key=lambda word: (-len(word), word))
SHORT_MONTH = any_of(MONTHS_SHORT)
# The stop stays where a sentence ends: at the end of the text, or before a word that opens one.
STOPPED = rf"(?P<end>(?=[\"')]?\s*$)|(?= (?:{any_of(OPENERS)})\b))?"
# What dates, times and amounts are read after.
NAMES: list[Rule] = [
    Rule(
        rf"(?<![\w.])(?P<first>{any_of(DAYS_SHORT)})\.?\s?[-–]\s?(?P<last>{any_of(DAYS_SHORT)})(?:\.(?!\s*$)|(?!\w))",
        lambda match: f"{DAYS_SHORT[match['first']]} bis {DAYS_SHORT[match['last']]}",
    ),
    Rule(rf"(?<![\w.])(?P<name>[^\W\d_]{{0,30}}[-\s]?)(?P<street>[sS])tr\.{STOPPED}", _street),
    Rule(
        rf"(?<![\w.])(?P<before>(?:[0-3]?[0-9]\.?|\b(?:im|Im|Ende|Anfang|Mitte|seit|bis|ab|vom|zum))\s)(?P<short>{SHORT_MONTH})(?!\w)",
        lambda match: match["before"] + MONTHS_SHORT[match["short"]],
    ),
    Rule(
        rf"(?<![\w.])(?P<short>{SHORT_MONTH})(?=\s?[12][0-9]{{3}})",
        lambda match: MONTHS_SHORT[match["short"]] + " ",
    ),
    Rule(rf"(?<![\w.-])(?P<short>{any_of(WITHOUT_STOP)})(?![\w.])", lambda match: WITHOUT_STOP[match["short"]]),
    Rule(
        rf"(?<![\w.])(?P<day>{any_of(DAYS_SHORT)})(?:\.,?|,)\s(?=[0-9]{{1,2}}\.\s?[0-9A-Z])",
        lambda match: f"{DAYS_SHORT[match['day']]}, ",
    ),
]
ABBREVIATIONS: list[Rule] = [
    Rule(
        rf"(?<![\w.-])(?P<short>{'|'.join(map(spaced, LONGEST_FIRST))})(?!\w){STOPPED}",
        _full,
    ),
]
