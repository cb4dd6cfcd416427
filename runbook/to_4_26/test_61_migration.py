"""The migration that the planned stop asks for, in each round and on each node with a `.rpmnew`."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.judge import machine
from engine.model.facts import IN_CONFIGURATION
from engine.model.steps import step
from engine.queries.machine import LEFTOVERS
from engine.record.evidence import Evidence
from runbook.cluster import leftovers
from runbook.to_4_26.httpd import migration


@step(
    "migration.credentials",
    after=("upgrade.stop[{round}]",),
    guide=("G10", "G11", "G12"),
    each="round,node",
)
def test_credentials(
    ocs_credentials_written: Applied, round_number: int, node: str, evidence: Evidence
) -> None:
    """The password in use is read on the node and written into the credentials file on N."""


@step(
    "migration.files",
    after=("upgrade.stop[{round}]", "migration.credentials[{round}]"),
    guide=("G13",),
    each="round,node",
)
def test_files(
    ocs_files_migrated: Applied, round_number: int, node: str, look: Look, evidence: Evidence
) -> None:
    """Both files are migrated: local settings kept, the password the new variable."""
    if not ocs_files_migrated.did_something:
        return
    for path, diff in migration.migration_diffs(look, node).items():
        evidence.attach(
            f"what changed in {path} on {node}, secrets masked", diff, about=IN_CONFIGURATION
        )
    if commands := migration.put_back_commands(look, node):
        evidence.attach(f"how to put the old files back on {node}", "\n".join(commands))
    left = look.ask(node, LEFTOVERS)
    leftovers.attach_diffs(
        look, evidence, leftovers.not_known({node: left}, look.release.known_conflicts)
    )
    assert evidence.judge(
        machine.config_leftovers({node: left}, look.release.known_conflicts),
        observed=f"no .rpmnew is left on {node}",
    )
