"""`live.html`: written while the run works, whole at every moment; no disk stops a run by it."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.cli import main
from engine.record.run import Run
from engine.watching import live
from engine.watching.fold import state_of
from engine.watching.live import LivePage
from engine.watching.page import NAME, render, write
from engine.watching.told import Life
from tests.engine import kit
from tests.engine.kit import BEGIN
from tests.engine.looking_on import begun, ended, everything, journal, progress, stopped, upgrading

REFRESH = '<meta http-equiv="refresh"'
FULL = OSError(errno.ENOSPC, "No space left on device")


def page(*events: dict[str, Any], life: Life = Life.THERE) -> str:
    return render(state_of(events), BEGIN + timedelta(seconds=100), life)


def test_of_a_run_that_works_it_loads_itself_again() -> None:
    text = page(*upgrading())
    assert f'{REFRESH} content="5">' in text
    for said in ("at work", "upgrade.run[1]", "os : dnf", "in standby", "2026-11-02 00:01:40"):
        assert said in text


@pytest.mark.parametrize("life", [Life.THERE, Life.GONE])
def test_of_a_run_that_ended_it_says_so_and_stays(life: Life) -> None:
    text = page(*upgrading(), ended(100), life=life)
    assert REFRESH not in text
    assert "ended at 2026-11-02 00:01:40 UTC: done, exit code 0" in text
    assert 'href="report.html"' in text


def test_of_a_run_that_died_it_says_so_and_stays() -> None:
    text = page(*upgrading(), life=Life.GONE)
    assert REFRESH not in text
    assert "no sign of life since 2026-11-02 00:01:30 UTC" in text
    assert "The reports were made afterwards" in text


def test_before_any_line_it_is_a_page() -> None:
    assert "no line yet" in page()


def test_what_a_node_said_is_text() -> None:
    evil = "<script src=//x></script>\x1b[2J&amp;"
    text = page(*upgrading(), progress(95, task=evil), stopped(99) | {"reason": evil})
    assert "<script" not in text
    assert "&lt;script src=//x&gt;&lt;/script&gt;?[2J&amp;amp;" in text


def test_it_asks_for_nothing_and_has_no_script() -> None:
    text = page(*upgrading(), stopped(99))
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|<img|src=|@import|url\(|https?://(?!192\.0\.2)", text)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(dark: bool) -> None:
    css = page().partition("@media screen and (prefers-color-scheme: dark)")[2 if dark else 0]
    colours = {}
    for name, colour in re.findall(r"--(\w+): (#[0-9a-f]{6})", css):
        colours.setdefault(name, luminance(colour))
    for ground in ("paper", "soft"):
        for text in ("ink", "dim", "good", "bad", "warn", "link"):
            low, high = sorted((colours[ground], colours[text]))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


@pytest.mark.parametrize("life", Life)
def test_any_prefix_of_a_journal_is_a_page(life: Life) -> None:
    events = everything()
    for count in range(len(events)):
        assert "</html>" in page(*events[:count], life=life)


class Watcher:
    """A live page of a run, driven by hand."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.run: Run = kit.make_run(tmp_path)
        self.page = LivePage(self.run)
        self.path = self.run.directory / NAME
        self.monkeypatch = monkeypatch
        self.written: list[int] = []
        """How many lines of the journal each version knew."""
        self.once = threading.Event()
        self.problem: OSError | None = None
        monkeypatch.setattr(live, "EVERY", 0.001)
        monkeypatch.setattr(live, "write", self._write)

    def _write(self, directory: Path, watched: Any, now: Any) -> None:
        self.written.append(watched.lines)
        try:
            if self.problem:
                raise self.problem
            write(directory, watched, now)
        finally:
            self.once.set()

    def record(self, *events: dict[str, Any]) -> None:
        for one in events:
            fields = {k: v for k, v in one.items() if k not in ("schema", "run", "seq", "time")}
            self.run.record(fields.pop("event"), **fields)

    def wait_for_another(self) -> None:
        self.once.clear()
        assert self.once.wait(60)

    def warnings(self) -> list[str]:
        return [e["text"] for e in self.run.journal.events if e["event"] == "warning"]


@pytest.fixture
def watcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watcher]:
    made = Watcher(tmp_path, monkeypatch)
    yield made
    made.page.end()


def test_the_run_writes_it_and_the_last_version_is_the_end(watcher: Watcher) -> None:
    watcher.record(*upgrading())
    watcher.page.begin()
    watcher.wait_for_another()
    assert REFRESH in watcher.path.read_text()
    assert watcher.path.stat().st_mode & 0o777 == 0o600
    watcher.record(ended(100))
    watcher.page.end()
    last = watcher.path.read_text()
    assert REFRESH not in last
    assert "done, exit code 0" in last
    count = len(watcher.written)
    assert watcher.written[-1] == watcher.run.journal.lines
    watcher.page.tell_problem()
    assert watcher.warnings() == []
    assert len(watcher.written) == count  # never again


def test_a_disk_that_is_full_is_told_once_and_stops_nothing(watcher: Watcher) -> None:
    watcher.problem = FULL
    watcher.record(*begun())
    watcher.page.begin()
    watcher.wait_for_another()
    watcher.wait_for_another()
    assert watcher.warnings() == []  # the journal's own disk may be the one: nothing in between
    watcher.problem = None
    watcher.wait_for_another()
    watcher.wait_for_another()
    watcher.page.tell_problem()
    assert watcher.warnings() == [
        "live.html showed an older state for a time: No space left on device"
    ]
    watcher.record(ended(100))
    watcher.page.end()
    assert "done, exit code 0" in watcher.path.read_text()
    assert watcher.run.stop is None


def test_a_last_version_that_can_not_be_written_leaves_none(watcher: Watcher) -> None:
    """An older one would say that the run still works."""
    watcher.record(*begun())
    watcher.page.begin()
    watcher.wait_for_another()
    watcher.problem = FULL
    watcher.record(ended(100))
    watcher.page.end()
    assert not watcher.path.exists()
    assert [path.name for path in watcher.run.directory.iterdir() if NAME in path.name] == []


def test_an_event_that_says_something_else_than_it_should_stops_nothing(watcher: Watcher) -> None:
    watcher.record(*begun(), {"event": "run-ended"})
    watcher.page.begin()
    watcher.page.end()
    watcher.page.tell_problem()
    assert watcher.warnings() == ["live.html showed an older state for a time: KeyError: 'outcome'"]


def test_a_run_that_ends_before_its_begin_leaves_none(watcher: Watcher) -> None:
    watcher.page.end()
    assert not watcher.path.exists()


def test_the_report_of_a_run_that_was_killed_ends_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = journal(tmp_path / "run", upgrading())
    write(directory, state_of(upgrading()), BEGIN)
    assert main(["report", str(directory)]) == 0, capsys.readouterr()
    text = (directory / NAME).read_text()
    assert REFRESH not in text
    assert "no sign of life since" in text
    capsys.readouterr()
    assert main(["verify", str(directory)]) == 2
