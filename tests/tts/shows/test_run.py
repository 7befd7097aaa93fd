"""A show runs stage by stage, keeps what is right and what a person edited, and goes on after a stop."""

from contextlib import contextmanager

import pytest
import yaml

from helpers.answering import status
from tts.shows.calls import Budget, Calls
from tts.shows.records import STATE, Records
from tts.shows.run import BEGUN, EDITED, KEPT, MADE, Models, ShowRun
from tts.shows.show import find_show, read_settings

pytest.importorskip("openai")
SHOW = {
    "title": "Short",
    "input": "text",
    "settings": {"minutes": 0.5, "role": "You tell stories."},
    "stages": [
        {"stage": "plan", "choices": {"name": ["Nell"], "animal": ["duck"]}},
        {
            "stage": "story",
            "ask": "Tell of {name}, a {animal}: {prompt}",
            "parts": [{"title": "One", "tell": "{name} gets up."}, {"tell": "{name} goes to bed."}],
        },
        {"stage": "about", "ask": "Name it."},
    ],
}


@pytest.fixture
def run(server, tmp_path):
    """Run SHOW, or a changed one, in a folder; gives what came of each stage."""
    (tmp_path / "short.yaml").write_text(yaml.safe_dump(SHOW))
    told = []

    @contextmanager
    def progress(work):
        yield lambda done, whole: None

    def call(given="It rains.", *overrides, tokens=10**6, **asked):
        show = find_show(str(tmp_path / "short.yaml"), read_settings(overrides))
        folder = tmp_path / "out"
        models = Models({"writer": f"{server.address}#m"}, Calls(folder / STATE / "calls", Budget(tokens, 0)))
        return dict(ShowRun(show, folder, models, 0, told.append, progress).run(given, **asked))

    call.folder, call.told = tmp_path / "out", told
    return call


ALL = {"plan": MADE, "story": MADE, "about": MADE}


def text(run, name):
    return (run.folder / name).read_text("utf-8")


def test_a_show_is_made_once_and_then_kept_without_a_request(run, server):
    assert run() == ALL
    assert text(run, "input.txt") == "It rains.\n"
    assert text(run, "story.md").startswith("## One\n\n") and yaml.safe_load(text(run, "about.yaml"))["title"]
    asked = len(server.requests)
    assert run() == run(None) == dict.fromkeys(ALL, KEPT) and len(server.requests) == asked


def test_an_edited_file_stays_and_what_follows_is_made_from_it(run, server):
    run()
    (run.folder / "story.md").write_text("A goose slept. It dreamed of the sea.\n")
    assert run() == {"plan": KEPT, "story": EDITED, "about": MADE}
    assert "A goose slept." in server.requests[-1]["messages"][0]["content"]
    (run.folder / "plan.yaml").write_text("prompt: It rains.\nsaid: It rains.\nname: Bo\nanimal: fox\n")
    assert run() == {"plan": EDITED, "story": EDITED, "about": MADE}
    assert text(run, "story.md").startswith("A goose slept.") and "--redo story" in run.told[-1]
    assert run(redo=["story"]) == {"plan": EDITED, "story": MADE, "about": MADE}
    assert "Tell of Bo, a fox" in str(server.requests)
    assert [path.read_text() for path in (run.folder / STATE / "replaced").glob("story-*")] == [
        "A goose slept. It dreamed of the sea.\n"
    ]


def test_redo_makes_another_and_only_what_follows_with_it(run):
    run()
    before = text(run, "story.md"), text(run, "plan.yaml")
    assert run(redo=["story"]) == {"plan": KEPT, "story": MADE, "about": MADE}
    assert text(run, "story.md") != before[0] and text(run, "plan.yaml") == before[1]
    assert run() == dict.fromkeys(ALL, KEPT)


def test_a_changed_setting_or_input_makes_what_depends_on_it(run):
    run()
    assert run("It rains.", "about.ask=Call it something.") == {"plan": KEPT, "story": KEPT, "about": MADE}
    assert run("It snows.", "about.ask=Call it something.") == ALL
    assert "It snows." in text(run, "plan.yaml")


def test_a_file_that_is_gone_is_made_again_from_kept_answers(run, server):
    run()
    before, asked = text(run, "story.md"), len(server.requests)
    (run.folder / "story.md").unlink()
    assert run()["story"] == MADE
    assert text(run, "story.md") == before and len(server.requests) == asked


def test_a_show_that_failed_goes_on_where_it_was_and_asks_nothing_twice(run, server):
    server.faults = [None, None, *[status(401)]]
    with pytest.raises(ValueError, match="asks for a key"):
        run()
    assert not (run.folder / "story.md").exists()
    assert run() == ALL | {"plan": KEPT}
    bodies = [str(request) for request in server.requests]
    assert len(bodies) == len(set(bodies)) + 1  # the refused one


