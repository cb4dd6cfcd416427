"""`python -m bench`: which parts it does, when it does them again, and when it writes its page."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

import bench.__main__ as command
from bench import parts
from bench.kept import Kept, Result
from bench.page import WORDS, is_in_first_table, page
from bench.parts import PARTS, Part, Sizes
from bench.rows import Row, rows_in, told
from bench.state import NotCommitted, commit_of
from tests.layers.markdown import ROOT, links_of, prose_of, target_of
from tests.layers.test_pages import MADE, commands, leads, problem

QUICK = """
import json, os, sys
with open("calls", "a") as calls:
    calls.write(sys.argv[1] + "\\n")
if sys.argv[1] == "broken":
    sys.exit("it can't be measured")
value = 2.0 if sys.argv[1] == "slow" else 1.0
row = {"what": sys.argv[1], "value": value, "against": "the other", "other": 1.0, "unit": "s",
       "asked": 1.5, "most": None, "ratios": []}
with open(os.environ["BENCH_ROWS"], "a") as rows:
    rows.write(json.dumps(row) + "\\n")
sys.exit(value > 1.5)
"""
"""A part that measures nothing: it notes that it was called, and hands over a row."""
SMALL = ["--rows", "20000", "--pairs", "1"]


@dataclass
class Project:
    """A repository with a part that is quick."""

    root: Path
    results: Path

    def bench(self, *arguments: str) -> int:
        return command.main(["--directory", str(self.results), *arguments], self.root)

    @property
    def calls(self) -> list[str]:
        file = self.root / "calls"
        return file.read_text().split() if file.exists() else []

    @property
    def page(self) -> Path:
        return self.root / "docs/benchmarks.md"

    def commit(self, name: str, text: str) -> None:
        (self.root / name).write_text(text)
        self.git("add", name)
        self.git("commit", "-qm", name)

    def git(self, *words: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.test")
        subprocess.run(["git", "-C", str(self.root), *who, *words], check=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path / "tree", tmp_path / "results")
    (made.root / "docs").mkdir(parents=True)
    made.git("init", "-q")
    (made.root / ".gitignore").write_text("calls\n__pycache__/\n")
    made.git("add", ".gitignore")
    made.commit("quick.py", QUICK)
    words = tmp_path / "words"
    words.mkdir()
    for name in ("introduction", "once", "good", "slow", "broken"):
        (words / f"{name}.md").write_text(f"## Words of {name}\n")
    monkeypatch.setattr("bench.page.WORDS", words)
    monkeypatch.setattr("bench.facts.machine", lambda: {"processors": "2"})
    monkeypatch.setattr("bench.facts.versions", lambda: {"Python": "3.11"})
    has(monkeypatch, "good", "slow")
    return made


def has(monkeypatch: pytest.MonkeyPatch, *names: str, by_name_only: str = "hours") -> None:
    """The parts that there are."""
    made = [Part(name, "quick", 1, lambda *_, name=name: [name]) for name in names]
    made.append(Part(by_name_only, "quick", 90, lambda *_: [by_name_only], by_default=False))
    monkeypatch.setattr(parts, "PARTS", tuple(made))


def test_all_parts_are_done_in_their_order_and_the_page_is_written(project: Project) -> None:
    assert project.bench() == command.NOT_REACHED
    assert project.calls == ["good", "slow"]
    text = project.page.read_text()
    lines = [line for line in text.splitlines() if line.startswith("| slow")]
    assert lines[0] == "| slow | 2 s | the other: 1 s | 2.00 |  | at most 1.5 | no |"
    assert text.index("Words of introduction") < text.index("Words of good")
    assert text.index("Words of good") < text.index("Words of slow") < text.index("Words of once")
    assert commit_of(project.root) in text
    assert not project.page.with_suffix(".new").exists()


def test_what_is_reached_ends_with_0(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    has(monkeypatch, "good")
    assert project.bench() == 0


def test_smaller_sizes_write_no_page_into_docs(project: Project) -> None:
    project.bench(*SMALL)
    assert not project.page.exists()
    (written,) = project.results.rglob("benchmarks.md")
    assert "1 pair, 20000 rows" in written.read_text()


def test_some_parts_write_no_page_and_print_their_rows(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project.bench("--only", "hours") == 0
    assert project.calls == ["hours"]
    assert "hours: 1 s; the other: 1 s; ratio 1.00" in capsys.readouterr().out
    assert list(project.results.rglob("benchmarks.md")) == []
    assert not project.page.exists()


def test_a_part_that_is_none_is_answered_with_those_there_are(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        project.bench("--only", "good,fast")
    assert "no part 'fast'; there are good, slow, hours" in capsys.readouterr().err
    assert project.calls == []


def test_what_is_done_is_not_done_again(project: Project) -> None:
    project.bench("--only", "slow")
    assert project.bench() == command.NOT_REACHED
    assert project.calls == ["slow", "good"]
    assert "| slow | 2 s" in project.page.read_text()


@pytest.mark.parametrize("change", ["again", "sizes", "commit"])
def test_it_is_done_again(project: Project, change: str) -> None:
    project.bench("--only", "good")
    if change == "commit":
        project.commit("other.py", "")
    more = {"again": ["--again"], "sizes": SMALL, "commit": []}[change]
    project.bench("--only", "good", *more)
    assert project.calls == ["good", "good"]


def test_words_are_no_other_state(project: Project) -> None:
    project.bench("--only", "good")
    project.commit("words.md", "said better")
    (project.root / "words.md").write_text("said better still")
    project.bench("--only", "good")
    assert project.calls == ["good"]


@pytest.mark.parametrize("name", ["quick.py", "new.py"])
def test_files_that_differ_from_the_commit_are_refused(
    project: Project, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (project.root / name).write_text(QUICK + "# another\n")
    assert project.bench() == command.REFUSED
    assert name in capsys.readouterr().err
    assert project.calls == []
    with pytest.raises(NotCommitted):
        commit_of(project.root)


def test_files_that_differ_while_it_is_measured_are_refused(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    project.commit("quick.py", "open('new.py', 'w').close()\n" + QUICK)
    assert project.bench("--only", "good,slow") == command.REFUSED
    assert "new.py" in capsys.readouterr().err
    assert project.calls == ["good"]
    (project.root / "new.py").unlink()
    project.bench("--only", "good")
    assert project.calls == ["good", "good"], "what it measured meanwhile is not kept"


@pytest.mark.parametrize("kept", [True, False])
def test_parts_keep_compiled_modules(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    if not kept:
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in command.environment()
    assert "PATH" in command.environment()


def test_a_part_that_fails_is_told_and_the_others_go_on(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    has(monkeypatch, "broken", "good")
    project.page.write_text("of before")
    assert project.bench() == command.FAILED
    assert project.calls == ["broken", "good"]
    assert project.page.read_text() == "of before"
    told = capsys.readouterr().err
    assert "broken ended with 1" in told
    (log,) = project.results.rglob("broken.log")
    assert str(log) in told
    assert "can't be measured" in log.read_text()
    project.bench()
    assert project.calls == ["broken", "good", "broken"]


def test_a_part_that_ends_after_its_rows_has_failed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its exit code has to be that of its rows."""
    text = QUICK.replace("sys.exit(value > 1.5)", "sys.exit('too late')")
    project.commit("quick.py", text)
    has(monkeypatch, "good")
    assert project.bench() == command.FAILED
    assert not project.page.exists()


