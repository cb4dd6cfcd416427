"""From ssh's own words to cause and remedy: real logs of OpenSSH as case files.

The logs are of 9.2; `test_transport_jump.py` brings each cause about.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.answer import LostKind
from engine.model.inventory import Host, Role
from engine.transport.diagnosis import diagnose, has_reason, is_busy, why_not_begun
from engine.transport.way import DIRECT, Way

LOGS = Path(__file__).parents[1] / "data" / "ssh"
HOST = Host("node1", Role.OPERATIVE, "192.0.2.1")
JUMP = Way("the jump host bastion", ("bastion",))
PROXY = Way("the ProxyCommand nc")
UNREACHABLE, DENIED, KEY = LostKind.UNREACHABLE, LostKind.AUTHENTICATION, LostKind.HOST_KEY

CASES = {
    "certificate-expired": (DIRECT, KEY, "The host certificate of the node is not valid now"),
    "certificate-not-yet-valid": (DIRECT, KEY, "The host certificate of the node is not valid"),
    "certificate-of-another-name": (DIRECT, KEY, "is not for the name that ssh was given"),
    "jump-denies-login": (JUMP, DENIED, "Login was denied by the jump host bastion"),
    "jump-forwards-nothing": (JUMP, UNREACHABLE, "forwards nothing to 192.0.2.1 port 22"),
    "jump-key-changed": (JUMP, KEY, "The host key of the jump host bastion has changed"),
    "jump-key-unknown": (JUMP, KEY, "The host key of the jump host bastion is not known"),
    "jump-maxstartups": (JUMP, UNREACHABLE, "Sshd of the jump host bastion drops new"),
    "jump-name-unknown": (JUMP, UNREACHABLE, "The name of the jump host bastion can't be"),
    "jump-refuses": (JUMP, UNREACHABLE, "The jump host bastion accepts no connections"),
    "nc-missing-here": (PROXY, UNREACHABLE, "A program on the way is missing"),
    "nc-missing-on-jump": (PROXY, UNREACHABLE, "A program on the way is missing"),
    "node-denies-login-behind-jump": (JUMP, DENIED, "Login was denied by the node"),
    "node-key-unknown-behind-jump": (JUMP, KEY, "The host key of the node is not known"),
    "node-name-unknown-to-jump": (JUMP, UNREACHABLE, "bastion can't resolve the name of"),
    "node-refuses-behind-jump": (JUMP, UNREACHABLE, "192.0.2.1 port 22 accepts no connection"),
    "proxy-ended-silently": (PROXY, UNREACHABLE, "ended without a word before sshd of the node"),
    "silent-behind-proxy": (PROXY, UNREACHABLE, "nothing greets at its other end"),
    "user-not-allowed": (DIRECT, DENIED, "Match Address"),
}
TRIED_AGAIN = {"jump-maxstartups", "proxy-ended-silently"}


def test_every_log_is_a_case() -> None:
    assert {path.stem for path in LOGS.glob("*.log")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_ssh_said_tells_who_is_at_fault(name: str) -> None:
    way, kind, told = CASES[name]
    log = (LOGS / f"{name}.log").read_text()
    found, why = diagnose(HOST, log, None, way)
    assert found is kind
    assert told in why
    assert why.index("ssh says: ") < why.index(told), "ssh's own words come first"
    assert ("through" in why) is bool(way.hop)
    assert way.hop in why
    assert is_busy(log, way) is (name in TRIED_AGAIN)
    assert has_reason(log, way) is (name != "proxy-ended-silently")


def test_a_jump_host_s_words_are_not_hidden_by_its_own_silence_s_end() -> None:
    """OpenSSH 8.0 ends with one line where later ones end with two; hops may be several."""
    log = (
        "root@10.0.0.1: Permission denied (publickey).\n"
        "kex_exchange_identification: Connection closed by remote host\n"
        "Connection closed by UNKNOWN port 65535\n"
        "kex_exchange_identification: Connection closed by remote host\n"
    )
    kind, why = diagnose(HOST, log, None, Way("the jump hosts a,b", ("a", "b")))
    assert kind is DENIED
    assert "ssh says: root@10.0.0.1: Permission denied" in why
    assert not is_busy(log, JUMP)


END = (
    "kex_exchange_identification: Connection closed by remote host\n"
    "Connection closed by UNKNOWN port 65535\n"
)
REFUSED = "channel 0: open failed: administratively prohibited: open failed\n"


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (1, "The jump host c lets us in but forwards nothing to 192.0.2.1 port 22"),
        (2, "The jump host b lets us in but forwards nothing to the jump host c"),
        (3, "The jump host a lets us in but forwards nothing to the jump host b"),
    ],
)
def test_of_several_jump_hosts_the_one_that_spoke_is_named(ends: int, told: str) -> None:
    way = Way("the jump hosts a,b,c", ("a", "b", "c"))
    assert told in diagnose(HOST, REFUSED + ends * END, None, way)[1]


def test_a_key_that_nobody_could_open_is_named_for_the_one_who_denied() -> None:
    at_jump = {"a": ("the key J has",)}
    way = Way("the jump host a", ("a",), locked=("the key N has",), locked_at=at_jump)
    log = (LOGS / "jump-denies-login.log").read_text()
    assert "The key J has: add it to the agent" in diagnose(HOST, log, None, way)[1]
    log = (LOGS / "node-denies-login-behind-jump.log").read_text()
    assert "The key N has: add it to the agent" in diagnose(HOST, log, None, way)[1]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("fish: $? is not the exit status. In fish, please use $status.", "is fish, which"),
        ("This account is currently not available.", "is nologin, or the account is closed"),
        ("sudo: sorry, you must have a tty to run sudo", "Defaults:admin !requiretty"),
        ("sudo: no tty present and no askpass program specified", "at a terminal only"),
        ("bash: line 1: sudo: command not found", "There is no sudo on the node"),
        ("sudo: Account or password is expired", "expired"),
        ("sudo: a password is required", "NOPASSWD"),
        ("admin is not in the sudoers file.", "NOPASSWD"),
    ],
)
def test_what_a_login_shell_or_sudo_says_is_told_as_what_it_is(said: str, told: str) -> None:
    why = why_not_begun("admin", True, 1, said)
    assert why.index(said.rstrip(".")) < why.index(told)
    assert ("NOPASSWD" in why) is (told == "NOPASSWD")
