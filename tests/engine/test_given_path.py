"""What lies where an operator points: told, and never an exception."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.given_path import is_file, is_there, why_no_file, why_nothing


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "prod.ini"
    file.touch()
    assert (why_no_file(file), why_nothing(file)) == ("", "")
    assert is_file(file)
    assert is_there(file)


def test_a_directory_is_there_and_no_file(tmp_path: Path) -> None:
    assert why_no_file(tmp_path) == "is no file"
    assert not is_file(tmp_path)
    assert is_there(tmp_path)


@pytest.mark.parametrize(
    ("below", "told"),
    [
        ("gone", "no such inventory"),
        ("file/gone", "no such inventory"),
        ("x" * 300, "can't be looked at (File name too long)"),
        ("loop", "can't be looked at (Too many levels of symbolic links)"),
    ],
)
def test_nothing_can_be_had_there(tmp_path: Path, below: str, told: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / below
    assert why_no_file(path, "inventory") == told
    assert why_nothing(path, "inventory") == told
    assert not is_file(path)
    assert not is_there(path)


def test_a_directory_that_may_not_be_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of the system is given: whoever tests as root may search every directory."""

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "stat", refused)
    assert why_no_file(Path("closed/prod.ini")) == "can't be looked at (Permission denied)"
    assert not is_there(Path("closed/prod.ini"))
