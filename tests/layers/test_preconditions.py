"""docs/preconditions.md: every step behind the point of no return, and who asks for it before."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path

from engine.model.steps import StepMark, mark_of
from runbook.to_4_26.release import RELEASE
from tests.phases import step_modules

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([\w.]+)` \| (.+) \| (.+) \|$", re.M)
NOT_ASKED = "not asked: "


@cache
def marks() -> tuple[StepMark, ...]:
    """The steps of the runbook, in the order of their files."""
    found = []
    for module in step_modules():
        functions = [f for _, f in inspect.getmembers(module, inspect.isfunction) if mark_of(f)]
        functions.sort(key=lambda f: f.__code__.co_firstlineno)
        found += [
            mark for f in functions if (mark := mark_of(f)) and f.__module__ == module.__name__
        ]
    return tuple(found)


def _names() -> list[str]:
    return [mark.name for mark in marks()]


def _rows() -> dict[str, str]:
    text = (ROOT / "docs" / "preconditions.md").read_text()
    found = ROW.findall(text)
    assert len(dict(zip([f[0] for f in found], found, strict=True))) == len(found)
    return {name: asked for name, _, asked in found}


def _behind() -> list[str]:
    """From the first round on; the follow-up and the last word of a run need nothing of it."""
    names = _names()
    first = names.index("upgrade.window")
    assert RELEASE.no_return in names[first:]
    return [n for n in names[first:] if not n.startswith("followup.") and n != "closing.state"]


def test_every_step_behind_the_point_of_no_return_is_in_the_table() -> None:
    """By name and in order: a new step gets its line in docs/preconditions.md."""
    assert list(_rows()) == _behind()


def test_who_asks_comes_before_the_first_round() -> None:
    names = _names()
    before = set(names[: names.index("upgrade.window")])
    for step, asked in _rows().items():
        if asked.startswith(NOT_ASKED):
            assert len(asked) > len(NOT_ASKED) + 10, step
            continue
        named = re.findall(r"`([\w.]+)`", asked)
        assert named, step
        assert set(named) <= before, step


def test_what_is_asked_once_is_asked_by_a_plan() -> None:
    """The later looks (again, backup) repeat it or need the attempt: a plan can't make them."""
    asking = {mark.name for mark in marks() if mark.asks}
    for step, asked in _rows().items():
        named = re.findall(r"`([\w.]+)`", asked)
        assert asked.startswith(NOT_ASKED) or set(named) & asking or "backup." in asked, step


def test_what_is_asked_before_the_start_is_waited_for() -> None:
    """The baseline waits for every check of the preflight, the backup for every one made again."""
    after = {mark.name: mark.after for mark in marks()}
    assert "preflight.*" in after["baseline.recorded"]
    assert "again.*" in after["backup.proved"]
