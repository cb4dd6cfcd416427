"""What a run runs with, beside its own text, which is hashed: recorded here, and judged by a step.

Python, pytest's plugins and their packages, the command line, the variables that steer both, what
Python runs by itself, and the directories from which something foreign may be imported.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
import shlex
import site
import sys
import sysconfig
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from engine.model.release import Release
from engine.record.material import PROJECT, SOURCES, source_files
from engine.run import startup, version_step
from engine.secrets import MASK

Clean = Callable[[str], str]

_STEERING = ("PYTEST_", "PYTHON")
_OF_PYTEST_ITSELF = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION")
_BUILTIN = "_pytest"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_RECORD = re.compile(r"^([^/,\n]+\.dist-info/RECORD),", re.MULTILINE)
_INI, _CONFTEST = "pytest.ini", "conftest.py"


def ran_with(
    config: pytest.Config, release: Release, clean: Clean, *, compares: bool
) -> dict[str, Any]:
    """The field of `run-started`; `clean` masks secrets.

    `compares`: what Python has compiled before, too, with its text.
    """
    sources = source_files(step=config.stash.get(version_step.FOLDER, None))
    requirements = sources.get("requirements.txt")
    pinned = pinned_versions(requirements.read_text(encoding="utf-8") if requirements else "")
    return {
        "implementation": platform.python_implementation(),
        "process": masked_words(sys.orig_argv, clean),
        "arguments": masked_words([str(arg) for arg in config.invocation_params.args], clean),
        "variables": steering_variables(os.environ, clean),
        "plugins": plugins_of(config.pluginmanager, sources.values(), pinned),
        "packages": packages_beside(pinned),
        "startup": startup.startup_files(sys.modules, startup.places_of_packages(), pinned),
        "foreign": foreign_entries(sys.path, config.rootpath),
        "compiled": {
            "compared": compares,
            "unlike": startup.unlike(sources, config) if compares else [],
        },
        "edited": edited_files(config.rootpath, config.inipath, release.beside),
    }


def pinned_versions(requirements: str) -> dict[str, str]:
    """Canonical name -> version, of the lines `name==version` of a file of requirements."""
    return {canonicalize_name(name): version for name, version in _PINNED.findall(requirements)}


def packages_beside(pinned: Mapping[str, str]) -> list[dict[str, str]]:
    """Pinned packages that are installed in another version, or not at all (an empty one)."""
    found = ((name, version, _installed(name)) for name, version in pinned.items())
    return [
        {"package": name, "version": there, "pinned": version}
        for name, version, there in found
        if there != version
    ]


def _installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def edited_files(root: Path, ini: Path | None, released: Mapping[str, str]) -> list[dict[str, str]]:
    """Files beside the runbook's folders that are not as `released` has them, name -> sha256.

    Also the configuration that pytest has read in place of the released one.
    """
    found = [
        {"file": name, "sha256": digest, "released": wanted}
        for name, wanted in released.items()
        if (digest := _digest_of_text(root / name)) != wanted
    ]
    if _INI in released and ini != root / _INI:
        found.append({"file": str(ini or ""), "sha256": _digest(ini), "released": ""})
    return found


def _digest_of_text(path: Path) -> str:
    """As the runbook's hash has it: line ends count as one character."""
    if not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def masked_words(words: Sequence[str], clean: Clean) -> str:
    """A command line, as a shell takes it; values behind the name of a secret are masked whole."""
    before = ["", *words]
    pairs = zip(before, words, strict=False)
    return shlex.join(_masked(previous, word, clean) for previous, word in pairs)


def _masked(previous: str, word: str, clean: Clean) -> str:
    name, equals, _ = word.partition("=")
    if equals and _names_a_secret(f"{name}=", clean):
        return f"{name}={MASK}"
    is_value = previous.startswith("-") and "=" not in previous and not word.startswith("-")
    if is_value and _names_a_secret(f"{previous} ", clean):
        return MASK
    return clean(word)


def _names_a_secret(prefix: str, clean: Clean) -> bool:
    """Whether the masking takes what stands behind it for one; of a value with blanks it would
    mask the first word only.
    """
    return clean(f"{prefix}xxxx") != f"{prefix}xxxx"


def steering_variables(environment: Mapping[str, str], clean: Clean) -> dict[str, str]:
    """Those that change what Python and pytest do."""
    return {
        name: _masked_variable(name, environment[name], clean)
        for name in sorted(environment)
        if name.startswith(_STEERING) and name not in _OF_PYTEST_ITSELF
    }


