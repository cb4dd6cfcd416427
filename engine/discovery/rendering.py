"""A found cluster -> the text of an inventory, whose lines the inventory's own parser reads. Pure.

What is common to all hosts stands in [all:vars]; what is not, on the host's line.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.discovery.found import Found, FoundNode, Try
from engine.discovery.ways import in_words, jumps_of, login_command
from engine.errors import UsageError
from engine.judge.text import printable, shortened
from engine.model.answer import LostKind
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.parse.inventory_ini import parse_inventory
from engine.parse.inventory_lines import typed_value

_WIDTH = 100
_BRIEF = 110
"""Characters of why a way led nowhere that is not the one that is written down."""
_HEAD = (
    "The inventory of cluster {cluster}, as its nodes told it.",
    "Left to fill in are the four things of change management, at the end. No password belongs in"
    " this file. Each line is explained in docs/inventory.md.",
    "To compare it with the cluster later: python -m engine inventory --check FILE",
)
_GROUPS = {
    Role.OPERATIVE: "Operative nodes. {active} is N, the NetEye active node: the first one of"
    " /etc/neteye-cluster.",
    Role.ELASTIC_ONLY: "Elastic-only nodes.",
    Role.VOTING_ONLY: "The voting-only node.",
}
_ENVIRONMENTS = {
    Environment.REHEARSAL: "The nodes carry the marker of a rehearsal.",
    Environment.PRODUCTION: "production; a cluster to try on first is staging.",
}
_CHANGE = (
    ("1. The number of the approved change, such as CHG0012345.", ("change_id",)),
    (
        "2. The maintenance window, ISO 8601 with a zone, such as 2026-11-28T20:00:00+01:00.",
        ("window_start", "window_end"),
    ),
    (
        "3. Who read release notes and breaking changes, and when, such as A. Rossi, 2026-11-20.",
        ("release_notes_read",),
    ),
    ("4. How the change would be backed out (snapshots, backups), and by whom.", ("fallback",)),
)
_VARIABLES = (
    ("ansible_user", "user"),
    ("ansible_port", "port"),
    ("ansible_ssh_private_key_file", "key_file"),
    ("ansible_ssh_common_args", "ssh_args"),
    ("ansible_become", "become"),
)
_LEFT_OUT: tuple[object, ...] = (22, None, (), False)
"""What a host has that says nothing: the readers' own defaults."""


def render(found: Found) -> str:
    """The inventory. UsageError when a name or a path can't be written into one."""
    hosts = [one.host for one in found.nodes]
    common = [pair for pair in _VARIABLES if len({getattr(h, pair[1]) for h in hosts}) == 1]
    own = [pair for pair in _VARIABLES if pair not in common]
    lines = [
        *_comments(line.format(cluster=found.definition.hostname) for line in _HEAD),
        *_comments(f"Look at this first: {remark}" for remark in found.remarks),
        *(line for role in Role for line in _group(role, found, own)),
        "",
        "[all:vars]",
        *(line for variable, field in common for line in _setting(variable, hosts[0], field)),
        "",
        f"runbook_cluster={_value(found.definition.hostname)}",
        *_comments([_ENVIRONMENTS[found.environment]]),
        f"runbook_environment={found.environment}",
        "",
        *_comments(["To fill in. In production each one that is missing blocks."]),
        *(line for told, names in _CHANGE for line in _to_fill_in(told, names)),
    ]
    text = "\n".join(lines) + "\n"
    _read_back(text, found)
    return text


def host_line(host: Host) -> str:
    """The line of one host by itself, with everything that it needs."""
    return _line(host, _VARIABLES)


def _read_back(text: str, found: Found) -> None:
    path = Path("the inventory")
    settings = Settings(found.definition.hostname, found.environment)
    expected = Inventory(path, tuple(one.host for one in found.nodes), settings)
    try:
        read = parse_inventory(text, path)
    except UsageError as error:
        why = "; ".join(str(error).splitlines())
        raise UsageError(f"what was found can't be written as an inventory: {why}") from error
    if read != expected:
        wrong = [one.name for one in expected.hosts if one not in read.hosts]
        raise UsageError(
            "what was found can't be written as an inventory: it would be read as something else"
            f" ({', '.join(wrong) or 'settings'})"
        )


