"""systemctl show of the cluster's daemons, as captured."""

from __future__ import annotations

import pytest

from engine.errors import ParseError
from engine.model.cluster import DaemonState
from engine.parse.machine import parse_daemon_states

from .data import captured, without

NORMAL = tuple(DaemonState(n, "active", "enabled") for n in ("corosync", "pacemaker", "pcsd"))


def test_captured_with_all_daemons_running() -> None:
    """sbd is not installed there, and so is no daemon."""
    assert parse_daemon_states(captured("healthy.systemctl-daemons.txt")) == NORMAL


def test_captured_with_one_stopped() -> None:
    *others, pcsd = parse_daemon_states(captured("pcsd-stopped-on-02.systemctl-daemons.txt"))
    assert tuple(others) == NORMAL[:2]
    assert pcsd == DaemonState("pcsd", "inactive", "enabled")
    assert not pcsd.is_normal


def test_sbd_is_told_where_it_is_installed() -> None:
    text = captured("healthy.systemctl-daemons.txt").replace("not-found", "loaded")
    assert parse_daemon_states(text)[-1] == DaemonState("sbd", "inactive", "")


@pytest.mark.parametrize("key", ["Id", "LoadState", "ActiveState", "UnitFileState"])
def test_a_property_that_is_missing_is_named(key: str) -> None:
    text = captured("healthy.systemctl-daemons.txt")
    line = next(line for line in text.splitlines() if line.startswith(f"{key}="))
    with pytest.raises(ParseError, match=key):
        parse_daemon_states(without(text, f"{line}\n"))


@pytest.mark.parametrize("text", ["", "Failed to connect to bus: No such file or directory"])
def test_an_answer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="Id"):
        parse_daemon_states(text)
