"""Loaded into the tests by `bench.mutants`: sees which test runs which line, or runs some tests.

It stands alone: a tree that is older than it is has no such module.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SEEN, CHOSEN, KILLER = (os.environ.get(f"MUTANTS_{name}") for name in ("SEEN", "CHOSEN", "KILLER"))
"""Files: where outcomes and seconds of all tests go, which tests to run, where the killer goes."""
TESTS: dict[str, dict[str, Any]] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHOSEN is None:
        return
    order = {name: number for number, name in enumerate(json.loads(Path(CHOSEN).read_text()))}
    items[:] = sorted(
        (item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid]
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    if SEEN is None:
        return (yield)
    import coverage

    measured = coverage.Coverage.current()
    assert measured is not None
    measured.switch_context(item.nodeid)
    os.environ["MUTANTS_TEST"] = item.nodeid
    begun = time.monotonic()
    try:
        return (yield)
    finally:
        TESTS.setdefault(item.nodeid, {"ok": True})["seconds"] = time.monotonic() - begun
        measured.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        TESTS.setdefault(report.nodeid, {})["ok"] = False
        if KILLER is not None and not Path(KILLER).exists():
            Path(KILLER).write_text(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed and KILLER is not None and not Path(KILLER).exists():
        Path(KILLER).write_text(f"{report.nodeid or 'the tests'} (not collected)")


def pytest_unconfigure() -> None:
    if SEEN is not None and TESTS:
        Path(SEEN).write_text(json.dumps(TESTS))
