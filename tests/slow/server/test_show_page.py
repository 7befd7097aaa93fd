"""Shows on the page in a real browser: ordered by keyboard, followed, edited, seen, heard and fetched."""

import pytest
from PIL import Image

from helpers import answering, serving
from helpers.browser import CHROMIUM, Browser
from helpers.page_fixtures import broken, choose_file, fetched, outside, texts, visit
from tts.shows.models.open import missing_modules

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="needs chromium"),
    pytest.mark.skipif(bool(missing_modules()), reason="needs the group shows"),
]
HOSTILE = "<img src=x onerror=document.title='taken'>"
STATE = "document.querySelector('#show-list .hint')?.textContent"


@pytest.fixture(scope="module")
def writer():
    with answering.serving() as server:
        yield server


@pytest.fixture(scope="module")
def overrides(writer) -> tuple[str, ...]:
    models = [
        f"{kind}=['{writer.address}#{kind}',{own}]" for kind, own in (("writers", "smollm"), ("painters", "icons"))
    ]
    return ("voice=someone", *models)


@pytest.fixture
def shows(page, tmp_path):
    """The part of the page for shows, with no show on it when the test ends."""
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.value("location.hash = '#shows'")
    page.until("document.querySelectorAll('#show [name=kind]').length === 3")
    yield page
    page.value("globalThis.confirm = () => true")
    buttons = "[...document.querySelectorAll('#show-list button')].filter((own) => !own.hidden)"
    stops, deletes = (f"{buttons}.filter((own) => own.textContent === '{word}')" for word in ("Stop", "Delete"))
    page.value(f"{stops}.forEach((own) => own.click())")
    page.until(f"{deletes}.length === document.querySelectorAll('#show-list > li').length")
    page.value(f"{deletes}.forEach((own) => own.click())")
    page.until("!document.querySelector('#show-list > li')")


def pick(page: Browser, kind: str) -> None:
    page.value(f"document.querySelector('#show [value={kind}]').click()")


def seen(page: Browser) -> set[str]:
    """What can be told about the show that is chosen."""
    shown = "[...document.querySelectorAll('#show [data-option]')].filter((own) => !own.hidden)"
    return set(page.value(f"{shown}.map((own) => own.dataset.option)"))


def test_each_show_asks_for_what_it_is_made_from(shows):
    assert texts(shows, "#show .kinds strong") == ["Bedtime story", "Literary talk", "Picture book"]
    common = {"minutes", "bed", "writer", "painter"}
    assert seen(shows) == common | {"voice"} and not shows.value("$('show-text').hidden")
    pick(shows, "literai")
    assert seen(shows) == common | {"chapters"}
    assert texts(shows, "#show-hosts label")[0].startswith("Ann") and not shows.value("$('show-file').hidden")
    pick(shows, "picturebook")
    assert seen(shows) == common | {"about", "genre", "age", "language", "voice"}
    assert shows.value("$('show-text').hidden") and "calm" in texts(shows, "#show-genre option")
    assert shows.value("$('show').requestSubmit(), $('status').textContent") == "Choose a photo first."


def test_from_a_prompt_to_a_story_that_is_edited_and_heard_by_keyboard_alone(shows, tmp_path):
    shows.tab_to("own.id === 'show-words'")
    shows.type("It is raining.")
    shows.tab_to("own.id === 'show-minutes'")
    shows.value("document.activeElement.select()")
    shows.type("0.5")
    shows.value("document.querySelector('#show details').open = true")
    shows.tab_to("own.id === 'show-until'")
    shows.press("ArrowDown")
    shows.press("ArrowDown")
    assert shows.value("document.activeElement.value") == "story"
    shows.tab_to("own.textContent === 'Make the show'")
    shows.press("Enter")
    shows.until("document.activeElement.textContent === 'It is raining'")
    shows.until(f"{STATE}.includes('Pauses after “story”')")
    assert texts(shows, "#show-list .made")[:2] == ["plan: made", "story: made"]
    shows.tab_to("own.textContent === 'Edit story.md'")
    shows.press("Enter")
    shows.until("document.activeElement.id === 'text-words' && document.activeElement.value.length > 100")
    shows.value("document.activeElement.select()")
    shows.type(f"A goose slept by the river {HOSTILE}. It dreamed of the sea.")
    shows.tab_to("own.id === 'text-go'")
    shows.press("Enter")
    shows.until(f"{STATE}.includes('Done')")
    assert (
        texts(shows, "#show-list .edited") == ["story: edited by you"] and shows.value("document.title") == "Triforce"
    )
    shows.value("document.querySelector('.result audio').play()")
    shows.until("document.querySelector('.result audio').currentTime > 0.2")
    shows.value("document.querySelector('.result audio').pause()")
    assert shows.until("document.querySelector('.result img').naturalWidth") == 1400
    shows.tab_to("own.textContent === 'episode.mp3'")
    shows.press("Enter")
    assert fetched(tmp_path / "episode.mp3").stat().st_size > 1000
    title = shows.value("document.querySelector('#show-list h3').textContent")
    link = shows.value("document.querySelector('.result a.button').href")
    shows.open(link)  # the player, which has neither key nor name of this service
    shows.until("document.querySelectorAll('.sentence').length > 0")
    assert "A goose slept" in shows.value("document.body.textContent") and title in shows.value("document.title")
    assert shows.value("origin") == "null"
    shows.value("document.querySelector('audio').play()")
    shows.until("document.querySelector('audio').currentTime > 0.2")
    visit(shows, link.split("/feeds/")[0])
    shows.value("location.hash = '#shows'")
    shows.until("Boolean(document.querySelector('#show-list li'))")


