"""What ran is on record: Python, plugins, command lines, variables, places to import from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import shlex
import site
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.record.redact import Redactor
from engine.report.compiled import Kept
from engine.run.ran_with import foreign_entries, masked_words, steering_variables
from engine.secrets import MASK
from tests.plugin.kit import CHANGE, INVENTORY, Project

pytest_plugins = "pytester"

clean = Redactor().clean_output


def ran_with(project: Project, *args: str) -> dict[str, Any]:
    project.steps(CHANGE)
    assert project.run(*args).ret == 0
    (begun,) = project.events("run-started")
    found: dict[str, Any] = begun["ran_with"]
    return found


def test_packages_of_plugins_are_told_with_their_record(project: Project) -> None:
    found = ran_with(project)
    packages = {one["package"]: one for one in found["plugins"] if "package" in one}
    assert {"pytest", "pytest-html", "pytest-dependency", "pytest-metadata"} <= set(packages)
    html = packages["pytest-html"]
    of_html = importlib.metadata.distribution("pytest-html")
    (place,) = (file for file in of_html.files or () if file.name == "RECORD")
    assert html["version"] == html["pinned"] == of_html.version
    assert found["packages"] == []
    assert found["edited"] == []
    assert html["record"] == hashlib.sha256(Path(str(place.locate())).read_bytes()).hexdigest()
    assert "pytest_html.plugin" in html["modules"]
    assert packages["pytest"]["modules"] == []
    assert found["implementation"] == sys.implementation.name.replace("cpython", "CPython")


def test_a_plugin_without_a_package_is_told_by_its_file(project: Project) -> None:
    path = project.write("liar.py", "X = 1\n")
    project.pytester.syspathinsert()
    found = ran_with(project, "-p", "liar")
    (one,) = (one for one in found["plugins"] if one.get("file") == str(path))
    assert one["modules"] == ["liar"]
    assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_package_that_is_not_pinned_is_told_as_such(project: Project) -> None:
    found = ran_with(project, "-p", "execnet")
    (one,) = (one for one in found["plugins"] if one.get("package") == "execnet")
    assert one["pinned"] == ""


def test_a_package_beside_the_pinned_set_is_told(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that is no plugin: its code runs with the runbook's."""
    pinned = {"iniconfig": "0.0.1", "not-there-at-all": "1.0"}
    monkeypatch.setattr("engine.run.ran_with.pinned_versions", lambda text: pinned)
    there = importlib.metadata.version("iniconfig")
    assert ran_with(project)["packages"] == [
        {"package": "iniconfig", "version": there, "pinned": "0.0.1"},
        {"package": "not-there-at-all", "version": "", "pinned": "1.0"},
    ]


def test_start_up_files_of_the_environment_are_told(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "sitecustomize.py"
    file.write_text("X = 1\n")
    made = ModuleType("sitecustomize")
    made.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "sitecustomize", made)
    (one,) = (one for one in ran_with(project)["startup"] if one["file"] == str(file))
    assert one["of"] == ""
    assert one["sha256"] == hashlib.sha256(b"X = 1\n").hexdigest()


@pytest.mark.parametrize("counts", [True, False])
def test_pth_files_of_the_environment_are_told_and_of_the_user_where_they_count(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, counts: bool
) -> None:
    """`python -s`, and an environment of one's own, take none of the user's."""
    files = [tmp_path / place / "more.pth" for place in ("environment", "user")]
    for file in files:
        file.parent.mkdir()
        file.write_text("import os\n")
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(files[0].parent)])
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(files[1].parent))
    monkeypatch.setattr(site, "ENABLE_USER_SITE", counts)
    found = [one for one in ran_with(project)["startup"] if one["file"].endswith("more.pth")]
    assert [one["file"] for one in found] == [str(file) for file in files[: 1 + counts]]
    assert {one["of"] for one in found} == {""}


def test_plugins_of_the_runbook_itself_are_left_out(project: Project) -> None:
    modules = {name for one in ran_with(project)["plugins"] for name in one["modules"]}
    assert not {name for name in modules if name.startswith(("engine", "runbook", "_pytest"))}


