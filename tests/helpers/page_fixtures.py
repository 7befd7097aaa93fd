"""Fixtures of tests that look at the page of a service in a real browser, and what such tests share.

The conftest.py beside such tests imports the fixtures, together with those of `helpers.service_fixtures`.
"""

import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from helpers.browser import Browser

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def page(chromium, address):
    """The page as somebody sees it who was never here."""
    chromium.look(1280, 800)
    visit(chromium, address)
    chromium.value("localStorage.clear()")
    chromium.requests.clear()
    chromium.errors.clear()
    visit(chromium, address)
    yield chromium
    assert not chromium.errors, chromium.errors
    assert all(url.startswith((address, f"blob:{address}", "about:", "data:")) for url in chromium.requests)


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """axe-core, of the npm registry."""
    folder = tmp_path_factory.mktemp("axe")
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    done = subprocess.run(["npm", "pack", AXE, "--silent"], cwd=folder, capture_output=True, timeout=300)
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or not packed:
        pytest.skip(f"npm gives no {AXE}")
    with tarfile.open(packed) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


def visit(browser: Browser, address: str) -> None:
    browser.open(f"{address}/")
    browser.until("document.querySelectorAll('#voice option').length > 0")


def texts(page: Browser, selector: str) -> list[str]:
    return page.value(f"[...document.querySelectorAll({selector!r})].map((own) => own.textContent)")


def choose_file(page: Browser, selector: str, path: Path) -> None:
    """What a person chooses in an input for files."""
    node = page.ask("DOM.querySelector", nodeId=page.ask("DOM.getDocument")["root"]["nodeId"], selector=selector)
    page.ask("DOM.setFileInputFiles", nodeId=node["nodeId"], files=[str(path)])


def fetched(path: Path) -> Path:
    """A file that the browser stores, when it is whole."""
    end = time.monotonic() + 60
    while not path.exists() or path.with_name(f"{path.name}.crdownload").exists():
        assert time.monotonic() < end, f"{path.name} does not come"
        time.sleep(0.05)
    return path


def broken(page: Browser, axe: str) -> list:
    """The rules of axe that the page breaks now, with the places."""
    page.value(f"{axe}; 0")
    return page.value(
        "axe.run().then((found) => found.violations.map((own) => [own.id, own.nodes.map((node) => node.html)]))"
    )


def outside(page: Browser) -> list[str]:
    """What lies beyond the sides of the window and can be used."""
    return page.value(
        "[...document.querySelectorAll('button, select, input, a, textarea')].filter((own) => own.checkVisibility()"
        " && !own.closest('.unseen') && (own.getBoundingClientRect().right > innerWidth"
        " || own.getBoundingClientRect().left < 0)).map((own) => own.id || own.textContent)"
    )
