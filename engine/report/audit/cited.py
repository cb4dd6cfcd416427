"""Anchors of the page: what links to a step or a change, and the element itself, name it so."""

from __future__ import annotations

import re


def step_anchor(run: str, name: str) -> str:
    """The id of a step's line."""
    return "step-" + run + "-" + re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")


def change_anchor(run: str, seq: object) -> str:
    """The id of a change's line; `seq` is its intent's."""
    return "change-" + run + "-" + str(seq)
