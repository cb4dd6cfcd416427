"""The whole runbook or nothing: a part of it ends with 4, and nothing was done.

Options count from the command line, PYTEST_ADDOPTS and pytest.ini alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.run import usage
from tests.plugin.kit import CHANGE, INVENTORY, PYTEST_INI, Project

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
STEPS = '''
@step("second.change", after=["first.baseline"])
def test_change(x_set):
    """x is set."""
'''


@pytest.fixture
def steps(project: Project) -> Project:
    project.steps(STEPS)
    return project


def assert_refused(project: Project, result: pytest.RunResult) -> None:
    assert result.ret == pytest.ExitCode.USAGE_ERROR, result.outlines
    assert project.is_untouched
    # one message, without a trace
    assert "Traceback" not in "\n".join([*result.outlines, *result.errlines])


PARTS = {
    "-k": ["-k", "change"],
    "-m": ["-m", "not slow"],
    "-x": ["-x"],
    "--exitfirst": ["--exitfirst"],
    "--maxfail": ["--maxfail=2"],
    "--lf": ["--lf"],
    "--last-failed": ["--last-failed"],
    "--ff": ["--ff"],
    "--nf": ["--nf"],
    "--sw": ["--sw"],
    "--sw-skip": ["--sw-skip"],
    "--deselect": ["--deselect", "runbook/test_10_steps.py::test_change"],
    "--ignore": ["--ignore", "runbook/test_10_steps.py"],
    "--ignore-glob": ["--ignore-glob", "*steps*"],
    "--collect-only": ["--collect-only"],
    "--co": ["--co"],
    "--setup-only": ["--setup-only"],
    "--setup-plan": ["--setup-plan"],
    "--setup-show": ["--setup-show"],
    "--assert=plain": ["--assert=plain"],
    "--runxfail": ["--runxfail"],
    "--pdb": ["--pdb"],
    "--trace": ["--trace"],
    "--ignore-unknown-dependency": ["--ignore-unknown-dependency"],
    "-p no:dependency": ["-p", "no:dependency"],
    "-p no:html": ["-p", "no:html"],
    "-p no:junitxml": ["-p", "no:junitxml"],
    "-p no:metadata": ["-p", "no:metadata"],
    "-p no:terminal": ["-p", "no:terminal"],
    "-p no:terminalreporter": ["-p", "no:terminalreporter"],
    "-p no:capture": ["-p", "no:capture"],
    "-p no:capturemanager": ["-p", "no:capturemanager"],
}


@pytest.mark.parametrize("name", PARTS)
def test_an_option_on_the_command_line(steps: Project, name: str) -> None:
    assert_refused(steps, steps.run(*PARTS[name]))


@pytest.mark.parametrize(
    "name", ["-k", "-x", "--lf", "--assert=plain", "-p no:dependency", "-p no:capture"]
)
def test_an_option_of_the_environment(
    steps: Project, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(PARTS[name]))
    assert_refused(steps, steps.run())


@pytest.mark.parametrize("name", ["-m", "--maxfail", "-p no:html"])
def test_an_option_of_pytest_ini(steps: Project, name: str) -> None:
    options = " ".join(f"'{word}'" for word in PARTS[name])
    steps.write("pytest.ini", f"{PYTEST_INI.rstrip()} {options}\n")
    assert_refused(steps, steps.run())


def test_it_says_what_and_where_and_the_way_out(steps: Project) -> None:
    result = steps.run("-k", "change")
    result.stderr.fnmatch_lines(
        ["*-k can't be used with the runbook (check the command line, PYTEST_ADDOPTS*FILE*without*"]
    )


@pytest.mark.parametrize(
    "args",
    [
        ["runbook/test_10_steps.py"],
        ["runbook/test_10_steps.py::test_change"],
        ["runbook", "tests"],
        ["tests", "runbook"],
        ["runbook", "runbook/test_10_steps.py::test_change"],
    ],
)
def test_a_single_file_or_step(steps: Project, args: list[str]) -> None:
    result = steps.pytest(*args)
    assert_refused(steps, result)
    result.stderr.fnmatch_lines(["*the runbook runs as a whole*"])


def test_without_xdist_dash_n_is_pytests_own_error(steps: Project) -> None:
    assert_refused(steps, steps.run("-p", "no:xdist", "-n", "2"))


@pytest.mark.parametrize("args", [["-n", "2"], ["-n", "0"], ["--dist", "load"]])
def test_with_xdist_there_dash_n_is_refused(steps: Project, args: list[str]) -> None:
    result = steps.run(*args)
    assert_refused(steps, result)
    result.stderr.fnmatch_lines(["*can't be used with the runbook*"])


@pytest.mark.parametrize("option", ["-O", "-OO"])
def test_an_optimised_python(steps: Project, option: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, option, "-m", "pytest", "runbook", "-p", "no:cacheprovider"],
        cwd=steps.path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 4, done.stdout
    assert "python -O can't be used with the runbook" in done.stderr
    assert steps.is_untouched


INPUT = {
    "no such inventory": ["--inventory", "gone.ini"],
    "a name that no file can have": ["--inventory", "x" * 300],
    "a directory": ["--inventory", "runbook"],
    "accept without name": ["--accept", "bad-thing=x"],
    "accept without reason": ["--accept", "bad-thing", "--by", "A"],
    "accept what is unknown": ["--accept", "bad-thng=x", "--by", "A"],
    "accept what nobody can": ["--accept", "version-path=x", "--by", "A"],
    "settle without reason": ["--settle", "a.b=done", "--by", "A"],
    "settle without name": ["--settle", "a.b=done", "--reason", "x"],
    "settle with another word": ["--settle", "a.b=maybe", "--by", "A", "--reason", "x"],
    "settle without a step": ["--settle", "=done", "--by", "A", "--reason", "x"],
    "an unknown option": ["--inventroy", "x"],
}


@pytest.mark.parametrize("name", INPUT)
def test_what_does_not_fit_is_told_before_anything_is_done(steps: Project, name: str) -> None:
    assert_refused(steps, steps.run(*INPUT[name]))


INVENTORIES = {
    "syntax": ("[operative\n", "inventory.ini:1*"),
    "group": ("[operativ]\nn1\n", "inventory.ini:1*operativ*"),
    "name": ("[operative]\n<b>n1</b> ansible_host=192.0.2.1\n", "inventory.ini:2*"),
    "shell": ("[operative]\nn1;reboot ansible_host=192.0.2.1\n", "inventory.ini:2*"),
}


@pytest.mark.parametrize("name", INVENTORIES)
def test_a_bad_inventory_is_told_with_file_and_line(steps: Project, name: str) -> None:
    text, told = INVENTORIES[name]
    steps.write("inventory.ini", text)
    result = steps.run()
    assert_refused(steps, result)
    result.stderr.fnmatch_lines([f"*{told}"])


def test_bare_pytest_runs_the_tests_and_the_plugin_stays_out_of_it(steps: Project) -> None:
    result = steps.pytest()
    result.assert_outcomes(passed=1)
    assert steps.is_untouched


def test_selections_are_fine_for_the_tests(steps: Project) -> None:
    result = steps.pytest("tests", "-k", "plain", "-x")
    result.assert_outcomes(passed=1)
    assert steps.is_untouched


def test_the_rehearsal_is_started_by_the_plain_command_only(project: Project) -> None:
    text = (project.path / "inventory.ini").read_text().replace("staging", "rehearsal")
    project.write("inventory.ini", text)
    project.steps(STEPS)
    project.run("--plan")
    project.run("--inventory", "inventory.ini")
    assert project.started == []
    project.run()
    assert [inventory.path.name for inventory in project.started] == ["inventory.ini"]


def test_elsewhere_nothing_is_started(steps: Project) -> None:
    steps.run()
    assert steps.started == []


# --- what is not refused yet


@pytest.mark.parametrize("ini", ["python_files=test_10*.py", "python_functions=test_baseline"])
def test_steps_left_out_by_an_ini_option(project: Project, ini: str) -> None:
    project.steps(STEPS)
    project.write("runbook/test_20_more.py", "from engine.model.steps import step\n" + STEPS_20)
    assert_refused(project, project.run("-o", ini))


STEPS_20 = '''
@step("third.note")
def test_more(evidence):
    """More."""
    evidence.note("more")
'''


def test_stepwise_by_its_reset(steps: Project) -> None:
    assert_refused(steps, steps.run("--sw-reset"))


@pytest.mark.parametrize("option", ["--markers", "--fixtures", "--cache-show=*"])
def test_a_question_to_pytest_makes_no_run(project: Project, option: str) -> None:
    text = (project.path / "inventory.ini").read_text().replace("staging", "rehearsal")
    project.write("inventory.ini", text)
    project.steps(STEPS)
    project.run(option)
    assert project.is_untouched


@pytest.mark.parametrize("where", ["/", "elsewhere"])
@pytest.mark.parametrize("way", ["--rootdir=", "PYTEST_ADDOPTS"])
def test_another_root_directory_is_refused_in_one_sentence(
    steps: Project, where: str, way: str
) -> None:
    (steps.path / "elsewhere" / "runbook").mkdir(parents=True)
    if way == "PYTEST_ADDOPTS":
        steps.monkeypatch.setenv("PYTEST_ADDOPTS", f"--rootdir={where}")
        result = steps.run()
    else:
        result = steps.run(f"{way}{where}")
    assert_refused(steps, result)
    assert len([line for line in result.errlines if line.strip()]) == 1
    result.stderr.fnmatch_lines([f"*and the runbook is that of {steps.path}: *"])


def test_the_root_directory_that_it_is_may_be_said(steps: Project) -> None:
    assert steps.run(f"--rootdir={steps.path}").ret == 0


def test_an_inventory_that_is_a_pipe_is_not_waited_for(steps: Project) -> None:
    os.mkfifo(steps.path / "pipe.ini")
    result = steps.run("--inventory", "pipe.ini")
    assert_refused(steps, result)
    result.stderr.fnmatch_lines(["*can't read the inventory: it is a pipe, expected a file"])


def test_what_is_refused_does_not_steer_the_terminal(steps: Project) -> None:
    result = steps.run("--inventory", "\x1b[2Jgone\x9b.ini")
    assert_refused(steps, result)
    assert "?[2Jgone?.ini: no such inventory" in result.stderr.str()


@pytest.mark.parametrize("args", [["."], ["runbook", "-c", "/dev/null"]])
def test_what_the_plugin_takes_for_no_runbook_does_nothing_and_is_not_green(
    steps: Project, args: list[str]
) -> None:
    result = steps.pytest(*args, "-p", "no:hypothesispytest")
    assert result.ret != 0
    assert steps.cluster.asked == []


@pytest.mark.parametrize("plugin", usage.PARTS)
def test_a_part_of_the_plugin_that_is_switched_off_is_named(steps: Project, plugin: str) -> None:
    result = steps.run("-p", f"no:{plugin}")
    assert_refused(steps, result)
    result.stderr.fnmatch_lines([f"*the runbook's {plugin} is switched off*"])


@pytest.mark.parametrize("plugin", ["engine.run.plugin", "python"])
def test_a_runbook_without_its_machinery_is_not_green(steps: Project, plugin: str) -> None:
    result = steps.run("-p", f"no:{plugin}")
    assert result.ret != 0
    assert steps.cluster.changes == []


def test_a_machine_that_lacks_what_ssh_needs_is_told_in_words(
    steps: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UsageError("a process may open 24 files here (ulimit -Hn)")

    monkeypatch.setattr("engine.run.plugin.make_session", refuse)
    result = steps.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = "\n".join([*result.outlines, *result.errlines])
    assert "usage: a process may open 24 files here (ulimit -Hn)" in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    assert steps.summary["outcome"] == "usage"
    assert steps.cluster.asked == []


def test_what_an_inventory_says_for_ansible_only_is_warned_of(project: Project) -> None:
    project.steps(CHANGE)
    project.write("inventory.ini", f"{INVENTORY}ansible_connection = ssh\n")
    result = project.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["  WARNING: *inventory.ini:*: ansible_connection changes nothing *"]
    )
