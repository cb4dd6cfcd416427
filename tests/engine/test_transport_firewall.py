"""No disguise brings `neteye update|upgrade` to an E or V node; questions pass (G19)."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.attempt import remote
from engine.errors import Refused
from engine.model.inventory import Environment, Host, Inventory, Role, Settings
from engine.transport.firewall import DEFAULT_RULES, Firewall, Rule

HOSTS = (
    Host("n1", Role.OPERATIVE, "10.0.0.1"),
    Host("n2", Role.OPERATIVE, "10.0.0.2"),
    Host("e1", Role.ELASTIC_ONLY, "10.0.0.3"),
    Host("v1", Role.VOTING_ONLY, "10.0.0.4"),
)
GUARD = Firewall(Inventory(Path("x.ini"), HOSTS, Settings("x", Environment.REHEARSAL)))
SATELLITES = ["e1", "v1"]

FORBIDDEN = [
    ["neteye", "update"],
    ["neteye", "upgrade"],
    ["neteye", "--verbose", "upgrade", "--yes"],
    ["neteye_secure_install"],
    ["neteye_finalize_installation", "--now"],
    ["pcs", "node", "unstandby", "--all"],
    ["pcs", "-f", "cib", "property", "set", "stonith-enabled=true"],
    ["pcs", "config", "restore", "x"],
    ["pcs", "cluster", "stop", "--all"],
    ["pcs", "constraint", "location", "add", "neteye-runbook-failover", "g", "n2", "INFINITY"],
    ["crm_attribute", "--node", "x", "--name", "standby", "--lifetime", "reboot", "--delete"],
    ["pcs", "constraint", "remove", "neteye-runbook-failover"],
    ["pcs", "resource", "move", "x"],
    ["pcs", "resource", "unclone", "x"],
    ["pcs", "resource", "safe-disable", "x"],
    ["pcs", "resource", "bundle", "reset", "x"],
    ["pcs", "cluster", "node", "add-remote", "x"],
    ["pcs", "cluster", "node", "delete-guest", "x"],
    ["pcs", "client", "local-auth"],
    ["pcs", "dr", "set-recovery-site", "x"],
    ["pcs", "tag", "create", "x", "y"],
    ["pcs", "alert", "recipient", "add", "x"],
    ["pcs", "--debug", "stonith", "history", "cleanup"],
]
HARMLESS = [
    ["neteye", "check", "health"],
    ["neteye", "status"],
    ["neteye", "health", "deep"],
    ["rpm", "-q", "neteye-setup"],
    ["rpm", "-q", "pcs"],
    ["rpm", "-qa"],
    ["cat", "/etc/neteye-cluster"],
    ["cat", "/etc/neteye-release"],
    ["dnf", "--enablerepo=neteye", "check-update"],
    ["find", "/neteye", "/etc", "-name", "*.rpmnew"],
    ["ls", "/var/lib/neteye-runbook/upgrade.log"],
    ["pcs", "status"],
    ["pcs", "--debug", "status", "--full"],
    ["pcs", "qdevice", "status", "net"],
    ["pcs", "quorum", "status"],
    ["pcs", "--version"],
    ["pcs", "--help"],
    ["systemctl", "is-active", "pcsd"],
    ["pgrep", "-x", "neteye"],
]

Wrap = Callable[[list[str]], list[str]]
WRAPS: list[Wrap] = [
    lambda a: ["sudo", "-n", "--", *a],
    lambda a: ["env", "A=b", "LC_ALL=C", *a],
    lambda a: ["nohup", *a],
    lambda a: ["setsid", "--fork", *a],
    lambda a: ["timeout", "-k", "5", "3600", *a],
    lambda a: ["systemd-run", "--unit=x", "--", *a],
    lambda a: ["nice", "-n5", "ionice", "-c3", *a],
    lambda a: ["bash", "-lc", shlex.join(a)],
    lambda a: ["sh", "-c", f"({shlex.join(a)} &) && tail --retry -f nohup.out"],
    lambda a: ["sh", "-c", f"exec   {'   '.join(shlex.quote(w) for w in a)}"],
    lambda a: ["sh", "-c", '"$@"', "sh", *a],
    lambda a: ["sh", "-c", f"x={shlex.quote(a[0])}; $x {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f"eval {shlex.quote(shlex.join(a))}"],
    lambda a: ["sh", "-c", f"cd /tmp;{shlex.join(a)};true"],
    lambda a: ["sh", "-c", f"`{shlex.join(a)}`"],
    lambda a: ["sh", "-c", f"true\n{shlex.join(a)}\n"],
    lambda a: [f"/usr/bin/{a[0]}", *a[1:]],
    lambda a: ["sh", "-c", f"{a[0][:2]}''{a[0][2:]} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f'{a[0][:2]}"{a[0][2:]}" {shlex.join(a[1:])}'],
    lambda a: ["sh", "-c", f"\\{a[0]} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f"{a[0][:3]}${{x}}{a[0][3:]} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f"{a[0][:3]}\\\n{a[0][3:]} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f"{a[0]}\t{shlex.join(a[1:])}"],
    lambda a: ["bash", "-c", "$'" + "".join(f"\\x{ord(c):02x}" for c in shlex.join(a)) + "'"],
    lambda a: ["sh", "-c", f"{a[0][:3]}${{x:-}}{a[0][3:]} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f"${{x:-{a[0]}}} {shlex.join(a[1:])}"],
    lambda a: ["sh", "-c", f'{a[0][:2]}$x"{a[0][2:]}" {shlex.join(a[1:])}'],
    lambda a: ["sh", "-c", f"{a[0][:2]}$1{a[0][2:]} {shlex.join(a[1:])}"],
    lambda a: ["bash", "-c", f"{a[0][:2]}{{{a[0][2:]},}} {shlex.join(a[1:])}"],
    lambda a: ["bash", "-c", f"{{{a[0]},{shlex.join(a[1:])}}}"],
    lambda a: ["python3", "-c", f"import os; os.execvp({a[0]!r}, {a!r})"],
]


@given(
    node=st.sampled_from(SATELLITES),
    argv=st.sampled_from(FORBIDDEN),
    wraps=st.lists(st.sampled_from(WRAPS), max_size=4),
)
def test_no_wrapping_brings_it_through(node: str, argv: list[str], wraps: list[Wrap]) -> None:
    for wrap in wraps:
        argv = wrap(argv)
    with pytest.raises(Refused, match=node):
        GUARD.check(node, argv)


@given(
    prefix=st.lists(st.text(max_size=9), max_size=4),
    between=st.lists(st.text(max_size=9), max_size=4),
    verb=st.sampled_from(["update", "upgrade"]),
    node=st.sampled_from(SATELLITES),
)
def test_both_words_anywhere_are_refused(
    prefix: list[str], between: list[str], verb: str, node: str
) -> None:
    with pytest.raises(Refused):
        GUARD.check(node, ["x", *prefix, "neteye", *between, verb])


@pytest.mark.parametrize("argv", HARMLESS, ids=shlex.join)
@pytest.mark.parametrize("node", GUARD.inventory.names)
def test_questions_pass_everywhere(node: str, argv: list[str]) -> None:
    for wrap in (list, *WRAPS[:9]):
        GUARD.check(node, wrap(argv))


@pytest.mark.parametrize("argv", FORBIDDEN, ids=shlex.join)
def test_operative_nodes_get_them(argv: list[str]) -> None:
    for wrap in (list, *WRAPS):
        GUARD.check("n1", wrap(argv))


@pytest.mark.parametrize("hop", ["ssh", "/usr/bin/ssh", "pdsh", "clush", "ansible"])
@pytest.mark.parametrize("argv", FORBIDDEN, ids=shlex.join)
def test_no_hop_carries_them_past_the_firewall(hop: str, argv: list[str]) -> None:
    with pytest.raises(Refused, match="role firewall"):
        GUARD.check("n1", [hop, "-o", "BatchMode=yes", "e1", shlex.join(argv)])


@pytest.mark.parametrize(
    "hop",
    [
        ["systemd-run", "-H", "root@e1"],
        ["systemd-run", "-qHroot@e1"],
        ["systemd-run", "--host=e1"],
        ["sudo", "systemd-run", "--pty", "--host", "e1"],
        ["systemctl", "-H", "e1", "start"],
    ],
)
@pytest.mark.parametrize("argv", FORBIDDEN, ids=shlex.join)
def test_systemd_carries_nothing_to_another_host(hop: list[str], argv: list[str]) -> None:
    with pytest.raises(Refused, match="role firewall"):
        GUARD.check("n1", [*hop, *argv])


@pytest.mark.parametrize("reader", [["bash"], ["sudo", "-n", "sh", "-s"], ["python3", "-"]])
def test_standard_input_of_a_shell_counts(reader: list[str]) -> None:
    with pytest.raises(Refused, match="v1"):
        GUARD.check("v1", reader, b"cd /tmp\nneteye upgrade\n")
    GUARD.check("v1", reader, b"neteye check health\n")
    GUARD.check("v1", ["sha256sum"], b"neteye upgrade")
    GUARD.check("v1", reader, b"\xff\xfe")


def test_a_host_that_is_not_listed_gets_nothing() -> None:
    with pytest.raises(Refused, match=r"'n9' is not in the inventory x\.ini.*n1, n2, e1, v1"):
        GUARD.check("n9", ["true"])


def test_the_message_says_what_why_and_that_nothing_happened() -> None:
    with pytest.raises(Refused) as caught:
        GUARD.check("e1", ["nohup", "neteye", "upgrade"])
    text = str(caught.value)
    assert text.startswith("neteye upgrade is refused on e1 (elastic_only): ")
    assert "into a NetEye node" in text
    assert text.endswith("Nothing was sent")


def test_every_rule_has_a_case_in_which_it_refuses() -> None:
    for rule in DEFAULT_RULES:
        for pattern in rule.patterns:
            assert any(pattern.is_in(argv) for argv in FORBIDDEN), pattern
            assert not any(pattern.is_in(argv) for argv in HARMLESS), pattern


def test_rules_are_data() -> None:
    guard = Firewall(GUARD.inventory, (Rule(frozenset({Role.OPERATIVE}), (), "none"),))
    guard.check("e1", ["neteye", "upgrade"])


LINES = b'{"event": "result", "text": "neteye upgrade: Failed to connect to the host via ssh"}\n'


@pytest.mark.parametrize("source", [remote.APPEND, remote.REPLACE])
def test_a_journal_may_quote_what_a_command_said(source: str) -> None:
    """It is kept as a file: records that name the command would never reach N otherwise."""
    argv = remote.script(source, remote.ROOT, "1", "attempts/a/journal/r.jsonl", "99")
    with pytest.raises(Refused):
        GUARD.check("n1", argv, LINES)
    replace(GUARD, bookkeeping=remote.BOOKKEEPING).check("n1", argv, LINES)


@pytest.mark.parametrize(
    "argv",
    [
        ["sh", "-c", remote.APPEND.strip() + "\nsh $1/$3", "neteye-runbook"],
        ["bash", "-c", remote.APPEND.strip(), "neteye-runbook"],
        ["sh", "-s"],
        ["sh", "-c"],
    ],
)
def test_only_the_very_scripts_of_the_records_may(argv: list[str]) -> None:
    with pytest.raises(Refused):
        replace(GUARD, bookkeeping=remote.BOOKKEEPING).check("n1", argv, LINES)


def test_a_keeper_does_not_excuse_its_arguments() -> None:
    argv = remote.script(remote.APPEND, remote.ROOT, "1", "x; neteye upgrade", "99")
    with pytest.raises(Refused):
        replace(GUARD, bookkeeping=remote.BOOKKEEPING).check("e1", argv, LINES)
