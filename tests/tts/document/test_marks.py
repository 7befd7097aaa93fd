"""Marks in a text and SSML, as spans."""

import pytest

from tts import document
from tts.document import Span
from tts.document.phonemes import from_ipa


def spans(text: str, suffix: str = ".txt") -> list[list[Span]]:
    return [
        list(part.spans) for chapter in document.parse(text.encode(), suffix).chapters for part in chapter.paragraphs
    ]


def ssml(body: str) -> list[Span]:
    return [span for paragraph in spans(f"<speak>{body}</speak>", ".ssml") for span in paragraph]


def test_pauses_and_voices_in_a_line():
    assert spans("Hi. [pause 0.5] So [voice lj] it [/voice] is [pause 200ms]\n\nend.") == [
        [Span("Hi. "), Span("So ", pause=0.5), Span("it ", "lj"), Span("is ")],
        [Span("end.", pause=0.2)],
    ]


def test_marks_that_stand_alone_hold_for_what_follows():
    assert spans("[voice lj]\n\nOne.\n\n[pause 2]\n\nTwo.\n\n[/voice]\n\nThree.") == [
        [Span("One.", "lj")],
        [Span("Two.", "lj", pause=2.0)],
        [Span("Three.")],
    ]


def test_words_in_brackets_and_phonemes_stay():
    assert spans("A [pause for effect] and {HH AY1}.") == [[Span("A [pause for effect] and {HH AY1}.")]]


def test_a_pause_that_is_too_long_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("One.\n\nTwo. [pause 99]")
    with pytest.raises(ValueError, match="a.txt.*line 3: a pause of 99 s"):
        document.read(tmp_path / "a.txt")


def test_marks_are_no_marks_in_subtitles():
    text = "1\n00:00:01,000 --> 00:00:02,000\n{x} now.\n"
    assert spans(text, ".srt") == [[Span("{x} now.")]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a <break time='500ms'/>b", [Span("a "), Span("b", pause=0.5)]),
        ("a <break/>b", [Span("a "), Span("b", pause=0.4)]),
        ("<prosody rate='slow' pitch='+2st' volume='-6dB'>a</prosody>", [Span("a", rate=0.8, pitch=2.0, volume=-6.0)]),
        ("<prosody rate='80%'>a</prosody>", [Span("a", rate=0.8)]),
        ("<prosody rate='+20%'>a</prosody>", [Span("a", rate=1.2)]),
        ("<prosody pitch='+100%'>a</prosody>", [Span("a", pitch=12.0)]),
        ("<prosody rate='slow'><prosody rate='slow'>a</prosody></prosody>", [Span("a", rate=0.64)]),
        ("<emphasis level='strong'>a</emphasis>", [Span("a", rate=0.92, volume=2.0)]),
        ("<voice name='lj'>a</voice> b", [Span("a", "lj"), Span(" b")]),
        ("<sub alias='World Wide Web'>WWW</sub>", [Span("World Wide Web")]),
        ("<lang xml:lang='de'>a</lang> b", [Span("a", language="de"), Span(" b")]),
        (
            "<say-as xml:lang='de' interpret-as='date' format='dmy'>03.05.2026</say-as>",
            [Span("3.5.2026", language="de")],
        ),
        ("<say-as xml:lang='de' interpret-as='ordinal'>3</say-as>", [Span("3.", language="de")]),
        ("<say-as xml:lang='de' interpret-as='characters'>aB1</say-as>", [Span("A B 1", language="de")]),
        ("<p><s>One.</s><s>Two.</s></p><p>Three.</p>", [Span("One. Two."), Span("Three.")]),
        ("<say-as interpret-as='ordinal'>22</say-as>", [Span("22nd")]),
        ("<say-as interpret-as='cardinal'>22</say-as>", [Span("22")]),
        ("<say-as interpret-as='characters'>aB1</say-as>", [Span("{EY1} {B IY1} 1")]),
        ("<say-as interpret-as='date' format='dmy'>5/1/2026</say-as>", [Span("January 5, 2026")]),
        ("<say-as interpret-as='date'>2026-01-05</say-as>", [Span("January 5, 2026")]),
        ("<say-as interpret-as='telephone'>555-0100</say-as>", [Span("5 5 5, 0 1 0 0")]),
        ("<phoneme alphabet='x-arpabet' ph='hh ay1'>x</phoneme>", [Span("{HH AY1}")]),
        ("<phoneme alphabet='ipa' ph='təˈmɑːtoʊ'>x</phoneme>", [Span("{T AH0 M AA1 T OW0}")]),
    ],
)
def test_ssml(body, expected):
    assert ssml(body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("<prosody pitch='200Hz'>a</prosody>", "in Hz, which no voice can be set to"),
        ("<prosody contour='x'>a</prosody>", "'contour' of <prosody> cannot be followed"),
        ("<prosody rate='9'>a</prosody>", "the rate is 9: it may be 0.25 to 4"),
        ("<lang xml:lang='fr'>oui</lang>", "'fr' is not spoken: only en, de"),
        ("<audio src='http://example.org/x'/>", "<audio> is not read"),
        ("<say-as interpret-as='ordinal'>x</say-as>", "'x' is not an ordinal"),
        ("<say-as interpret-as='song'>x</say-as>", "interpret-as 'song' is none of"),
        ("<say-as interpret-as='date' format='mdy'>45/1/2026</say-as>", "not in the format 'mdy'"),
        ("<phoneme ph='ǃ'>x</phoneme>", "sound 'ǃ'.*none of English"),
        ("<phoneme alphabet='x-sampa' ph='a'>x</phoneme>", "alphabet 'x-sampa' is not known"),
        ("<sub>x</sub>", "<sub> needs the attribute 'alias'"),
        ("a", ""),
    ],
)
def test_ssml_that_cannot_be_followed_is_named_with_its_line(body, reason):
    if reason:
        with pytest.raises(ValueError, match=f"^line 2: .*{reason}"):
            ssml(f"\n{body}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<!DOCTYPE s [<!ENTITY a "aa">]><speak>&a;</speak>', "line 1: it has a document type"),
        ("<speak>\na", "line 2: its SSML is not well formed"),
        ("<speech>a</speech>", "begins with <speech>"),
        ('<speak xml:lang="fr">a</speak>', "'fr' is not spoken"),
    ],
)
def test_ssml_that_cannot_be_read(text, reason):
    with pytest.raises(ValueError, match=reason):
        spans(text, ".ssml")


def test_the_language_of_the_whole_is_that_of_the_document():
    found = document.parse(b'<speak xml:lang="de-AT">Hallo. <p xml:lang="en">Hello.</p></speak>', ".ssml")
    assert found.language == "de-AT"
    assert [part.spans for part in found.chapters[0].paragraphs] == [
        (Span("Hallo."),),
        (Span("Hello.", language="en"),),
    ]


def test_a_text_that_begins_as_ssml_is_ssml():
    assert spans('<?xml version="1.0"?>\n<speak>Hello.</speak>') == [[Span("Hello.")]]


def test_stress_in_ipa():
    assert from_ipa("kæt") == ["K", "AE1", "T"]
    assert from_ipa("ˌɪntəˈnæʃənəl") == ["IH2", "N", "T", "AH0", "N", "AE1", "SH", "AH0", "N", "AH0", "L"]
