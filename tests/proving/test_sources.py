"""What voids a green result: a change of anything its case is made of, and of nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.findings.every import CASES
from tests.proving.results import DIRTY, ROOT
from tests.proving.sources import _of, keys

FILES = {
    "engine/a.py": "",
    "tests/findings/lab.py": "",
    "tests/findings/cases_a.py": 'A = ("one",)\n',
    "tests/findings/cases_b.py": 'from tests.findings.cases_a import A\nB = ("two",)\n',
    "tests/findings/cases_c.py": 'C = ("three",)\n',
    "tests/matrix/edges.py": "",
    "tests/matrix/nights.py": "",
    "docs/page": "",
}
NAMES = ("one", "one.accepted", "two", "three", "made-up")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        git(tmp_path, *words)
    return tmp_path


def git(project: Path, *words: str) -> None:
    own = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "-C", str(project), *own, *words], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("changed", "voids"),
    [
        ("engine/a.py", NAMES),
        ("tests/findings/lab.py", NAMES),
        ("tests/matrix/edges.py", NAMES),  # the findings use it
        ("tests/findings/cases_a.py", ("one", "one.accepted", "two", "made-up")),
        ("tests/findings/cases_b.py", ("two", "made-up")),
        ("tests/findings/cases_c.py", ("three", "made-up")),
        ("tests/findings/cases_new.py", ("made-up",)),
        ("tests/matrix/nights.py", ()),
        ("docs/page", ()),
    ],
)
def test_a_change_voids_the_cases_that_are_made_of_it(
    project: Path, changed: str, voids: tuple[str, ...]
) -> None:
    before = keys("findings", NAMES, project)
    with (project / changed).open("a") as file:
        file.write("# more\n")
    dirty = keys("findings", NAMES, project)
    assert {name for name in NAMES if dirty[name].endswith(DIRTY)} == set(voids)
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "more")
    after = keys("findings", NAMES, project)
    assert {name for name in NAMES if after[name] != before[name]} == set(voids)
    assert not any(key.endswith(DIRTY) for key in after.values())


def test_what_was_changed_back_is_the_same_again(project: Path) -> None:
    before = keys("findings", NAMES, project)
    (project / "engine/a.py").write_text("x = 1\n")
    git(project, "commit", "-q", "-a", "-m", "more")
    (project / "engine/a.py").write_text("")
    git(project, "commit", "-q", "-a", "-m", "back")
    assert keys("findings", NAMES, project) == before


def test_most_findings_know_their_module() -> None:
    """Else a change of one case would void all of them, and nobody would see why."""
    texts = [path.read_text() for path in (ROOT / "tests" / "findings").glob("cases_*.py")]
    unknown = [n for n in CASES if not any(f'"{n.partition(".")[0]}"' in text for text in texts)]
    assert len(unknown) < len(CASES) / 2, unknown


def test_what_a_finding_s_case_does_is_among_what_it_is_made_of() -> None:
    """A module that defines its strike or repair is never left out."""
    modules = {
        str(path.relative_to(ROOT)): path.read_text()
        for path in (ROOT / "tests" / "findings").glob("cases_*.py")
    }
    for name, case in CASES.items():
        deeds = [deed for deed in (case.strike, case.repair) if deed is not None]
        own = {f"{deed.__module__.replace('.', '/')}.py" for deed in deeds} & set(modules)
        assert own <= _of(name, modules), name
