"""What a machine says of itself, in the words of the real question."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from engine.errors import ParseError
from engine.model.identity import Identity, same_name
from engine.parse.identity import parse_identity, parse_marker
from engine.queries.identity import WHO
from tests.parse.topology import cluster_file

COROSYNC = """\
totem {
    cluster_name: NetEye
    ip_version: ipv4
}
nodelist {
    node {
        ring0_addr: neteye01.neteyelocal
        name: neteye01.neteyelocal
        nodeid: 1
    }
    node {
        ring0_addr: 192.168.1.2
        nodeid: 2
        name: neteye02.neteyelocal
    }
}
"""


def said(*lines: str, corosync: str = "", cluster: str = "") -> Identity:
    text = [f"corosync {line}" for line in corosync.splitlines()]
    text += [f"cluster {line}" for line in cluster.splitlines()]
    return parse_identity("\n".join(("who-i-am", *lines, *text, "")))


def test_all_that_a_node_says() -> None:
    seen = said(
        "id 3d1219c7c4c5404aaa1f6d2a48adfda4",
        "",
        "hostname neteye01.example.test",
        "static neteye01",
        "resolved 192.168.1.1     neteye01.neteyelocal neteye01 neteye01.example.test",
        "addresses 127.0.0.1 192.168.1.1 203.0.113.10 fd00::1 ",
        "member neteye01.neteyelocal",
        "system fcf0cead-8d31-43c5-a912-7681418d68a1/24",
        'release "Red Hat Enterprise Linux 8.6 (Ootpa)"',
        "rehearsal",
        cluster=cluster_file(3),
    )
    assert seen.machine_id == "3d1219c7c4c5404aaa1f6d2a48adfda4"
    assert seen.own_names == ("neteye01.example.test", "neteye01")
    assert seen.other_names == ("neteye01.neteyelocal", "neteye01", "neteye01.example.test")
    assert seen.release == "Red Hat Enterprise Linux 8.6 (Ootpa)"
    assert seen.member == "neteye01.neteyelocal"
    assert seen.addresses == ("192.168.1.1", "203.0.113.10", "fd00::1")
    assert seen.system.endswith("/24")
    assert seen.is_rehearsal
    assert seen.definition is not None
    assert seen.definition.active_node.hostname == "neteye01.neteyelocal"
    assert seen.has_id


@pytest.mark.parametrize(
    "lines",
    [(), ("id ",), ("id uninitialized",), ("id " + "0" * 32,), ("id " + "A" * 32,), ("id 12",)],
)
def test_a_machine_without_an_id(lines: tuple[str, ...]) -> None:
    seen = said(*lines)
    assert not seen.has_id
    assert not seen.is_rehearsal
    assert seen.definition is None
    assert seen.unreadable == "there is no /etc/neteye-cluster"


def test_a_cluster_file_that_can_not_be_read_is_told() -> None:
    assert "Nodes" in said(cluster='{"Hostname": "x"}').unreadable


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (("addresses 10.0.0.9 192.168.1.2",), "neteye02.neteyelocal"),
        (("hostname NETEYE01",), "neteye01.neteyelocal"),
        (("hostname neteye03", "addresses 192.168.1.3"), ""),
    ],
)
def test_corosync_tells_the_name_where_the_cluster_is_stopped(
    lines: tuple[str, ...], name: str
) -> None:
    assert said(*lines, corosync=COROSYNC).configured == name


def test_a_controller_without_a_name_for_its_node_has_told_none() -> None:
    assert said("member (null)").member == ""


def test_a_shell_that_says_something_else_has_not_answered() -> None:
    with pytest.raises(ParseError, match="first line"):
        parse_identity("This account is currently not available.\n")


def test_the_question_is_answered_by_this_machine(tmp_path: Path) -> None:
    done = subprocess.run(WHO.argv, capture_output=True, text=True, check=True, timeout=30)
    seen = parse_identity(done.stdout)
    assert seen.hostname == Path("/proc/sys/kernel/hostname").read_text().strip()
    place = Path("/etc/machine-id")
    assert seen.machine_id == (place.read_text().strip() if place.exists() else "")
    assert re.fullmatch(r"[0-9a-f-]{36}/\d+", seen.system)
    assert not any(address.startswith("127.") for address in seen.addresses)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("neteye01", "NETEYE01.neteyelocal", True),
        ("neteye01.example.test.", "neteye01.example.test", True),
        ("neteye01.example.test", "neteye01.other.test", False),
        ("neteye01", "neteye011", False),
    ],
)
def test_forms_of_a_name(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


def test_a_marker_tells_of_which_snapshot_a_twin_is_and_what_it_is_without() -> None:
    twin = {"snapshot": "ab12", "rows": "1/10", "missing": ["DRBD's protocol", "a jump host"]}
    told = {"scenario": "twin", "about": "of a snapshot", "base": "bookworm"}
    found = parse_marker(json.dumps({**told, "twin": twin}), "marker.json")
    assert found == {
        **told,
        "snapshot": "ab12",
        "rows": "1/10",
        "missing": "DRBD's protocol; a jump host",
    }
    assert parse_marker(json.dumps(told), "marker.json") == told
    with pytest.raises(ParseError):
        parse_marker(json.dumps({**told, "twin": {"snapshot": "ab12"}}), "marker.json")