def test_rows_come_back_as_they_were_handed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows"
    monkeypatch.setenv("BENCH_ROWS", str(file))
    rows = [
        Row.of_pairs("a plan", [2.0, 3.0, 4.0], "others", [2.0, 2.0, 2.0], "s", 1.2),
        Row("trips", 18.0, "", None, "round trips", most=25),
    ]
    assert told(rows) == 1
    assert rows_in(file) == rows
    assert told(rows[1:]) == 0


def test_the_ratio_is_the_median_of_the_pairs() -> None:
    """Not that of the medians: both of a pair were measured at about the same time."""
    row = Row.of_pairs("a plan", [1.0, 10.0, 3.0], "others", [2.0, 10.0, 2.0], "s", 1.0)
    assert (row.value, row.other, row.ratio) == (3.0, 2.0, 1.0)
    assert row.spread == "3 pairs, 0.50 to 1.50"
    assert not row.is_beyond


def test_a_limit_of_a_value_is_in_the_first_table_when_it_is_not_kept() -> None:
    assert not is_in_first_table(Row("a", 24.0, "", None, "MiB", most=25))
    assert is_in_first_table(Row("a", 26.0, "", None, "MiB", most=25))
    assert is_in_first_table(Row("a", 24.0, "b", 99.0, "trips", most=25))
    assert not is_in_first_table(Row("a", 24.0, "b", 99.0, "trips"))


