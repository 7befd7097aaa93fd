"""The player in a real browser, from a file, with real sound."""

from dataclasses import replace
from pathlib import Path

import pytest

from helpers import sounds, timelines
from helpers.browser import CHROMIUM, Browser
from tts.narration import player

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs chromium")]

BOOK = replace(timelines.book(), title="<i>Salt</i></title><script>document.title = 'taken'</script>")
TIMELINE = timelines.of(BOOK)
LATE = TIMELINE.chapters[0].segments[1].words[2]  # "late" of "It was late."


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        browser.look(1280, 800)
        yield browser


def opened(browser: Browser, folder: Path, *, alone: bool = True, embed: bool = False) -> Browser:
    """The page of a recording with a file for each chapter, or one for both."""
    chapters = TIMELINE.chapters if alone else [replace(TIMELINE.chapters[0], start=0.0, stop=TIMELINE.seconds)]
    audio = [
        sounds.encoded(folder / f"{number}.mp3", chapter.stop - chapter.start)
        for number, chapter in enumerate(chapters)
    ]
    player.page(TIMELINE, BOOK, audio, folder / "player.html", embed=embed)
    browser.open((folder / "player.html").as_uri())
    browser.value("onpagehide = null, localStorage.clear()")  # what a test before this one left
    browser.requests.clear()
    browser.errors.clear()
    browser.open((folder / "player.html").as_uri())
    browser.until("audio.readyState > 0 && wanted === null")
    return browser


def hear(browser: Browser, seconds: float) -> str:
    """The word that is marked at a time of the file."""
    browser.value(f"audio.currentTime = {seconds}")
    browser.until(f"!audio.seeking && Math.abs(seek.value - {seconds}) < 0.1")
    return browser.value("document.querySelector('.word.now')?.textContent")


@pytest.mark.parametrize("embed", [False, True])
def test_the_word_that_is_heard_is_marked(browser, tmp_path, embed):
    opened(browser, tmp_path, embed=embed)
    assert hear(browser, LATE.start + 0.05) == "late"
    assert hear(browser, LATE.start - 0.15) == "was"
    assert browser.value("document.querySelector('.sentence.here').textContent") == "It was late."
    assert hear(browser, 0.05) == "The"


def test_words_are_marked_while_it_plays(browser, tmp_path):
    opened(browser, tmp_path)
    browser.value("$('play').click()")
    browser.until("document.querySelector('.word.now')?.textContent === 'was'")
    browser.press(" ")
    browser.until("audio.paused")


def test_a_click_on_a_sentence_and_on_a_word_goes_there(browser, tmp_path):
    opened(browser, tmp_path)
    browser.value("reading.sentences[2].element.click()")
    browser.until(f"!audio.seeking && Math.abs(audio.currentTime - {TIMELINE.chapters[0].segments[2].start}) < 0.1")
    browser.value("reading.sentences[2].element.querySelectorAll('.word')[1].click()")
    browser.until(
        f"!audio.seeking && Math.abs(audio.currentTime - {TIMELINE.chapters[0].segments[2].words[1].start}) < 0.1"
    )


def test_one_chapter_is_in_the_page_and_the_next_is_opened_by_key_and_by_list(browser, tmp_path):
    opened(browser, tmp_path)
    assert browser.value("reading.text.querySelector('h1').textContent") == "The Sea"
    browser.press("]")
    browser.until("audio.readyState > 0 && wanted === null && audio.getAttribute('src') === '1.mp3'")
    assert browser.value("[...reading.text.querySelectorAll('h1')].map((one) => one.textContent)") == ["Two Voices"]
    speakers = browser.value("[...reading.text.querySelectorAll('.speaker')].map((one) => one.textContent)")
    assert speakers == ["Jack", "Gwen <3"]
    browser.value("document.querySelector('#contents button').click()")
    assert browser.value("reading.text.querySelector('h1').textContent") == "The Sea"


def test_a_chapter_goes_over_into_the_next(browser, tmp_path):
    opened(browser, tmp_path)
    browser.value("audio.currentTime = audio.duration - 0.3, audio.play()")
    browser.until("reading.text.querySelector('h1').textContent === 'Two Voices' && !audio.paused")


def test_one_file_holds_all_chapters(browser, tmp_path):
    opened(browser, tmp_path, alone=False)
    second = TIMELINE.chapters[1]
    browser.press("]")
    browser.until(f"!audio.seeking && Math.abs(audio.currentTime - {second.start}) < 0.1")
    assert hear(browser, second.start + second.segments[1].words[1].start + 0.05) == "that"
    browser.press("[")
    browser.value(f"audio.currentTime = {second.start - 0.3}, audio.play()")
    browser.until("reading.text.querySelector('h1').textContent === 'Two Voices'")


