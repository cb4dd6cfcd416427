"""The versions of what the runbook talks to on a node, as each base's own tools tell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal import image, podman
from rehearsal.bases import BASES, Base
from rehearsal.to_4_26 import STEP
from tests.proving.kind import Kind, Red, Say
from tests.versions.rhel import RELEASES, SOURCES, UNPROVED, VERSIONS

COMMANDS: dict[str, tuple[str, ...]] = {
    "pacemaker": ("pacemakerd", "--version"),
    "pcs": ("pcs", "--version"),
    "corosync": ("corosync", "-v"),
    "OpenSSH": ("ssh", "-V"),
    "rpm": ("rpm", "--version"),
    "dnf": ("dnf", "--version"),
    "MariaDB": ("mariadbd", "--version"),
    "httpd": ("httpd", "-v"),
    "systemd": ("systemctl", "--version"),
    "sudo": ("sudo", "-V"),
    "bash": ("bash", "--version"),
    "coreutils": ("stat", "--version"),
    "util-linux": ("setsid", "--version"),
    "perl": ("perl", "-e", "print substr $^V, 1"),
    "Python": ("python3", "--version"),
}
"""Tool -> what prints its version, in the first line."""
_VERSION = re.compile(r"(?<![\d.])\d+(?:\.\d+)*(?:p\d+)?")


def version_of(line: str) -> str:
    """The version in a tool's own line; ValueError when there is none."""
    found = _VERSION.search(line)
    if found is None:
        raise ValueError(f"no version in {line!r}")
    return found[0]


def ordered(version: str) -> tuple[int, ...]:
    """What versions are compared by: their numbers, `p` as a point."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def place(rhel: str, proved: Sequence[str]) -> str:
    """Where a RHEL's version lies among those that were run; empty between oldest and newest."""
    first, last = (f(proved, key=ordered) for f in (min, max))
    if ordered(rhel) < ordered(first)[: len(ordered(rhel))]:
        return "older than run"
    return "newer than run" if ordered(rhel) > ordered(last) else ""


class ToolsStand:
    """Asks a container of each base's node image."""

    def __init__(self, letter: str, say: Say) -> None:
        self._say = say

    def run(self, case: str, evidence: Path) -> dict[str, str]:
        """Ask for one tool's version."""
        found = {base.name: asked(base, case, self._say) for base in BASES}
        told = {name: _with_place(version, found) for name, version in _of_rhel(case).items()}
        return {**found, **told}

    def down(self) -> None:
        """Nothing stands."""


def asked(base: Base, tool: str, say: Callable[[str], None]) -> str:
    """The version that a container of that base's node image tells. Raises Red."""
    reference = image.ensure(STEP, say, base)
    words = ("run", "--rm", "--network", "none", *podman.limits(), reference, *COMMANDS[tool])
    done = podman.podman(*words, check=False)
    said = (done.stdout or done.stderr).strip().splitlines() or [""]
    try:
        if done.returncode != 0:
            raise ValueError(f"exit status {done.returncode}, {said[0]!r}")
        return version_of(said[0])
    except ValueError as error:
        raise Red(f"{base.name}: {' '.join(COMMANDS[tool])}: {error}") from error


def _of_rhel(tool: str) -> dict[str, str]:
    return dict(zip(RELEASES, VERSIONS[tool], strict=True))


def _with_place(version: str, found: dict[str, str]) -> str:
    where = place(version, tuple(found.values()))
    return f"{version} ({where})" if where else version


_UNPROVED = "".join(f"- {name}: {what}\n" for name, what in UNPROVED.items())
_SOURCES = "".join(f"- {name}: {where}\n" for name, where in SOURCES.items())
INTRODUCTION = f"""
What the tools of a node of each base say of themselves, and what Red Hat Enterprise Linux has.
"Older than run" and "newer than run" stand behind a version that lies outside of those that were
run.

What stays unproved, and what was done instead:

{_UNPROVED}
Where the versions of RHEL are from:

{_SOURCES}"""
TOOLS_PROOF = Kind(
    "tools",
    "What the runbook talks to",
    INTRODUCTION,
    (*(base.name for base in BASES), *RELEASES),
    dict.fromkeys(COMMANDS, "images"),
    ToolsStand,
)
