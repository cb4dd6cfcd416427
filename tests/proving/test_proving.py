"""Which cases a proof runs, what it keeps, and what its page says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.proving import lengthy, table
from tests.proving.choice import Shard, named, rotated, shard
from tests.proving.results import Result, Results, code_commit

NAMES = [f"case-{number}" for number in range(10)]


@pytest.mark.parametrize("of", [1, 3, 6, 12])
def test_shards_have_every_case_once(of: int) -> None:
    picked = [name for number in range(1, of + 1) for name in Shard(number, of).pick(NAMES)]
    assert sorted(picked) == sorted(NAMES)


@pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "a/b", "-1/2", "1/0"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected NUMBER/OF"):
        shard(text)


def test_a_shard_is_read() -> None:
    assert shard("2/6") == Shard(2, 6)


def test_the_commit_says_which_cases_have_their_turn() -> None:
    assert rotated(NAMES, 3, "abc") == rotated(NAMES, 3, "abc")
    assert len(rotated(NAMES, 3, "abc")) == 3
    seen = {name for commit in range(100) for name in rotated(NAMES, 3, str(commit))}
    assert seen == set(NAMES)


def test_more_than_there_are_is_all_of_them() -> None:
    assert sorted(rotated(NAMES, 99, "abc")) == sorted(NAMES)
    assert rotated([], 3, "abc") == []


def test_cases_by_name_keep_their_order() -> None:
    assert named(NAMES, ["case-7", "case-2"]) == ["case-2", "case-7"]
    with pytest.raises(ValueError, match="no case 'x'"):
        named(NAMES, ["x"])


def _result(name: str, *, green: bool) -> Result:
    said = {"said": "a | b\nc"}
    return Result(name, green, "2026-11-23T03:00:00+00:00", 12.3, said, "" if green else "why")


def test_a_green_result_is_kept_and_a_red_one_is_run_again(tmp_path: Path) -> None:
    results = Results("faults", "abc", tmp_path)
    results.put(_result("good", green=True))
    results.put(_result("bad", green=False))
    assert results.all()["good"] == _result("good", green=True)
    assert results.is_done("good")
    assert not results.is_done("bad")
    assert not results.is_done("never run")
    assert not Results("faults", "def", tmp_path).is_done("good")


def test_what_is_on_record_was_green_on_its_commit_only(tmp_path: Path) -> None:
    record = tmp_path / "faults.json"
    here = Results("faults", "abc", tmp_path / "here", record)
    here.put(_result("good", green=True))
    here.put(_result("bad", green=False))
    here.write_record()
    elsewhere = Results("faults", "abc", tmp_path / "elsewhere", record)
    assert elsewhere.all() == {"good": _result("good", green=True)}
    assert elsewhere.is_done("good")
    elsewhere.put(_result("other", green=True))
    elsewhere.write_record()
    assert set(Results("faults", "abc", tmp_path / "third", record).all()) == {"good", "other"}
    assert not Results("faults", "def", tmp_path / "here", record).all()


def test_nothing_counts_as_done_on_a_tree_with_changes(tmp_path: Path) -> None:
    results = Results("faults", "abc-dirty", tmp_path)
    results.put(_result("good", green=True))
    assert not results.is_done("good")


def test_the_page_has_a_row_for_every_case() -> None:
    results = {name: _result(name, green=name == "good") for name in ("good", "bad")}
    text = table.page("Faults", "Text.", "abc", ["said"], ["good", "bad", "other"], results)
    assert "Commit `abc`, run 2026-11-23: 1 of 3 green." in text
    assert "| good | a \\| b c | green | 12 |" in text
    assert "| bad | a \\| b c | RED: why | 12 |" in text
    assert "| other |  | not run |  |" in text


def test_a_document_is_not_another_state_of_the_code(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        own = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(tmp_path), *own, *words], check=True, capture_output=True)

    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
        git("add", "--", name)

    git("init", "-q")
    write("engine/a.py", "1")
    git("commit", "-q", "-m", "code")
    first = code_commit(root=tmp_path)
    write("docs/faults.md", "table")
    git("commit", "-q", "-m", "table")
    assert code_commit(root=tmp_path) == first
    write("tests/unit.py", "another test")
    git("commit", "-q", "-m", "test")
    assert code_commit(root=tmp_path) == first
    write("tests/faults/a.py", "another fault")
    git("commit", "-q", "-m", "fault")
    assert code_commit("matrix", tmp_path) == first
    assert code_commit("faults", tmp_path) != first
    write("engine/a.py", "2")
    assert code_commit(root=tmp_path) == f"{first}-dirty"
    git("commit", "-q", "-m", "more code")
    assert code_commit(root=tmp_path) not in (first, f"{first}-dirty")


def test_lengthy_modules_are_found_by_their_mark(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "integration"
    folder.mkdir(parents=True)
    (folder / "test_long.py").write_text(f"pytestmark = {lengthy.MARK}\n")
    (folder / "test_short.py").write_text("pytestmark = pytest.mark.integration\n")
    assert lengthy.modules(tmp_path) == ["tests/integration/test_long.py"]


def test_there_are_lengthy_modules() -> None:
    assert len(lengthy.modules()) > 3
