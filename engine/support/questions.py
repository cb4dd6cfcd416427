"""What the nodes are asked for a support bundle, as data. Each question only reads.

Limits are bytes of the beginning and of the end of an answer; what lies between is left out, on
the node already, without a temporary file there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from engine.act import detached
from engine.model.event import Event
from engine.model.inventory import Role

KIB = 1 << 10
ALL = frozenset(Role)
OPERATIVE = frozenset({Role.OPERATIVE})
DRBD_ROLES = frozenset({Role.OPERATIVE, Role.VOTING_ONLY})

COMMANDS = 12
"""Long commands whose logs are taken, the newest: more than an upgrade has rounds."""


@dataclass(frozen=True)
class Question:
    """One file of the bundle, from one node."""

    name: str
    """Its file in the node's directory, and what the index calls it."""
    argv: tuple[str, ...]
    half: int = 64 * KIB
    """Bytes that are kept of each end."""
    roles: frozenset[Role] = ALL

    @property
    def limited(self) -> tuple[str, ...]:
        """What is sent: both outputs, cut to their ends, the exit code in the last line."""
        return ("sh", "-c", _LIMITED, "support-bundle", str(self.half), *self.argv)


# head reads no byte more than it prints, so tail gets the rest
_LIMITED = """half=$1; shift
{ "$@" 2>&1; printf '\\n[exit code %s]\\n' "$?"; } | { head -c "$half"; tail -c "$half"; }"""


def _journal(since: float, lines: int, *arguments: str) -> tuple[str, ...]:
    return (
        *("journalctl", "--no-pager", "--utc", "--output=short-iso", f"--since=@{since:.0f}"),
        *(f"--lines={lines}", *arguments),
    )


CLUSTER_UNITS = ("corosync", "pacemaker", "pcsd", "sbd", "corosync-qdevice", "corosync-qnetd")
SERVICE_UNITS = ("drbd", "drbd-reactor", "neteye*")


def of_node(role: Role, since: float, units: Iterable[str] = ()) -> tuple[Question, ...]:
    """What a node of that role is asked; the journals `since` seconds after 1970.

    `units` are services of this version, asked for beside those of every cluster.

    What tells most comes first: when time runs out, the end is missing.
    """
    return tuple(question for question in _all(since, units) if role in question.roles)


def _all(since: float, units: Iterable[str]) -> Iterable[Question]:
    yield Question("pcs-status.txt", ("pcs", "status", "--full"), roles=OPERATIVE)
    yield Question(
        "crm_mon.xml",
        ("crm_mon", "--one-shot", "--inactive", "--output-as=xml"),
        half=256 * KIB,
        roles=OPERATIVE,
    )
    yield Question("quorum.txt", ("corosync-quorumtool", "-s"), roles=OPERATIVE)
    yield Question("drbd.txt", ("drbdsetup", "status", "--verbose"), roles=DRBD_ROLES)
    yield Question("failed-units.txt", ("systemctl", "--failed", "--no-pager", "--plain", "--full"))
    yield Question(
        "journal-cluster.txt",
        _journal(since, 3000, *(f"--unit={unit}" for unit in CLUSTER_UNITS)),
        half=192 * KIB,
    )
    yield Question(
        "journal-services.txt",
        _journal(since, 3000, *(f"--unit={unit}" for unit in (*SERVICE_UNITS, *units))),
        half=192 * KIB,
    )
    yield Question("journal-errors.txt", _journal(since, 2000, "--priority=err"), half=128 * KIB)
    yield Question("journal-kernel.txt", _journal(since, 500, "--dmesg"))
    yield Question("cib.xml", ("cibadmin", "--query"), half=256 * KIB, roles=OPERATIVE)
    yield Question("release.txt", ("cat", "/etc/neteye-release", "/etc/os-release"))
    yield Question("kernel.txt", ("uname", "-a"))
    yield Question("uptime.txt", ("uptime",))
    yield Question("memory.txt", ("free", "-m"))
    yield Question("file-systems.txt", ("df", "-P", "-h"))
    yield Question("packages.txt", ("rpm", "-qa", "--last"), half=48 * KIB)


_STATE = """cd -- "$1" && ls -ln && for file in pid starttime system status; do
  [ ! -f "$file" ] || { printf '%s: ' "$file"; head -c 200 -- "$file"; echo; }
done"""


@dataclass(frozen=True)
class LongCommand:
    """A long command of the attempt (`neteye update`, a round of `neteye upgrade`)."""

    node: str
    attempt: str
    name: str

    @property
    def questions(self) -> tuple[Question, ...]:
        base = detached.directory(self.attempt, self.name)
        place = f"commands/{re.sub(r'[^A-Za-z0-9.-]+', '-', self.name)}"
        return (
            Question(f"{place}/state.txt", ("sh", "-c", _STATE, "state", base)),
            Question(f"{place}/nohup.out", ("cat", "--", f"{base}/nohup.out"), half=512 * KIB),
        )


def long_commands(events: Iterable[Event], attempt: str | None) -> tuple[LongCommand, ...]:
    """The last ones of the attempt that were begun, by the intents of its journals."""
    names = {
        str(event["detached"]): str(event["node"])
        for event in events
        if event["event"] == "intent" and event.get("detached")
    }
    if attempt is None:
        return ()
    return tuple(LongCommand(node, attempt, name) for name, node in names.items())[-COMMANDS:]
