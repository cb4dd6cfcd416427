"""The benchmark of the reports goes through with the journals as they are now; mutants fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench import mutants_list
from bench.mutants import LIST, chosen
from bench.mutants_list import AREAS, Moved, Mutant, digest, statement_lines, units
from bench.reports import PARTS, written


def test_every_part_of_it_runs(tmp_path: Path) -> None:
    run = written(tmp_path / "run", 50)
    for part in PARTS.values():
        part(run)
    assert (run / "evidence.html").exists()


SOURCE = """\
LIMIT = 3


class Judge:
    @property
    def is_bad(self) -> bool:
        return (
            self.seen
            > LIMIT
        )


def other() -> None:
    if LIMIT:
        return
"""
BODY = "".join(SOURCE.splitlines(keepends=True)[4:10])
MUTANT = Mutant(1, "judge", False, "judge.py", "Judge.is_bad", digest(BODY), "Gt_LtE", 0, 4,
                ("            > LIMIT\n",), ("            <= LIMIT\n",))  # fmt: skip


def _tree(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "judge.py").write_text(text)
    return path


def test_a_mutant_is_put_in_where_its_function_is_as_it_was(tmp_path: Path) -> None:
    same = _tree(tmp_path / "same", SOURCE)
    later = _tree(tmp_path / "later", f"import os\n{SOURCE}".replace("if LIMIT", "if not LIMIT"))
    assert MUTANT.put_into(same) == (SOURCE.replace("> LIMIT", "<= LIMIT"), 9)
    text, line = MUTANT.put_into(later)
    assert line == 10
    assert text == later.joinpath("judge.py").read_text().replace("> LIMIT", "<= LIMIT")


@pytest.mark.parametrize(
    "text",
    ["", SOURCE.replace("self.seen", "self.saw"), SOURCE.replace("Judge", "Other")],
    ids=["gone", "changed", "renamed"],
)
def test_a_mutant_whose_function_is_another_is_not_put_in(tmp_path: Path, text: str) -> None:
    with pytest.raises(Moved):
        MUTANT.put_into(_tree(tmp_path / "tree", text))


def test_one_of_the_reserve_takes_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = _tree(tmp_path / "tree", SOURCE)
    gone = replace(MUTANT, number=2, text="another")
    reserve = [replace(MUTANT, number=number, reserve=True) for number in (3, 4)]
    found = chosen([MUTANT, gone, *reserve], [tree])
    assert [mutant.number for mutant in found] == [1, 3]
    assert "2 judge.py Judge.is_bad" in capsys.readouterr().out


def test_the_functions_and_statements_of_a_module_have_names() -> None:
    assert list(units(SOURCE)) == ["LIMIT", "Judge.is_bad", "other"]


def test_the_lines_of_the_statement_around_a_line() -> None:
    assert statement_lines(SOURCE, 9) == {7, 8, 9, 10}
    assert statement_lines(SOURCE, 14) == {14}
    assert statement_lines(SOURCE, 1) == {1}


def test_the_list_has_two_hundred_and_a_reserve_of_each_area() -> None:
    mutants = mutants_list.read(LIST)
    numbers = {area: count for area, (count, _) in AREAS.items()}
    first = [mutant.area for mutant in mutants if not mutant.reserve]
    assert {area: first.count(area) for area in AREAS} == numbers
    assert sum(numbers.values()) == 200
    assert {mutant.area for mutant in mutants if mutant.reserve} == set(AREAS)
