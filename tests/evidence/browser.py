"""A real browser for the tests: Debian's chromium without a screen, and who hears its requests."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DEADLINE = 900.0
"""Seconds; axe takes a minute for a page of twenty thousand elements, ten of them beside others."""
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


@dataclass(frozen=True)
class Browser:
    """Opens pages with a profile of its own."""

    home: Path

    def open(self, page: Path, query: str = "", flags: tuple[str, ...] = ()) -> str:
        """The page as it is after its scripts have run, as HTML."""
        return self.run(*flags, "--dump-dom", f"{page.resolve().as_uri()}{query}")

    def run(self, *arguments: str) -> str:
        """What chromium says on its standard output."""
        done = subprocess.run(
            [
                *(program(), "--headless=new", "--no-sandbox", "--disable-gpu"),
                *("--disable-dev-shm-usage", "--disable-background-networking"),
                *("--disable-component-update", "--no-first-run", "--disable-sync"),
                f"--user-data-dir={self.home / 'profile'}",
                f"--virtual-time-budget={BUDGET}",
                *arguments,
            ],
            env={**os.environ, "HOME": str(self.home)},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout
