"""One cause is told once: what could not be asked because of it stands below it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import NO_SOCKETS, NO_SOCKETS_BEFORE, OUT_OF_REACH
from engine.judge.ways import consequence, folded, in_words
from engine.model.finding import Acceptance, Finding
from engine.record.evidence import as_data, unanswered

LONG = "no ssh connection to root@192.0.2.2 port 22; ssh says: Host key verification failed"


def unreachable(node: str) -> Finding:
    return Finding("node-unreachable", node, LONG, "an answer", "Bring it into reach.")


ALL = [
    unreachable("n1"),
    unreachable("n2"),
    unanswered("n1", "clock", OUT_OF_REACH),
    unanswered("n2", "clock", OUT_OF_REACH),
    unanswered("n2", "quorum", OUT_OF_REACH),
    unanswered("n3", "clock", "exit code 1 is no answer"),
]


def test_what_follows_from_an_unreachable_node_stands_below_it() -> None:
    seen = [(str(one.subject), consequence(below)) for one, below in folded(ALL)]
    assert seen == [
        ("n1", "not asked of it, 1 question: clock"),
        ("n2", "not asked of it, 2 questions: clock, quorum"),
        ("n3", ""),
    ]


def test_the_same_from_what_a_journal_has() -> None:
    listed = [as_data(finding) for finding in ALL]
    seen = [(one["subject"], consequence(below)) for one, below in folded(listed)]
    assert [subject for subject, _ in seen] == ["n1", "n2", "n3"]
    assert seen[1][1].endswith("2 questions: clock, quorum")


@pytest.mark.parametrize("form", ["now", "before"])
def test_a_question_is_told_whole_whatever_it_holds(form: str) -> None:
    """Before, a finding told the question in its sentence alone, from which it was cut."""
    text = "what N: not asked, is" if form == "now" else "what N is"
    one = as_data(unanswered("n1", text, OUT_OF_REACH))
    if form == "before":
        del one["question"]
    assert consequence([one]) == f"not asked of it, 1 question: {text}"


def test_what_needs_a_socket_stands_below_the_node_where_no_way_leads_to_one() -> None:
    cause = Finding("forwarding-off", "n1", "no socket", "sockets", "Have them forwarded.")
    below = unanswered("n1", "database ocsweb", NO_SOCKETS)
    assert unanswered("n1", "database ocsweb", NO_SOCKETS_BEFORE) == below
    assert folded([cause, below]) == [(cause, [below])]
    assert in_words([cause, below]).splitlines()[-1] == (
        "[question-unanswered] n1: no way leads to a socket, and not asked for database ocsweb"
    )


def test_a_finding_whose_cause_is_not_there_is_not_hidden() -> None:
    assert [one for one, _ in folded(ALL[2:])] == ALL[2:]


def test_no_finding_is_left_out_or_told_twice() -> None:
    both = [one for cause, below in folded(ALL) for one in (cause, *below)]
    assert sorted(map(str, both)) == sorted(map(str, ALL))


def test_a_step_tells_them_in_one_line_and_the_cause_not_again() -> None:
    lines = in_words(ALL[2:]).splitlines()
    assert len(lines) == 2
    assert lines[1] == "[question-unanswered] n1, n2: out of reach, and not asked for clock, quorum"
    assert "exit code 1" in lines[0]
    assert LONG not in "\n".join(lines)


DOWN = Finding("daemon-not-normal", "n1:corosync", "inactive", "active", "Start it.")
QUORUM = unanswered("n1", "quorum", "exit code 1 is no answer", "daemon-not-normal@n1:corosync")


def test_a_question_that_was_asked_in_vain_stands_below_what_says_why() -> None:
    assert folded([DOWN, QUORUM]) == [(DOWN, [QUORUM])]
    assert consequence([QUORUM]) == "no answer to 1 question: quorum"
    assert in_words([DOWN, QUORUM]).splitlines()[-1] == (
        "[question-unanswered] n1: a daemon of the cluster does not run, so there is no answer to"
        " quorum"
    )
    assert "Mend [daemon-not-normal] n1:corosync, as said there" in QUORUM.remedy


def test_each_kind_of_what_follows_has_its_line() -> None:
    lines = in_words([ALL[0], ALL[2], DOWN, QUORUM]).splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == ["[question-unanswered] n1"] * 2
    assert consequence([ALL[2], QUORUM]) == (
        "not asked of it, 1 question: clock; no answer to 1 question: quorum"
    )


def test_what_nobody_has_accepted_is_not_hidden_below_what_somebody_has() -> None:
    """The cause was accepted; this can't be, or its acceptance has ended."""
    given = Acceptance("question-unanswered", "n3", "seen by hand", "me")
    cause = replace(ALL[5], accepted=given)
    left = replace(QUORUM, follows=cause.target)
    assert folded([cause, left]) == [(cause, []), (left, [])]
    both = replace(left, accepted=given)
    assert folded([cause, both]) == [(cause, [both])]
    assert folded([ALL[5], left]) == [(ALL[5], [left])]


def test_what_follows_and_is_no_question_is_told_in_its_own_words() -> None:
    cause = Finding("restore-while-running", "n1", "it still runs", "its end", "Wait.")
    below = Finding("command-running", "n2", "dnf runs", "none", "x", follows=cause.target)
    assert folded([cause, below]) == [(cause, [below])]
    assert consequence([below]) == "with it: command-running@n2, dnf runs"
    assert consequence([below, QUORUM]) == (
        "no answer to 1 question: quorum; with it: command-running@n2, dnf runs"
    )
    assert in_words([cause, below]).splitlines()[1:] == [
        "[command-running] n2: dnf runs; expected none. It follows from restore-while-running@n1."
    ]
