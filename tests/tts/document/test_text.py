"""What plain text says of itself: chapters, licences, contents, notes, wrapped lines."""

import pytest

from tts import document
from tts.document import CAPTION, HEADING, MATTER, NOTE, PROSE, SCENE

GUTENBERG = """The Project Gutenberg eBook of Ships

Title: Ships at Sea
Author: Ann Other
Language: English

*** START OF THE PROJECT GUTENBERG EBOOK SHIPS ***

Produced by Somebody

SHIPS

CONTENTS

I. The Start ..... 1
II. The End ..... 9

I. The Start

It was a long line of prose that runs up to column seventy or thereabouts
and then goes on in the next line because it was wrapped there by somebody
who did it. [Pg 12]

[Illustration: A ship]

[Footnote 1: Not true.]

II. The End

The end.

*** END OF THE PROJECT GUTENBERG EBOOK SHIPS ***

The licence.
"""


def read(text: str) -> document.Document:
    return document.parse(text.encode(), ".txt")


def test_a_text_of_project_gutenberg():
    found = read(GUTENBERG)
    assert (found.title, found.author, found.language) == ("Ships at Sea", "Ann Other", "en")
    kinds = [(part.kind, part.text) for chapter in found.chapters for part in chapter.paragraphs]
    assert [chapter.title for chapter in found.chapters] == ["", "I. The Start", "II. The End"]
    assert [kind for kind, _ in kinds] == [
        *[MATTER] * 4,
        PROSE,
        *[MATTER] * 2,
        PROSE,
        CAPTION,
        NOTE,
        PROSE,
        *[MATTER] * 2,
    ]
    prose = (
        "It was a long line of prose that runs up to column seventy or thereabouts and then goes on in the next line "
        "because it was wrapped there by somebody who did it."
    )
    assert found.text == f"SHIPS\n\nI. The Start\n\n{prose}\n\nII. The End\n\nThe end."


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ("CHAPTER I", "CHAPTER I"),
        ("Chapter 12", "Chapter 12"),
        ("CHAPTER I.\nThe Ship", "CHAPTER I: The Ship"),
        ("CHAPTER ONE: The Ship", "CHAPTER ONE: The Ship"),
        ("CHAPTER II THE SHIP", "CHAPTER II THE SHIP"),
        ("THE FIRST CHAPTER", "THE FIRST CHAPTER"),
        ("PART TWO", "PART TWO"),
        ("Prologue", "Prologue"),
        ("The Ship\n========", "The Ship"),
    ],
)
def test_headings(lines, title):
    assert [chapter.title for chapter in read(f"Before.\n\n{lines}\n\nAfter.").chapters] == ["", title]


def test_headings_as_in_markdown():
    found = read("# The Fox\n\nBy nobody.\n\n## One ##\nHe ran.\n### C#\n#### A part\n\nHe hid.")
    said = [(chapter.title, [(own.kind, own.text) for own in chapter.paragraphs]) for chapter in found.chapters]
    assert said == [
        ("The Fox", [(PROSE, "By nobody.")]),
        ("One", [(PROSE, "He ran.")]),
        ("C#", [(HEADING, "A part"), (PROSE, "He hid.")]),
    ]
    assert [own.place for chapter in found.chapters for own in chapter.paragraphs] == [
        "line 3", "line 6", "line 8", "line 10",
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["#1 is the best.", "# # #", "####### Seven", f"# {'word ' * 20}", "#hashtag", "# "])
def test_a_number_sign_is_no_heading_by_itself(line):
    (chapter,) = read(f"Before.\n\n{line}\n\nAfter.").chapters
    assert not chapter.title and HEADING not in [own.kind for own in chapter.paragraphs]


@pytest.mark.parametrize(
    "line", ["Chapter 3 was hard.", "Part of it.", "The introduction.", "I", "ACTION", "Book it now"]
)
def test_what_is_no_heading(line):
    assert len(read(f"Before.\n\n{line}\n\nAfter.").chapters) == 1


def test_roman_numerals_that_count_up_are_headings():
    found = read("I\n\nOne.\n\nII\n\nTwo.\n\nIII.\n\nThree.")
    assert [chapter.title for chapter in found.chapters] == ["I", "II", "III."]
    assert found.chapters[0].paragraphs[0].place == "line 3"


def test_verse_and_divided_words_keep_their_lines():
    verse = "Roses are red,\nViolets are blue."
    assert read(verse).text == verse
    divided = f"{'word ' * 12}nega-\ntive."
    assert read(divided).text == divided


def test_words_of_a_chapter():
    (chapter,) = read("CHAPTER I\n\nOne two.\n\n[Illustration: three four]").chapters
    assert chapter.words == 4 and chapter.paragraphs[0].kind != HEADING


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        ("He said “yes”.".encode("cp1252"), "iconv -f cp1252"),
        ("Déjà vu.".encode("latin-1"), "iconv -f latin1"),
        ("Plain words.".encode("utf-16-le"), "UTF-16 without its mark.*iconv -f utf-16le"),
        ("Plain words.".encode("utf-16-be"), "UTF-16 without its mark.*iconv -f utf-16be"),
        ("吾輩は猫である。名前はまだ無い。".encode("shift_jis"), "iconv -f shift_jis"),
    ],
)
def test_other_encodings_are_named_with_the_remedy(data, remedy):
    with pytest.raises(ValueError, match=remedy):
        document.parse(data, ".txt")


def test_a_page_may_say_which_encoding_it_has():
    page = '<meta charset="windows-1252"><p>Déjà “vu”.</p>'.encode("cp1252")
    assert document.parse(page, ".html").text == "Déjà “vu”."


@pytest.mark.parametrize("suffix", [".txt", ".md", ".fountain"])
@pytest.mark.parametrize("signs", ["* * *", "---", "⁂"])
def test_signs_alone_part_scenes_in_every_text(suffix, signs):
    (chapter,) = document.parse(f"One.\n\n{signs}\n\nTwo.".encode(), suffix).chapters
    assert [part.kind for part in chapter.paragraphs] == [PROSE, SCENE, PROSE]
