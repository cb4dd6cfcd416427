"""Simple facts of a node: what is as it should be is no finding, what is not is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.judge import facts
from engine.model.finding import Command, Finding

RESTART = Command("b", ("pcs", "resource", "restart", "x"))
FOUND: dict[str, tuple[Callable[[], list[Finding]], str]] = {
    "clock-unkept": (lambda: facts.clock_unkept({"a": True, "b": False}, "chronyd.service"), "b"),
    "sshd-not-enabled": (lambda: facts.sshd_off({"a": True, "b": False}), "b"),
    "filesystem-read-only": (lambda: facts.read_only({"a": [], "b": ["/var"]}), "b:/var"),
    "updates-automatic": (lambda: facts.updates_automatic({"a": [], "b": ["x.timer"]}), "b"),
    "file-open": (lambda: facts.open_to_others("b", {"/x": 0o700, "/y": 0o640}), "b:/y"),
    "file-owner-changed": (
        lambda: [
            *facts.owner_changed("b", "/x", "root root 0644", "root root 0644"),
            *facts.owner_changed("b", "/y", "root root 0644", "root apache 0644"),
        ],
        "b:/y",
    ),
    "not-mounted": (
        lambda: [*facts.not_mounted("a", "/m", True), *facts.not_mounted("b", "/m", False)],
        "b:/m",
    ),
    "not-listening": (
        lambda: [
            *facts.not_listening("a", "x.service", {443: False, 80: True}, RESTART),
            *facts.not_listening("b", "x.service", {443: False, 80: False}, RESTART),
        ],
        "b:x.service",
    ),
    "service-enabled": (
        lambda: facts.started_by_systemd({"a": False, "b": True}, "x.service"),
        "b",
    ),
}

COMMANDS = {
    "clock-unkept": ["systemctl enable --now chronyd.service"],
    "sshd-not-enabled": ["systemctl enable sshd.service"],
    "filesystem-read-only": ["mount -o remount,rw /var"],
    "updates-automatic": ["systemctl stop x.timer"],
    "file-open": ["chmod go= -- /y"],
    "file-owner-changed": ["chown root:root -- /y", "chmod 0644 -- /y"],
    "service-enabled": ["systemctl disable x.service"],
    "not-listening": ["pcs resource restart x"],
}


@pytest.mark.parametrize("code", FOUND)
def test_only_what_is_not_as_it_should_be_is_found(code: str) -> None:
    judge, subject = FOUND[code]
    (finding,) = judge()
    assert (finding.code, finding.subject) == (code, subject)
    assert finding.remedy.endswith(".")
    assert [str(command) for command in finding.commands] == COMMANDS.get(code, [])
    assert {command.node for command in finding.commands} <= {"b"}