def test_a_package_is_found_for_a_module_that_is_named(project: Project) -> None:
    """As `-p` names one, which comes by no entry point."""
    found = ran_with(project, "-p", "iniconfig")
    (one,) = (one for one in found["plugins"] if one.get("package") == "iniconfig")
    assert len(one["record"]) == 64


def test_command_lines_and_variables_are_on_record(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--color=no")
    monkeypatch.setenv("PYTHONPATH", "/opt/more")
    monkeypatch.setenv("PYTHON_TOKEN", "Tr0ub4dor 3")
    found = ran_with(project, "-rN")
    assert found["arguments"].endswith("runbook -rN")
    assert shlex.split(found["process"])[0] == sys.orig_argv[0]
    variables = found["variables"]
    assert variables["PYTEST_ADDOPTS"] == "--color=no"
    assert variables["PYTHONPATH"] == "/opt/more"
    assert variables["PYTHON_TOKEN"] == MASK
    assert "Tr0ub4dor" not in (project.latest / "journal.jsonl").read_text()


def test_a_foreign_place_to_import_from_is_on_record(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.syspath_prepend(elsewhere)
    assert str(elsewhere) in ran_with(project)["foreign"]


def test_the_page_shows_it_folded(project: Project) -> None:
    found = ran_with(project)
    page = (project.latest / "evidence.html").read_text()
    section = page.partition('id="ran-with">')[2].partition("</details>")[0]
    assert "pytest-html" in section
    assert found["plugins"][0]["record"] in section


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["runbook", "--by", "A. Rossi"], "runbook --by 'A. Rossi'"),
        (["--token", "a b'c"], f"--token '{MASK}'"),
        (['--password=a "b c'], f"'--password={MASK}'"),
        (["-o", "web_secret=a b"], f"-o 'web_secret={MASK}'"),
        (["http://u:pw@h/"], f"'http://u:{MASK}@h/'"),
        (["--token", "--plan"], "--token --plan"),
    ],
)
def test_secrets_of_a_command_line_are_masked_whole(words: list[str], told: str) -> None:
    assert masked_words(words, clean) == told


def test_variables_of_others_are_not_told_and_secrets_in_options_neither() -> None:
    given = {
        "HOME": "/root",
        "PYTEST_CURRENT_TEST": "x",
        "PYTEST_ADDOPTS": "--token 'a b' -q",
        "PYTEST_PLUGINS": "liar",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert steering_variables(given, clean) == {
        "PYTEST_ADDOPTS": f"--token '{MASK}' -q",
        "PYTEST_PLUGINS": "liar",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    assert steering_variables({"PYTEST_ADDOPTS": "it's -q"}, clean) == {"PYTEST_ADDOPTS": "it's -q"}


def test_what_python_the_environment_and_the_project_have_is_not_foreign(tmp_path: Path) -> None:
    paths = sysconfig.get_paths()
    own = [paths[name] for name in ("stdlib", "purelib", "platlib", "scripts")]
    own += [f"{paths['stdlib']}/lib-dynload", str(tmp_path), str(tmp_path / "runbook" / "phases")]
    assert foreign_entries(own, tmp_path) == []
    foreign = [str(tmp_path / "hidden"), f"{paths['stdlib']}/more", "/opt/more"]
    assert foreign_entries([*own, *foreign, "/opt/more"], tmp_path) == foreign


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_run_in_production_takes_no_compiled_template(project: Project, environment: str) -> None:
    """Nothing holds those to the text that is hashed."""
    project.monkeypatch.setattr("engine.report.compiled.Kept.is_taken", True)
    project.steps(CHANGE)
    project.write("prod.ini", INVENTORY.replace("staging", environment))
    project.run("--inventory", "prod.ini", "--plan")
    (begun,) = project.events("run-started")
    assert begun["ran_with"]["compiled"]["compared"] is not Kept.is_taken
    assert Kept.is_taken is (environment != "production")
