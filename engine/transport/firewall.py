"""The role firewall: which commands never reach which nodes, as data.

`neteye update|upgrade` on an Elastic-only or voting-only node would turn it into a NetEye node.
No step can talk the transport into it: each command is looked at before a connection is used.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.errors import Refused
from engine.model.inventory import Inventory, Role
from engine.transport.words import words, words_in

SATELLITE_ROLES = frozenset({Role.ELASTIC_ONLY, Role.VOTING_ONLY})
_HOPS = frozenset(
    {"ssh", "slogin", "rsh", "mosh", "pssh", "parallel-ssh", "pdsh", "clush", "dsh"}
    | {"ansible", "ansible-playbook", "ansible-console", "salt"}
)
"""Commands that carry a command to another host, past this firewall."""
_READERS = frozenset(
    {"sh", "bash", "rbash", "dash", "ash", "ksh", "zsh", "csh", "tcsh", "fish", "busybox"}
    | {"xargs", "parallel", "at", "batch", "crontab", "systemd-run", "tee", "cat", "dd"}
    | {"python", "python3", "platform-python", "perl", "ruby", "php", "expect"}
)
"""Commands that take commands from standard input, or keep it where a later one may."""
_TO_A_HOST = re.compile(r"-\w*H|--ho")
"""The option of systemd's commands that sends them to another host, however it is written."""
_PCS_GROUPS = frozenset(
    {"cluster", "resource", "stonith", "constraint", "property", "acl", "qdevice", "quorum"}
    | {"booth", "config", "pcsd", "host", "node", "alert", "client", "dr", "tag"}
)
"""All groups of pcs but `status`: each has verbs that change something, later versions more."""


@dataclass(frozen=True)
class Pattern:
    """A command by its name, whatever wraps it.

    `any_of`: refused only together with one of these words, anywhere; empty: always.
    `harmless`: what may directly follow the name (options skipped), and makes it a question.
    """

    command: str
    any_of: frozenset[str] = frozenset()
    harmless: tuple[tuple[str, ...], ...] = ()

    def is_in(self, found: Sequence[str]) -> bool:
        if self.command not in found:
            return False
        if self.any_of and self.any_of.isdisjoint(found):
            return False
        return not self.harmless or not all(
            self._asks(found[at + 1 :]) for at, word in enumerate(found) if word == self.command
        )

    def name(self, found: Sequence[str]) -> str:
        """What was recognised, for the message."""
        return " ".join([self.command, *sorted(self.any_of.intersection(found))])

    def _asks(self, rest: Sequence[str]) -> bool:
        plain = tuple(word for word in rest if not word.startswith("-"))
        return any(plain[: len(start)] == start for start in self.harmless)


@dataclass(frozen=True)
class Rule:
    """Nodes of these roles never get these commands, and why."""

    roles: frozenset[Role]
    patterns: tuple[Pattern, ...]
    why: str


DEFAULT_RULES = (
    Rule(
        SATELLITE_ROLES,
        (Pattern("neteye", frozenset({"update", "upgrade"})),),
        "it would turn this node into a NetEye node; the command runs on the active node "
        "and brings the others along by itself",
    ),
    Rule(
        SATELLITE_ROLES,
        (Pattern("neteye_secure_install"), Pattern("neteye_finalize_installation")),
        "these belong to operative nodes; `neteye upgrade` does what this node needs",
    ),
    Rule(
        SATELLITE_ROLES,
        (
            Pattern("pcs", _PCS_GROUPS, (("status",), ("qdevice", "status"), ("quorum", "status"))),
            Pattern("crm_attribute", frozenset({"--delete", "--update", "-D", "-v"})),
        ),
        "pacemaker is changed from an operative node only",
    ),
)


@dataclass(frozen=True)
class Firewall:
    """Looks at every command before it is sent. `check` returns, or raises `Refused`."""

    inventory: Inventory
    rules: tuple[Rule, ...] = field(default=DEFAULT_RULES)
    bookkeeping: frozenset[str] = frozenset()
    """Scripts for `sh -c`, whole and unchanged, that only keep records: what they get on standard
    input becomes a file."""

    def check_node(self, node: str) -> Role:
        """The role of `node`; `Refused` when the inventory does not have it."""
        try:
            return self.inventory.host(node).role
        except KeyError:
            raise Refused(
                f"{node!r} is not in the inventory {self.inventory.path}, nothing runs there; "
                f"its hosts are {', '.join(self.inventory.names)}",
                node,
                rule="nothing runs on a host outside the inventory",
            ) from None

    def check(self, node: str, argv: Sequence[str], stdin: bytes | None = None) -> None:
        """Refuse what a rule forbids on `node`, or on a node the command would hop to from it.

        Standard input counts as far as a command of `argv` may take commands from it.
        """
        role = self.check_node(node)
        found = words(argv)
        if stdin and not self.keeps_records(argv) and not _READERS.isdisjoint(found):
            found += words_in(stdin.decode("utf-8", "replace"))
        hop = _hop(found)
        for rule in self.rules:
            pattern = next((p for p in rule.patterns if p.is_in(found)), None)
            if pattern is None:
                continue
            if role in rule.roles:
                raise Refused(
                    f"{pattern.name(found)} is refused on {node} ({role.value}): {rule.why}. "
                    "Nothing was sent",
                    node,
                    pattern.name(found),
                    rule.why,
                )
            if hop is not None:
                raise Refused(
                    f"{pattern.name(found)} by {hop!r} from {node} is refused: it would pass by "
                    f"the role firewall; on a node of role {_roles(rule)} {rule.why}. Nothing was "
                    "sent; run it on its node by the transport",
                    node,
                    f"{pattern.name(found)} by {hop}",
                    rule.why,
                )

    def keeps_records(self, argv: Sequence[str]) -> bool:
        """A script of the bookkeeping: its input may quote commands, and is never run."""
        return tuple(argv[:2]) == ("sh", "-c") and len(argv) > 2 and argv[2] in self.bookkeeping


class Latch:
    """The firewall of a run: after its first refusal only bookkeeping is sent.

    `on_refused` is told of the first one, wherever it comes from: a question, a batch, a change,
    a start, a connection to a socket.
    """

    def __init__(self, firewall: Firewall) -> None:
        self.on_refused: Callable[[Refused], None] = lambda _: None
        self._firewall = firewall
        self._refused: Refused | None = None
        self._lock = threading.Lock()

    def check_node(self, node: str) -> None:
        """See `Firewall.check_node`."""
        with self._watched(node):
            self._firewall.check_node(node)

    def check(self, node: str, argv: Sequence[str], stdin: bytes | None = None) -> None:
        """See `Firewall.check`."""
        with self._watched(node, is_open=self._firewall.keeps_records(argv)):
            self._firewall.check(node, argv, stdin)

    @contextlib.contextmanager
    def _watched(self, node: str, *, is_open: bool = False) -> Iterator[None]:
        if self._refused is not None and not is_open:
            raise Refused(f"nothing is sent to {node} any more after: {self._refused}", node)
        try:
            yield
        except Refused as refused:
            with self._lock:
                first, self._refused = self._refused is None, self._refused or refused
            if first:
                self.on_refused(refused)
            raise


def _hop(found: Sequence[str]) -> str | None:
    """What would carry the command to another host."""
    for command in ("systemd-run", "systemctl"):
        if command in found and any(_TO_A_HOST.match(word) for word in found):
            return f"{command} -H"
    return next((word for word in found if word in _HOPS), None)


def _roles(rule: Rule) -> str:
    return " or ".join(sorted(role.value for role in rule.roles))
