"""Who says what: names before lines, plays in text, JSON lines, Fountain, subtitles."""

import pytest

from tts import document
from tts.document import DIRECTION, HEADING, LINE, PROSE, VERSE

COLON = """ANN: Hello there.
BOB (softly): Hi. How are
you?
ANN: Fine. [Laughs] Really.

BOB: Good.
"""
PLAY = """ACT I

SCENE
Morning-room in the flat.

[Lane is arranging tea.]

ALGERNON.
Did you hear what I was playing, Lane?

LANE.
I didn't think it polite to listen, sir.

ALGERNON.
[Languidly.] I'm sorry for that.

LANE.
Yes, sir. [Hands them on a salver.]

Enter JACK.
"""
FOUNTAIN = """Title: Big Fish
Author: Ann Other

INT. HOUSE - DAY

A man /* cut */ sits. [[A note.]]

STEEL (O.S.)
(beer raised)
To *retirement*.

BRICK ^
~To the sea,
~to the sea.

@McAvoy
Hello.

CUT TO:

> THE END <
"""


def said(text: str, suffix: str = ".txt") -> list[tuple[str, str, str]]:
    found = document.parse(text.encode(), suffix)
    return [(part.kind, part.speaker, part.text) for chapter in found.chapters for part in chapter.paragraphs]


def test_names_before_what_is_said():
    assert said(COLON) == [
        (PROSE, "ANN", "Hello there."),
        (DIRECTION, "", "softly"),
        (PROSE, "BOB", "Hi. How are\nyou?"),
        (PROSE, "ANN", "Fine."),
        (DIRECTION, "", "Laughs"),
        (PROSE, "ANN", "Really."),
        (PROSE, "BOB", "Good."),
    ]
    marked = "**Ann:** Hello.\n\n**Bob:** Hi.\n\n**Ann:** So.\n\n**Bob:** So."
    assert [name for _, name, _ in said(marked, ".md")] == ["Ann", "Bob", "Ann", "Bob"]


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_headings_with_number_signs_part_a_script(gap):
    lines = ["# Act One", "ANN: Hello.", "BOB: Hi.", "## Scene 2", "ANN: So?", "BOB: So."]
    found = document.parse(gap.join(lines).encode(), ".txt")
    assert [(chapter.title, [own.speaker for own in chapter.paragraphs]) for chapter in found.chapters] == [
        ("Act One", ["ANN", "BOB"]),
        ("Scene 2", ["ANN", "BOB"]),
    ]


def test_places_of_lines():
    parts = document.parse(COLON.encode(), ".txt").chapters[0].paragraphs
    assert [part.place for part in parts] == ["line 1", "line 2", "line 2", "line 4", "line 4", "line 4", "line 6"]


def test_a_play_with_names_on_lines_of_their_own():
    found = document.parse(PLAY.encode(), ".txt")
    assert [chapter.title for chapter in found.chapters] == ["ACT I"]
    assert said(PLAY)[1:] == [
        (DIRECTION, "", "Lane is arranging tea."),
        (PROSE, "ALGERNON", "Did you hear what I was playing, Lane?"),
        (PROSE, "LANE", "I didn't think it polite to listen, sir."),
        (DIRECTION, "", "Languidly."),
        (PROSE, "ALGERNON", "I'm sorry for that."),
        (PROSE, "LANE", "Yes, sir."),
        (DIRECTION, "", "Hands them on a salver."),
        (DIRECTION, "", "Enter JACK."),
    ]


def test_a_play_with_names_before_a_stop():
    text = "ANN. Hello.\n\nMR. BOB. Hi, Ann.\n\nANN. (sits) So.\n\nMR. BOB. So."
    assert [(name, line) for kind, name, line in said(text) if kind == PROSE] == [
        ("ANN", "Hello."),
        ("MR. BOB", "Hi, Ann."),
        ("ANN", "So."),
        ("MR. BOB", "So."),
    ]
    assert said(text.replace("\n\n", "</p><p>"), ".html")[:2] == [
        (PROSE, "ANN", "Hello."),
        (PROSE, "MR. BOB", "Hi, Ann."),
    ]


def test_a_play_in_a_table_without_types():
    lines = [("Ann", "Hello, Bob."), ("Bob", "Hello, Ann."), ("Ann", "So it is."), ("Bob", "It is so.")]
    rows = "".join(f"<tr><td>{name}</td><td>{line}</td></tr>" for name, line in lines)
    assert [(name, line) for _, name, line in said(f"<table>{rows}</table>", ".html")] == lines


@pytest.mark.parametrize(
    "text",
    [
        "It was late.\n\nNote: this is a note.\n\nNote: another.\n\nHe said: go.\n\nWell.",
        "Title: Ships\nAuthor: Ann\n\nThe ship sailed.",
        "Ingredients: milk, eggs.\n\nMethod: stir. Then wait.",
        "STOP. Go.\n\nIt was in capitals.\n\nSTOP. He went.\n\nHe came.\n\nNow.",
    ],
)
def test_prose_with_colons_is_no_script(text):
    assert {name for _, name, _ in said(text)} == {""}


