"""All faults: importing a module of cases enters them."""

from __future__ import annotations

from tests.faults import cases_connection
from tests.faults.fault import FAULTS

__all__ = ["FAULTS", "cases_connection"]
