"""What an invocation of the runbook may look like: the whole of it, in its order, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.report.console import clean_lines

RUNBOOK = "runbook"


def as_pytest_has_it(error: UsageError) -> pytest.UsageError:
    """pytest writes it as it is: it may have words of a file that steer the terminal."""
    return pytest.UsageError("\n".join(clean_lines(str(error))))


def is_runbook(config: pytest.Config) -> bool:
    """Whether this invocation means the runbook. UsageError when it means a part of it."""
    wanted = config.rootpath / RUNBOOK
    paths = [(arg, _path_of(config, arg)) for arg in config.args]
    inside = [arg for arg, path in paths if path == wanted or wanted in path.parents]
    if not inside:
        _refuse_another_root(config, [path for _, path in paths])
        return False
    partial = [arg for arg, path in paths if path != wanted or "::" in arg]
    if partial:
        raise UsageError(
            f"{partial[0]}: the runbook runs as a whole, `pytest {RUNBOOK} --inventory FILE`:"
            " its steps build on each other, and a run that left some out could end green."
            " What is done already is found and not done twice."
        )
    return True


def _refuse_another_root(config: pytest.Config, paths: list[Path]) -> None:
    """UsageError when the runbook is meant, and pytest takes another directory for its root."""
    roots = {Path(__file__).resolve().parents[2]}
    if config.inipath is not None:
        roots.add(config.inipath.resolve().parent)
    for root in roots:
        wanted = root / RUNBOOK
        if wanted.is_dir() and any(path == wanted or wanted in path.parents for path in paths):
            raise UsageError(
                f"pytest's root directory is {config.rootpath} (--rootdir or -c, on the command"
                f" line or in PYTEST_ADDOPTS), and the runbook is that of {root}: its settings,"
                f" inventory and reports belong there. Run `pytest {RUNBOOK} --inventory FILE`"
                " without it."
            )


def _path_of(config: pytest.Config, arg: str) -> Path:
    return (config.invocation_params.dir / arg.split("::")[0]).resolve()


_REFUSED = (
    # (attribute of config.option, value that means "not given", how it is spelt)
    ("keyword", "", "-k"),
    ("markexpr", "", "-m"),
    ("deselect", None, "--deselect"),
    ("ignore", None, "--ignore"),
    ("ignore_glob", None, "--ignore-glob"),
    ("maxfail", 0, "-x/--maxfail"),
    ("lf", False, "--lf"),
    ("failedfirst", False, "--ff"),
    ("newfirst", False, "--nf"),
    ("stepwise", False, "--sw"),
    ("stepwise_skip", False, "--stepwise-skip"),
    ("stepwise_reset", False, "--sw-reset"),
    ("inifilename", None, "-c/--config-file"),
    ("collectonly", False, "--collect-only"),
    ("setupplan", False, "--setup-plan"),
    ("setuponly", False, "--setup-only"),
    ("setupshow", False, "--setup-show"),
    ("numprocesses", None, "-n"),
    ("usepdb", False, "--pdb"),
    ("trace", False, "--trace"),
    ("ignore_unknown_dependency", False, "--ignore-unknown-dependency"),
    ("runxfail", False, "--runxfail"),
    # testinfra's: its own exit code in place of ours, and hosts that are not the inventory's
    ("nagios", False, "--nagios"),
    ("hosts", None, "--hosts"),
    ("continue_on_collection_errors", False, "--continue-on-collection-errors"),
)
_SELECTING = {
    *("python_files", "python_functions", "python_classes", "testpaths", "norecursedirs"),
    *("addopts", "collect_imported_tests", "required_plugins"),
}
"""Settings of pytest.ini that decide what is collected."""
PARTS = ("engine.run.collecting", "engine.run.fixtures", "engine.run.each_step")
"""The plugin's own parts, each a plugin of pytest: without one of them a step has no verdict."""
_NEEDED = {
    **{part: f"the runbook's {part}" for part in PARTS},
    "pytest_dependency": "pytest-dependency",
    "html": "pytest-html",
    "junitxml": "pytest's junitxml",
    "metadata": "pytest-metadata",
    "terminal": "pytest's terminal",
    "capture": "pytest's capture",
}
_LATER = {"terminalreporter": "pytest's terminal", "capturemanager": "pytest's capture"}
"""They come in when pytest is configured, unless `-p no:...` keeps them out."""


_QUESTIONS = ("help", "version", "showfixtures", "show_fixtures_per_test", "markers", "cacheshow")


def is_question(config: pytest.Config) -> bool:
    """`--help`, `--markers` and the like ask pytest itself something: there is no run."""
    return any(getattr(config.option, name, None) not in (None, False, 0) for name in _QUESTIONS)


def refuse_partial_runs(config: pytest.Config, debug: bool = __debug__) -> None:
    """UsageError for options that leave steps out, reorder them, or disarm checks.

    They count from wherever they come: command line, PYTEST_ADDOPTS or pytest.ini.
    """
    option = config.option
    for attribute, absent, spelt in _REFUSED:
        value = getattr(option, attribute, absent)
        if value != absent and value not in (None, [], ""):
            raise UsageError(_why_not(spelt))
    overridden = {text.partition("=")[0] for text in getattr(option, "override_ini", None) or ()}
    if overridden & _SELECTING:
        raise UsageError(_why_not(f"-o {sorted(overridden & _SELECTING)[0]}"))
    if getattr(option, "assertmode", "rewrite") != "rewrite":
        raise UsageError(_why_not("--assert=plain"))
    if getattr(option, "dist", "no") != "no":
        raise UsageError(_why_not("--dist"))
    if not debug:
        raise UsageError(_why_not("python -O"))
    if missing := _missing(config):
        raise UsageError(
            f"{missing} is switched off or not installed, and the runbook needs it:"
            " run without -p no:..., and with the packages of requirements.txt"
        )


def _missing(config: pytest.Config) -> str:
    """The first part of pytest that the runbook needs and won't have; '' when all are there."""
    blocked = config.pluginmanager.is_blocked
    missing = [package for name, package in _NEEDED.items() if not _has_plugin(config, name)]
    missing += [package for name, package in _LATER.items() if blocked(name)]
    return next(iter(missing), "")


def _has_plugin(config: pytest.Config, name: str) -> bool:
    manager = config.pluginmanager
    return any(
        manager.has_plugin(candidate)
        for candidate in (name, name.replace("pytest_", ""), name.replace("_", "-"))
    )


def _why_not(spelt: str) -> str:
    return (
        f"{spelt} can't be used with the runbook (check the command line, PYTEST_ADDOPTS and"
        " pytest.ini): it would leave out, reorder or disarm steps that build on each other."
        " Run `pytest runbook --inventory FILE` without it."
    )
