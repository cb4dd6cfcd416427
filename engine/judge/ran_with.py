"""Whether what runs is what is hashed: nothing foreign runs with it, its files are as released.

By what `run-started` has on record of it (`ran_with`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.judge.text import many
from engine.model.finding import Finding

_FRESH = (
    "Set up an environment of its own from requirements.txt alone (`python3.11 -m venv`, `pip"
    " install -r requirements.txt`) and run from there"
)
_ACCEPT = "or read it, and accept this finding by name when it is meant to run."
_SHOWN = 5


def foreign(ran_with: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Codes: `foreign-plugin`, `foreign-code`, `runbook-edited`.

    What an older runbook did not record is not judged.
    """
    return (
        *_plugins(ran_with),
        *_packages(ran_with),
        *_startup(ran_with),
        *_places(ran_with),
        *_compiled(ran_with.get("compiled", {})),
        *_edited(ran_with),
    )


def _plugins(ran_with: Mapping[str, Any]) -> Iterator[Finding]:
    for one in ran_with.get("plugins", ()):
        if "package" in one:
            if one.get("pinned", one["version"]) == one["version"]:
                continue
            subject = str(one["package"])
            seen = f"{subject} {one['version']} is a plugin of pytest in this run"
            pinned = one["pinned"]
            wanted = f"{pinned}, which is pinned" if pinned else "none that is not pinned"
        else:
            names = ", ".join(one["modules"])
            subject = str(one["file"] or names)
            seen = f"a plugin of pytest that is no pinned package's: {names}"
            wanted = "plugins of the pinned packages only"
        yield Finding(
            "foreign-plugin",
            subject,
            f"{seen}; it can change what steps find and what the report says of them",
            f"{wanted} (requirements.txt)",
            f"{_FRESH}, without -p, PYTEST_PLUGINS and further conftest.py; {_ACCEPT}",
        )


def _packages(ran_with: Mapping[str, Any]) -> Iterator[Finding]:
    plugins = {one.get("package") for one in ran_with.get("plugins", ())}
    for one in ran_with.get("packages", ()):
        if one["package"] not in plugins:
            version = one["version"] or "not installed"
            yield _code(
                str(one["package"]),
                f"{one['package']} is {version}",
                f"{one['pinned']}, which is pinned (requirements.txt)",
            )


def _startup(ran_with: Mapping[str, Any]) -> Iterator[Finding]:
    for one in ran_with.get("startup", ()):
        if not one["of"]:
            yield _code(
                str(one["file"]),
                f"Python runs it at each start (sha256 {one['sha256'][:16]})",
                "no such file but the environment's and the distribution's own",
            )


def _places(ran_with: Mapping[str, Any]) -> Iterator[Finding]:
    for place in ran_with.get("foreign", ()):
        yield Finding(
            "foreign-code",
            str(place),
            "modules may be imported from there (PYTHONPATH, -o pythonpath, a .pth file, or the"
            " directory in which `python -m pytest` was typed)",
            "Python's own places, the environment's and the project's",
            "Start it in the project's directory, without PYTHONPATH, -o pythonpath and .pth files"
            f" that add places; {_ACCEPT}",
        )


def _code(subject: str, observed: str, expected: str) -> Finding:
    return Finding("foreign-code", subject, observed, expected, f"{_FRESH}; {_ACCEPT}")


def _compiled(seen: Mapping[str, Any]) -> Iterator[Finding]:
    unlike = list(seen.get("unlike", ()))
    if not unlike:
        return
    listed = ", ".join(unlike[:_SHOWN]) + (" ..." if len(unlike) > _SHOWN else "")
    yield Finding(
        "foreign-code",
        "__pycache__",
        f"{many(len(unlike), 'compiled module')} not of the text beside it: {listed}",
        "what runs is made of the text that is hashed",
        f"Remove the folders __pycache__ of the project, and run again; {_ACCEPT}",
    )


def _edited(ran_with: Mapping[str, Any]) -> Iterator[Finding]:
    for one in ran_with.get("edited", ()):
        name = str(one["file"])
        is_there = f"its sha256 is {one['sha256'][:16]}" if one["sha256"] else "it is not there"
        yield Finding(
            "runbook-edited",
            name,
            f"{name} is not as it was released: {is_there}",
            f"sha256 {one['released'][:16]}" if one["released"] else "pytest.ini of the project",
            "Take the file of the release, and run again; or read what has changed, and accept this"
            " finding by name.",
        )
