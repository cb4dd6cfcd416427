"""By which key a login was made: told by the ssh client, and no cause of trouble by itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.inventory import Host, Role
from engine.model.login import Login, SocketWay
from engine.record.logins import WaysSeen
from engine.transport.login import login_of, telling_options, without_told
from tests.engine import kit
from tests.engine.sshd import NODE, USER, Sshd, running
from tests.evidence.schemas import problems

HOST = Host("neteye01", Role.OPERATIVE, "10.0.0.1", user="admin", become=True)
KEY, HOST_KEY = f"SHA256:{'a' * 43}", f"SHA256:{'b' * 43}"
TOLD = f"""\
debug1: sshconnect.c:verify_host_key():1477 (pid=7): Server host key: ssh-ed25519 {HOST_KEY}
debug1: sshconnect2.c:input_userauth_pk_ok():840 (pid=7): Server accepts key: /home/a b/key ED25519 {KEY} explicit
sshconnect2.c:ssh_userauth2():580 (pid=7): Authenticated to 10.0.0.1 ([10.0.0.1]:22) using "publickey".
"""  # noqa: E501
SAID = "kex_exchange_identification: read: Connection reset by peer\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with running() as started:
        yield started


def test_the_lines_of_the_client_are_read() -> None:
    assert login_of(HOST, TOLD) == Login(
        "neteye01", "admin", True, "publickey", KEY, "/home/a b/key", False, HOST_KEY, "ssh-ed25519"
    )
    assert login_of(HOST, TOLD.replace("explicit", "agent")).from_agent


def test_a_client_that_tells_nothing_is_no_key() -> None:
    assert login_of(HOST, SAID) == Login("neteye01", "admin", True)


def test_another_method_has_no_key() -> None:
    lines = TOLD.splitlines()
    told = login_of(HOST, "\n".join([lines[0], lines[2].replace("publickey", "gssapi-with-mic")]))
    assert (told.method, told.key) == ("gssapi-with-mic", "")


def test_who_looks_for_a_cause_sees_what_ssh_says_by_itself() -> None:
    assert without_told(TOLD + SAID) == SAID


@given(st.text())
def test_other_texts_stay_as_they_are(text: str) -> None:
    if ".c:" not in text:
        assert without_told(text) == text


def test_a_login_is_on_record_once_and_another_key_again(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    seen, first = WaysSeen(run), login_of(HOST, TOLD)
    for one in (first, first, replace(first, node="neteye02"), replace(first, key=HOST_KEY)):
        seen.login(one)
    told = [event for event in run.journal.events if event["event"] == "login"]
    assert [(one["node"], one["key"]) for one in told] == [
        ("neteye01", KEY), ("neteye02", KEY), ("neteye01", HOST_KEY),
    ]  # fmt: skip


def test_the_way_to_a_socket_is_on_record_once_and_another_way_again(tmp_path: Path) -> None:
    run = kit.make_run(tmp_path)
    seen, first = WaysSeen(run), SocketWay("neteye01", "/run/s", "forwarding")
    other = replace(first, socket="/run/other")
    relayed = SocketWay("neteye01", "/run/s", "relay", "perl", why="sshd forwards none")
    for one in (first, other, first, relayed, other):
        seen.socket(one)
    told = [event for event in run.journal.events if event["event"] == "socket-reached"]
    assert [(one["socket"], one["by"]) for one in told] == [
        ("/run/s", "forwarding"), ("/run/other", "forwarding"), ("/run/s", "relay"),
    ]  # fmt: skip
    assert [problem for one in told for problem in problems("journal", one)] == []


def test_over_a_real_sshd_the_key_is_that_of_the_inventory(server: Sshd) -> None:
    if not telling_options():
        pytest.skip("the ssh client of this machine is older than 8.5")
    seen: list[Login] = []
    with server.transport() as door:
        door.on_login = seen.append
        assert door.run(NODE, ["true"], deadline=20).code == 0
        assert door.run(NODE, ["true"], deadline=20).code == 0
    (told,) = seen
    assert (told.node, told.user, told.method) == (NODE, USER, "publickey")
    assert told.key == fingerprint(server.directory / "user_key.pub")
    assert told.host_key.startswith("SHA256:")
    assert told.host_key_type == "ssh-ed25519"


def test_a_client_that_can_not_tell_is_not_asked(
    server: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transport.options.telling_options", tuple)
    seen: list[Login] = []
    with server.transport() as door:
        door.on_login = seen.append
        assert door.run(NODE, ["true"], deadline=20).code == 0
    assert replace(seen[0], key="", host_key="", host_key_type="") == Login(NODE, USER, False)


def fingerprint(public: Path) -> str:
    said = subprocess.run(
        ["ssh-keygen", "-l", "-f", str(public)], capture_output=True, text=True, check=True
    )
    return said.stdout.split()[1]
