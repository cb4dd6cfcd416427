"""A real browser for the tests: Debian's chromium without a screen, and who hears its requests."""

from __future__ import annotations

import base64
import fcntl
import http.server
import itertools
import json
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

DEADLINE = 600.0
BUDGET = 3000
"""Milliseconds of the page's own time in which its scripts and loads can happen."""


@dataclass
class Listener:
    """Counts what is asked of it; answers anything with a script that asks once more."""

    url: str = ""
    paths: list[str] = field(default_factory=list)

    @property
    def heard(self) -> set[str]:
        """The first part of each path that was asked for."""
        return {path.lstrip("/").partition("?")[0].partition("/")[0] for path in self.paths}


@contextmanager
def listening() -> Iterator[Listener]:
    """A web server on loopback, at a port of its own."""
    listener = Listener()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.paths.append(self.path)
            body = b"document.documentElement.setAttribute('data-struck', 'by a loaded script')"
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the test's own output."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


def program() -> str:
    found = shutil.which("chromium")
    assert found, "chromium is missing: apt-get install --no-install-recommends chromium"
    return found


class Pipe:
    """The DevTools protocol, by which chromium is driven: JSON that ends with a NUL, by pipes."""

    def __init__(self, home: Path) -> None:
        (asked, self._ask), (self._answers, answer) = os.pipe(), os.pipe()
        # it reads its descriptor 3 and writes to 4: ours must lie above, or the shell mixes them up
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (asked, answer)]
        self._process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$0" "$@" 3<&{ends[0]} 4>&{ends[1]}', program()),
                *("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *("--disable-dev-shm-usage", "--disable-background-networking"),
                *("--disable-component-update", "--no-first-run", "--disable-sync"),
                *(f"--user-data-dir={home / 'profile'}", "--remote-debugging-pipe"),
            ],
            env={**os.environ, "HOME": str(home)},
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (asked, answer, *ends):
            os.close(end)
        self._read = b""
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The result of a command, to a tab when its session is named."""
        number = next(self._numbers)
        command = {"id": number, "method": method, "params": parameters}
        text = json.dumps(command | ({"sessionId": session} if session else {})).encode() + b"\0"
        while text:
            text = text[os.write(self._ask, text) :]
        while (said := self._message()).get("id") != number:
            self._events.append(said)
        assert "error" not in said, f"{method}: {said['error']}"
        return said["result"]

    def wait_for(self, method: str, session: str) -> None:
        """Until the tab has told of this event, since the last time that it was waited for."""
        while not (mine := [e for e in self._events if _is(e, method, session)]):
            self._events.append(self._message())
        self._events.remove(mine[0])

    def close(self) -> None:
        self.call("Browser.close")
        self._process.wait(DEADLINE)
        os.close(self._ask)
        os.close(self._answers)

    def _message(self) -> dict[str, Any]:
        until = time.monotonic() + DEADLINE
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._answers], [], [], until - time.monotonic())
            assert ready, f"chromium has said nothing for {DEADLINE:.0f} s"
            part = os.read(self._answers, 1 << 20)
            assert part, "chromium has ended"
            self._read += part
        text, _, self._read = self._read.partition(b"\0")
        return json.loads(text)


def _is(event: dict[str, Any], method: str, session: str) -> bool:
    return (event.get("method"), event.get("sessionId")) == (method, session)


@dataclass(frozen=True)
class Tab:
    """A page that is open, in a profile of its own."""

    pipe: Pipe
    session: str

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command to this tab."""
        return self.pipe.call(method, self.session, **parameters)

    def show(self, *, width: int, height: int, dark: bool = False) -> None:
        """In a window of that size, to a reader who likes it light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def go(self, page: Path, query: str = "") -> None:
        """Load the page, and all that it loads."""
        self.call("Page.navigate", url=f"{page.resolve().as_uri()}{query}")
        self.pipe.wait_for("Page.loadEventFired", self.session)

    def let(self, budget: int) -> None:
        """So many milliseconds of the page's own time pass, and what is asked for by then comes."""
        policy = "pauseIfNetworkFetchesPending"
        self.call("Emulation.setVirtualTimePolicy", policy=policy, budget=budget)
        self.pipe.wait_for("Emulation.virtualTimeBudgetExpired", self.session)

    def ask(self, script: str) -> Any:
        """The value that the script, the body of an async function, returns."""
        expression = f"(async () => {{ {script} }})()"
        said = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def printed(self) -> bytes:
        """It as PDF, on the paper that its style asks for."""
        said = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(said["data"])


@dataclass(frozen=True)
class Browser:
    """One chromium, whose tabs know nothing of each other."""

    pipe: Pipe

    @classmethod
    @contextmanager
    def started(cls, home: Path) -> Iterator[Self]:
        """It runs until the end of the block."""
        pipe = Pipe(home)
        try:
            yield cls(pipe)
        finally:
            pipe.close()

    @contextmanager
    def tab(self) -> Iterator[Tab]:
        """A tab with a profile of its own."""
        profile = self.pipe.call("Target.createBrowserContext")["browserContextId"]
        target = self.pipe.call("Target.createTarget", url="about:blank", browserContextId=profile)[
            "targetId"
        ]
        attached = self.pipe.call("Target.attachToTarget", targetId=target, flatten=True)
        tab = Tab(self.pipe, attached["sessionId"])
        tab.call("Page.enable")
        try:
            yield tab
        finally:
            self.pipe.call("Target.disposeBrowserContext", browserContextId=profile)

    def open(self, page: Path, query: str = "") -> str:
        """The page as it is after its scripts have run, as HTML."""
        with self.tab() as tab:
            tab.go(page, query)
            tab.let(BUDGET)
            return str(tab.ask("return document.documentElement.outerHTML"))
