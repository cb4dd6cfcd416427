"""No connection, by real OpenSSH through a real jump host: the one at fault is named, by its words.

Each cause is brought about; `test_diagnosis.py` has the texts as case files.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.model.answer import Lost, LostKind
from engine.model.inventory import Host
from engine.transport import connection, options
from tests.engine.sshd import (
    NODE,
    BehindJump,
    Sshd,
    behind_jump,
    full,
    key,
    running,
    transport,
    write_known_hosts,
)


@pytest.fixture
def both() -> Iterator[BehindJump]:
    with behind_jump() as started:
        yield started


def lost(host: Host, within: float = 8.0) -> Lost:
    """Why there is no connection, told within `within` seconds."""
    began = time.monotonic()
    with transport(host) as door, pytest.raises(Lost) as caught:
        door.run(NODE, ["true"], deadline=20)
    assert time.monotonic() - began < within, caught.value
    assert not caught.value.may_have_run
    return caught.value


def lock(private: os.PathLike[str]) -> None:
    """Give a private key a passphrase."""
    words = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "not a secret", "-f", str(private)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def sign(server: Sshd, validity: str, principals: str = "127.0.0.1") -> None:
    """A host certificate for the server, by an authority that the operator trusts."""
    directory = server.directory
    key(directory / "ca")
    subprocess.run(
        [
            *("ssh-keygen", "-q", "-s", str(directory / "ca"), "-I", NODE, "-h"),
            *("-n", principals, "-V", validity, str(directory / "host_key.pub")),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    with (directory / "sshd_config").open("a") as config:
        config.write(f"HostCertificate {directory}/host_key-cert.pub\n")
    server.known_hosts.write_text(f"@cert-authority * {(directory / 'ca.pub').read_text()}")
    server.reload()


@pytest.mark.parametrize("option", ["AllowTcpForwarding no", "PermitOpen 192.0.2.1:22"])
def test_a_jump_host_that_forwards_nothing(option: str) -> None:
    with behind_jump(jump=[option]) as both:
        said = str(lost(both.host()))
    assert "through the jump host jump; ssh says: channel 0: open failed: administrat" in said
    assert "The jump host jump lets us in but forwards nothing to 127.0.0.1 port" in said
    assert "AllowTcpForwarding" in said
    assert "MaxStartups" not in said


def test_a_jump_host_whose_key_is_not_known(both: BehindJump) -> None:
    both.jump.known_hosts.write_text("")
    caught = lost(both.host())
    assert caught.kind is LostKind.HOST_KEY
    assert "The host key of the jump host jump is not known here" in str(caught)


def test_a_jump_host_whose_key_has_changed(both: BehindJump) -> None:
    directory = both.jump.directory
    key(directory / "other")
    write_known_hosts(directory, both.jump.port, (directory / "other.pub").read_text())
    caught = lost(both.host())
    assert caught.kind is LostKind.HOST_KEY
    assert "The host key of the jump host jump has changed" in str(caught)
    assert f"Offending ED25519 key in {directory}/known_hosts:1" in str(caught)


def test_a_node_behind_a_jump_host_whose_key_is_not_known(both: BehindJump) -> None:
    both.node.known_hosts.write_text("")
    assert "The host key of the node is not known here" in str(lost(both.host()))


def test_a_jump_host_that_denies_login(both: BehindJump) -> None:
    (both.jump.directory / "authorized_keys").write_text("")
    caught = lost(both.host())
    assert caught.kind is LostKind.AUTHENTICATION
    assert "Login was denied by the jump host jump" in str(caught)


def test_a_node_that_denies_login_behind_a_jump_host(both: BehindJump) -> None:
    (both.node.directory / "authorized_keys").write_text("")
    assert "Login was denied by the node" in str(lost(both.host()))


def test_a_jump_host_that_is_down_and_a_node_that_is(both: BehindJump) -> None:
    both.node.stop()
    said = str(lost(both.host()))
    assert "The jump host jump lets us in, but 127.0.0.1 port" in said
    assert "accepts no connection from there" in said
    both.jump.stop()
    assert "The jump host jump accepts no connections there" in str(lost(both.host()))


def test_a_name_is_resolved_where_the_way_goes_on(both: BehindJump) -> None:
    host = both.host()
    said = str(lost(replace(host, address="node.invalid")))
    assert "The jump host jump can't resolve the name of node.invalid" in said
    other = replace(host, ssh_args=(*host.ssh_args[:2], "-J", "jump.invalid"))
    assert "The name of the jump host jump.invalid can't be resolved here" in str(lost(other))


def test_a_proxy_whose_program_is_missing_here(both: BehindJump) -> None:
    both.configure("ProxyCommand nc-not-here --password secret %h %p")
    said = str(lost(both.host("-o", "ProxyJump=none")))
    assert "through the ProxyCommand nc-not-here; ssh says: " in said
    assert "exec: nc-not-here: not found" in said
    assert "A program on the way is missing" in said
    assert "secret" not in said


def test_a_proxy_whose_program_is_missing_on_the_jump_host(both: BehindJump) -> None:
    config = both.node.directory / "ssh_config"
    both.configure(f"ProxyCommand ssh -F {config} jump nc-not-there %h %p")
    said = str(lost(both.host("-o", "ProxyJump=none")))
    assert "nc-not-there: command not found" in said
    assert "A program on the way is missing" in said


def test_a_jump_host_with_all_its_startups_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OPEN_DEADLINE", 4.0)
    with behind_jump(jump=["MaxStartups 1:100:1"]) as both, full(both.jump):
        said = str(lost(both.host()))
        asked = (both.jump.directory / "log").read_text().count("past MaxStartups")
    assert "Sshd of the jump host jump drops new connections before login" in said
    assert asked <= 5, "a jump host that has too many connections is asked for few"


def test_a_node_with_all_its_startups_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OPEN_DEADLINE", 4.0)
    with behind_jump(node=["MaxStartups 1:100:1"]) as both, full(both.node):
        said = str(lost(both.host()))
        assert "The jump host jump ended without a word before sshd of the node greeted" in said
        assert "Sshd of the node drops new connections" in str(lost(both.node.host()))


def test_a_jump_host_that_is_full_for_a_moment_is_tried_again() -> None:
    with behind_jump(jump=["MaxStartups 1:100:1"]) as both, transport(both.host()) as door:
        with full(both.jump):
            control = door._connections[NODE]
            assert control._login_aloud(5) == 255
        assert door.run(NODE, ["echo", "in"], deadline=20).text == "in\n"


def test_a_silent_jump_host_is_told_from_a_silent_node(
    both: BehindJump, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(options._OPTIONS, "ConnectTimeout", "1")
    for which, told in (
        (both.node, "The jump host jump reacts, but nothing greets at its other end"),
        (both.jump, "The jump host jump does not react"),
    ):
        os.kill(which.process.pid, signal.SIGSTOP)
        assert told in str(lost(both.host()))


@pytest.mark.parametrize(
    ("validity", "principals", "told"),
    [
        ("-2w:-1w", "127.0.0.1", "Certificate invalid: expired. The host certificate of the node"),
        ("+1w:+2w", "127.0.0.1", "Certificate invalid: not yet valid. The host certificate"),
        ("-1w:+1w", "node9", "is not for the name that ssh was given"),
    ],
)
def test_a_host_certificate_that_is_not_valid(validity: str, principals: str, told: str) -> None:
    with running() as server:
        sign(server, validity, principals)
        caught = lost(server.host())
    assert caught.kind is LostKind.HOST_KEY
    assert told in str(caught)
    assert "add it to known_hosts" not in str(caught)


@pytest.mark.parametrize(
    "option", ["AllowUsers nobody", "Match Address 127.0.0.1\n  AuthorizedKeysFile /dev/null"]
)
def test_a_user_who_may_not_log_in_from_here(option: str) -> None:
    with running() as server:
        with (server.directory / "sshd_config").open("a") as config:
            config.write(f"{option}\n")
        server.reload()
        said = str(lost(server.host()))
    assert "ssh says: root@127.0.0.1: Permission denied (publickey). Login was denied by" in said
    assert "AllowUsers" in said
    assert "Match Address" in said
    assert "journalctl -u sshd" in said


def test_a_server_that_takes_no_keys_from_here() -> None:
    with running(["PubkeyAuthentication no", "PasswordAuthentication yes"]) as server:
        said = str(lost(server.host()))
    assert "Permission denied (password). The node takes no keys from this user" in said


def test_a_key_with_a_passphrase_and_no_agent(both: BehindJump) -> None:
    node, jump = both.node.directory / "user_key", both.jump.directory / "user_key"
    lock(node)
    caught = lost(both.node.host())
    assert caught.kind is LostKind.AUTHENTICATION
    assert f"The key {node} has a passphrase, and there is no agent that holds it" in str(caught)
    assert "add it to the agent (ssh-add)" in str(caught)
    assert f"The key {node} has a passphrase" in str(lost(both.host()))
    lock(jump)
    assert f"The key {jump} has a passphrase" in str(lost(both.host()))


def test_of_two_jump_hosts_the_one_at_fault_is_named() -> None:
    with behind_jump() as both, running(["AllowTcpForwarding no"]) as second:
        config = both.node.directory / "ssh_config"
        lines = (
            "Host second",
            "  HostName 127.0.0.1",
            f"  Port {second.port}",
            f"  IdentityFile {second.directory}/user_key",
            f"  UserKnownHostsFile {second.known_hosts}",
        )
        config.write_text("\n".join(lines) + "\n" + config.read_text())
        for way, told in (
            ("jump,second", "The jump host second lets us in but forwards nothing to 127.0.0.1"),
            (
                "second,jump",
                "The jump host second lets us in but forwards nothing to the jump host",
            ),
        ):
            assert told in str(lost(both.host("-J", way)))
