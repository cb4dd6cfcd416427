"""Ids of what both pages link to: whoever links and whoever is linked take them from here. Pure."""

from __future__ import annotations

import re

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def step_id(name: str) -> str:
    """Id of a step's rows in report.html, which has the steps of one run.

    >>> step_id("migration.files[1][neteye01.neteyelocal]")
    'step-migration.files-1-neteye01.neteyelocal'
    """
    return f"step-{_plain(name)}"


def fold_id(name: str) -> str:
    """Id of the line in report.html that stands for several steps, by the first one's name."""
    return f"fold-{_plain(name)}"


def step_anchor(run: str, name: str) -> str:
    """Id of a step's record in evidence.html, which has the steps of all runs."""
    return f"step-{run}-{_plain(name)}"


def phase_anchor(run: str, phase: str) -> str:
    """Id of a phase of a run among the steps of evidence.html."""
    return f"phase-{run}-{_plain(phase)}"


def change_anchor(run: str, seq: int) -> str:
    """Id of a change, by the line of its intent in that run's journal."""
    return f"change-{run}-{seq}"


def finding_anchor(code: str, number: int) -> str:
    """Id of a finding: its code, and its number on the page, from 1."""
    return f"finding-{_plain(code)}-{number}"


def file_anchor(node: str, path: str) -> str:
    """Id of a file on a node; two paths can have the same."""
    return "file-" + _plain(f"{node}-{path.strip('/')}")


def _plain(name: str) -> str:
    """Of plain characters only."""
    return _NOT_PLAIN.sub("-", name).strip("-")
