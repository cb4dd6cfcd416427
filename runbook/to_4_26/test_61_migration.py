"""The migration that the planned stop asks for, in each round and on each node with a `.rpmnew`."""

from __future__ import annotations

from collections.abc import Mapping

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
from runbook.to_4_26 import on_record
from runbook.to_4_26.httpd import migration
from runbook.to_4_26.httpd.checks import httpd_node
from runbook.to_4_26.names import CREDENTIALS


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
    if not evidence.made:
        return
    # it lies in the shared directory: a later run finds it where httpd is by then
    host = look.host(httpd_node(look))
    file = host.file(CREDENTIALS)
    modes = {CREDENTIALS: file.mode} if file.exists else {}
    verdict = evidence.judge(
        facts.open_to_others(host.node, modes),
        observed=facts.modes_told(modes)
        if modes
        else f"{CREDENTIALS} is not on {host.node}: verification.ocs_server judges that",
        guide=(),
    )
    for mode in modes.values():
        on_record.keep_password_written(look, evidence, host.node, mode)
    assert verdict


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
    """Both files are migrated: local settings kept, the password from the new variable."""
    if not evidence.made:
        return
    if look.memory.closed:
        evidence.note("the attempt is closed: what the migration left was judged before")
        return
    # the run that migrated them may have ended before it could tell
    if ocs_files_migrated.did_something or not on_record.has_old_files(look, node):
        _attach_what_changed(look, node, evidence)
    if len(look.memory.detached("upgrade")) <= round_number:
        _judge_leftovers(look, node, evidence)
    kept = migration.kept_by(record.intent["what"] for record in evidence.made)
    evidence.judge(
        _owners_changed(host, kept),
        observed=f"replaced: {', '.join(kept) or 'no file'}",
        sound="owner and mode are as before" if kept else "",
    )
    assert evidence.verdict


def _attach_what_changed(look: Look, node: str, evidence: Evidence) -> None:
    for path, diff in migration.migration_diffs(look, node).items():
        evidence.attach(
            f"what changed in {path} on {node}, secrets masked",
            diff,
            about=IN_CONFIGURATION,
            file=(node, path),
        )
    if old := migration.old_files(look, node):
        on_record.keep_old_files(evidence, node, old)
        commands = migration.put_back_commands(node, old)
        evidence.attach(f"how to put the old files back on {node}", "\n".join(map(str, commands)))


def _judge_leftovers(look: Look, node: str, evidence: Evidence) -> None:
    """Once the next round has begun, its own stop and the verification judge them."""
    left = look.ask(node, LEFTOVERS)
    leftovers.attach_diffs(
        look, evidence, leftovers.not_known({node: left}, look.release.known_conflicts)
    )
    evidence.judge(
        machine.config_leftovers({node: left}, look.release.known_conflicts),
        observed=f"looked for .rpmnew, .rpmsave and .rpmorig on {node}",
        sound="none is left",
    )


def _owners_changed(host: Host, kept: Mapping[str, str]) -> list[Finding]:
    """Owner, group and mode of each file are those of the old one, which is kept beside it."""
    return [
        finding
        for path, old in kept.items()
        if host.file(old).exists
        for finding in facts.owner_changed(
            host.node, path, _owner(host.file(old)), _owner(host.file(path))
        )
    ]


def _owner(file: File) -> str:
    return f"{file.user} {file.group} {file.mode:04o}"
