"""The stages of the shows that ship, with a strong writer and with a small one, behind a server on this machine."""

from contextlib import contextmanager

import pytest
import yaml

from helpers.answering import text
from tts.shows import checks
from tts.shows.calls import Budget, Calls
from tts.shows.drafts import ended, first_sentence
from tts.shows.excerpts import names_in, pieces_of, telling
from tts.shows.models.http import HttpWriter
from tts.shows.records import STATE
from tts.shows.run import Models, ShowRun
from tts.shows.show import SHIPPED, find_show, read_settings
from tts.shows.talk import HostTurn, read_summary, read_turns, written_turns

pytest.importorskip("openai")
WRITING = ("plan", "story", "about", "summary", "dialogue", "describe")  # stages that ask a writer alone
BOOK = """\
# The Lighthouse

{one}

{two}

# The Storm

{three}

{four}
"""
LONG_WORDS = "old young brown grey small tall white shy brave quiet green".split()
LINES = {
    "one": "Old Marten kept the lighthouse for thirty years. Every evening Old Marten climbed the stairs with oil. ",
    "two": "A letter came from the harbour office on Monday morning. It said that the lighthouse would be closed. ",
    "three": "The storm tore the roof from the boathouse before midnight. His daughter Ingrid rowed out to the wreck. ",
    "four": "In the morning the harbour was full of grateful sailors. Nobody spoke of closing it after that night. ",
}


class SmallWriter(HttpWriter):
    """A model that cannot be trusted with more than a sentence, behind an address."""

    small = True


@pytest.fixture
def run(server, tmp_path):
    """Run the writing stages of a show that ships; gives its folder."""

    @contextmanager
    def progress(work):
        yield lambda done, whole: None

    def call(name, given, kind, *overrides):
        recipe = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text("utf-8"))
        recipe["stages"] = [own for own in recipe["stages"] if own["stage"] in WRITING]
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(recipe))
        folder = tmp_path / "out"
        calls = Calls(folder / STATE / "calls", Budget(10**6, 0))
        models = Models({}, calls)
        models.__dict__["writer"] = calls.writer(kind(server.address, "m"))
        show = find_show(str(tmp_path / f"{name}.yaml"), read_settings(overrides))
        ShowRun(show, folder, models, 0, lambda line: None, progress).run(given)
        return folder

    return call


@pytest.mark.parametrize("kind", [HttpWriter, SmallWriter])
def test_bedtime_becomes_a_sound_story_with_parts_and_says_what_it_is(run, kind):
    folder = run("bedtime", "It is raining heavily today.", kind, "minutes=2")
    story, plan = (folder / "story.md").read_text(), yaml.safe_load((folder / "plan.yaml").read_text())
    assert story.count("\n## ") == 3 and checks.faults(story.replace("## ", "")) == []
    assert 140 < len(story.split()) < 500
    about = yaml.safe_load((folder / "about.yaml").read_text())
    assert about["title"] and about["description"] and about["bed"] == ("rain" if kind.small else about["bed"])
    assert not kind.small or (plan["name"] in story and plan["friend"] in story)


def test_a_part_that_is_too_short_goes_on_and_one_that_is_too_long_is_shortened(run, server):
    long = " ".join(f"The {word} duck swam over to the other side of the {word} lake." for word in LONG_WORDS)
    server.faults = [None, text("Nell woke up."), text(long)] + [None] * 20
    story = (run("bedtime", "a duck", HttpWriter, "minutes=1.2", "story.drafts=1") / "story.md").read_text()
    assert "Nell woke up.\n\nThe old duck swam" in story and "The green duck" not in story
    assert server.requests[2]["messages"][-2:] == [
        {"role": "assistant", "content": "Nell woke up."},
        {"role": "user", "content": "Go on with this part. Give only the text."},
    ]


def test_a_small_writer_that_gives_nothing_usable_still_tells_the_story_that_the_show_brings(run, server):
    plan = '{"animal": "duck", "name": "Nell", "place": "by the river", "friend": "frog", "thing": "lantern"}'
    server.faults = [text(plan)] + [text("www.example.com and www.example.org.")] * 200
    story = (run("bedtime", "a duck", SmallWriter, "minutes=2") / "story.md").read_text()
    assert "Nell looked out of the window and saw the drops running down the glass, one behind the other." in story
    assert '"Let us think of a duck," said Mother.' in story and "example" not in story


