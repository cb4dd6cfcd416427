"""What this version step adds to steps of the procedure (runbook/cluster/hooks.py)."""

from __future__ import annotations

from typing import Any

from engine.ask.look import Look
from engine.attempt.baseline import PRIVATE
from engine.secrets import Secret
from runbook.cluster.hooks import TooEarly
from runbook.cluster.profiles import Profile
from runbook.to_4_26 import failover, failover_record
from runbook.to_4_26.glpi.checks import glpi_baseline
from runbook.to_4_26.glpi.place import glpi_place
from runbook.to_4_26.httpd import migration, served
from runbook.to_4_26.httpd.checks import agents_now, has_ocs_server
from runbook.to_4_26.presence import presence


def pytest_runbook_baseline(look: Look, key: Secret) -> dict[str, Any]:
    """How agents are answered, and what G03 compares with: of stored passwords only HMACs."""
    there, _ = presence(look)
    database = glpi_place(look).database
    return {
        "agents": served.as_fact(agents_now(look).logs) if has_ocs_server(look, there) else None,
        "ocs": {"glpi": glpi_baseline(look, database, key) if database is not None else None},
        # digests of passwords stay on N
        PRIVATE: ["ocs"],
    }


def pytest_runbook_too_early(look: Look) -> TooEarly | None:
    """The packages of N bring the template; another node may have its .rpmnew before."""
    if migration.is_at_planned_stop(look):
        return None
    return TooEarly(
        migration.TOO_EARLY,
        expected="the template of the credentials file",
        see_to="see that httpd's shared directory is mounted on N",
    )


def pytest_runbook_reactivated(look: Look) -> Profile | None:
    """An earlier run was interrupted while it moved httpd."""
    return failover.after_failover if failover_record.is_under_way(look.memory) else None