def _group(role: Role, found: Found, own: Sequence[tuple[str, str]]) -> Iterator[str]:
    nodes = [one for one in found.nodes if one.node.role is role]
    if not nodes:
        return
    yield ""
    yield from _comments([_GROUPS[role].format(active=found.definition.active_node.hostname)])
    yield f"[{role}]"
    for one in nodes:
        yield from _comments(told_of(one))
        yield _line(one.host, own)


def told_of(one: FoundNode) -> Iterator[str]:
    """How a node was reached, or what has to be done before it is."""
    if one.reached is not None:
        login = one.reached.login
        key = f" {login.host_key} ({login.host_key_type})" if login and login.host_key else ""
        yield f"Reached {in_words(one.host)}; its host key{key} is known here."
        return
    yield f"NOT REACHED from here: {one.node.hostname} ({one.node.addr})"
    chosen = [t for t in one.tries if t.host == one.host][:1]
    yield from (f"- {in_words(t.host)}: {t.why}" for t in chosen)
    others = (t for t in one.tries if t not in chosen)
    yield from dict.fromkeys(f"- {in_words(t.host)}: {_briefly(t)}" for t in others)
    if not one.tries:
        yield "- nothing was tried: no address of it can be used from here"
    if one.from_within:
        yield f"- {one.from_within}"
    yield to_do(one)


def _briefly(one: Try) -> str:
    """ssh's own words where there are some: what they mean is told of the way that is chosen."""
    _, mark, said = one.why.partition("ssh says: ")
    return shortened(said.partition(". ")[0] if mark else one.why, _BRIEF)


def to_do(one: FoundNode) -> str:
    """What the operator has to do before a node is reached that was not."""
    if at_a_jump := [t for t in one.tries if _is_denied_before(t)]:
        # ssh's own -J: its client for the jump host gets no -i
        return (
            f"ssh logs in to {jumps_of(at_a_jump[0].host.ssh_args)[0]} with a key of your agent or"
            " of ~/.ssh/config, and -i is for the node behind: add the key to the agent (ssh-add"
            f" {shlex.quote(str(at_a_jump[0].host.key_file))}), then ask again."
        )
    kinds = {t.kind for t in one.tries}
    if LostKind.AUTHENTICATION in kinds:
        return (
            "To fill in on its line: as whom to log in there, such as ansible_user=USER"
            " ansible_become=yes for a user with sudo; or let this key in there."
        )
    if LostKind.HOST_KEY in kinds:
        unknown = next(t.host for t in one.tries if t.kind is LostKind.HOST_KEY)
        return (
            "Compare its host key on its console (ssh-keygen -lf"
            f" /etc/ssh/ssh_host_ed25519_key.pub), and accept it by: {login_command(unknown)}"
        )
    return (
        "To correct on its line: ansible_host, and the way there (ansible_ssh_common_args);"
        f" it says now: {in_words(one.host)}"
    )


def _is_denied_before(one: Try) -> bool:
    """A jump host denied the login, and the key that was named is not offered there."""
    is_there = one.kind is LostKind.AUTHENTICATION and bool(jumps_of(one.host.ssh_args))
    return is_there and one.host.key_file is not None and "by the jump host" in one.why


def _line(host: Host, variables: Iterable[tuple[str, str]]) -> str:
    pairs = [("ansible_host", host.address)]
    pairs += [(v, _text(getattr(host, f))) for v, f in variables if _says(v, host, f)]
    words = (f"{variable}={_word(_value(text))}" for variable, text in pairs)
    return " ".join([host.name, *words])


def _setting(variable: str, host: Host, field: str) -> Iterator[str]:
    if variable == "ansible_user" or _says(variable, host, field):
        yield f"{variable}={_value(_text(getattr(host, field)))}"


def _says(variable: str, host: Host, field: str) -> bool:
    value = getattr(host, field)
    # root is the default, but a line of another user's group may stand beside it
    return variable == "ansible_user" or value not in _LEFT_OUT


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return shlex.join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _value(text: str) -> str:
    """As the inventory's values are written: quoted where they would be read as something else."""
    is_plain = typed_value(text, 0).typed == text or text.isdecimal()
    return text if is_plain and text == text.strip() else repr(text)


def _word(text: str) -> str:
    """As a word of a host's line."""
    return shlex.quote(text)


def _to_fill_in(told: str, names: Iterable[str]) -> Iterator[str]:
    yield from _comments([told])
    for name in names:
        yield f"runbook_{name}="


def _comments(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(
            printable(text),
            _WIDTH,
            initial_indent="# ",
            subsequent_indent="#   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
