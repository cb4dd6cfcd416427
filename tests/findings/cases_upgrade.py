"""The rounds, packages, the OCS server, restore, and every stop after the point of no return."""

from __future__ import annotations

from tests.findings.case import Case

UPGRADE: tuple[Case, ...] = ()
