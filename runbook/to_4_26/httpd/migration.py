"""What the migration of the OCS files asks of the nodes, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.ask.look import Look
from engine.model.answer import Answer
from engine.model.change import Change
from engine.model.finding import Command, Finding
from engine.model.query import Query
from engine.secrets import Secret
from runbook.cluster.masking import masked_diff
from runbook.to_4_26 import files
from runbook.to_4_26.httpd import credentials, passwords
from runbook.to_4_26.httpd.httpd_conf import parse_conf
from runbook.to_4_26.httpd.passwords import Password, read_password
from runbook.to_4_26.httpd.prose import is_prose
from runbook.to_4_26.names import CONF_FILES, CREDENTIALS, CREDENTIALS_TEMPLATE

_CONF_PASSWORD_DEADLINE = 30.0


def conf_password(path: str) -> Query[Password | None]:
    """The password as a configuration file has it; None: there is no such file."""
    whole = files.secret_text(path)

    def parse(answer: Answer) -> Password | None:
        text = whole.parse(answer)
        return None if text is None else read_password(parse_conf(text.reveal()), path)

    return Query(
        name=f"password in {path}",
        argv=whole.argv,
        parse=parse,
        ok_codes=whole.ok_codes,
        secret=True,
        deadline=_CONF_PASSWORD_DEADLINE,
    )


def _credentials(answer: Answer) -> dict[str, Secret | None]:
    text = files.secret_text(CREDENTIALS).parse(answer)
    content = text.reveal() if text else ""
    return {name: credentials.read(content, name) for name in credentials.variables(content)}


KNOWN_CREDENTIALS: Query[dict[str, Secret | None]] = Query(
    name=f"passwords in {CREDENTIALS}",
    argv=files.secret_text(CREDENTIALS).argv,
    parse=_credentials,
    ok_codes=files.secret_text(CREDENTIALS).ok_codes,
    secret=True,
)
"""Variable -> value; nothing on a node where httpd's shared directory is not mounted."""


def new_files(look: Look, node: str) -> tuple[str, ...]:
    """Those of the two files that have an `.rpmnew` on the node (guide row G09)."""
    host = look.host(node)
    return tuple(path for path in CONF_FILES if host.file(f"{path}.rpmnew").exists)


@dataclass(frozen=True)
class InUse:
    """The password a node uses, the variable it is to come from, and what is wrong with them."""

    password: Secret | None
    variable: str | None
    findings: tuple[Finding, ...]


def in_use(look: Look, node: str, pending: tuple[str, ...]) -> InUse:
    """Read the password in use (G10) and the variable's name on the node with the `.rpmnew`.

    A file that refers to the variable already has been migrated; the other one still tells.
    """
    found = {path: look.ask(node, conf_password(path)) for path in CONF_FILES}
    literals = {p: one for p, one in found.items() if one is not None and not one.variable}
    findings = passwords.preflight_findings({node: literals})
    findings += [
        _missing(node, path, "the file itself is not there") for path in pending if not found[path]
    ]
    targets = {path: look.ask(node, conf_password(f"{path}.rpmnew")) for path in pending}
    variables = {target.variable for target in targets.values() if target and target.variable}
    for path, target in targets.items():
        if target is None or target.variable is None:
            why = (target.problem if target else "") or "it has a literal password"
            findings.append(_missing(node, f"{path}.rpmnew", f"no variable in it: {why}"))
    if len(variables) > 1:
        seen = ", ".join(sorted(variables))
        findings.append(_missing(node, "the .rpmnew files", f"they refer to several: {seen}"))
    readable = [one.literal for one in literals.values() if one.literal is not None]
    return InUse(
        readable[0] if readable else None,
        next(iter(variables)) if len(variables) == 1 else None,
        tuple(findings),
    )


