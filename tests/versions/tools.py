"""The versions of what the runbook talks to on a node, as each base's own tools tell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal import image, podman
from rehearsal.bases import BASES, Base
from rehearsal.to_4_26 import STEP
from tests.proving.kind import Kind, Red, Say
from tests.versions.rhel import FOUND, RELEASES, UNPROVED

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
        """Ask for one tool's version. Raises Red when a RHEL's lies outside and nothing is said of
        it."""
        found = {base.name: asked(base, case, self._say) for base in BASES}
        told = beside(case, tuple(found.values()))
        links = (f"[{n}]({url})" for n, url in enumerate(FOUND[case].sources, start=1))
        return {**found, **told, "sources": " ".join(links)}

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


def beside(tool: str, proved: Sequence[str]) -> dict[str, str]:
    """Release of RHEL -> its versions of the tool, each with where it lies. Raises Red."""
    told = {
        release: ", ".join(_with_place(version, proved) for version in versions)
        for release, versions in zip(RELEASES, FOUND[tool].versions, strict=True)
    }
    if any("(" in text for text in told.values()) and tool not in UNPROVED:
        raise Red(f"{tool}: {told} beside {proved}, and nothing says what was done instead")
    return told


def _with_place(version: str, proved: Sequence[str]) -> str:
    where = place(version, proved)
    return f"{version} ({where})" if where else version


_UNPROVED = "".join(f"- {name} {what}\n" for name, what in UNPROVED.items())
INTRODUCTION = f"""
What the tools of a node of each base say of themselves, beside those of Red Hat Enterprise Linux.
"Older than run" and "newer than run" stand behind a version that lies outside of those that were
run. No minor release of RHEL is looked at alone: 8 is 8.9 and 8.10, 9 goes to 9.8, 10 to 10.2. That
RHEL 10 has pcs 0.12 follows from its pacemaker.

What stays unproved, and what was done instead:

{_UNPROVED}"""
TOOLS_PROOF = Kind(
    "tools",
    "What the runbook talks to",
    INTRODUCTION,
    (*(base.name for base in BASES), *RELEASES, "sources"),
    dict.fromkeys(COMMANDS, "images"),
    ToolsStand,
)