@pytest.mark.parametrize("kind", [HttpWriter, SmallWriter])
def test_literai_becomes_a_talk_of_two_hosts_with_reminders_and_a_scene_for_each_turn(run, tmp_path, kind):
    book = tmp_path / "book.md"
    book.write_text(BOOK.format(**{name: line * 3 for name, line in LINES.items()}))
    folder = run("literai", str(book), kind, "summary.piece=60", "summary.words=30")
    summary = read_summary((folder / "summary.md").read_text())
    assert [heading for heading, _ in summary.sections] == ["The Lighthouse"] * 2 + ["The Storm"] * 2
    turns = read_turns((folder / "dialogue.txt").read_text())
    assert {turn.name for turn in turns} == {"Ann", "Ben"}
    assert sum("only just joined us" in turn.said for turn in turns) == 1
    pictures = yaml.safe_load((folder / "pictures.yaml").read_text())
    assert [entry["at"] for entry in pictures] == [checks.sentences(turn.said)[0] for turn in turns]
    assert all(entry["scene"] for entry in pictures)
    if kind.small:  # whoever cannot summarise quotes
        assert all(sentence in book.read_text() for _, told in summary.sections for sentence in checks.sentences(told))


def test_chapters_are_chosen_and_one_that_is_not_there_is_told(run, tmp_path):
    book = tmp_path / "book.md"
    book.write_text(BOOK.format(**{name: line * 3 for name, line in LINES.items()}))
    with pytest.raises(ValueError, match="there is no chapter 7: the text has 2"):
        run("literai", str(book), SmallWriter, "chapters=7")
    folder = run("literai", str(book), SmallWriter, "chapters=2")
    assert "Ingrid" in (folder / "summary.md").read_text() and "Marten" not in (folder / "summary.md").read_text()


def test_a_writer_that_writes_no_dialogue_is_told(run, server, tmp_path):
    book = tmp_path / "book.md"
    book.write_text("# One\n\n" + LINES["one"] * 4)
    summary = '{"summary": "Old Marten kept the lighthouse for thirty years.", "people": [], "places": []}'
    server.faults = [text(summary)] + [text("Once upon a time there was a duck.")] * 3
    with pytest.raises(ValueError, match="the talk about part 1 is no dialogue of Ann and Ben"):
        run("literai", str(book), HttpWriter, "summary.words=30")


def test_a_sentence_is_ended_with_its_marks_in_place():
    assert ended('Mother said, "Come back', ", little duck.") == 'Mother said, "Come back, little duck."'
    assert ended("The house was", "small.") == "The house was small."
    assert first_sentence(" to the hill. Then they") == " to the hill." and first_sentence(" to the") == ""


def test_words_of_a_filter_end_in_a_line(run):
    with pytest.raises(ValueError, match="the input holds 'rain', which the filter does not allow"):
        run("bedtime", "Rain again.", SmallWriter, "filter=[rain]")


def test_turns_are_read_as_people_and_models_write_them():
    told = "**Ann:** Hello.\n\n*Ben*: Good evening,\nall of you.\nANN: Yes: indeed.\n\n# A note\n"
    assert read_turns(told) == [
        HostTurn("Ann", "Hello."),
        HostTurn("Ben", "Good evening, all of you."),
        HostTurn("ANN", "Yes: indeed."),
    ]
    turns = [HostTurn("Ann", "One."), HostTurn("Ben", "Two: three.")]
    assert read_turns(written_turns(turns)) == turns


def test_pieces_are_of_about_equal_length_and_never_cross_a_chapter(tmp_path):
    from tts import document

    book = tmp_path / "book.md"
    book.write_text(BOOK.format(**{name: line * 3 for name, line in LINES.items()}))
    pieces = pieces_of(document.read(book), None, 60)
    assert [(piece.heading, len(piece.text.split())) for piece in pieces] == [
        ("The Lighthouse", 51),
        ("The Lighthouse", 54),
        ("The Storm", 54),
        ("The Storm", 54),
    ]
    assert names_in(" ".join(piece.text for piece in pieces)) == ["Old Marten", "Monday", "Ingrid"]
    assert telling([piece.text for piece in pieces], 2, 2) == [
        "The storm tore the roof from the boathouse before midnight.",
        "His daughter Ingrid rowed out to the wreck.",
    ]
