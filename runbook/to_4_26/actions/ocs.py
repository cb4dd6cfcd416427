"""Migration of the OCS server's credentials and httpd files (guide rows G10 to G14)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.act.actions import action
from engine.act.driving import Action
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.errors import RunbookError
from engine.model.answer import Answer
from engine.model.change import Change, Doubt, Nothing
from engine.model.finding import Finding
from engine.record.evidence import StoppedForPerson
from engine.secrets import Secret
from runbook.cluster.masking import masked
from runbook.phases.actions.neteye_command import ended_with, round_on_record
from runbook.to_4_26 import failover_record, files, release
from runbook.to_4_26.httpd import access, configtest, credentials, migration, online, pristine
from runbook.to_4_26.httpd.checks import httpd_node
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.merge import Merge, merge
from runbook.to_4_26.httpd.passwords import read_password
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS, CREDENTIALS_TEMPLATE

HTTPD = "httpd"
"""The pacemaker resource of the web server."""
RESTART_DEADLINE = 600.0
NOT_RUN = "this round was not needed"


@action(guide=("G10", "G11", "G12"), expected=f"write the password in use into {CREDENTIALS} on N")
def ocs_credentials_written(look: Look, node: str, round_number: int = 1) -> Action:
    """On N the credentials file holds the password that the node with the .rpmnew uses."""
    pending = _pending(look, node, round_number)
    if isinstance(pending, Nothing):
        return pending
    now = migration.credentials_now(look)
    if now.template is None and now.existing is None:
        return Nothing(migration.TOO_EARLY)
    seen = migration.in_use(look, node, pending)
    password, variable = _settled(look, seen, now)
    if now.existing is not None:
        existing = now.value(variable)
        if password is None:
            return Nothing(f"{CREDENTIALS} is there, and {node} uses {variable} already")
        unclear = now.is_unclear(variable)
        if other := credentials.existing_findings(existing, password, unclear=unclear):
            if existing is None:
                raise StoppedForPerson(other)
            yield Doubt(tuple(other))
            return Nothing(f"{CREDENTIALS} is left as it is: that it is right was accepted")
        return Nothing(f"{CREDENTIALS} has the password in use as {variable} already")
    if password is None or now.template is None:
        raise StoppedForPerson([_no_password(look, node)])
    content = credentials.render(now.template.reveal(), variable, password)
    yield files.write_file(
        f"write the password in use on {node} into {CREDENTIALS}",
        look.names.active,
        CREDENTIALS,
        content,
        like=CREDENTIALS_TEMPLATE,
        private=True,
    )
    if migration.credentials_now(look).value(variable) != password:
        raise RunbookError(
            f"{look.names.active}: {CREDENTIALS} was written and does not read back as the"
            f" password in use; expected {variable} with that value. Look at the file, then run"
            " again"
        )
    return f"made from its template, {variable} has the password in use on {node}"


def _pending(look: Look, node: str, round_number: int) -> tuple[str, ...] | Nothing:
    """The OCS files whose `.rpmnew` waits on the node, or why there is nothing to do."""
    if _was_not_run(look, round_number):
        return Nothing(NOT_RUN)
    return migration.new_files(look, node) or Nothing(f"{node} has no .rpmnew of the OCS files")


def _was_not_run(look: Look, round_number: int) -> bool:
    """A round behind the last one: the packages did nothing since every node was asked.

    With two rounds more than operative nodes, these would be most of a run's questions. A plan
    does not know yet how the last round ends, and so whether another follows.
    """
    if round_number == 1 or round_on_record(look.memory, round_number) is not None:
        return False
    rounds = look.memory.detached("upgrade")
    return bool(rounds) and ended_with(rounds[-1]) == 0


def _settled(
    look: Look, seen: migration.InUse, now: migration.CredentialsNow
) -> tuple[Secret | None, str]:
    """Password and variable once nothing speaks against them; stops for a person otherwise."""
    findings = list(seen.findings)
    if now.template is None:
        findings.append(_no_template(look))
    elif seen.variable is not None:
        findings += credentials.template_findings(now.template.reveal(), [seen.variable])
    _stop(findings)
    if seen.variable is None:
        raise RunbookError("the .rpmnew files name no variable, and no finding says so")
    return seen.password, seen.variable


def ocs_migration_to_come(look: Look, node: str, round_number: int = 1) -> Foreseen | Nothing:
    """The migration's changes on the node: they rest on its own files alone."""
    pending = _pending(look, node, round_number)
    if isinstance(pending, Nothing):
        return pending
    if not migration.is_at_planned_stop(look):
        _may_be_early(look, node, pending)
    merges = {path: _merged(look, node, path) for path in pending}
    changes = [
        *(c for path, one in merges.items() for c in _replaced(look, node, path, one)),
        *(c for path in pending for c in _put_away(look, node, path)),
    ]
    return Foreseen(tuple(changes))


