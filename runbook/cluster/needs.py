"""What later steps need of the nodes, asked before the start (docs/preconditions.md).

A program that is missing, a login that fails, a credentials file that nobody knows: each would stop
the run where there is no way back. What can be asked beforehand is asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from engine.ask.look import Look
from engine.judge.text import listed
from engine.model.answer import Answer
from engine.model.finding import Finding
from engine.model.query import Query
from engine.record.evidence import Evidence

ALWAYS = (
    *("bash", "find", "flock", "mysql", "pcs", "crm_mon", "crm_resource", "cibadmin"),
    *("corosync-quorumtool", "drbdsetup", "ps", "rpm", "setsid", "ss", "systemctl", "tar"),
)
"""Programs that later steps start on every operative node: any may come to run the services."""
LATER = "asked before the start: the steps that need it have begun"

_MISSING = 'for name; do command -v -- "$name" > /dev/null || printf "%s\\n" "$name"; done'


def missing_programs(*names: str) -> Query[tuple[str, ...]]:
    """Those of the programs that are not in the search path of root's commands on the node."""
    return Query(
        name="programs that later steps start",
        argv=("sh", "-c", _MISSING, "missing", *names),
        parse=lambda answer: tuple(answer.text.split()),
    )


def programs_are_there(look: Look, evidence: Evidence, names: Collection[str]) -> None:
    """Every operative node has these programs."""
    missing = evidence.answers(look.ask_all(look.names.operative, missing_programs(*names)))
    said = f"{len(names)} programs on {len(missing)} nodes"
    evidence.judge(program_findings(missing), observed=said)


def program_findings(missing: Mapping[str, Iterable[str]]) -> list[Finding]:
    """A missing program can't be accepted: the step that starts it can't do without."""
    return [
        Finding(
            code="program-missing",
            subject=node,
            observed=f"not in root's search path: {listed(list(names))}",
            expected="every program that a later step of the upgrade starts on this node",
            remedy="Install the package that has it, from the repositories of the cluster's own"
            " version, then run again.",
        )
        for node, names in missing.items()
        if names
    ]


# The names alone: what stands behind `=` may be a password
_OPTIONS = r"mysql --print-defaults | tr ' ' '\n' | sed -n 's/=.*//; /^--[a-z-]*$/p' | sort -u"


def _options(answer: Answer) -> frozenset[str]:
    return frozenset(answer.text.split())


CLIENT_OPTIONS: Query[frozenset[str]] = Query(
    name="names of the options of root's database client",
    argv=("bash", "-c", f"set -o pipefail; {_OPTIONS}"),
    parse=_options,
    recorded=lambda names: " ".join(sorted(names)),
)
"""Options that its option files set (`~/.my.cnf`, `/etc/my.cnf.d`).

No value leaves the node: MariaDB 10.11 prints passwords like all others.
"""


def client_findings(options: Mapping[str, frozenset[str]], database: str) -> list[Finding]:
    """N's client must come in like that of the node that runs the database now."""
    wanted = options.get(database, frozenset())
    return [
        Finding(
            code="database-client",
            subject=node,
            observed=f"root's database client has no {listed(sorted(wanted - found))}, that of"
            f" {database} has",
            expected=f"option files as on {database}: the database runs on N during the upgrade",
            remedy=f"Put root's option file of {database} (~/.my.cnf) there, then run again. If"
            " the login needs none of them, accept this finding.",
        )
        for node, found in options.items()
        if wanted - found
    ]
