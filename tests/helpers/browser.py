"""Chromium without a window, driven over its DevTools pipe with the standard library only."""

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# The browser reads commands from descriptor 3 and answers on 4.
PLACED = """
import fcntl, os, sys
own = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 10) for fd in sys.argv[1:3]]
for fd, place in zip(own, (3, 4)):
    os.dup2(fd, place)
os.execv(sys.argv[3], sys.argv[3:])
"""

CODES = {
    "Tab": 9,
    "Enter": 13,
    "Escape": 27,
    " ": 32,
    "ArrowLeft": 37,
    "ArrowRight": 39,
    "ArrowDown": 40,
}  # without which Chromium does nothing at a key
TEXTS = {"Enter": "\r"}


class Browser:
    """One page."""

    def __init__(self, profile: Path):
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--mute-audio",
            "--no-first-run",
            "--hide-scrollbars",
            "--autoplay-policy=no-user-gesture-required",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
            "about:blank",
        ]
        read, self._commands = os.pipe()
        self._answers, write = os.pipe()
        command = [sys.executable, "-c", PLACED, str(read), str(write), CHROMIUM, *options]
        self._process = subprocess.Popen(command, pass_fds=(read, write), stderr=subprocess.DEVNULL)
        os.close(read)
        os.close(write)
        self._pending, self._count, self._session = b"", 0, None
        self.requests: list[str] = []
        self.errors: list[str] = []
        targets = self.ask("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_) -> None:
        self._session = None
        self.ask("Browser.close")
        self._process.wait(30)
        os.close(self._commands)
        os.close(self._answers)

    def ask(self, method: str, **parameters) -> dict:
        """Send a command and wait for its answer; what the browser tells meanwhile is kept."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            told = self._told()
            if told.get("id") == self._count:
                assert "error" not in told, told["error"]
                return told["result"]

    def _told(self) -> dict:
        while b"\0" not in self._pending:
            block = os.read(self._answers, 1 << 16)
            assert block, "the browser has gone"
            self._pending += block
        line, _, self._pending = self._pending.partition(b"\0")
        told = json.loads(line)
        if told.get("method") == "Network.requestWillBeSent":
            self.requests.append(told["params"]["request"]["url"])
        advice = told.get("params", {}).get("entry", {}).get("level") == "verbose"
        if told.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded") and not advice:
            self.errors.append(json.dumps(told["params"]))
        return told

    def open(self, url: str) -> None:
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=url)
        self.until(f"location.href !== 'about:blank' && document.readyState === 'complete' && {json.dumps(url)}")

    def value(self, expression: str):
        """What an expression gives in the page, after its promise is kept."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 300.0):
        """Wait until an expression is true; gives its value."""
        end = time.monotonic() + seconds
        while not (value := self.value(expression)):
            assert time.monotonic() < end, f"not within {seconds} s: {expression}"
            time.sleep(0.05)
        return value

    def press(self, key: str, *, ctrl: bool = False) -> None:
        text = {"text": TEXTS.get(key, key)} if len(key) == 1 or key in TEXTS else {}
        code = {"windowsVirtualKeyCode": CODES[key]} if key in CODES else {}
        held = {"modifiers": 2} if ctrl else text
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, **held, **code)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=key, **code)

    def type(self, text: str) -> None:
        """Into whatever has the focus."""
        self.ask("Input.insertText", text=text)

    def tab_to(self, expression: str) -> None:
        """Press Tab until an expression about the element with the focus, `own`, is true."""
        for _ in range(100):
            self.press("Tab")
            if self.value(f"((own) => Boolean({expression}))(document.activeElement)"):
                return
        raise AssertionError(f"Tab does not lead to {expression}")

    def look(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """The size of the window in CSS pixels, and the colours that the system asks for."""
        scale = 2 if phone else 1
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.ask("Page.captureScreenshot", format="png")["data"]))
