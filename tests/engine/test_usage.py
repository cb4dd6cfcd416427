"""An invocation means the whole runbook or nothing: judged from pytest's options alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import UsageError
from engine.run.usage import PARTS, is_runbook, refuse_partial_runs

ALL = ("dependency", "html", "junitxml", "metadata", "terminal", "capture", *PARTS)


class Plugins:
    def __init__(self, *names: str, blocked: tuple[str, ...] = ()) -> None:
        self.names = names
        self.blocked = blocked

    def is_blocked(self, name: str) -> bool:
        return name in self.blocked

    def has_plugin(self, name: str) -> bool:
        return name in self.names

    hasplugin = has_plugin


def config(args: list[str] | None = None, plugins: Any = None, **options: Any) -> Any:
    given = ["runbook"] if args is None else args
    root = Path("/srv/project")
    return SimpleNamespace(
        rootpath=root,
        inipath=root / "pytest.ini",
        args=given,
        invocation_params=SimpleNamespace(dir=root, args=tuple(given)),
        option=SimpleNamespace(**options),
        pluginmanager=plugins or Plugins(*ALL),
        getoption=lambda name: options.get(name),
    )


@pytest.mark.parametrize(
    ("args", "means"),
    [
        (["runbook"], True),
        (["runbook/"], True),
        (["./runbook"], True),
        (["/srv/project/runbook"], True),
        (["tests/../runbook"], True),
        (["tests"], False),
        (["tests/runbook"], False),
        (["/srv/project"], False),
        (["runbook2"], False),
        ([], False),
    ],
)
def test_whether_the_runbook_is_meant(args: list[str], means: bool) -> None:
    assert is_runbook(config(args)) is means


@pytest.mark.parametrize(
    "args",
    [
        ["runbook/phases/test_10_preflight.py"],
        ["runbook/phases/test_10_preflight.py::test_versions"],
        ["runbook::test_versions"],
        ["runbook", "tests"],
        ["tests", "runbook"],
        ["runbook", "runbook/phases/test_10_preflight.py"],
        ["runbook/actions"],
    ],
)
def test_a_part_of_the_runbook_is_refused(args: list[str]) -> None:
    with pytest.raises(UsageError, match="the runbook runs as a whole"):
        is_runbook(config(args))


GIVEN: dict[str, dict[str, Any]] = {
    "-k": {"keyword": "versions"},
    "-m": {"markexpr": "not slow"},
    "--deselect": {"deselect": ["runbook/x.py::y"]},
    "--ignore": {"ignore": ["runbook/x.py"]},
    "--ignore-glob": {"ignore_glob": ["*x*"]},
    "-x/--maxfail": {"maxfail": 1},
    "--lf": {"lf": True},
    "--ff": {"failedfirst": True},
    "--nf": {"newfirst": True},
    "--sw": {"stepwise": True},
    "--stepwise-skip": {"stepwise_skip": True},
    "--collect-only": {"collectonly": True},
    "--setup-plan": {"setupplan": True},
    "--setup-only": {"setuponly": True},
    "--setup-show": {"setupshow": True},
    "-n": {"numprocesses": 2},
    "--dist": {"dist": "load"},
    "--pdb": {"usepdb": True},
    "--trace": {"trace": True},
    "--assert=plain": {"assertmode": "plain"},
    "--runxfail": {"runxfail": True},
    "--nagios": {"nagios": True},
    "--hosts": {"hosts": "neteye01"},
    "--ignore-unknown-dependency": {"ignore_unknown_dependency": True},
    "--continue-on-collection-errors": {"continue_on_collection_errors": True},
}


@pytest.mark.parametrize("spelt", GIVEN)
def test_an_option_that_leaves_out_reorders_or_disarms_is_refused(spelt: str) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_partial_runs(config(**GIVEN[spelt]))
    assert str(caught.value).startswith(f"{spelt} can't be used")
    assert "PYTEST_ADDOPTS" in str(caught.value)


def test_a_plain_invocation_is_fine() -> None:
    plain: dict[str, Any] = {
        "keyword": "",
        "markexpr": "",
        "maxfail": 0,
        "deselect": None,
        "assertmode": "rewrite",
    }
    refuse_partial_runs(config(**plain, dist="no", numprocesses=None, lf=False))


def test_an_optimised_python_is_refused() -> None:
    with pytest.raises(UsageError, match="python -O can't be used"):
        refuse_partial_runs(config(), debug=False)


@pytest.mark.parametrize(
    ("plugin", "told"),
    [
        ("dependency", "pytest-dependency"),
        ("html", "pytest-html"),
        ("junitxml", "pytest's junitxml"),
        ("metadata", "pytest-metadata"),
        ("terminal", "pytest's terminal"),
        ("capture", "pytest's capture"),
        *((part, f"the runbook's {part}") for part in PARTS),
    ],
)
def test_a_plugin_that_is_switched_off_is_named(plugin: str, told: str) -> None:
    there = (name for name in ALL if name != plugin)
    with pytest.raises(UsageError, match=f"{told} is switched off or not installed"):
        refuse_partial_runs(config(plugins=Plugins(*there)))


@pytest.mark.parametrize(
    ("name", "told"),
    [("terminalreporter", "pytest's terminal"), ("capturemanager", "pytest's capture")],
)
def test_a_part_of_pytest_that_will_not_come_in_is_named(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=f"{told} is switched off"):
        refuse_partial_runs(config(plugins=Plugins(*ALL, blocked=(name,))))