def test_place_speed_and_theme_are_remembered(browser, tmp_path):
    opened(browser, tmp_path)
    browser.press("]")
    browser.until("audio.readyState > 0 && wanted === null")
    browser.press(">")
    browser.value("$('theme').click()")
    hear(browser, 1.3)
    browser.open((tmp_path / "player.html").as_uri())
    browser.until("audio.readyState > 0 && wanted === null")
    assert browser.value("[current, $('speed').value, document.documentElement.dataset.theme]") == [
        1, "1.1", "dark",
    ]  # fmt: skip
    assert browser.value("audio.currentTime") == pytest.approx(1.3, abs=0.11)


def test_a_link_leads_to_its_sentence(browser, tmp_path):
    opened(browser, tmp_path)
    browser.value("location.hash = '#2.2.1'")
    browser.until("reading.sentences[reading.here]?.text === 'Who else & why?'")
    browser.value("location.hash = '#__proto__'")
    assert browser.value("reading.sentences[reading.here].text") == "Who else & why?"


def test_arrows_go_from_sentence_to_sentence(browser, tmp_path):
    opened(browser, tmp_path)
    for key, said in (("ArrowRight", "It was late."), ("ArrowRight", "“Who is there?”"), ("ArrowLeft", "It was late.")):
        browser.press(key)
        browser.until(f"reading.sentences[reading.here].text === {said!r} && !audio.seeking")


def test_nothing_is_fetched_but_the_sound_and_nothing_in_a_title_runs(browser, tmp_path):
    opened(browser, tmp_path)
    assert {Path(url).name for url in browser.requests if url.startswith("file:")} == {"player.html", "0.mp3"}
    assert all(url.startswith(("file:", "about:")) for url in browser.requests) and browser.errors == []
    assert browser.value("document.title") == BOOK.title


@pytest.mark.parametrize("width, height, phone", [(1280, 800, False), (360, 640, True)])
def test_nothing_lies_outside_the_window(browser, tmp_path, width, height, phone):
    browser.look(width, height, phone=phone)
    opened(browser, tmp_path)
    for button in ("play", "later-chapter", "speed", "theme", "seek"):
        box = browser.value(
            f"(({{x, y, right, bottom}}) => [x, y, right, bottom])($('{button}').getBoundingClientRect())"
        )
        assert min(box) >= 0 and box[2] <= width and box[3] <= height, button
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value(
        "[...document.querySelectorAll('button, select, input')].every((one) => one.ariaLabel || one.textContent)"
    )
    browser.look(1280, 800)


def test_a_picture_changes_with_its_line(browser, tmp_path):
    """In the first frame in which the line is heard, by the clock of the sound itself."""
    from PIL import Image

    from tts.narration.illustrations import illustrations

    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        Image.new("RGB", (300, 200), (60 * number, 80, 120)).save(path)
    said = ("It was late.", "“Who is there?”", "The sea is calm", "A rope;")
    pictures = illustrations(TIMELINE, [(one, path, one) for one, path in zip(said, paths, strict=True)])
    audio = [
        sounds.encoded(tmp_path / f"{number}.mp3", chapter.stop - chapter.start)
        for number, chapter in enumerate(TIMELINE.chapters)
    ]
    player.page(TIMELINE, BOOK, audio, tmp_path / "player.html", pictures=pictures)
    browser.open((tmp_path / "player.html").as_uri())
    browser.value("onpagehide = null, localStorage.clear()")
    browser.open((tmp_path / "player.html").as_uri())
    browser.until("audio.readyState > 0 && wanted === null")
    browser.value("""
        swaps = [], before = 0, drawn = mark;
        mark = (seconds) => {
          const last = $("pictures").querySelector(".shown").alt;
          drawn(seconds);
          const shown = $("pictures").querySelector(".shown").alt;
          if (shown !== last) swaps.push([shown, before, seconds]);
          before = seconds;
        };
        audio.playbackRate = 1, audio.play(), 0
    """)
    browser.until(f"audio.currentTime > {pictures[-1].start + 0.5}")
    swaps = browser.value("audio.pause(), swaps")
    assert [name for name, *_ in swaps] == [one.description for one in pictures[1:]]
    for (_, before, at), one in zip(swaps, pictures[1:], strict=True):  # in the first frame that hears the line
        assert before < one.start + 0.005 and at > one.start - 0.005
    browser.value(f"audio.currentTime = {pictures[1].start + 0.05}")
    browser.until("!audio.seeking && document.querySelector('#pictures .shown').alt === '“Who is there?”'")
    assert not browser.errors