@action(
    guide=("G13",),
    planned=ocs_migration_to_come,
    despite=("migration",),
    expected="on a node with a .rpmnew: keep the old file, put the merged one in its place",
)
def ocs_files_migrated(look: Look, node: str, round_number: int = 1) -> Action:
    """Both files are migrated on the node: local settings kept, the password is the variable."""
    pending = _pending(look, node, round_number)
    if isinstance(pending, Nothing):
        return pending
    now = migration.credentials_now(look)
    if now.template is None and now.existing is None:
        _may_be_early(look, node, pending)
    elif now.variable is None or not now.value(now.variable):
        _stop([_no_credentials(look)])
    merges = {path: _merged(look, node, path) for path in pending}
    # on N alone the whole of httpd's configuration is in place: its shared directory is mounted
    variable = now.variable if node == look.names.active else None
    before = _complaints(look, node, variable, merges.values())
    # an earlier run may have replaced a file and asked nothing: what names it is no old complaint
    replaced = [path for path, one in merges.items() if not one.changes]
    before = frozenset(line for line in before if not any(path in line for path in replaced))
    yield Doubt(tuple(_access_changes(look, node, merges)))
    for path, one in merges.items():
        yield from _replaced(look, node, path, one)
    after = _complaints(look, node, variable, merges.values())
    kept = {path: look.ask(node, migration.latest_backup(path)) for path in merges}
    way_back = [migration.put_back(node, backup, path) for path, backup in kept.items() if backup]
    yield Doubt(tuple(configtest.refusal_findings(node, before, after, way_back)))
    for path in pending:
        yield from _put_away(look, node, path)
    left = migration.new_files(look, node)
    if left:
        raise RunbookError(f"{node}: {', '.join(left)}.rpmnew is still there, expected none")
    return "; ".join(_summary(path, one) for path, one in merges.items())


def _access_changes(look: Look, node: str, merges: Mapping[str, _Merged]) -> Iterator[Finding]:
    """Tell who may reach what before that changes: from the node itself nobody notices it."""
    runs_httpd = node == httpd_node(look)
    for path, one in merges.items():
        changes = access.access_changes(parse_conf(one.old.reveal()), parse_conf(one.merge.text))
        yield from access.access_findings(node, path, changes, runs_httpd=runs_httpd)


def _may_be_early(look: Look, node: str, pending: tuple[str, ...]) -> None:
    """Without the template only a node in standby is migrated: nothing reads its files.

    That can't wait: the upgrade's health checks refuse an .rpmnew on any node.
    """
    if node not in look.cluster_status().standby_nodes:
        _stop([_no_template(look)])
    _stop(list(migration.in_use(look, node, pending).findings))


@dataclass(frozen=True)
class _Merged:
    """A file to replace: its text, the merged one, the name of its backup, the old default."""

    old: Secret
    merge: Merge
    backup: str
    default: pristine.Pristine

    password: Secret | None

    @property
    def changes(self) -> bool:
        return self.merge.text != self.old.reveal()


def _merged(look: Look, node: str, path: str) -> _Merged:
    old = look.ask(node, files.secret_text(path))
    new = look.ask(node, files.secret_text(f"{path}.rpmnew"))
    if old is None or new is None:
        raise RunbookError(f"{node}: {path} or its .rpmnew vanished meanwhile; run again")
    default = pristine.old_default(
        look, node, path, repository=release.REPOSITORY, source=str(release.SOURCE)
    )
    merged = merge(
        path,
        old.reveal(),
        new.reveal(),
        default.text.reveal() if default.text else None,
        obsolete=release.OBSOLETE_OCS_SETTINGS,
    )
    _stop(migration.question_findings(node, path, merged.questions))
    backup = look.ask(node, migration.backup_name(path, look.now()))
    password = read_password(parse_conf(old.reveal()), path).literal
    return _Merged(old, merged, backup, default, password)


def _complaints(
    look: Look, node: str, variable: str | None, merges: Iterable[_Merged]
) -> frozenset[str]:
    """What httpd complains of now, for the report; without a variable it is not asked."""
    if variable is None:
        return frozenset()
    passwords = [one.password for one in merges if one.password is not None]
    found = look.ask(node, configtest.config_test(variable))
    return frozenset(masked(line, passwords) for line in found)