def _missing(node: str, subject: str, observed: str) -> Finding:
    return Finding(
        code="ocs-migration-unclear",
        subject=f"{node}:{subject}",
        observed=observed,
        expected="the edited file beside an .rpmnew that takes the password from one variable of"
        " httpd's environment",
        remedy="Migrate this file by hand as the guide says (keep a dated .bak, keep the new"
        " variable as password, remove the .rpmnew), then run again.",
        guide=("G10", "G13"),
    )


def question_findings(node: str, path: str, questions: tuple[str, ...]) -> list[Finding]:
    """What can't be merged with certainty is for a person."""
    return [
        Finding(
            code="ocs-merge-undecided",
            subject=f"{node}:{path}",
            observed=question,
            expected="a file that can be merged without guessing",
            remedy="Merge the file and its .rpmnew by hand: keep a dated .bak and the new variable"
            " as password, remove the .rpmnew; then run again.",
            guide=("G13",),
        )
        for question in questions
    ]


# args: file, the copy's name up to a number, what follows it. Prints the first name that is free or
# holds the same
_FREE = """
number=
while :; do
  name="$2${number:+.$number}$3"
  if [ ! -e "$name" ] || cmp -s -- "$1" "$name"; then break; fi
  number=$((${number:-1} + 1))
done
printf '%s\\n' "$name"
"""


def backup_name(path: str, day: datetime) -> Query[str]:
    """`<file>.<ddmmyyyy>.bak` as the guide names it, never one that holds something else."""
    return Query(
        name=f"name for the backup of {path}",
        argv=("sh", "-c", _FREE.strip(), "free", path, f"{path}.{day:%d%m%Y}", ".bak"),
        parse=lambda answer: answer.text.strip(),
    )


_KEEP, _AS = "keep ", " as "


def keep(node: str, path: str, backup: str) -> Change:
    """The old file is kept beside the one that takes its place."""
    return files.copy_file(f"{_KEEP}{path}{_AS}{backup}", node, path, backup)


def kept_by(changes: Iterable[str]) -> dict[str, str]:
    """File -> its backup, by what the changes on record did: a later .bak is somebody else's."""
    kept = [what.removeprefix(_KEEP).partition(_AS) for what in changes if what.startswith(_KEEP)]
    return {path: backup for path, _, backup in kept if path in CONF_FILES}


# args: the copies' name up to where they differ, how it ends. By ctime, as a
# copy keeps the other times of the file
_LATEST = """
for name in "$1"*"$2"; do
  if [ -e "$name" ]; then ls -1dtc -- "$1"*"$2" | head -n 1; break; fi
done
"""


def latest_backup(path: str) -> Query[str | None]:
    """The newest dated backup beside the file; None: there is none."""
    return Query(
        name=f"latest backup of {path}",
        argv=("sh", "-c", _LATEST.strip(), "latest", f"{path}.", ".bak"),
        parse=lambda answer: answer.text.strip() or None,
    )


_KEPT = ".package-default"


def kept_default(path: str, attempt: str | None) -> Query[str]:
    """Where the `.rpmnew` is kept: named so that no search for one finds it again.

    A later round may bring another one, which is kept beside the first.
    """
    kept = _kept(path, attempt)
    return Query(
        name=f"name for the package's {path}",
        argv=("sh", "-c", _FREE.strip(), "free", f"{path}.rpmnew", kept, _KEPT),
        parse=lambda answer: answer.text.strip(),
    )


def latest_default(path: str, attempt: str | None) -> Query[str | None]:
    """The `.rpmnew` that was kept last; None: there is none."""
    return Query(
        name=f"latest of the package's {path}",
        argv=("sh", "-c", _LATEST.strip(), "latest", f"{_kept(path, attempt)}.", _KEPT[1:]),
        parse=lambda answer: answer.text.strip() or None,
    )


def _kept(path: str, attempt: str | None) -> str:
    return f"{files.backups_of(attempt or 'ATTEMPT')}/{path.rpartition('/')[2]}"


def put_back(node: str, kept: str, path: str) -> Command:
    """The command that makes a file what it was, with owner, mode and times."""
    return Command(node, ("cp", "-a", "-T", "--", kept, path))


