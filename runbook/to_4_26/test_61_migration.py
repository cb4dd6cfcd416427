"""The migration that the planned stop asks for, in each round and on each node with a `.rpmnew`."""

from __future__ import annotations

from engine.act.driving import Applied
from engine.ask.host import File, Host
from engine.ask.look import Look
from engine.judge import facts, machine
from engine.model.facts import IN_CONFIGURATION
from engine.model.finding import Finding
from engine.model.steps import step
from engine.queries.machine import LEFTOVERS
from engine.record.evidence import Evidence
from runbook.cluster import leftovers
from runbook.to_4_26.httpd import migration
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS


@step(
    "migration.credentials",
    after=("upgrade.stop[{round}]",),
    guide=("G10", "G11", "G12"),
    each="round,node",
)
def test_credentials(
    ocs_credentials_written: Applied, round_number: int, node: str, look: Look, evidence: Evidence
) -> None:
    """The password in use is read on the node and written into the credentials file on N."""
    if not ocs_credentials_written.did_something:
        return
    on_n = look.host(look.names.active)
    modes = {CREDENTIALS: on_n.file(CREDENTIALS).mode}
    assert evidence.judge(
        facts.open_to_others(on_n.node, modes),
        observed=f"nobody else reads {CREDENTIALS}",
        guide=(),
    )


@step(
    "migration.files",
    after=("upgrade.stop[{round}]", "migration.credentials[{round}]"),
    guide=("G13",),
    each="round,node",
)
def test_files(
    ocs_files_migrated: Applied,
    round_number: int,
    node: str,
    look: Look,
    host: Host,
    evidence: Evidence,
) -> None:
    """Both files are migrated: local settings kept, the password the new variable."""
    if not ocs_files_migrated.did_something:
        return
    for path, diff in migration.migration_diffs(look, node).items():
        evidence.attach(
            f"what changed in {path} on {node}, secrets masked", diff, about=IN_CONFIGURATION
        )
    if commands := migration.put_back_commands(look, node):
        evidence.attach(f"how to put the old files back on {node}", "\n".join(map(str, commands)))
    left = look.ask(node, LEFTOVERS)
    leftovers.attach_diffs(
        look, evidence, leftovers.not_known({node: left}, look.release.known_conflicts)
    )
    evidence.judge(
        machine.config_leftovers({node: left}, look.release.known_conflicts),
        observed=f"no .rpmnew is left on {node}",
    )
    evidence.judge(_owners_changed(look, host), observed="owner and mode of each are as before")
    assert evidence.verdict


def _owners_changed(look: Look, host: Host) -> list[Finding]:
    """Owner, group and mode of each file are those of the old one, which is kept beside it."""
    kept = {path: look.ask(host.node, migration.latest_backup(path)) for path in CONF_FILES}
    return [
        finding
        for path, old in kept.items()
        if old is not None
        for finding in facts.owner_changed(
            host.node, path, _owner(host.file(old)), _owner(host.file(path))
        )
    ]


def _owner(file: File) -> str:
    return f"{file.user} {file.group} {file.mode:04o}"