@pytest.mark.parametrize(
    ("row", "beyond"),
    [
        (Row("a", 2.0, "b", 1.0, "s", asked=1.9), True),
        (Row("a", 2.0, "b", 1.0, "s", asked=2.0), False),
        (Row("a", 26.0, "", None, "trips", most=25), True),
        (Row("a", 26.0, "b", 100.0, "trips", asked=0.5, most=25), True),
        (Row("a", 26.0, "b", 1.0, "trips"), False),
    ],
)
def test_what_is_beyond(row: Row, beyond: bool) -> None:
    assert row.is_beyond == beyond


# of the parts that there are


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_is_a_module_that_has_its_options(part: Part) -> None:
    spec = importlib.util.find_spec(part.module)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    options = [word for word in part.arguments(Sizes(), Path("/d")) if word.startswith("--")]
    assert [option for option in options if f'"{option}"' not in source] == []
    assert "told(" in source
    assert (WORDS / f"{part.name}.md").exists() == part.by_default


def test_the_words_of_the_page_lead_somewhere_and_can_be_typed(tmp_path: Path) -> None:
    rows = (Row.of_pairs("`a | b`", [1.0], "c", [1.0], "s", 1.0),)
    results = {
        part.name: Result(Sizes(), "2026-12-01 10:00", 1.0, 0.1, rows)
        for part in PARTS
        if part.by_default
    }
    made = tmp_path / "benchmarks.md"
    made.write_text(page("abc", Sizes(), results, {"processors": "2"}, {"Python": "3.11"}))
    text = made.read_text()
    assert text.count("| `a \\| b` | 1 s | c: 1 s | 1.00 | 1 pair, 1.00 to 1.00 |") == 2 * len(
        results
    ), "each row stands in the table of what is asked and in its section"
    assert "{rows}" not in text
    wrong = {line: why for line in commands(made) if (why := problem(line, whole=True))}
    assert wrong == {}
    ends = [target_of(ROOT / "docs/benchmarks.md", link) for link in links_of(prose_of(made))]
    assert [end for end in ends if not leads(*end) and end[0] not in MADE] == []


def test_each_part_has_a_line_in_developing() -> None:
    text = (ROOT / "docs/developing.md").read_text(encoding="utf-8")
    assert [part.name for part in PARTS if f"| `{part.name}` |" not in text] == []


def test_a_result_without_rows_is_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "a" * 40, tmp_path)
    assert kept.result_of(PARTS[0], Sizes()) is None
    kept.folder.mkdir()
    fields = {"began": "2026-12-01 10:00", "minutes": 1.0, "load": 0.1, "rows": []}
    file = kept.folder / f"{PARTS[0].name}.json"
    file.write_text(json.dumps({"sizes": {**vars(Sizes(rows=5))}, **fields}))
    assert kept.result_of(PARTS[0], Sizes()) is None
    assert kept.result_of(PARTS[0], Sizes(rows=5)) == Result(
        Sizes(rows=5), "2026-12-01 10:00", 1.0, 0.1, ()
    )
