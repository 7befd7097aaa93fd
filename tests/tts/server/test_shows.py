"""What is asked of a show over HTTP, and what is refused; tests/slow/server makes some."""

import io
import json
import sys
import urllib.error
import urllib.request
import zlib
from pathlib import Path

import openai
import pytest
from PIL import Image

from helpers import serving
from helpers.serving import send_show
from tts.server.jobs import CANCELLED, DONE, MAKING, WAITING, JobStore, ShowJob
from tts.server.offer import offer_of
from tts.server.photo import rewrite
from tts.server.showmaker import Commission
from tts.settings import ROOT
from tts.shows.models.open import label_of, missing_modules
from tts.shows.records import Records

pytestmark = pytest.mark.skipif(bool(missing_modules()), reason="needs the group shows")
ADDRESS = "http://127.0.0.1:1/v1#strong"  # where nobody answers, as nothing is made here


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("voice=someone", f"writers=[smollm,'{ADDRESS}']", "shows_per_user=3", "picture_pixels=1000000")


@pytest.fixture(scope="module")
def users() -> tuple[str, ...]:
    return ("ann", "bob")


@pytest.fixture(scope="module")
def service(home, overrides, users, tmp_path_factory):
    """One that makes nothing, so that what was asked for stays as it is."""
    return serving.make_service(home, tmp_path_factory.mktemp("data"), *overrides, users=users)


@pytest.fixture(scope="module")
def two(service, tmp_path_factory):
    with serving.for_two(service, tmp_path_factory.mktemp("keys"), makes=False) as two:
        yield two


@pytest.fixture
def ann(two):
    """The client of one, who has no shows when the test ends."""
    yield two.ann
    for job in two.ann.get("/shows", cast_to=dict)["data"]:
        two.ann.delete(f"/shows/{job['id']}", cast_to=dict)


def folder_of(service, job: dict) -> Path:
    return Path(service.conf["data"]) / "shows" / job["id"]


