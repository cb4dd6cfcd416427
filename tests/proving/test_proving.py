"""Which cases a proof runs, what it keeps, and what its page says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.proving import lengthy, table
from tests.proving.choice import Shard, named, rotated, shard
from tests.proving.fakes import FakeStand
from tests.proving.kind import Kind
from tests.proving.results import CODE, OWN, ROOT, Result, Results, code_commit
from tests.versions.bases import BASES_PROOF, MODULES

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
    results = Results("faults", {"good": "abc", "bad": "abc"}, tmp_path)
    results.put(_result("good", green=True))
    results.put(_result("bad", green=False))
    assert results.all()["good"] == _result("good", green=True)
    assert results.done == {"good"}
    assert Results("faults", {"good": "def", "bad": "abc"}, tmp_path).done == set()


def test_nothing_counts_as_done_on_a_tree_with_changes(tmp_path: Path) -> None:
    results = Results("faults", {"good": "abc-dirty"}, tmp_path)
    results.put(_result("good", green=True))
    assert results.done == set()


KIND = Kind("faults", "Faults", "Text.", ("said",), {"good": "", "bad": ""}, FakeStand)


def test_the_page_has_a_row_for_every_case() -> None:
    results = {name: _result(name, green=True) for name in ("good", "bad")}
    text = table.page("abc", [(KIND, results)])
    assert "Commit `abc`, run 2026-11-23: all 2 cases green." in text
    assert "## Faults\n\nText.\n\n" in text
    assert "| good | a \\| b c | 12 |" in text
    assert "| bad | a \\| b c | 12 |" in text


@pytest.mark.parametrize("others", [{}, {"bad": _result("bad", green=False)}])
def test_there_is_no_page_of_a_part(others: dict[str, Result]) -> None:
    with pytest.raises(ValueError, match="1 of 2 cases are not green"):
        table.page("abc", [(KIND, {"good": _result("good", green=True), **others})])


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
    write("docs/page", "table")
    git("commit", "-q", "-m", "table")
    assert code_commit(root=tmp_path) == first
    write("tests/unit.py", "another test")
    git("commit", "-q", "-m", "test")
    assert code_commit(root=tmp_path) == first
    write("tests/faults/a.py", "another fault")
    git("commit", "-q", "-m", "fault")
    assert code_commit(["matrix"], tmp_path) == first
    assert code_commit(["faults"], tmp_path) != first
    write("engine/a.py", "2")
    assert code_commit(["matrix"], tmp_path) == f"{first}-dirty"
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


@pytest.mark.parametrize("kind", OWN)
def test_a_proof_knows_what_it_is_made_of(kind: str) -> None:
    """What its modules import of the tests is in its list, or it would not be proved anew."""
    # how results are kept is nothing that a case is made of
    known = tuple(ROOT / path for path in (*CODE, *OWN[kind], "tests/proving/results.py"))
    own = sorted((ROOT / OWN[kind][0]).glob("[!_]*.py"))
    ahead, seen = [path for path in own if not path.name.startswith("test_")], set[Path]()
    assert ahead
    if kind == BASES_PROOF.name:  # it runs them by their paths
        ahead += [ROOT / "tests" / "integration" / f"{name}.py" for name in MODULES.values()]
    while ahead:
        path = ahead.pop()
        seen.add(path)
        names = re.findall(r"^from (tests\.[\w.]+) import", path.read_text("utf-8"), re.MULTILINE)
        files = {(ROOT / name.replace(".", "/")).with_suffix(".py") for name in names}
        ahead += sorted(file for file in files - seen if file.is_file())
    others = [p for p in seen if not any(p == one or one in p.parents for one in known)]
    assert [p.relative_to(ROOT).as_posix() for p in sorted(others)] == []
