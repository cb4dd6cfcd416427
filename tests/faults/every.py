"""All faults: importing a module of cases enters them."""

from __future__ import annotations

from tests.faults import (
    cases_commands,
    cases_connection,
    cases_controllers,
    cases_disks,
    cases_nodes,
)
from tests.faults.fault import FAULTS

__all__ = [
    "FAULTS",
    "cases_commands",
    "cases_connection",
    "cases_controllers",
    "cases_disks",
    "cases_nodes",
]