def test_json_lines():
    text = (
        '{"chapter": "One"}\n{"speaker": "Ann", "text": "Hello.", "rate": 0.9, "pause": 1}\n\n'
        '{"text": "x", "voice": "lj"}'
    )
    (chapter,) = document.parse(text.encode(), ".jsonl").chapters
    first, second = chapter.paragraphs
    assert (chapter.title, first.speaker, first.place, second.place) == ("One", "Ann", "line 2", "line 4")
    assert (first.spans[0].rate, first.spans[0].pause, second.spans[0].voice) == (0.9, 1.0, "lj")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"txt": "x"}', "unknown key 'txt'"),
        ('{"text": 1}', "text is no text"),
        ('{"speaker": "Ann"}', "it has no text"),
        ('{"text": "x", "rate": 9}', "rate is 9: give a number from 0.25 to 4"),
        ('{"text": "x", "pause": true}', "pause is True"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, reason):
    (tmp_path / "s.jsonl").write_text('{"text": "x"}\n' + line)
    with pytest.raises(ValueError, match=f"s.jsonl.*line 2: {reason}"):
        document.read(tmp_path / "s.jsonl")


@pytest.mark.parametrize("name", ["s.jsonl", "s.fountain", "s.ssml"])
def test_an_empty_script_is_named(tmp_path, name):
    (tmp_path / name).write_text("<speak/>" if name == "s.ssml" else "")
    with pytest.raises(ValueError, match=f"{name}.*(empty|says nothing)"):
        document.read(tmp_path / name)


def test_fountain():
    found = document.parse(FOUNTAIN.encode(), ".fountain")
    assert (found.title, found.author, [chapter.title for chapter in found.chapters]) == (
        "Big Fish",
        "Ann Other",
        ["INT. HOUSE - DAY"],
    )
    assert said(FOUNTAIN, ".fountain") == [
        (PROSE, "", "A man sits."),
        (DIRECTION, "", "beer raised"),
        (PROSE, "STEEL", "To retirement."),
        (VERSE, "BRICK", "To the sea,\u2028to the sea."),
        (PROSE, "McAvoy", "Hello."),
        (DIRECTION, "", "CUT TO:"),
        (PROSE, "", "THE END"),
    ]


def test_sections_of_fountain_are_its_chapters():
    text = "# One\n\nINT. A\n\nAction.\n\n# Two\n\nMore.\n"
    assert [chapter.title for chapter in document.parse(text.encode(), ".fountain").chapters] == ["One", "Two"]
    assert said(text, ".fountain")[0] == (HEADING, "", "INT. A")


def test_subtitles_tell_who_speaks():
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hello.\n\n00:02.000 --> 00:03.000\n<v Bob>Hi.\n"
    assert said(text, ".vtt") == [(PROSE, "Ann", "Hello."), (PROSE, "Bob", "Hi.")]


@pytest.mark.parametrize(
    "line",
    [
        "[00:01:02] {}: {}",  # a transcript of a meeting
        "0:01 {}: {}",
        "{} — {}",
        "{} (aside): {}",
    ],
)
def test_what_stands_around_a_name(line):
    text = "\n".join(line.format(name, said) for name, said in [("ANN", "Hello."), ("BOB 2", "Hi.")] * 2)
    spoken = [(name, what) for kind, name, what in said(text) if kind == PROSE]
    assert spoken == [("ANN", "Hello."), ("BOB 2", "Hi.")] * 2


def test_names_of_numbers_and_of_people_who_chat():
    found = said("Person #2: No.\nDr. O'Neil: Is it 10:30?\nPerson #2: Note: no.\nDr. O'Neil: So.")
    assert [name for _, name, _ in found] == ["Person #2", "Dr. O'Neil"] * 2
    assert [name for _, name, _ in said("ann: hi\nben: fine: thanks\nann: good\nben: bye")] == ["ann", "ben"] * 2
    assert said("milk: two\neggs: one\nmilk: again\neggs: so\nStir all.\n\nBake it.")[0][1] == ""


def test_a_song_of_nobody_in_a_screenplay():
    assert (VERSE, "", f"La la la{LINE}la la") in said("FOX\nAh.\n\n~La la la\n~la la\n", ".fountain")


def test_a_script_may_be_two_lines_long():
    assert said("ANN: Hello there.\nBOB: Hi!") == [(PROSE, "ANN", "Hello there."), (PROSE, "BOB", "Hi!")]
    play = "THE TEA\n\nJACK. I say! [Takes a muffin.]\n\nALGERNON. Well?"
    assert [(name, line) for kind, name, line in said(play) if name and kind == PROSE] == [
        ("JACK", "I say!"),
        ("ALGERNON", "Well?"),
    ]
    assert {name for _, name, _ in said("WARNING: It is hot.\nCPU: 4 cores")} == {""}