def test_what_is_wrong_with_an_edit_is_told_beside_it(shows):
    shows.value("$('show-words').value = 'Rain.', $('show-until').value = 'plan', $('show').requestSubmit()")
    shows.until(f"{STATE}?.includes('Pauses')")
    shows.value("[...document.querySelectorAll('button')].find((own) => own.textContent === 'Edit plan.yaml').click()")
    shows.until("$('text-dialog').open && $('text-words').value")
    shows.value("$('text-words').value = 'name: [', $('text-save').click()")
    shows.until("$('text-wrong').textContent === 'It is no YAML in line 1.'")
    shows.press("Escape")
    shows.until("document.activeElement.textContent === 'Edit plan.yaml'")
    assert len(shows.errors) == 1 and "400 (Bad Request)" in shows.errors.pop()  # the browser's own word for it


def test_a_photo_becomes_a_book_that_opens_and_reads_aloud(shows, tmp_path):
    Image.new("RGB", (80, 60), (90, 140, 60)).save(tmp_path / "cat.png")
    pick(shows, "picturebook")
    choose_file(shows, "#show-sent", tmp_path / "cat.png")
    shows.until("!$('show-photo').hidden && $('show-photo').naturalWidth === 80")
    shows.value("$('show-about').value = 'A cat.', $('show-genre').value = 'calm', $('show-minutes').value = 0.5")
    shows.value("$('show').requestSubmit()")
    shows.until(f"{STATE}?.includes('Done')")
    assert {"book.epub", "book.pdf", "feed.xml"} <= set(texts(shows, ".result a"))
    link = shows.value("document.querySelector('.result a.button').href")
    shows.open(link)
    shows.until("audio.readyState > 0")
    shows.press("ArrowRight")
    shows.until("here === 0 && !turning")
    shows.value("audio.play()")
    shows.until("Boolean(document.querySelector('.word.now'))")
    visit(shows, link.split("/feeds/")[0])
    shows.value("location.hash = '#shows'")
    shows.until("Boolean(document.querySelector('#show-list li'))")


@pytest.mark.parametrize("width, height, phone, dark", [(1280, 800, False, False), (360, 640, True, True)])
def test_axe_finds_nothing_and_nothing_lies_outside_the_window(shows, axe, width, height, phone, dark):
    shows.look(width, height, phone=phone, dark=dark)
    for kind in ("literai", "picturebook", "bedtime"):
        pick(shows, kind)
        shows.value("document.querySelector('#show details').open = true")
        assert broken(shows, axe) == [] and outside(shows) == []
    shows.value("$('show-words').value = 'Rain.', $('show-minutes').value = 0.5, $('show').requestSubmit()")
    shows.until(f"{STATE}?.includes('Done')")
    shows.value("document.querySelectorAll('#show-list details').forEach((own) => { own.open = true; })")
    assert broken(shows, axe) == [] and outside(shows) == []
    shows.value("[...document.querySelectorAll('button')].find((own) => own.textContent === 'Edit story.md').click()")
    shows.until("$('text-dialog').open")
    assert broken(shows, axe) == [] and outside(shows) == []
    shows.value("$('text-cancel').click()")
    assert shows.value("document.documentElement.scrollWidth") <= width


def test_with_keys_each_user_sees_the_own_shows_alone(home, writer, chromium, overrides, tmp_path):
    service = serving.make_service(home, tmp_path / "data", *overrides, users=("ann", "bob"))
    with serving.for_two(service, tmp_path) as two:
        serving.send_show(two.bob, "bedtime", text="Of Bob.", until="plan")
        chromium.open(f"{two.address}/")
        chromium.until("$('key-dialog').open")
        chromium.value(
            f"$('key-words').value = {two.keys['ann']!r}, document.querySelector('#key-dialog button').click()"
        )
        chromium.until("document.querySelectorAll('#voice option').length > 0")
        chromium.value("location.hash = '#shows'")
        chromium.until("document.querySelectorAll('#show [name=kind]').length === 3")
        chromium.value("$('show-words').value = 'Rain.', $('show-minutes').value = 0.5, $('show').requestSubmit()")
        chromium.until(f"{STATE}?.includes('Done')")
        assert len(texts(chromium, "#show-list li h3")) == 1
        assert chromium.until("document.querySelector('.result img').naturalWidth")  # though pictures bring no key


def test_where_no_shows_are_offered_the_page_has_none(home, chromium, tmp_path):
    service = serving.make_service(home, tmp_path / "data", "voice=someone", "shows=[]")
    with serving.running(service) as address:
        visit(chromium, address)
        assert chromium.value("document.querySelector('nav a[href=\"#shows\"]').hidden")
        chromium.value("location.hash = '#shows'")
        assert chromium.value("$('shows').hidden && !$('speak').hidden")