def _replaced(look: Look, node: str, path: str, one: _Merged) -> Generator[Change, Answer, None]:
    """The old file kept, the merged file in its place."""
    if not one.changes:
        return
    yield migration.keep(node, path, one.backup)
    yield files.write_file(
        f"replace {path} by the merged file", node, path, Secret(one.merge.text), like=path
    )


def _put_away(look: Look, node: str, path: str) -> Generator[Change, Answer, None]:
    """The `.rpmnew` kept where no search for one finds it: the last thing, when all is well."""
    kept = look.ask(node, migration.kept_default(path, look.attempt))
    name = path.rpartition("/")[2]
    new = f"{path}.rpmnew"
    # as the package brought it: there is no password in it
    yield files.copy_file(f"keep the package's {name}", node, new, kept, holds_secret=False)
    yield files.remove_file(f"remove {new}", node, new, holds_secret=False)


def _summary(path: str, one: _Merged) -> str:
    merged, default = one.merge, one.default
    base = "compared with" if default.text else "without"
    parts = [
        f"{path.rpartition('/')[2]}: password from the variable",
        f"{base} the old default ({default.said})",
    ]
    for what, entries in (
        ("kept although the package has another value", merged.kept),
        ("kept, only on this node", merged.own),
        ("new from the package", merged.added),
        ("as the old package had it, so as the new one has it", merged.taken),
        ("of the package, but switched off here", merged.left_out),
        ("dropped", merged.dropped),
    ):
        if entries:
            parts.append(f"{what}: {' | '.join(entries)}")
    return ", ".join(parts)


@action(guide=("G14",), expected="pcs resource restart httpd")
def httpd_restarted(look: Look) -> Action:
    """httpd runs with the migrated settings: it started after its files last changed."""
    if failover_record.is_under_way(look.memory):
        return Nothing("an earlier run had proved httpd, and moved it since: see failover.httpd")
    resource = look.cluster_status().resource(HTTPD)
    if resource is None:
        return Nothing(f"there is no resource {HTTPD}")
    if not resource.is_started or len(resource.nodes) != 1:
        raise RunbookError(
            f"resource {HTTPD} is {resource.role} on {list(resource.nodes)}, expected Started on"
            " one node; find out why, then run again"
        )
    node, unit = resource.nodes[0], resource.agent.rpartition(":")[2]
    question = online.process_start(unit, CREDENTIALS, *CONF_FILES)
    seen = look.ask(node, question)
    if seen is not None and not seen.is_stale:
        return Nothing(f"{unit} on {node} started after its files last changed")
    yield Change(
        what=f"restart {HTTPD}: it reads the credentials file when it starts",
        node=look.names.active,
        argv=("pcs", "resource", "restart", HTTPD),
        deadline=RESTART_DEADLINE,
    )
    # the command reports success for a resource that starts nowhere: look
    after = look.ask(node, question)
    if after is None or (seen is not None and after.started <= seen.started):
        raise RunbookError(
            f"{HTTPD} was restarted, but no newer main process of {unit} runs on {node};"
            f" look at `pcs status` and `journalctl -u {unit}`, then run again"
        )
    return f"a new main process runs on {node}"


def _stop(findings: list[Finding]) -> None:
    if findings:
        raise StoppedForPerson(findings)


def _no_template(look: Look) -> Finding:
    return Finding(
        code="ocs-template-missing",
        subject=f"{look.names.active}:{CREDENTIALS_TEMPLATE}",
        observed="the template of the credentials file is not there",
        expected="the template that the new packages bring, on the node that runs httpd",
        remedy="See whether httpd's shared directory is mounted on N. Without the template these"
        " .rpmnew are not those of the upgrade: migrate them by hand, then run again.",
        guide=("G11",),
    )


def _no_password(look: Look, node: str) -> Finding:
    return Finding(
        code="ocs-migration-unclear",
        subject=f"{node}:{CONF_FILES[0]}",
        observed=f"no file has the password any more, and {CREDENTIALS} is not there",
        expected="the password in the node's file, or in the credentials file",
        remedy="Take the password from the latest .bak beside the file, write the credentials file"
        f" on {look.names.active} as the guide says, then run again.",
        guide=("G10", "G12"),
    )


def _no_credentials(look: Look) -> Finding:
    return Finding(
        code="ocs-migration-unclear",
        subject=f"{look.names.active}:{CREDENTIALS}",
        observed="the credentials file does not set the template's variable",
        expected="the credentials file first, then the files that refer to it",
        remedy="Write it as the guide says, then run again.",
        guide=("G12",),
    )