def picture(width: int = 40, height: int = 30, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(file, form, **options)
    return file.getvalue()


def test_the_offer_says_what_may_be_asked_for(ann):
    offer = ann.get("/shows/offer", cast_to=dict)
    shows = {own["name"]: own for own in offer["shows"]}
    assert {name: own["input"] for name, own in shows.items()} == {
        "bedtime": "text", "literai": "document", "picturebook": "picture"
    }  # fmt: skip
    assert shows["literai"]["hosts"] == {"Ann": "kathleen", "Ben": "kumo"} and shows["literai"]["chapters"]
    assert "calm" in shows["picturebook"]["genres"] and shows["picturebook"]["age"] == 5
    assert shows["bedtime"]["stages"][:2] == ["plan", "story"] and not shows["bedtime"]["genres"]
    assert offer["writers"] == ["smollm", "strong"] and "127.0.0.1" not in json.dumps(offer)


def test_what_is_asked_for_becomes_an_order_without_a_path_or_an_address_of_the_users(ann, service):
    job = send_show(ann, "bedtime", text="Rain on the roof.", writer="strong", minutes=2, bed="wind", until="story")
    assert (job["state"], job["title"], job["until"]) == (WAITING, "Rain on the roof", "story")
    assert {stage["state"] for stage in job["stages"]} == {"waiting"} and job["files"] == []
    asked = Commission.read(folder_of(service, job))
    assert (folder_of(service, job) / asked.input).read_text() == "Rain on the roof."
    assert asked.order.models == {"writer": ADDRESS, "eye": "glance", "painter": "icons"}
    settings = asked.order.settings
    assert (settings["minutes"], settings["bed"], settings["mark"]) == (2, "wind", False)
    assert settings["base"] == job["address"] and "/feeds/ann-" in job["address"]
    assert Path(asked.order.voice).parent.parent == folder_of(service, job) / "cast"
    assert "steps=1" in settings["speaking"]


@pytest.mark.parametrize(
    "show, text, file, options, param",
    [
        ("bedtime", None, None, {}, "text"),
        ("bedtime", " \n", None, {}, "text"),
        ("bedtime", "x" * 5000, None, {}, "text"),
        ("bedtime", "x", None, {"writer": "http://169.254.169.254/v1#m"}, "writer"),
        ("bedtime", "x", None, {"painter": "/etc"}, "painter"),
        ("bedtime", "x", None, {"voice": "/etc/passwd"}, "voice"),
        ("bedtime", "x", None, {"bed": "/etc/passwd"}, "bed"),
        ("bedtime", "x", None, {"genre": "calm"}, "genre"),
        ("bedtime", "x", None, {"cast": {"Ann": "someone"}}, "cast"),
        ("bedtime", "x", None, {"minutes": 9999}, "minutes"),
        ("bedtime", "x", None, {"until": "../x"}, "until"),
        ("bedtime", "x", None, {"base": "http://x"}, "base"),
        ("/etc/passwd", "x", None, {}, "show"),
        ("literai", None, ("a.exe", b"MZ"), {}, "file"),
        ("literai", "x", None, {"chapters": "three"}, "chapters"),
        ("literai", "x", None, {"cast": {"Ann": "../bob"}}, "cast"),
        ("picturebook", "x", None, {}, "file"),
        ("picturebook", None, ("a.jpg", b"no picture"), {}, "file"),
        ("picturebook", None, ("a.png", picture()), {"genre": "horror"}, "genre"),
        ("picturebook", None, ("a.png", picture()), {"age": 0}, "age"),
        ("picturebook", None, ("a.png", picture()), {"language": "German"}, "language"),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_nothing(ann, service, show, text, file, options, param):
    with pytest.raises(openai.BadRequestError) as error:
        send_show(ann, show, text=text, file=file, **options)
    assert error.value.param == param
    assert ann.get("/shows", cast_to=dict)["data"] == []
    assert not list((Path(service.conf["data"]) / "shows").glob("*"))


def test_a_user_has_so_many_shows_at_most(ann):
    for _ in range(3):
        send_show(ann, "bedtime", text="Rain.")
    with pytest.raises(openai.ConflictError) as error:
        send_show(ann, "bedtime", text="Rain.")
    assert error.value.code == "too_many_shows"


def test_all_users_together_have_a_queue_that_ends(ann, two, service, monkeypatch):
    monkeypatch.setitem(service.conf, "shows_waiting", 1)
    send_show(ann, "bedtime", text="Rain.")
    with pytest.raises(openai.InternalServerError) as error:
        send_show(two.bob, "bedtime", text="Rain.")
    assert error.value.status_code == 503 and error.value.response.headers["retry-after"]


def test_narrations_and_shows_are_kept_apart_and_users_take_turns(tmp_path):
    shows, narrations = JobStore(tmp_path / "jobs.sqlite", ShowJob), JobStore(tmp_path / "jobs.sqlite")
    for user in ("ann", "ann", "bob"):
        shows.save(shows.add(user, user, show="bedtime", stages={"plan": "made"}))
    narrations.save(book := narrations.add("ann", "a book"))
    assert [job.title for job in narrations.of("ann")] == ["a book"] and shows.find("ann", book.id) is None
    assert [shows.begin().user for _ in range(3)] == ["ann", "bob", "ann"] and shows.begin() is None
    assert narrations.begin().id == book.id and shows.waiting() == 0
    assert shows.of("ann")[0].stages == {"plan": "made"} and shows.of("ann")[0].state == MAKING
    shows.recover()
    assert shows.waiting() == 3 and narrations.of("ann")[0].state == MAKING
    for store in (shows, narrations):
        store.close()


@pytest.fixture
def cat(ann, service) -> tuple[dict, Path]:
    """A picture book of ann's that has ended, as its user sees it, and its folder."""
    store = JobStore(Path(service.conf["data"]) / "jobs.sqlite", ShowJob)
    job = send_show(ann, "picturebook", file=("cat.png", picture()), about="A cat.")
    folder = folder_of(service, job) / "project"
    folder.mkdir()
    texts = {"plan.yaml": "name: Nell", "story.md": "It rained.", "pictures.yaml": "[]", "book.html": "<b>page</b>"}
    for name, text in (texts | {"credits.md": "- me", "secret.txt": "x"}).items():
        (folder / name).write_text(text)
    own = store.find("ann", job["id"])
    own.state, own.files, own.stages = DONE, [*texts, "credits.md"], {"plan": "made", "story": "made"}
    store.save(own)
    store.close()
    return serving.state(ann, job), folder


def test_a_photo_is_kept_as_a_plain_picture(cat):
    job, folder = cat
    with Image.open(folder.parent / "input.jpg") as image:
        assert image.format == "JPEG" and image.size == (40, 30)
    assert job["title"] == "cat" and not (folder.parent / "sent").exists()


def test_texts_between_stages_are_edited_and_what_is_no_text_of_a_stage_is_not(ann, cat):
    job, folder = cat
    texts = {stage["name"]: stage["texts"] for stage in job["stages"]}
    assert texts["plan"] == ["plan.yaml"] and texts["story"] == ["story.md"] and texts["scenes"] == ["pictures.yaml"]
    assert texts["publish"] == texts["book"] == []
    path = f"/shows/{job['id']}/texts"
    ann.put(f"{path}/story.md", cast_to=dict, body={"text": "It snowed."})
    assert (folder / "story.md").read_text() == "It snowed."
    for name in ("credits.md", "book.html", "secret.txt", "description.yaml", "..%2forder.json"):
        with pytest.raises(openai.NotFoundError):
            ann.put(f"{path}/{name}", cast_to=dict, body={"text": "x"})
    for text, line in (("a: [", "no YAML in line 1"), ("a: &x [1]\nb: *x", "& and *"), ("[" * 9999, "no YAML")):
        with pytest.raises(openai.BadRequestError, match=line) as error:
            ann.put(f"{path}/plan.yaml", cast_to=dict, body={"text": text})
        assert error.value.code == "invalid_yaml"
    assert (folder / "plan.yaml").read_text() == "name: Nell"


def test_going_on_says_where_to_stop_and_what_to_make_anew(ann, cat):
    job, folder = cat
    path = f"/shows/{job['id']}"
    for wrong in ({"until": "stroy"}, {"redo": ["stroy"]}, {"writer": "x"}):
        with pytest.raises(openai.BadRequestError):
            ann.post(f"{path}/resume", cast_to=dict, body=wrong)
    now = ann.post(f"{path}/resume", cast_to=dict, body={"until": "scenes", "redo": ["story"]})
    assert now["state"] == WAITING and Commission.read(folder.parent).until == now["until"] == "scenes"
    assert Records(folder).get("story").redo and not Records(folder).get("plan").redo
    with pytest.raises(openai.ConflictError):
        ann.put(f"{path}/texts/story.md", cast_to=dict, body={"text": "x"})
    with pytest.raises(openai.ConflictError):
        ann.post(f"{path}/resume", cast_to=dict)
    assert ann.post(f"{path}/cancel", cast_to=dict)["state"] == CANCELLED
    assert ann.post(f"{path}/resume", cast_to=dict)["until"] is None


def test_one_user_never_sees_the_shows_of_another(ann, two, cat):
    job, _ = cat
    path = f"/shows/{job['id']}"
    assert two.bob.get("/shows", cast_to=dict)["data"] == []
    for method, own, body in (
        ("get", "", None), ("get", "/events", None), ("get", "/files/story.md", None), ("delete", "", None),
        ("post", "/cancel", {}), ("post", "/resume", {}), ("put", "/texts/story.md", {"text": "x"}),
    ):  # fmt: skip
        with pytest.raises(openai.NotFoundError):
            getattr(two.bob, method)(path + own, cast_to=dict, **({} if body is None else {"body": body}))
    with urllib.request.urlopen(
        urllib.request.Request(f"{two.address}/v1/shows/events", headers={"Authorization": f"Bearer {two.keys['bob']}"})
    ) as answer:
        assert answer.read() == b""


def opened(address: str):
    return urllib.request.urlopen(address)


def test_the_address_of_a_show_opens_that_show_alone_and_its_page_is_a_stranger(ann, cat):
    job, _ = cat
    with opened(f"{job['address']}/book.html") as answer:  # without a key
        assert answer.read() == b"<b>page</b>" and answer.headers["content-security-policy"] == "sandbox allow-scripts"
    code = job["address"].split("/")[-2]
    feed = ann.get("/narrations/feed", cast_to=dict)["url"].removesuffix("/feed.xml")
    other = send_show(ann, "bedtime", text="Rain.")
    for wrong in (
        f"{job['address']}/secret.txt", f"{job['address']}/..%2forder.json",
        f"{job['address'].replace('ann-', 'bob-')}/book.html",
        job["address"].replace(job["id"], other["id"]) + "/book.html", f"{feed}/{job['id']}/story.md",
        feed.replace(feed.split("/")[-1], code) + "/feed.xml",
    ):  # fmt: skip
        with pytest.raises(urllib.error.HTTPError) as error:
            opened(wrong)
        assert error.value.code == 404, wrong


def bomb() -> bytes:
    """A PNG of a few KB that says it has 40,000 x 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = (40_000).to_bytes(4, "big") * 2 + b"\x08\x02\x00\x00\x00"
    body = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data, line",
    [
        (bomb(), "40000 x 40000 pixels; at most 1,000,000 are read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(%pipe%id) (w) file\n", "no picture that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "no picture that can be read"),
        (picture()[:-30], "damaged or cut off"),
        (picture(8, 3000), "send a larger one"),
    ],
    ids=["bomb", "postscript", "svg", "cut", "thin"],
)
def test_a_picture_that_could_harm_is_refused(tmp_path, data, line):
    (tmp_path / "sent").write_bytes(data)
    with pytest.raises(ValueError, match=line):
        rewrite(tmp_path / "sent", tmp_path / "kept.jpg", 1_000_000)
    assert not (tmp_path / "kept.jpg").exists()


def test_a_picture_is_written_anew_turned_and_without_what_else_it_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "at home, 52.5 N 13.4 E"  # on its side
    (tmp_path / "sent").write_bytes(picture(3000, 100, "JPEG", exif=exif))
    rewrite(tmp_path / "sent", tmp_path / "kept.jpg", 1_000_000)
    with Image.open(tmp_path / "kept.jpg") as image:
        assert image.size == (68, 2048) and not image.getexif()
    assert b"at home" in (tmp_path / "sent").read_bytes() and b"at home" not in (tmp_path / "kept.jpg").read_bytes()


WRONG = {
    "show": ({"shows": ["bedtme"]}, "no show 'bedtme'"),
    "twice": ({"shows": ["bedtime", str(ROOT / "conf/shows/bedtime.yaml")]}, "two of them have the same name"),
    "writer": ({"writers": ["chatgpt"]}, "no writer 'chatgpt': give smollm, URL#MODEL"),
    "model": ({"painters": ["http://h/v1"]}, "name the model after a #"),
    "none": ({"eyes": []}, "name at least one"),
}


@pytest.mark.parametrize("changed, line", WRONG.values(), ids=WRONG)
def test_an_operator_who_offers_what_is_none_is_told(service, changed, line):
    with pytest.raises(ValueError, match=line):
        offer_of(service.conf | changed)


def test_models_are_known_by_a_label_and_not_by_their_place(tmp_path):
    (tmp_path / "flan-t5").mkdir()
    assert [label_of("writer", one) for one in ("smollm", "https://h/v1#qwen3:8b", str(tmp_path / "flan-t5"))] == [
        "smollm", "qwen3:8b", "flan-t5"
    ]  # fmt: skip


def test_without_the_group_there_are_no_shows_and_one_error_says_so(service, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "segno", None)
    with serving.for_two(service, tmp_path) as two:
        for ask in (lambda: two.ann.get("/shows", cast_to=dict), lambda: send_show(two.ann, "bedtime", text="Rain.")):
            with pytest.raises(openai.NotFoundError, match="started without --group shows") as error:
                ask()
            assert error.value.code == "shows_not_offered"
        with opened(f"{two.address}/") as answer:
            assert "&quot;shows&quot;: false" in answer.read().decode()
    monkeypatch.undo()
    assert offer_of(service.conf | {"shows": []}).missing == "this server makes none"
