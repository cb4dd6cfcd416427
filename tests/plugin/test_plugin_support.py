"""The support bundle seen from outside: when it is made, what is in it, what it never does."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from engine.cli import main
from engine.model.answer import Answer, Lost, LostKind
from engine.verify import digest, verify
from tests.engine.kit import unreachable
from tests.engine.scripted import said
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import CHANGE, CLOSING, SECOND, THIRD, N, Project, assert_ended

pytest_plugins = "pytester"
NOT_NORMAL = '''
@step("second.normal", after=["first.baseline"], guide=["G02"])
def test_normal(evidence):
    """The cluster is normal."""
    evidence.judge([bad("mariadb")], observed="seen", guide=["G01"])
    if evidence.blocking:
        evidence.call_support("G02", "Call support")
'''
FENCE = '<nvpair id="fence-passwd" name="passwd" value="hunter22"/>'


def bundle_of(project: Project) -> Path:
    return project.latest / f"support-{project.latest.name}.tar.gz"


def texts(path: Path) -> dict[str, str]:
    """Name within the bundle's directory -> text, in the archive's order."""
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert {member.name.split("/")[0] for member in members} == {path.name[: -len(".tar.gz")]}
        assert all(member.isfile() and member.mode == 0o600 for member in members)
        files = {m.name.partition("/")[2]: archive.extractfile(m) for m in members}
        return {name: file.read().decode() for name, file in files.items() if file}


def test_a_green_run_leaves_none(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    assert project.summary["outcome"] == "done"
    assert project.summary["support"] is None
    assert list(project.latest.glob("*support*")) == []
    assert not any("support-bundle" in argv for _, argv in project.cluster.asked)


def test_a_step_that_calls_support_leaves_one(project: Project) -> None:
    project.steps(NOT_NORMAL + CLOSING)
    result = project.run()
    assert_ended(project, result, 10, "blocked")
    path = bundle_of(project)
    assert path.stat().st_mode & 0o777 == 0o600
    result.stdout.fnmatch_lines([f"support bundle: {path}", "  Tell them everything."])
    (row,) = [row for row in project.summary["guide"] if row["id"] == "G02"]
    assert f"Call support; the support bundle {path.name} in the run's directory" in row["reason"]
    assert path.name in (project.latest / "report.html").read_text()
    assert path.name in (project.latest / "evidence.html").read_text()
    found = texts(path)
    assert next(iter(found)) == "index.txt"
    assert list(found)[1:] == sorted(list(found)[1:])
    for node in (N, SECOND, THIRD):
        assert "as it is" in found[f"nodes/{node}/pcs-status.txt"]
        assert "as it is" in found[f"nodes/{node}/journal-cluster.txt"]
    assert "made because: second.normal found bad-thing" in found["index.txt"]
    assert "- Tell them everything." in found["index.txt"]
    assert "[bad-thing] mariadb: mariadb is bad; expected good" in found["index.txt"]
    assert "- blocked, exit code 10" in found["index.txt"]


def test_a_finding_names_the_bundle_and_the_directions(project: Project) -> None:
    project.steps(NOT_NORMAL + CLOSING)
    project.run()
    (told,) = [one for one in project.summary["findings"] if one["code"] == "support-needed"]
    (bundle,) = project.latest.glob("support-*.tar.gz")
    assert (told["severity"], told["subject"], told["guide"]) == ("warn", bundle.name, ["G02"])
    assert told["remedy"].startswith("Call support. ")


def test_the_row_is_settled_by_the_first_failure(project: Project) -> None:
    later = NOT_NORMAL.replace("second.normal", "third.normal").replace("test_n", "test_later_n")
    project.steps(NOT_NORMAL + later.replace("first.baseline", "second.normal"))
    project.run()
    assert project.outcomes()["third.normal"] == "not reached"
    (row,) = [row for row in project.summary["guide"] if row["id"] == "G02"]
    assert row["state"] == "fulfilled"
    assert row["steps"] == ["first.baseline", "second.normal"]


def test_it_has_the_runs_own_files_and_is_sealed_with_them(project: Project) -> None:
    project.steps(NOT_NORMAL + CLOSING)
    project.run()
    found = texts(bundle_of(project))
    assert {"run/summary.json", "run/evidence.html", "run/report.html"} <= set(found)
    whole = (project.latest / "journal.jsonl").read_text()
    assert found["run/journal.jsonl"] == "".join(whole.splitlines(keepends=True)[:-1])
    (sealed,) = project.events("sealed")
    assert sealed["files"] >= 6
    verdict = verify(project.latest, None, None)
    assert verdict.code == 2, verdict.lines  # consistent; neither head nor signers were given
    assert problems_of_run(project.latest) == []


def test_what_lies_in_backups_and_lists_stays_out(project: Project) -> None:
    project.steps(
        NOT_NORMAL.replace(
            "    if evidence",
            '    evidence.list("machines", ["name"], [["laptop-7"]])\n'
            '    evidence.attach("log", "a long line\\n" * 500)\n'
            "    if evidence",
        )
    )
    project.run()
    found = texts(bundle_of(project))
    assert any(name.startswith("run/outputs/") and name.endswith("log.txt") for name in found)
    assert not any(name.endswith(".csv") or "backups" in name for name in found)
    assert "CSV lists of outputs/" in found["index.txt"]


def test_on_request_a_green_run_leaves_one(project: Project) -> None:
    project.steps(CHANGE + CLOSING)
    result = project.run("--support-bundle")
    assert_ended(project, result, 0, "done")
    assert "made because: --support-bundle was given" in texts(bundle_of(project))["index.txt"]


def test_a_plan_leaves_one_on_request_only(project: Project) -> None:
    project.steps(NOT_NORMAL.replace('guide=["G02"])', 'guide=["G02"], asks=True)', 1))
    project.run("--plan")
    assert not bundle_of(project).exists()
    project.run("--plan", "--support-bundle")
    assert "run/plan.json" in texts(bundle_of(project))
    assert project.cluster.changes == []


def test_secrets_of_the_configuration_are_masked(project: Project) -> None:
    def answer(node: str, argv: tuple[str, ...]) -> Answer:
        return said(f"<cib>\n{FENCE}\n</cib>\n[exit code 0]\n" if argv[0] == "cibadmin" else "x")

    project.cluster.support = answer
    project.steps(NOT_NORMAL)
    project.run()
    found = texts(bundle_of(project))
    assert FENCE.replace("hunter22", "********") in found[f"nodes/{N}/cib.xml"]
    assert not any("hunter22" in text for text in found.values())


SILENCES = {
    "unreachable": unreachable(THIRD),
    "deadline": Lost(THIRD, "no end of 'sh -c ...'", LostKind.DEADLINE, said("half an ans")),
    "connection": Lost(THIRD, "the line broke", LostKind.CONNECTION_LOST),
}


@pytest.mark.parametrize("kind", SILENCES)
def test_a_node_without_answers_is_named_and_changes_nothing_else(
    project: Project, kind: str
) -> None:
    def answer(node: str, argv: tuple[str, ...]) -> Answer | Lost:
        return SILENCES[kind] if node == THIRD else said("as it is\n[exit code 0]\n")

    project.cluster.support = answer
    project.steps(NOT_NORMAL + CLOSING)
    result = project.run()
    assert_ended(project, result, 10, "blocked")
    found = texts(bundle_of(project))
    assert f"nodes/{SECOND}/crm_mon.xml" in found
    missing = [line for line in found["index.txt"].split("\n") if line.startswith(f"- {THIRD}: ")]
    assert any("pcs-status.txt" in line for line in missing)
    assert any("packages.txt" in line for line in missing)
    partial = found.get(f"nodes/{THIRD}/pcs-status.txt")
    assert partial == ("half an ans" if kind == "deadline" else None)


def test_a_bundle_that_cant_be_written_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.support.bundle.write_archive", full)
    project.steps(NOT_NORMAL)
    result = project.run()
    assert result.ret == 10
    result.stdout.fnmatch_lines(["NOT WRITTEN: *support-*.tar.gz (No space left on device)*"])


def test_it_is_made_afterwards_from_what_was_recorded(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    before = {path: path.read_bytes() for path in project.latest.rglob("*") if path.is_file()}
    monkeypatch.chdir(project.path)
    capsys.readouterr()
    assert main(["bundle", str(project.latest)]) == 0
    path = project.path / f"support-{project.latest.name}.tar.gz"
    assert str(path.name) in capsys.readouterr().out
    first = path.read_bytes()
    found = texts(path)
    assert {"run/journal.jsonl", "run/summary.json", "run/report.html"} <= set(found)
    assert "nobody was asked" in found["index.txt"]
    head = digest((project.latest / "journal.jsonl").read_bytes().splitlines()[-1])
    assert f"head of its journal: {head}\n" in found["index.txt"]
    assert "--plan --support-bundle" in found["index.txt"]
    after = {path: path.read_bytes() for path in project.latest.rglob("*") if path.is_file()}
    assert after == before
    assert main(["bundle", str(project.latest)]) == 4
    assert "is there already" in capsys.readouterr().err
    other = project.path / "other.tar.gz"
    assert main(["bundle", str(project.latest), "--out", str(other)]) == 0
    assert other.read_bytes() == first
    inside = project.latest / "mine.tar.gz"
    assert main(["bundle", str(project.latest), "--out", str(inside)]) == 4
    assert not inside.exists()


def test_none_is_made_of_what_was_altered(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(CHANGE + CLOSING)
    project.run()
    monkeypatch.chdir(project.path)
    (project.latest / "summary.json").write_text("{}")
    capsys.readouterr()
    assert main(["bundle", str(project.latest)]) == 4
    assert "NOT VALID: summary.json was altered (2 bytes; listed is " in capsys.readouterr().err
    assert list(project.path.glob("support-*")) == []


def test_afterwards_the_one_that_the_run_made_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project.steps(NOT_NORMAL)
    project.run()
    monkeypatch.chdir(project.path)
    capsys.readouterr()
    assert main(["bundle", str(project.latest)]) == 0
    assert str(bundle_of(project)) in capsys.readouterr().out
    assert list(project.path.glob("support-*")) == []
