"""Who speaks which role, and the file that keeps it."""

import pytest

from tts.document import DIRECTION, Chapter, Document, Paragraph, Span
from tts.narration.cast import Cast, cast_of, gender_of, given_cast, roles_of

VOICES = {"kumo": "male", "kathleen": "female", "lj": "female", "rms": "male", "sora": "female"}
PLAY = {"narrator": 50, "Jack": 900, "Algernon": 800, "Gwendolen": 700, "Lane": 5, "Merriman": 4}


def assigned(
    roles: dict[str, int], *, start: dict[str, str] | None = None, given: dict[str, str] | None = None
) -> dict:
    cast = Cast(start)
    cast.assign(roles, VOICES, given or {}, narrator="kathleen")
    return cast.chosen


def play(*lines: tuple[str, str]) -> Document:
    return Document(chapters=[Chapter("Act I", [Paragraph.of(text, speaker=name) for name, text in lines])])


def test_main_roles_get_voices_of_their_own_and_of_their_gender():
    cast = assigned(PLAY)
    assert list(cast) == list(PLAY)
    assert {cast["Jack"], cast["Algernon"]} == {"kumo", "rms"} and VOICES[cast["Gwendolen"]] == "female"
    assert cast["Gwendolen"] not in (cast["Jack"], cast["Algernon"])
    four = assigned({"narrator": 500, **{name: 500 for name in ("Jack", "Tom", "Bob", "Sam")}})
    assert len(set(four.values())) == 5  # no two on one voice while there is another, whatever their gender


def test_a_new_role_changes_no_other():
    before = assigned(PLAY)
    after = assigned({"narrator": 50, "Cecily": 2000, **PLAY}, start=before)
    assert {role: after[role] for role in before} == before
    assert assigned(dict(reversed(PLAY.items()))) == before  # nor does the order in which they appear


def test_what_is_given_wins_whatever_its_case():
    assert assigned(PLAY, given={"jack": "lj"}, start={"Jack": "rms"})["Jack"] == "lj"
    assert assigned({**PLAY, "sora": 5})["sora"] == "sora"  # a role that is the name of a voice


@pytest.mark.parametrize(
    ("start", "given", "reason"),
    [
        ({"Jak": "rms"}, {}, "nobody is called 'Jak' in the text: did you mean Jack"),
        ({}, {"Jak": "rms"}, "--cast Jak=rms: nobody is called 'Jak' in the text: did you mean Jack"),
        ({}, {"Jack": "rsm"}, "no voice, clip or folder 'rsm': did you mean rms"),
    ],
)
def test_an_unknown_role_or_voice_is_named(start, given, reason):
    with pytest.raises(ValueError, match=reason):
        assigned(PLAY, start=start, given=given)


def test_the_cast_of_a_document(tmp_path):
    document = play(("Jack", "I am here."), ("Gwendolen", "Are you?"), ("lj", "Yes."))
    cast = cast_of(document, tmp_path / "cast.yaml", ["jack=kumo"], narrator="kathleen")
    assert (cast.voice("narrator"), cast.voice("Jack"), cast.voice("lj")) == ("kathleen", "kumo", "lj")
    assert cast.voice("Gwendolen") in ("riku", "rms", "sora", "umi") and not (tmp_path / "cast.yaml").exists()


def test_entries_of_the_command_line():
    assert given_cast(["Jack=lj", "Miss Prism = a=b.flac"]) == {"Jack": "lj", "Miss Prism": "a=b.flac"}
    for wrong in ("Jack", "=lj", "Jack="):
        with pytest.raises(ValueError, match="write ROLE=VOICE"):
            given_cast([wrong])


def test_roles_of_a_document_in_the_order_of_appearance():
    document = play(("", "It rains."), ("Bob", "Hi."), ("Ann", "So it does."), ("Bob", "Yes."))
    document.chapters[0].paragraphs.append(Paragraph.of("He goes out.", DIRECTION))
    assert roles_of(document) == {"narrator": 4, "Bob": 2, "Ann": 3}


def test_a_voice_mark_that_is_nobody_is_named_with_its_place():
    document = play(("Ann", "Hi."))
    document.chapters[0].paragraphs.append(Paragraph((Span("x", voice="An"),), place="line 7"))
    with pytest.raises(ValueError, match="line 7: no role and no voice is called 'An': did you mean Ann"):
        roles_of(document)
    assert roles_of(document, ["An"])["An"] == 1


def test_a_file_is_kept_with_what_a_person_wrote_in_it(tmp_path):
    path = tmp_path / "cast.yaml"
    cast = Cast.load(path)
    cast.assign({"narrator": 9, "Jack": 5, "yes: no": 4}, VOICES, {}, narrator="kathleen")
    cast.save(path)
    first = path.read_text()
    assert first.startswith("# Who speaks which role") and Cast.load(path).chosen == cast.chosen
    path.write_text(first.replace(f"Jack: {cast.voice('Jack')}", "# mine\nJack: sora  # calm"))
    again = Cast.load(path)
    again.assign({"narrator": 9, "Jack": 5, "yes: no": 4, "Zoe": 3}, VOICES, {"yes: no": "kumo"}, narrator="lj")
    again.save(path)
    text = path.read_text()
    assert "# mine\nJack: sora  # calm\n" in text and '"yes: no": kumo' in text and "Zoe: " in text
    assert Cast.load(path).chosen == again.chosen == {**again.chosen, "narrator": "kathleen", "Jack": "sora"}
    written = path.stat().st_mtime_ns
    again.save(path)
    assert path.stat().st_mtime_ns == written


def test_a_role_without_a_voice_gets_one(tmp_path):
    (tmp_path / "cast.yaml").write_text("Jack:\nAnn: lj\n")
    assert Cast.load(tmp_path / "cast.yaml").chosen == {"Ann": "lj"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Jack: kathlen\n", "cast.yaml, line 1: Jack: no voice.*did you mean kathleen"),
        ("# x\nAnn: lj\nJack: [\n", "cast.yaml, line 4: it is no list"),
        ("- Jack\n", "cast.yaml: it is no list"),
        ("Jack: {a: b}\n", "cast.yaml: 'Jack' has no single voice"),
        pytest.param("[" * 20_000, "cast.yaml.*it is no list", id="deep"),
        pytest.param("a: " + "x" * 2_000_000, "cast.yaml is too large", id="large"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, text, reason):
    (tmp_path / "cast.yaml").write_text(text)
    with pytest.raises(ValueError, match=reason):
        Cast.load(tmp_path / "cast.yaml")


def test_an_unknown_role_in_the_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "cast.yaml"
    path.write_text("# cast\nJak: lj\n")
    with pytest.raises(ValueError, match="cast.yaml, line 2: nobody is called 'Jak'.*did you mean Jack"):
        Cast.load(path).assign(PLAY, VOICES, {}, narrator="lj", path=path)


@pytest.mark.parametrize(
    ("name", "gender"),
    [("Jack", "male"), ("ALGERNON", "male"), ("Lady Bracknell", "female"), ("MR. BOB", "male"),
     ("Miss Prism", "female"),
     ("Old Woman", "female"), ("STEEL", ""), ("", "")],
)  # fmt: skip
def test_genders_of_names(name, gender):
    assert gender_of(name) == gender