def test_a_budget_that_is_spent_ends_in_a_line_and_a_higher_one_goes_on(run):
    with pytest.raises(ValueError, match="higher --tokens to go on"):
        run(tokens=420)
    assert run()["about"] == MADE


@pytest.mark.parametrize(
    "name, edited, line",
    [
        ("plan.yaml", "- Nell\n", "plan.yaml must be lines such as name: some text"),
        ("plan.yaml", "name: [Nell", "plan.yaml, line 1: it is no YAML"),
        ("plan.yaml", "name: Nell\n", "{animal} in a prompt stands for nothing: there are name"),
        ("story.md", "  \n", "story.md is empty: write something into it"),
        ("story.md", "\udcff", "story.md is not UTF-8"),
    ],
)
def test_an_edit_that_cannot_be_read_is_told_with_its_file(run, name, edited, line):
    run()
    (run.folder / name).write_bytes(edited.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=line):
        run(redo=["story"] if name == "plan.yaml" else [])


def test_a_stage_that_is_to_be_made_anew_is_made_anew_once_even_if_the_run_is_stopped(run, server):
    run()
    before = text(run, "story.md")
    for _ in range(2):  # as if the process were killed between that and the run
        Records(run.folder).redo(["story"])
    server.faults = [status(401)]
    with pytest.raises(ValueError, match="asks for a key"):
        run()
    assert run() == {"plan": KEPT, "story": MADE, "about": MADE} and Records(run.folder).get("story").take == 1
    assert text(run, "story.md") != before and run() == dict.fromkeys(ALL, KEPT)


def test_each_stage_is_told_when_it_is_reached(run):
    told = []
    run(until="plan")
    run(reached=lambda *one: told.append(one))
    assert told == [("plan", KEPT), ("story", BEGUN), ("story", MADE), ("about", BEGUN), ("about", MADE)]


def test_until_stops_after_a_stage_to_look_at_it(run):
    assert run(until="plan") == {"plan": MADE}
    assert run() == {"plan": KEPT, "story": MADE, "about": MADE}


def test_a_text_that_a_person_wrote_first_is_taken(run):
    run.folder.mkdir()
    (run.folder / "story.md").write_text("My own story. It is short.\n")
    assert run()["story"] == EDITED and text(run, "story.md") == "My own story. It is short.\n"


@pytest.mark.parametrize(
    "given, asked, line",
    [
        (None, {}, "holds no input yet: give a text"),
        ("It rains.", {"redo": ["stroy"]}, "no stage 'stroy' in the show short: there are plan, story, about"),
        ("x" * 20_000, {}, "20,000 characters: give 10,000 at most, or a file"),
    ],
)
def test_what_cannot_be_run_is_told(run, given, asked, line):
    with pytest.raises(ValueError, match=line):
        run(given, **asked)


BROKEN = {
    "no stages": ({"stages": []}, "needs a list of stages"),
    "unknown stage": ({"stages": ["os.system"]}, "no stage 'os.system': there are plan, story"),
    "unknown key": ({"prompt": "x"}, "unknown 'prompt'"),
    "unknown setting": ({"settings": {"minuets": 3}}, "no stage has a setting 'minuets'"),
    "wrong kind": (
        {"settings": {"minutes": "long", "role": "x"}},
        "plan.role|story.minutes is 'long'; it must be like 3.0",
    ),
    "missing": ({"settings": {}, "stages": [{"stage": "plan"}]}, "plan.role is missing|plan.choices is missing"),
    "order": (
        {"settings": {}, "stages": [{"stage": "about", "ask": "x"}]},
        "reads story.md, which no stage before it makes",
    ),
    "out": (
        {"stages": [*SHOW["stages"][:2], {"stage": "about", "ask": "x", "source": "../../etc/passwd"}]},
        "'../../etc/passwd' is no name of a file in the show's folder",
    ),
    "twice": ({"stages": [SHOW["stages"][0]] * 2}, "two stages are called 'plan'"),
    "input": ({"input": "film"}, "input is 'film'; it must be one of text|input is 'film': it must be one of text"),
}


@pytest.mark.parametrize("changed, line", BROKEN.values(), ids=BROKEN)
def test_a_show_that_cannot_be_is_told_with_its_file(tmp_path, changed, line):
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SHOW | changed))
    with pytest.raises(ValueError, match=f"mine.yaml: .*({line})"):
        find_show(str(tmp_path / "mine.yaml"))


def test_yaml_cannot_make_objects(tmp_path):
    (tmp_path / "mine.yaml").write_text("stages: !!python/object/apply:os.system ['echo no']")
    with pytest.raises(ValueError, match="mine.yaml, line 1: it is no YAML"):
        find_show(str(tmp_path / "mine.yaml"))
