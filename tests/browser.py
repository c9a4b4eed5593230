"""A headless Chromium for tests, asked over its own pipe in the DevTools protocol: no driver, no port, no network."""

import base64
import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60.0
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
_FREE = 10  # pipe ends are moved from here on, out of the way of the two that the browser expects (3 and 4)


@dataclass
class Browser:
    """A running browser. `said` are events that came while an answer was waited for."""

    write_end: int
    read_end: int
    said: list[dict[str, Any]] = field(default_factory=list)
    _number: int = 0
    _unread: bytes = b""

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Ask for something and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda told: told.get("id") == self._number)
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, event: str) -> None:
        """Wait until an event is told, unless it was already."""
        if not any(told["method"] == event for told in self.said):
            self._until(lambda told: told.get("method") == event)

    def _until(self, wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - a test of a message
        while True:
            message = self._message()
            if "method" in message:
                self.said.append(message)
            if wanted(message):
                return message

    def _message(self) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE_SECONDS
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self.read_end], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser says nothing"
            more = os.read(self.read_end, 1 << 20)
            assert more, "the browser is gone"
            self._unread += more
        head, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(head)
        return message

    @contextmanager
    def window(self, url: str, width: int, *, dark: bool = False) -> Iterator["Window"]:
        """Show a page in a window of its own (CSS pixels wide, as tall as a phone) while the block runs."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime"):
            self.ask(f"{domain}.enable", session)
        screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
        self.ask("Emulation.setDeviceMetricsOverride", session, **screen)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", session, features=[scheme])
        self.said.clear()
        self.ask("Page.navigate", session, url=url)
        self.wait("Page.loadEventFired")
        yield Window(self, session)
        self.ask("Target.closeTarget", targetId=target)


@dataclass(frozen=True)
class Window:
    """A page on show."""

    browser: Browser
    session: str

    def value(self, expression: str) -> Any:  # noqa: ANN401 - whatever it is
        """What a script would see."""
        answer = self.browser.ask("Runtime.evaluate", self.session, expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.browser.ask("Input.dispatchKeyEvent", self.session, type=kind, key=key, windowsVirtualKeyCode=code)

    def type(self, text: str) -> None:
        """Type a text where the focus is, then return, and wait for the next page."""
        self.browser.ask("Input.insertText", self.session, text=text)
        self.browser.said.clear()
        self.browser.ask(
            "Input.dispatchKeyEvent", self.session, type="keyDown", key="Enter", windowsVirtualKeyCode=13, text="\r"
        )
        self.browser.wait("Page.loadEventFired")

    @property
    def complaints(self) -> list[str]:
        """What the browser's log says of the page: refused styles and scripts, missing files."""
        return [told["params"]["entry"]["text"] for told in self.browser.said if told["method"] == "Log.entryAdded"]

    def picture(self, path: Path) -> bytes:
        """Take a picture of the whole page, as PNG."""
        answer = self.browser.ask("Page.captureScreenshot", self.session, captureBeyondViewport=True)
        image = base64.b64decode(answer["data"])
        path.write_bytes(image)
        return image


@contextmanager
def browsing(program: str, profile: Path) -> Iterator[Browser]:
    """Run a browser with a new profile while the block runs."""
    (theirs_in, ours_out), (ours_in, theirs_out) = _pipe(), _pipe()
    actions = [
        (os.POSIX_SPAWN_DUP2, theirs_in, 3),
        (os.POSIX_SPAWN_DUP2, theirs_out, 4),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    words = [program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = os.posix_spawn(program, words, os.environ, file_actions=actions, setpgroup=0)
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Browser(ours_out, ours_in)
    finally:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(ours_in)
        os.close(ours_out)


def _pipe() -> tuple[int, int]:
    """Make a pipe with both ends out of the way: (to read, to write)."""
    moved = []
    for end in os.pipe():
        moved.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FREE))
        os.close(end)
    return moved[0], moved[1]