def _masked_variable(name: str, value: str, clean: Clean) -> str:
    if _names_a_secret(f"{name}=", clean):
        return MASK
    if name != "PYTEST_ADDOPTS":
        return clean(value)
    try:
        return masked_words(shlex.split(value), clean)
    except ValueError:  # a quote that does not end: pytest refuses it, too
        return clean(value)


def plugins_of(
    manager: pytest.PytestPluginManager, sources: Iterable[Path], pinned: Mapping[str, str]
) -> list[dict[str, Any]]:
    """pytest and the packages of its plugins; of a plugin without a package its file.

    Plugins that are a part of the runbook are left out: its hash covers them. It has one
    conftest.py, and no further one is a part of it.
    """
    own = {path for path in sources if path.name != _CONFTEST or path.parent == PROJECT}
    packages: dict[str, Any] = {
        _module_of(plugin).partition(".")[0]: package
        for plugin, package in manager.list_plugin_distinfo()
    }
    packages[_BUILTIN] = importlib.metadata.distribution("pytest")
    # a package is read once, not for each of its modules: of pytest's own there are forty
    described: dict[str, dict[str, Any]] = {}
    found: dict[str, dict[str, Any]] = {}
    for module in sorted({_module_of(p) for _, p in manager.list_name_plugin() if p is not None}):
        file = getattr(sys.modules.get(module), "__file__", None)
        path = Path(file).resolve() if file else None
        if path in own or (file and Path(file) in own):
            continue
        top = module.partition(".")[0]
        if top not in described and (package := packages.get(top) or _package_of(module, path)):
            described[top] = _of_package(package, pinned)
        entry = described.get(top) or _of_file(path)
        kept = found.setdefault(entry.get("package") or entry["file"] or module, entry)
        if kept.get("package") != "pytest":
            kept["modules"].append(module)
    return list(found.values())


def _module_of(plugin: object) -> str:
    """The module of a plugin, which may be an object of a class in it. Conftests have a file."""
    if isinstance(plugin, ModuleType):
        return plugin.__name__
    return str(getattr(plugin, "__module__", ""))


def _of_package(package: Any, pinned: Mapping[str, str]) -> dict[str, Any]:
    told = package.metadata  # read anew at each look: a package's whole description
    return {
        "package": str(told["name"]),
        "version": str(told["version"]),
        "record": _digest(_record_of(package)),
        "pinned": pinned.get(canonicalize_name(told["name"]), ""),
        "modules": [],
    }


def _of_file(path: Path | None) -> dict[str, Any]:
    return {"file": str(path or ""), "sha256": _digest(path), "modules": []}


def _package_of(module: str, path: Path | None) -> importlib.metadata.Distribution | None:
    """The installed package that has the module; None: it lies elsewhere."""
    if path is None or not any(path.is_relative_to(place) for place in _site_packages()):
        return None
    named = importlib.metadata.packages_distributions().get(module.partition(".")[0])
    return importlib.metadata.distribution(named[0]) if named else None


def _record_of(package: Any) -> Path | None:
    """The list of its files with their hashes, as it was installed; it lists itself."""
    itself = _RECORD.search(package.read_text("RECORD") or "")
    return Path(package.locate_file(itself[1])) if itself else None


def _digest(path: Path | None) -> str:
    """Empty: there is no such file."""
    if path is None or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def foreign_entries(entries: Iterable[str], root: Path) -> list[str]:
    """Places to import from that are neither Python's, nor the environment's, nor the project's."""
    known = {root.resolve(), PROJECT, *_of_python()}
    below = [*_site_packages(), *(base / part for base in (root, PROJECT) for part in SOURCES)]
    places = (Path(entry or ".").resolve() for entry in map(str, entries))
    foreign = (p for p in places if p not in known and not any(map(p.is_relative_to, below)))
    return list(dict.fromkeys(map(str, foreign)))


def _of_python() -> set[Path]:
    """The standard library in its forms, and where the environment's commands lie."""
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    archive = "python{}{}.zip".format(*sys.version_info)
    found = {Path(sysconfig.get_path("scripts")), *libraries}
    found |= {library / "lib-dynload" for library in libraries}
    found |= {library.parent / archive for library in libraries}
    return {path.resolve() for path in found}


def _site_packages() -> set[Path]:
    """Of the environment: what a user has for himself is not."""
    named = [sysconfig.get_path(name) for name in ("purelib", "platlib")]
    return {Path(path).resolve() for path in (*named, *site.getsitepackages())}
