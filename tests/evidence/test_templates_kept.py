"""Templates are compiled once: what is kept of them counts for one text, and nothing needs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jinja2
import pytest

from engine.report import compiled
from engine.report.compiled import Kept, environment, from_text_only


@pytest.fixture(autouse=True)
def keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(Kept, "is_taken", True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.html.j2").write_text("so {{ told }}")
    return tmp_path


def shown(folder: Path) -> str:
    pages = environment(folder, lambda value: value, autoescape=True)
    return pages.get_template("one.html.j2").render(told="it is")


def compiles_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_anew(*_: Any, **__: Any) -> None:
        raise AssertionError("compiled once more")

    monkeypatch.setattr(jinja2.Environment, "compile", compile_anew)


def test_what_was_compiled_before_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(folder) == "so it is"
    compiles_no_more(monkeypatch)
    assert shown(folder) == "so it is"


def test_it_lies_where_python_has_its_own(folder: Path) -> None:
    shown(folder)
    (kept,) = (folder / "__pycache__").iterdir()
    assert kept.name == f"one.html.j2.{sys.implementation.cache_tag}.pyc"


def test_of_another_text_it_is_not_taken(folder: Path) -> None:
    shown(folder)
    (folder / "one.html.j2").write_text("now {{ told }}")
    assert shown(folder) == "now it is"


@pytest.mark.parametrize("name", ["runbook_hash", "jinja2.__version__"])
def test_of_another_runbook_or_jinja_it_is_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The runbook has functions that are called when a template is compiled."""
    shown(folder)
    monkeypatch.setattr(f"engine.report.compiled.{name}", "3" if "." in name else lambda: "3")
    compiles_no_more(monkeypatch)
    with pytest.raises(AssertionError, match="once more"):
        shown(folder)


def test_what_is_damaged_is_not_taken(folder: Path) -> None:
    shown(folder)
    (kept,) = (folder / "__pycache__").iterdir()
    kept.write_bytes(kept.read_bytes()[:-9])
    assert shown(folder) == "so it is"


def test_whoever_goes_by_the_text_takes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown(folder)
    from_text_only()
    compiles_no_more(monkeypatch)
    with pytest.raises(AssertionError, match="once more"):
        shown(folder)


def test_a_folder_that_takes_no_file_is_as_good(folder: Path) -> None:
    (folder / "__pycache__").write_text("in the way")
    assert shown(folder) == shown(folder) == "so it is"


def test_nothing_is_left_where_python_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    shown(folder)
    assert not (folder / "__pycache__").exists()


def test_pages_and_hand_over_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.report import hand_over, html

    for made in (html.template("table.html.j2"), hand_over._template("handover.md")):
        assert isinstance(made.environment.bytecode_cache, compiled.Kept)
