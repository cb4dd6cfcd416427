"""What later steps need is tried on every node that may be asked for it, and judged as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from engine.errors import OUT_OF_REACH
from engine.judge.weighing import Judge
from engine.model.finding import Finding, Verdict
from engine.model.host import Login
from engine.model.names import names_of
from engine.model.query import Asked, Query
from engine.queries.access import LISTENING
from engine.queries.neteye import DEFINITION
from engine.queries.pacemaker import STATUS
from runbook.cluster import checks
from runbook.to_4_26 import release
from tests.judge import builders as b

CLUSTER = b.definition()
INVENTORY = b.inventory(b.hosts_of(CLUSTER))
NAMES = names_of(INVENTORY, CLUSTER)
N = NAMES.active
SERVED = ("/run/dbus/system_bus_socket",)


class Looked:
    """Nodes on which all is well, but for what a test changes; MariaDB is asked of nobody."""

    names = NAMES

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.silent: dict[str, str] = {}
        self.logged_in_to: tuple[str, ...] = ()
        self.refused: dict[str, str] = {}
        self.without_sshd: tuple[str, ...] = ()
        self.listening = dict.fromkeys(NAMES.operative, SERVED)
        self.logins = {node.hostname: Login(0, "") for node in CLUSTER.nodes}
        self.addresses = {
            name: {node.hostname: (node.addr,) for node in CLUSTER.nodes} for name in NAMES.all
        }

    def ask(self, node: str, query: Query[Any]) -> Any:
        assert node == N
        assert query.name != STATUS.name
        if query is DEFINITION:
            return CLUSTER
        self.logged_in_to = query.argv[4:]
        return self.logins

    def ask_all(self, nodes: Any, query: Query[Any]) -> Asked[Any]:
        table = self.listening if query is LISTENING else self.addresses
        return Asked(query.name, {node: table[node] for node in nodes})

    def on_each(self, nodes: Any, what: str, question: Any) -> Asked[Any]:
        return Asked(what, {node: node not in self.without_sshd for node in nodes})

    def forwards_all(self, paths: Mapping[str, str]) -> Asked[str]:
        asked: Asked[str] = Asked("a forwarded socket")
        self.tried += paths
        asked.unanswered |= {node: "gone" for node in paths if node == "lost"}
        asked.values |= {node: self.refused.get(node, "") for node in paths if node != "lost"}
        return asked


class Judged:
    def __init__(self) -> None:
        self.judge_of = Judge(release.SEVERITIES)
        self.found: list[Finding] = []
        self.unanswered: dict[str, str] = {}

    def answers(self, asked: Any) -> Any:
        self.answered(asked)
        return asked.values

    def answered(self, asked: Asked[Any]) -> bool:
        self.unanswered |= asked.unanswered
        return asked.is_complete

    def judge(
        self, findings: Any, *, observed: str, sound: str = "", information: str = ""
    ) -> Verdict:
        self.found += self.judge_of.weigh(findings, information=bool(information))
        return Verdict()

    @property
    def verdict(self) -> Verdict:
        """The step goes on to its end, whatever blocks."""
        return Verdict()


def judged(look: Looked, *, information: str = "") -> Judged:
    evidence = Judged()
    checks.everything_is_reached(look, evidence, information=information)  # type: ignore[arg-type]
    return evidence


def codes(evidence: Judged) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in evidence.found]


def test_where_all_is_well_every_operative_node_was_tried() -> None:
    look = Looked()
    assert codes(judged(look)) == []
    assert look.tried == list(NAMES.operative)


@pytest.mark.parametrize("node", NAMES.operative)
def test_a_node_whose_sockets_no_way_leads_to_blocks_wherever_the_database_runs(node: str) -> None:
    look = Looked()
    look.refused[node] = "neither perl nor python3"
    evidence = judged(look)
    assert codes(evidence) == [("forwarding-off", node)]
    assert evidence.found[0].blocks


def test_n_that_can_not_log_in_blocks_before_its_command_does() -> None:
    look = Looked()
    others = [node for node in NAMES.all if node != N]
    look.logins = dict.fromkeys(look.logins, Login(255, "Permission denied (publickey)."))
    evidence = judged(look)
    assert codes(evidence) == [("login-between-nodes", node) for node in others]
    assert all(finding.blocks for finding in evidence.found)


def test_a_node_that_is_out_of_reach_is_not_waited_for_again() -> None:
    """N's ssh would wait for it as long as ours did, and its key is not what is wrong."""
    look = Looked()
    gone = NAMES.all[-1]
    look.silent[gone] = "the node does not react"
    look.logins[NAMES.internal[gone]] = Login(255, "timed out")
    evidence = judged(look)
    assert codes(evidence) == []
    assert evidence.unanswered == {gone: OUT_OF_REACH}
    assert set(look.logged_in_to) == {
        NAMES.internal[node] for node in NAMES.all if node not in (N, gone)
    }


def test_a_name_is_looked_up_on_every_node() -> None:
    look = Looked()
    last = NAMES.all[-1]
    look.addresses[last] = {**look.addresses[last], CLUSTER.nodes[0].hostname: ()}
    evidence = judged(look)
    assert codes(evidence) == [("name-misleading", last)]
    assert evidence.found[0].blocks


def test_a_service_known_to_some_operative_nodes_only() -> None:
    look = Looked()
    for node in NAMES.operative[:-1]:
        look.addresses[node]["mariadb.neteyelocal"] = ("192.0.2.77",)
    assert codes(judged(look)) == [("name-misleading", NAMES.operative[-1])]


def test_a_node_without_a_socket_to_try_with_is_not_taken_for_good() -> None:
    look = Looked()
    look.listening[N] = ("/run/other",)
    assert list(judged(look).unanswered) == [N]


def test_after_the_start_it_only_informs() -> None:
    look = Looked()
    look.refused[N] = "neither perl nor python3"
    assert [finding.blocks for finding in judged(look, information="Later:").found] == [False]


def test_a_node_whose_sshd_does_not_come_back_is_warned_of() -> None:
    look = Looked()
    look.without_sshd = (NAMES.all[-1],)
    evidence = judged(look)
    assert codes(evidence) == [("sshd-not-enabled", NAMES.all[-1])]
    assert not evidence.found[0].blocks
