"""pcs status: the Daemon Status of pcs 0.11 (captured) and 0.10 (RHEL 8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError
from engine.model.cluster import DaemonState
from engine.parse.pcs import parse_daemon_status

from .data import captured, outcome, rhel8, with_

NORMAL = tuple(DaemonState(n, "active", "enabled") for n in ("corosync", "pacemaker", "pcsd"))


@pytest.mark.parametrize(
    "state",
    [
        "healthy.pcs-status",
        "healthy.pcs-status-full",
        "standby-all-but-01.pcs-status",
        "failed-start-mariadb.pcs-status",
        "leftover-cli-ban.pcs-status",
        "no-quorum-on-03.pcs-status",
    ],
)
def test_captured_with_all_daemons_running(state: str) -> None:
    assert parse_daemon_status(captured(f"{state}.txt")) == NORMAL


def test_captured_with_one_stopped() -> None:
    corosync, pacemaker, pcsd = parse_daemon_status(captured("pcsd-stopped-on-02.pcs-status.txt"))
    assert (corosync.is_normal, pacemaker.is_normal) == (True, True)
    assert pcsd == DaemonState("pcsd", "inactive", "enabled")
    assert not pcsd.is_normal


def test_rhel8() -> None:
    daemons = parse_daemon_status(rhel8("standby.pcs-status.txt"))
    assert [f"{d.name} {d.active} {d.enabled}" for d in daemons] == [
        "corosync active enabled",
        "pacemaker active disabled",
        "pcsd inactive enabled",
        "sbd active enabled",
    ]
    assert [d.is_normal for d in daemons] == [True, False, False, True]


@pytest.mark.parametrize(
    "state", ["cluster-stopped-03-local.pcs-status", "healthy.pcs-status-nodes"]
)
def test_missing_section_is_an_error(state: str) -> None:
    with pytest.raises(
        ParseError, match="pcs status: Daemon Status: is missing; the answer begins"
    ):
        parse_daemon_status(captured(f"{state}.txt"))


def test_empty_section_is_an_error() -> None:
    with pytest.raises(ParseError, match="Daemon Status: lists no daemon"):
        parse_daemon_status("Daemon Status:\n\n  corosync: active/enabled\n")


def test_other_line_is_an_error() -> None:
    text = with_(captured("healthy.pcs-status.txt"), "pcsd: active/enabled", "pcsd: active")
    with pytest.raises(
        ParseError, match="has the line '  pcsd: active', expected 'name: active/en"
    ):
        parse_daemon_status(text)


def test_section_ends_where_the_next_one_begins() -> None:
    text = (
        "Daemon Status:\n  corosync: active/enabled\nSomething else:\n  pcsd: inactive/disabled\n"
    )
    assert parse_daemon_status(text) == NORMAL[:1]


@given(st.text() | st.text().map(lambda text: f"Daemon Status:\n  {text}"))
def test_any_text_is_answered_by_daemons_or_a_parse_error(text: str) -> None:
    assert outcome(parse_daemon_status, text), "neither daemons nor an error"