def old_files(look: Look, node: str) -> dict[str, str]:
    """Of a migrated node: the files and the `.rpmnew` beside them -> where the old ones lie."""
    found: dict[str, str] = {}
    for path in CONF_FILES:
        kept = look.ask(node, latest_default(path, look.attempt))
        backup = look.ask(node, latest_backup(path))
        if backup is not None and kept is not None:
            found |= {path: backup, f"{path}.rpmnew": kept}
    return found


def put_back_commands(node: str, old: Mapping[str, str]) -> list[Command]:
    """The way back on a migrated node, by its `old_files`."""
    return [put_back(node, kept, path) for path, kept in old.items()]


def migration_diffs(look: Look, node: str) -> dict[str, str]:
    """For the report: what the migration changed in each file, secrets masked."""
    diffs = {}
    for path in CONF_FILES:
        backup = look.ask(node, latest_backup(path))
        before = look.ask(node, files.secret_text(backup)) if backup is not None else None
        now = look.ask(node, files.secret_text(path))
        if before is None or now is None:
            continue
        old = read_password(parse_conf(before.reveal()), path).literal
        diffs[path] = masked_diff(
            before.reveal(), now.reveal(), path, [old] if old else [], is_prose=is_prose
        )
    return diffs


@dataclass(frozen=True)
class CredentialsNow:
    """Template and credentials file on N."""

    template: Secret | None
    existing: Secret | None

    def value(self, variable: str) -> Secret | None:
        """The variable's value in the credentials file; None: no file, no variable, or unclear."""
        if self.existing is None:
            return None
        return credentials.read(self.existing.reveal(), variable)

    def is_unclear(self, variable: str) -> bool:
        """Whether versions of systemd read different values of the variable from the file."""
        return self.existing is not None and credentials.is_unclear(
            self.existing.reveal(), variable
        )

    @property
    def variable(self) -> str | None:
        """The one variable that the template sets."""
        names = credentials.variables(self.template.reveal()) if self.template else ()
        return names[0] if len(names) == 1 else None


def credentials_now(look: Look, node: str | None = None) -> CredentialsNow:
    """Read both where httpd's shared directory is mounted: on N, unless httpd was moved."""
    node = node or look.names.active
    ask_credentials_ahead(look, node)
    return CredentialsNow(
        look.ask(node, files.secret_text(CREDENTIALS_TEMPLATE)),
        look.ask(node, files.secret_text(CREDENTIALS)),
    )


def ask_credentials_ahead(look: Look, node: str) -> None:
    """Begin to ask what `credentials_now` tells."""
    look.ask_ahead((node, files.secret_text(p)) for p in (CREDENTIALS_TEMPLATE, CREDENTIALS))


TOO_EARLY = (
    f"neither {CREDENTIALS_TEMPLATE} nor the credentials file is on N: the round ended before it"
    " came to the planned stop, the packages of N bring the template"
)
"""Why the credentials file is not written yet, although an `.rpmnew` is there."""


def is_at_planned_stop(look: Look) -> bool:
    """Whether the upgrade has brought what the migration needs (guide row G11).

    A node whose packages are new has its `.rpmnew` while those of N are still being installed; a
    round that fails meanwhile has not come to the stop.
    """
    now = credentials_now(look)
    return now.template is not None or now.existing is not None


def passwords_before(look: Look) -> tuple[Mapping[str, Mapping[str, Password]], list[Finding]]:
    """Preflight: the password on every operative node that has the files, and what is wrong.

    Raises Unanswered when a node does not answer: unknown is never "the same".
    """
    seen: dict[str, dict[str, Password]] = {}
    queries = {path: conf_password(path) for path in CONF_FILES}
    look.ask_ahead((node, query) for node in look.names.operative for query in queries.values())
    for node in look.names.operative:
        for path, query in queries.items():
            password = look.ask(node, query)
            if password is not None:
                seen.setdefault(node, {})[path] = password
    return seen, passwords.preflight_findings(seen)
