"""Before the start: connections, machines, records, versions, what the organisation asks for."""

from __future__ import annotations

from tests.findings.case import Case

START: tuple[Case, ...] = ()
