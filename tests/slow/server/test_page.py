"""The page in a real browser, with a service that speaks: by keyboard, on a phone, in the dark, and by axe's rules."""

import json
import os

import pytest
import soundfile

from helpers import nano, serving
from helpers.browser import CHROMIUM, Browser
from helpers.page_fixtures import broken, choose_file, fetched, outside, texts, visit

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs chromium")]

TEXT = "The kettle sang. Nobody cried,\nand that was all.\n\nIt <b>boiled</b>."
SENTENCES = ["The kettle sang.", "Nobody cried, and that was all.", "It boiled."]
PLAY = "# The Door\n\nJack: Who is there?\n\nGwen: It is only me.\n\nJack: Then come in.\n\nGwen: Is there tea?\n"
HOSTILE = "<img src=x onerror=document.title='taken'>"


@pytest.fixture(scope="module")
def overrides() -> tuple[str, ...]:
    return ("voice=someone", "body_kb=512")


def speak(page: Browser, text: str = TEXT) -> None:
    """Say a text, to its end."""
    page.value(f"$('words').value = {text!r}, $('speak-button').click()")
    page.until("!$('save').disabled")


WATCH = """
globalThis.seen = [],
+function watch() {
  const word = document.querySelector(".word.now")?.textContent;
  if (word && word !== seen.at(-1)) seen.push(word);
  requestAnimationFrame(watch);
}()
"""


def test_words_are_marked_while_they_are_heard_and_a_click_leads_to_them(page):
    speak(page)
    assert texts(page, "#reading .sentence") == SENTENCES
    assert page.value("$('reading').textContent") == "The kettle sang. Nobody cried, and that was all.\n\nIt boiled."
    page.until("$('play').ariaLabel === 'Play'")
    page.value(f"$('seek').value = 0, $('seek').oninput(), {WATCH}")
    page.value("$('play').click()")
    page.until("$('play').ariaLabel === 'Play'")
    said = [word.strip(".,") for word in " ".join(SENTENCES).split()]
    places = [said.index(word) for word in page.value("seen")]
    assert places == sorted(places) and len(places) >= 3
    page.value("[...document.querySelectorAll('.word')].find((own) => own.textContent === 'cried').click()")
    assert texts(page, ".word.now") == ["cried"] and texts(page, ".sentence.here") == [SENTENCES[1]]
    page.press("ArrowRight")
    assert texts(page, ".sentence.here") == [SENTENCES[2]]


def test_a_sentence_is_edited_and_only_it_is_heard_again(page):
    speak(page)
    page.value("$('main').focus(), document.querySelectorAll('#reading .sentence')[1].click()")
    asked = len(page.requests)
    page.press("e")
    page.until("document.activeElement.matches('.editing textarea')")
    page.value("document.activeElement.value = 'Somebody laughed.'")
    page.press("Enter")
    page.until("!document.querySelector('.editing') && $('play').ariaLabel === 'Play'")
    assert texts(page, "#reading .sentence") == [SENTENCES[0], "Somebody laughed.", SENTENCES[2]]
    assert page.value("$('words').value") == "The kettle sang. Somebody laughed.\n\nIt <b>boiled</b>."
    assert len(page.requests) == asked + 1
    assert page.value("document.querySelector('.sentence.here').textContent") == "Somebody laughed."
    page.press("e")
    page.press("Escape")
    assert texts(page, "#reading .sentence")[1] == "Somebody laughed."


def edited(page: Browser, number: int, said: str) -> tuple[str, str]:
    """What was there to be edited, and what was sent for the sentence in its place."""
    page.value(f"$('main').focus(), document.querySelectorAll('#reading .sentence')[{number}].click()")
    page.value(
        "window.sent = [], window.fetching ??= window.fetch, window.fetch = (at, options) => "
        "(sent.push(options.body), fetching(at, options))"
    )
    page.press("e")
    page.until("document.activeElement.matches('.editing textarea')")
    before = page.value("document.activeElement.value")
    page.value(f"document.activeElement.value = {said!r}")
    page.press("Enter")
    page.until("!document.querySelector('.editing') && $('play').ariaLabel === 'Play'")
    (sent,) = page.value("sent")
    return before, json.loads(sent)["input"]


