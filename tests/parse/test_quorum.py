"""corosync-quorumtool: with and without quorum, with, without and with a lost qdevice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ParseError, RunbookError
from engine.model.cluster import QuorumMember, QuorumStatus
from engine.parse.quorum import parse_quorumtool

from .data import CAPTURED, captured, outcome, with_, without
from .topology import node_name

VOTING, NOT_VOTING = ("A", "V", "NMW"), ("A", "NV", "NMW")


def members(*numbers: int, flags: tuple[str, ...] = VOTING) -> tuple[QuorumMember, ...]:
    return tuple(QuorumMember(n, 1, node_name(n), flags) for n in numbers)


ALL = QuorumStatus(True, 4, 4, 3, True, 1, members(1, 2, 3))
EXPECTED = {
    "healthy.corosync-quorumtool.txt": ALL,
    "healthy.pcs-quorum-status.txt": ALL,
    "offline-03.pcs-quorum-status.txt": QuorumStatus(True, 4, 3, 3, True, 1, members(1, 2)),
    "qdevice-lost.pcs-quorum-status.txt": QuorumStatus(
        True, 4, 3, 3, True, 0, members(1, 2, 3, flags=NOT_VOTING)
    ),
    "no-quorum-on-03.corosync-quorumtool.txt": QuorumStatus(
        False, 4, 1, 3, True, 0, members(3, flags=NOT_VOTING)
    ),
}
NO_ANSWER = {"no-quorum-on-03.pcs-quorum-status.txt"}

WITHOUT_QDEVICE = """\
Quorum information
------------------
Date:             Sat Nov 19 21:04:11 2022
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.1a
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   2
Highest expected: 2
Total votes:      2
Quorum:           1  
Flags:            2Node Quorate WaitForAll 

Membership information
----------------------
    Nodeid      Votes Name
         1          1 neteye01.neteyelocal (local)
         2          1 neteye02.neteyelocal
"""  # noqa: W291 - quorumtool prints these blanks


def test_every_captured_quorum_has_its_facts() -> None:
    assert {path.name for path in CAPTURED.glob("*.*quorum*.txt")} == EXPECTED.keys() | NO_ANSWER


@pytest.mark.parametrize("name", EXPECTED)
def test_captured(name: str) -> None:
    assert parse_quorumtool(captured(name)) == EXPECTED[name]


def test_lost_qdevice_is_seen_although_the_cluster_is_quorate() -> None:
    status = parse_quorumtool(captured("qdevice-lost.pcs-quorum-status.txt"))
    assert (status.quorate, status.has_qdevice, status.is_qdevice_voting) == (True, True, False)
    assert parse_quorumtool(captured("healthy.corosync-quorumtool.txt")).is_qdevice_voting


def test_without_qdevice() -> None:
    status = parse_quorumtool(WITHOUT_QDEVICE)
    assert (status.quorate, status.expected_votes, status.quorum) == (True, 2, 1)
    assert (status.has_qdevice, status.qdevice_votes) == (False, None)
    assert status.members == members(1, 2, flags=())


def test_sixteen_nodes() -> None:
    rows = "".join(f"{n:>10}{1:>11} {node_name(n)}\n" for n in range(3, 17))
    assert len(parse_quorumtool(WITHOUT_QDEVICE + rows).members) == 16


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("Quorate:          Yes\n", "Quorate: is missing"),
        ("Expected votes:   2\n", "Expected votes: is missing"),
        ("Total votes:      2\n", "Total votes: is missing"),
        ("Quorum:           1  \n", "Quorum: is missing"),
        ("Flags:            2Node Quorate WaitForAll \n", "Flags: is missing"),
        ("    Nodeid      Votes Name\n", "Membership information: is missing; the answer begins"),
    ],
)
def test_missing_is_an_error(part: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_quorumtool(without(WITHOUT_QDEVICE, part))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("part", "other", "message"),
    [
        ("Quorate:          Yes", "Quorate:  Maybe", "Quorate: is 'Maybe', expected Yes or No"),
        (
            "Total votes:      2",
            "Total votes: two",
            "Total votes: is 'two', expected a whole number",
        ),
        (" 1 neteye01.neteyelocal (local)", "", "expected node id, votes, name"),
        ("         1          1 n", "         1          ? n", "Votes: is '?', expected"),
    ],
)
def test_wrong_is_an_error(part: str, other: str, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_quorumtool(with_(WITHOUT_QDEVICE, part, other))
    assert message in str(caught.value)


def test_no_member_is_an_error() -> None:
    end = WITHOUT_QDEVICE.index("         1          1")
    with pytest.raises(ParseError, match="Membership information: lists no node"):
        parse_quorumtool(WITHOUT_QDEVICE[:end])


def test_stopped_corosync_is_an_error() -> None:
    with pytest.raises(ParseError, match="Cannot initialize QUORUM service"):
        parse_quorumtool("Cannot initialize QUORUM service\n")


def test_pcs_without_quorum_answers_nothing() -> None:
    with pytest.raises(ParseError, match="Unable to get quorum status"):
        parse_quorumtool(captured("no-quorum-on-03.pcs-quorum-status.txt"))


@given(st.text() | st.text().map(lambda text: WITHOUT_QDEVICE + text))
def test_any_text_is_answered_by_a_value_or_a_parse_error(text: str) -> None:
    found = outcome(parse_quorumtool, text)
    assert isinstance(found, RunbookError) or found.members
