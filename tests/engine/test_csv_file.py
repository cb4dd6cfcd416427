"""Tables for spreadsheets: whole or not at all, and harmless whatever stands in them."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.csv_file import SHOWN, safe_cell, write_csv


def keep(text: str) -> str:
    return text


def written(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_rows_are_written_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    table = write_csv(path, ("a", "b"), [(1, None), ('x, "y"', "z")], keep)
    assert written(path) == [["a", "b"], ["1", ""], ['x, "y"', "z"]]
    assert path.stat().st_mode & 0o777 == 0o600
    assert (table.rows, table.size) == (2, path.stat().st_size)
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert table.head.encode() == path.read_bytes()


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", ("a",), [], keep)
    assert (table.rows, written(tmp_path / "t.csv")) == (0, [["a"]])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("  =cmd|' /C calc'!A0", "'  =cmd|' /C calc'!A0"),
        ("\t=1", "?=1"),
        ("a\r\n=1", "a??=1"),
        ("a=1", "a=1"),
        ("\u2028\x1b[31m", "??[31m"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_or_steers_anything(cell: str, shown: str) -> None:
    assert safe_cell(cell) == shown


@given(st.text())
def test_a_cell_is_printable_and_begins_with_no_operator(text: str) -> None:
    shown = safe_cell(text)
    assert shown.isprintable()
    assert not shown.lstrip().startswith(("=", "+", "-", "@"))


def test_secrets_are_masked_in_each_cell(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(path, ("a",), [("the s3cret",)], lambda text: text.replace("s3cret", "***"))
    assert written(path)[1] == ["the ***"]


def test_the_head_tells_how_many_more_there_are(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "t.csv", ("a",), ((n,) for n in range(SHOWN + 5)), keep)
    text = table.described()["text"]
    assert text.splitlines()[-2:] == [str(SHOWN - 1), "[... 5 more rows ...]"]


def test_rows_that_fail_on_the_way_leave_no_file(tmp_path: Path) -> None:
    def rows() -> Iterator[tuple[str]]:
        yield ("first",)
        raise ValueError("no answer")

    with pytest.raises(ValueError, match="no answer"):
        write_csv(tmp_path / "t.csv", ("a",), rows(), keep)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_table_stays_when_a_new_one_fails(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_csv(path, ("a",), [("old",)], keep)
    with pytest.raises(ZeroDivisionError):
        write_csv(path, ("a",), ((1 // n,) for n in (1, 0)), keep)
    assert written(path)[1] == ["old"]