def test_a_sentence_of_a_marked_text_keeps_its_voice_and_its_marks(page):
    marked = "[voice someone]\n\nThe kettle [pause 0.5] sang. Nobody cried.\n\n[/voice]\n\nIt boiled."
    speak(page, marked)
    assert texts(page, "#reading .sentence") == ["The kettle", "sang.", "Nobody cried.", "It boiled."]
    assert edited(page, 1, "boiled.") == ("sang.", "[voice someone]boiled.")
    assert edited(page, 3, "It sang [pause 1] twice.") == ("It boiled.", "It sang [pause 1] twice.")
    after = "[voice someone]\n\nThe kettle [pause 0.5] boiled. Nobody cried.\n\n[/voice]\n\nIt sang [pause 1] twice."
    assert page.value("$('words').value") == after


def test_a_sentence_of_ssml_keeps_the_elements_around_it_and_in_it(page):
    begin, middle = "<speak><prosody rate='slow'>", "Nobody <w>cried</w> &amp; laughed.</prosody> "
    speak(page, f"{begin}The kettle sang. {middle}<voice name='someone'>It boiled.</voice></speak>")
    assert texts(page, "#reading .sentence") == ["The kettle sang.", "Nobody cried & laughed.", "It boiled."]
    assert page.value("$('reading').textContent") == "The kettle sang. Nobody cried & laughed. It boiled."
    before, sent = edited(page, 1, "Nobody <w>slept</w>.")
    assert before == "Nobody <w>cried</w> &amp; laughed."
    assert sent == f"{begin}Nobody <w>slept</w>.</prosody></speak>"
    assert edited(page, 2, "It sang.") == ("It boiled.", "<speak><voice name='someone'>It sang.</voice></speak>")
    rest = "Nobody <w>slept</w>.</prosody> <voice name='someone'>It sang.</voice></speak>"
    assert page.value("$('words').value") == f"{begin}The kettle sang. {rest}"
    assert texts(page, "#reading .sentence") == ["The kettle sang.", "Nobody slept.", "It sang."]


def test_a_mended_text_sounds_as_if_it_had_been_so_from_the_beginning(page, tmp_path):
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    speak(page, "The kettle sang. Nobody cried.")
    page.value("$('main').focus(), document.querySelectorAll('#reading .sentence')[0].click()")
    page.press("e")
    page.value("document.activeElement.value = 'Somebody laughed.'")
    page.press("Enter")
    page.until("!document.querySelector('.editing') && !$('save').disabled")
    page.value("$('save').click()")
    mended, _ = soundfile.read(fetched(tmp_path / "speech.wav"), dtype="int16")
    os.remove(tmp_path / "speech.wav")
    speak(page, "Somebody laughed. Nobody cried.")
    page.value("$('save').click()")
    whole, rate = soundfile.read(fetched(tmp_path / "speech.wav"), dtype="int16")
    assert rate == 24000 and (mended == whole).all()


def test_the_history_brings_a_text_back_and_is_forgotten(page, address):
    speak(page)
    visit(page, address)
    page.value("$('history').open = true, document.querySelector('#history ol button').click()")
    assert page.value("$('words').value") == TEXT
    page.value("$('forget').click()")
    assert page.value("$('history').hidden")


def test_a_long_text_is_offered_as_a_book(page):
    page.value("$('words').value = 'It sang. '.repeat(600), $('words').oninput()")
    assert page.value("$('speak-button').disabled") and "audiobook" in page.value("$('words-hint').textContent")
    page.value("$('as-book').click()")
    page.until("!$('outline').hidden")
    assert "1,200 words" in page.value("$('outline-size').textContent")


def test_from_first_visit_to_a_downloaded_m4b_by_keyboard_alone(page, tmp_path):
    page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.tab_to("own.id === 'words'")
    page.type(PLAY)
    page.tab_to("own.id === 'as-book'")
    page.press("Enter")
    page.until("document.activeElement.id === 'outline-title'")
    assert texts(page, "#cast label")[0].startswith("Jack (6 words)")
    page.tab_to("own.dataset.role === 'Gwen'")
    page.press("ArrowDown")  # from "chosen for you" to the first voice
    assert page.value("document.activeElement.value") == serving.VOICE
    page.tab_to("own.textContent === 'Make the audiobook'")
    page.press("Enter")
    page.until("document.activeElement.textContent === 'The Door'")
    page.until("document.querySelectorAll('#jobs a').length > 0")
    page.tab_to("own.textContent === 'Listen'")
    page.press("Enter")
    page.until("Boolean(document.querySelector('#listen-text .word.now'))")
    assert texts(page, "#listen-text .speaker") == ["Jack", "Gwen", "Jack", "Gwen"]
    page.tab_to("own.id === 'listen-close'")
    page.press("Enter")
    page.tab_to("own.textContent === 'The Door.m4b'")
    page.press("Enter")
    assert fetched(tmp_path / "The Door.m4b").stat().st_size > 1000
    page.value("globalThis.confirm = () => true")
    page.tab_to("own.textContent === 'Delete'")
    page.press("Enter")
    page.until("!$('no-jobs').hidden")


