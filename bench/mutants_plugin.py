"""Loaded into the tests by `bench.mutants`: sees which test runs which line, or judges mutants.

To judge a mutant costs its tests and nothing else: all tests are collected once, and each mutant is
a child of that process in which the code of one function is another. A mutant outside of functions
has been run already when tests are collected: for those a process of its own loads it (`CHOSEN`).

It stands alone: a tree that is older than it is has no such module.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NoReturn

import pytest

SEEN, CHOSEN, KILLER, ORDERS, JUDGED = (
    os.environ.get(f"MUTANTS_{name}") for name in ("SEEN", "CHOSEN", "KILLER", "ORDERS", "JUDGED")
)
"""Files: where outcomes and seconds of all tests go; which tests to run, where the killer goes;
which mutants to judge, where what became of them goes, a line each."""
TESTS: dict[str, dict[str, Any]] = {}
FAILED: list[str] = []
KILLED, SURVIVED, NOT_PUT_IN = range(3)


def base(name: str) -> str:
    """A test's name without its parameters: the same on two commits."""
    return name.partition("[")[0]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if CHOSEN is not None:
        items[:] = _in_order(items, json.loads(Path(CHOSEN).read_text()))


def _in_order(items: list[pytest.Item], names: list[str]) -> list[pytest.Item]:
    order = {base(name): number for number, name in reversed([*enumerate(names)])}
    found = [item for item in items if base(item.nodeid) in order]
    return sorted(found, key=lambda item: order[base(item.nodeid)])


def _new(items: list[pytest.Item], known: list[str]) -> list[pytest.Item]:
    """Those that another commit does not have; which line they run is not known."""
    bases = set(map(base, known))
    return [item for item in items if base(item.nodeid) not in bases]


# which test runs which line


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
        FAILED.append(report.nodeid)
        if KILLER is not None and not Path(KILLER).exists():
            Path(KILLER).write_text(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.failed and KILLER is not None and not Path(KILLER).exists():
        Path(KILLER).write_text(f"{report.nodeid or 'the tests'} (not collected)")


def pytest_unconfigure() -> None:
    if SEEN is not None and TESTS:
        Path(SEEN).write_text(json.dumps(TESTS))


# judging


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if ORDERS is None or JUDGED is None:
        return None
    for order in json.loads(Path(ORDERS).read_text()):
        begun = time.monotonic()
        tests = _in_order(session.items, order["tests"]) or _new(session.items, order["known"])
        result = {"number": order["number"], "tests": len(tests), **_judged(session, order, tests)}
        result["seconds"] = round(time.monotonic() - begun, 1)
        with Path(JUDGED).open("a") as lines:
            lines.write(json.dumps(result) + "\n")
    return True


def _judged(session: pytest.Session, order: dict[str, Any], tests: list[pytest.Item]) -> Any:
    if not tests:
        return {"outcome": "no test"}
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be(session, order, tests, writing)
    os.close(writing)
    status = _end_of(child, order["limit"])
    with os.fdopen(reading) as told:
        by = told.read()
    if status is None or os.WIFSIGNALED(status):
        return {"outcome": "time-out"}
    if os.WEXITSTATUS(status) == KILLED:
        return {"outcome": "killed", "by": by}
    return {"outcome": "survived" if os.WEXITSTATUS(status) == SURVIVED else "not put in"}


def _end_of(child: int, limit: float) -> int | None:
    """Its status; None when it did not end. Most that take too long are ended by their limit of
    CPU: this is for one that waits for what never comes."""
    until = time.monotonic() + 300 + 5 * limit
    pause = 0.001
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(pause)
        pause = min(0.5, 2 * pause)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _be(
    session: pytest.Session, order: dict[str, Any], tests: list[pytest.Item], told: int
) -> NoReturn:
    """The mutant: its tests until one fails. Nothing of the parent's is ended with it."""
    code = KILLED
    by = "the end of the tests"
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(order["limit"]), int(order["limit"]) + 5))
        if not _put_in(order):
            os._exit(NOT_PUT_IN)
        for item, following in zip(tests, [*tests[1:], None], strict=True):
            by = item.nodeid
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if FAILED:
                session._setupstate.teardown_exact(None)
                break
        else:
            code = SURVIVED
    except BaseException as error:  # noqa: BLE001 - whatever it is, the tests do not go on with it
        by = f"{by} ({type(error).__name__})"
    finally:
        os.write(told, by.encode()[:2000])
        os._exit(code)


def _put_in(order: dict[str, Any]) -> bool:
    """The code of the function that has the mutant is the mutant's, wherever it is known."""
    path, unit = order["path"], order["unit"]
    wanted = [code for code in _codes(compile(order["text"], path, "exec")) if _is(code, unit)]
    functions = [
        one
        for one in gc.get_objects()
        if isinstance(one, FunctionType)
        and _is(one.__code__, unit)
        and os.path.realpath(one.__code__.co_filename) == path
    ]
    if len(wanted) != 1 or not functions:
        return False
    for one in functions:
        one.__code__ = wanted[0]
    return True


def _is(code: CodeType, unit: str) -> bool:
    return code.co_qualname == unit


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
