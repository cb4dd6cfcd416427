"""Which version step a run takes: `runbook_step` in pytest.ini names a package.

The package is a pytest plugin: it hands in the release, its actions and its hooks. Its folder has
phases of its own, which run among those of the procedure by the numbers of their files.
"""

from __future__ import annotations

import configparser
import importlib
from pathlib import Path
from typing import Any

import pytest
from _pytest.config import PluginImportFailure

from engine.errors import UsageError
from engine.model.inventory import Setting
from engine.model.release import Release

SETTING = "runbook_step"
FOLDER = pytest.StashKey[Path]()
"""Where the step's package is."""
PHASES = "phases"
"""The folder of the procedure, in that of the runbook."""


def add(parser: pytest.Parser) -> None:
    """Make the setting known to pytest."""
    parser.addini(SETTING, "package of the version step", default="")


def plug_in(config: pytest.Config, runbook: Path) -> None:
    """Import the step's package, and collect the procedure and the step instead of `runbook`.

    Without the setting the runbook's folder is taken as it is. UsageError when there is no such
    package, or when it can't be imported.
    """
    name = str(config.getini(SETTING))
    if not name:
        return
    try:
        config.pluginmanager.import_plugin(name)
        package = config.pluginmanager.get_plugin(name)
        if not hasattr(package, "__path__"):
            raise PluginImportFailure("it is a module, without actions and hooks")
    except (pytest.UsageError, PluginImportFailure) as error:
        why = error.__cause__ or error
        raise _no_step(name, f"{type(why).__name__}: {why}") from error
    folder = Path(str(getattr(package, "__file__", ""))).parent
    config.args[:] = [str(runbook / PHASES), str(folder)]
    config.stash[FOLDER] = folder


def release_of(config: pytest.Config) -> Release:
    """The release that the step hands in. UsageError when none does."""
    release: Release | None = config.hook.pytest_runbook_release()
    if release is None:
        raise _no_step(str(config.getini(SETTING)) or "(empty)", "no release comes with it")
    return release


def settings_of(root: Path, name: str = "") -> tuple[Setting[Any], ...]:
    """The settings that only the version step has, for who reads an inventory without pytest.

    `name`: the step's package, else pytest.ini below `root` names it; no step has no settings.
    UsageError when there is no such package.
    """
    if not name:
        own = configparser.ConfigParser(interpolation=None)
        own.read(root / "pytest.ini")
        name = own.get("pytest", SETTING, fallback="")
    if not name:
        return ()
    try:
        package = importlib.import_module(name)
        plugins = [package, *map(importlib.import_module, getattr(package, "pytest_plugins", ()))]
    except ImportError as error:
        raise _no_step(name, f"{type(error).__name__}: {error}") from error
    hooks = [getattr(one, "pytest_runbook_release", None) for one in plugins]
    release: Release | None = next((hook() for hook in hooks if hook is not None), None)
    if release is None:
        raise _no_step(name, "no release comes with it")
    return tuple(release.settings)


def _no_step(name: str, why: str) -> UsageError:
    return UsageError(
        f"{SETTING} = {name} (pytest.ini, or -o on the command line): {why}; expected the package"
        " of a version step, such as runbook.FOLDER"
    )


def given(config: pytest.Config) -> tuple[str, ...]:
    """How the step was named on the command line; empty when pytest.ini names it."""
    texts = config.option.override_ini or ()
    return tuple(word for text in texts if text.startswith(f"{SETTING}=") for word in ("-o", text))


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Sorted by the numbers of their files, whichever folder has them; files keep their order."""
    return sorted(items, key=lambda item: item.path.name)