def test_voices_are_mixed_cloned_heard_and_deleted_and_their_names_are_text(page, tmp_path):
    page.value("globalThis.confirm = () => true")
    page.value(f"location.hash = '#voices', $('mix-name').value = {HOSTILE!r}, $('mix').requestSubmit()")
    page.until("document.querySelectorAll('#voice-list li').length === 2")
    assert texts(page, "#voice-list strong") == ["someone", HOSTILE] and page.value("document.title") == "Triforce"
    clip = nano.hum(tmp_path / "me.wav")
    choose_file(page, "#clone-files", clip)
    page.value("$('clone-name').value = 'me', $('clone').requestSubmit()")
    assert page.value("document.querySelectorAll('#voice-list li').length") == 2  # consent is not given
    page.value("$('consent').click(), $('clone').requestSubmit()")
    page.until("document.querySelectorAll('#voice-list li').length === 3")
    page.value("document.querySelector('[aria-label=\"Hear me\"]').click()")
    page.until("performance.getEntriesByType('resource').some((own) => own.name.endsWith('/v1/audio/speech'))")
    for name in ("me", HOSTILE):
        page.value(
            f"[...document.querySelectorAll('button')].find((own) => own.ariaLabel === {f'Delete {name}'!r}).click()"
        )
        page.until(f"![...document.querySelectorAll('strong')].some((own) => own.textContent === {name!r})")


def test_html_in_what_is_written_is_text(page):
    speak(page, f"It {HOSTILE} sang.")
    page.value(f"$('words').value = {PLAY.replace('Jack', HOSTILE)!r}, $('as-book').click()")
    page.until("!$('outline').hidden")
    page.value("$('dismiss').click()")
    assert page.value("document.title") == "Triforce"
    assert page.value("document.querySelectorAll('img:not([id])').length") == 0  # the page's own picture has one


@pytest.mark.parametrize("part", ["speak", "books", "voices"])
@pytest.mark.parametrize("width, height, phone, dark", [(1280, 800, False, False), (360, 640, True, True)])
def test_nothing_lies_outside_the_window(page, part, width, height, phone, dark, tmp_path):
    page.look(width, height, phone=phone, dark=dark)
    page.value(f"location.hash = '#{part}'")
    if part == "speak":
        speak(page)
    assert page.value("document.documentElement.scrollWidth") <= width
    assert outside(page) == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing(page, axe, dark):
    page.look(1280, 800, dark=dark)
    assert broken(page, axe) == []
    speak(page)
    page.value("$('history').open = true, document.querySelectorAll('#reading .sentence')[1].click()")
    assert broken(page, axe) == []
    page.value("$('edit').click()")
    assert broken(page, axe) == []
    page.value(f"$('words').value = {PLAY!r}, $('as-book').click()")
    page.until("!$('outline').hidden")
    page.value("document.querySelector('#outline details').open = true")
    assert broken(page, axe) == []
    page.value("location.hash = '#voices'")
    page.until("!$('voices').hidden")
    assert broken(page, axe) == []


def test_with_keys_the_page_asks_for_one(home, chromium, tmp_path):
    service = serving.make_service(home, tmp_path / "data", "voice=someone", users=("ann", "bob"))
    with serving.for_two(service, tmp_path) as two:
        chromium.open(f"{two.address}/")
        for key in ("wrong", two.keys["ann"]):
            chromium.until("$('key-dialog').open")
            chromium.value(f"$('key-words').value = {key!r}, document.querySelector('#key-dialog button').click()")
        chromium.until("document.querySelectorAll('#voice option').length > 0")
        speak(chromium, "It sang.")
        assert texts(chromium, "#reading .sentence") == ["It sang."] and not chromium.value("$('key').hidden")
