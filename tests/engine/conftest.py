"""Fixtures for what applies changes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.act.detached import Follower
from engine.attempt.records import RecordsWriter
from tests.engine import kit
from tests.engine.acting import SET, Bench, Detached, Make
from tests.engine.scripted import said


@pytest.fixture
def bench(tmp_path: Path) -> Callable[..., Bench]:
    def make(answers: Mapping[Any, Any] | None = None, **of_run: Any) -> Bench:
        return Bench(tmp_path, answers or {(kit.N, SET): said()}, **of_run)

    return make


@pytest.fixture
def long_command(bench: Make, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A bench whose N runs a detached command that stands as `looks` say, one after the other."""

    def make(looks: list[Any], started: Any = None, **of_run: Any) -> Bench:
        made = bench(**of_run)
        node = Detached(made.node.root, started or said(), kit.replies(*looks))
        made.node = made.applier.transport = node
        made.records = made.applier.records = RecordsWriter(
            node, kit.N, {"who": "test"}, made.time.clock
        )
        made.records.acquire(over="1")
        timeless = functools.partial(Follower, clock=made.time.clock, wait=made.time.wait)
        monkeypatch.setattr("engine.act.detached.Follower", timeless)
        return made

    return make
